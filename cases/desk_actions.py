"""What staff do with cases among themselves: hand them over, note, tag, step aside.

Every action is one verb in one transaction, as in `cases.actions`. Nothing here moves a case along
its workflow, so the resident's time line stays as it is.
"""

from __future__ import annotations

import unicodedata
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from cases import policies, telling, timeline
from cases.assigning.models import RuleAssignment
from cases.models import Case
from cases.models_desk import Absence, CaseTag, Interest, Note
from cases.steps import about, locked
from common import outbox
from common.actor import Actor
from common.errors import InvalidInput, NotAllowed, NotFound
from identity.models import User
from identity.roles import any_role

LONGEST_NOTE = 4_000
LONGEST_REASON = 500
LONGEST_TAG = 30
MOST_TAGS = 10


def check_worked(case: Case, by: User) -> None:
    """Whether `by` works on this case, and it is still open. Raises `NotAllowed`."""
    if not policies.may_process(case, by):
        raise NotAllowed(_("You do not have the role that this needs."), code="wrong_role")
    if case.closed_at is not None:
        raise NotAllowed(_("The case is closed."), code="closed")


def check_assign(case: Case, to: User, by: User) -> None:
    """Whether `by` may hand the case to `to`. Raises `NotAllowed`."""
    check_worked(case, by)
    if not to.is_active or not policies.may_process(case, to):
        raise NotAllowed(
            _("%(name)s does not work on cases of this department.") % {"name": to.name},
            code="wrong_person",
        )


def check_release(case: Case, by: User) -> None:
    """Whether `by` may lay the case back. Raises `NotAllowed`."""
    check_worked(case, by)
    if case.assigned_to_id is None:
        raise NotAllowed(_("The case is on nobody's desk."), code="unassigned")


@transaction.atomic
def assign_case(*, case: Case, to: User, by: User, lock: int | None = None) -> Case:
    """Put a case on somebody's desk. Raises `NotAllowed`, `Conflict`."""
    case = locked(case, lock)
    check_assign(case, to, by)
    return put_on_desk(case, to, Actor.of(by))


def put_on_desk(case: Case, to: User, by: Actor) -> Case:
    """The rows of an assignment; the case is locked, and who may was asked before."""
    case.assigned_to = to
    _save(case, "assigned_to")
    RuleAssignment.objects.filter(case=case).delete()
    ledger.record(event="case.assigned", by=by, **about(case, to=str(to.pk)))
    telling.assigned(case, to, by)
    return case


@transaction.atomic
def release_case(*, case: Case, by: User, lock: int | None = None) -> Case:
    """Lay a case back, so that anybody of the department can take it. `NotAllowed`, `Conflict`."""
    case = locked(case, lock)
    check_release(case, by)
    case.assigned_to = None
    _save(case, "assigned_to")
    RuleAssignment.objects.filter(case=case).delete()
    ledger.record(event="case.released", by=Actor.of(by), **about(case))
    return case


@transaction.atomic
def write_note(*, case: Case, text: str, by: User) -> Note:
    """Write something down for colleagues; also on a closed case. Raises `NotAllowed`,
    `InvalidInput`."""
    if not policies.may_process(case, by):
        raise NotAllowed(_("You do not have the role that this needs."), code="wrong_role")
    text = text.replace("\x00", "").strip()
    if not text:
        raise InvalidInput({"text": [_("Write a note.")]})
    if len(text) > LONGEST_NOTE:
        raise InvalidInput({"text": [_too_long(LONGEST_NOTE)]})
    note = Note.objects.create(case=case, text=text, written_by=by)
    ledger.record(event="case.noted", by=Actor.of(by), **about(case, note=note.pk))
    return note


#: How somebody can be told what did not arrive by mail; each has its step of the time line.
WAYS_TO_TELL = ("phone", "post", "person")


@transaction.atomic
def note_told(*, case: Case, way: str, by: User) -> Case:
    """Note that the applicant was told otherwise what could not be delivered by mail.

    Also on a closed case. Raises `NotAllowed`, `InvalidInput`.
    """
    case = locked(case, None)
    if not policies.may_process(case, by):
        raise NotAllowed(_("You do not have the role that this needs."), code="wrong_role")
    if way not in WAYS_TO_TELL:
        raise InvalidInput({"way": [_("Choose how they were told.")]})
    if case.undelivered_at is None:
        raise NotAllowed(_("A colleague has noted this already."), code="told")
    case.undelivered_at = None
    case.save(update_fields=["undelivered_at"])
    timeline.add(case, f"told_by_{way}")
    ledger.record(event="case.told_otherwise", by=Actor.of(by), **about(case, way=way))
    return case


@transaction.atomic
def tag_case(*, case: Case, name: str, by: User) -> CaseTag:
    """Put a word on a case. A second time it changes nothing. `NotAllowed`, `InvalidInput`."""
    if not policies.may_process(case, by):
        raise NotAllowed(_("You do not have the role that this needs."), code="wrong_role")
    name = tag_name(name)
    if not case.tags.filter(name=name).exists() and case.tags.count() >= MOST_TAGS:
        raise InvalidInput({"tag": [_("A case can have %(most)s tags.") % {"most": MOST_TAGS}]})
    tag, made = CaseTag.objects.get_or_create(case=case, name=name)
    if made:
        ledger.record(event="case.tagged", by=Actor.of(by), **about(case))
    return tag


@transaction.atomic
def untag_case(*, case: Case, name: str, by: User) -> None:
    """Take a word off a case again. Raises `NotAllowed`."""
    if not policies.may_process(case, by):
        raise NotAllowed(_("You do not have the role that this needs."), code="wrong_role")
    deleted, _rows = CaseTag.objects.filter(case=case, name=name).delete()
    if deleted:
        ledger.record(event="case.untagged", by=Actor.of(by), **about(case))


def tag_name(typed: str) -> str:
    """A tag in one spelling. Raises `InvalidInput`."""
    plain = unicodedata.normalize("NFKC", typed)
    name = " ".join("".join(c if c.isprintable() else " " for c in plain).split())
    if not name:
        raise InvalidInput({"tag": [_("Write a word.")]})
    if len(name) > LONGEST_TAG:
        raise InvalidInput({"tag": [_too_long(LONGEST_TAG)]})
    return name


@transaction.atomic
def declare_interest(*, case: Case, reason: str, by: User) -> Interest:
    """Say that one is too close to a case to decide it; it is laid back. It stays so.

    Raises `NotAllowed`, `InvalidInput`.
    """
    case = locked(case, None)
    check_worked(case, by)
    reason = reason.replace("\x00", "").strip()
    if not reason:
        raise InvalidInput({"reason": [_("Write why, in a few words.")]})
    if len(reason) > LONGEST_REASON:
        raise InvalidInput({"reason": [_too_long(LONGEST_REASON)]})
    found, made = Interest.objects.get_or_create(case=case, person=by, defaults={"reason": reason})
    if made:
        case.barred = [*case.barred, by.pk]
        if case.assigned_to_id == by.pk:
            case.assigned_to = None
        _save(case, "barred", "assigned_to")
        ledger.record(event="case.interest_declared", by=Actor.of(by), **about(case))
    return found


@transaction.atomic
def enter_absence(*, substitute: User, first: date, last: date, by: User) -> Absence:
    """Say when one is away and who has one's cases meanwhile; the substitute is told.

    Raises `InvalidInput`.
    """
    errors: dict[str, list[str]] = {}
    if last < first:
        errors["last"] = [_("The period ends before it begins.")]
    elif last < timezone.localdate():
        errors["last"] = [_("These days are over.")]
    if substitute.pk == by.pk or not any_role(substitute, policies.DESK_ROLES):
        errors["substitute"] = [_("Choose a colleague who works on cases.")]
    if errors:
        raise InvalidInput(errors)
    absence = Absence.objects.create(absent=by, substitute=substitute, first=first, last=last)
    ledger.record(
        event="absence.entered",
        by=Actor.of(by),
        object_kind="absence",
        object_id=str(absence.pk),
        data={"substitute": str(substitute.pk), "first": str(first), "last": str(last)},
    )
    outbox.enqueue("cases.absence", str(absence.pk), {"absence_id": str(absence.pk)})
    return absence


@transaction.atomic
def remove_absence(*, absence: Absence, by: User) -> None:
    """Take one's own absence back. Raises `NotFound`."""
    if absence.absent_id != by.pk:
        raise NotFound(_("There is no such entry."), code="no_absence")
    ledger.record(
        event="absence.removed",
        by=Actor.of(by),
        object_kind="absence",
        object_id=str(absence.pk),
    )
    absence.delete()


def _save(case: Case, *fields: str) -> None:
    case.lock += 1
    case.save(update_fields=["lock", *fields])


def _too_long(most: int) -> str:
    return _("Use at most %(most)s characters.") % {"most": most}
