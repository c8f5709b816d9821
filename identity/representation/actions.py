"""Declaring, revoking, confirming and doubting that somebody acts for somebody else."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from common.actor import Actor
from common.errors import Conflict, InvalidInput, NotAllowed, NotFound
from identity import claims as eid_claims
from identity import events
from identity.models import User
from identity.representation import recognition, rules
from identity.representation.models import SLUG, Representation

Kind = Representation.Kind
State = Representation.State
EndedBy = Representation.EndedBy
_PARTS = ("postalCode", "prefecture", "city", "streetAddress", "building")
#: Nobody needs more; a list without end helps nobody but a machine.
MOST_IN_FORCE = 20
EARLIEST = date(1868, 1, 25)


class Paper(Protocol):
    """A file that was examined and may be kept."""

    @property
    def data(self) -> bytes: ...
    @property
    def content_type(self) -> str: ...
    @property
    def filename(self) -> str: ...
    @property
    def sha256(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What somebody says about whom they act for. Texts as typed, dates as dates."""

    kind: str
    name: str
    basis: str
    name_kana: str = ""
    birth_date: date | None = None
    address: Mapping[str, str] | None = None
    organisation_number: str = ""
    phone: str = ""
    email: str = ""
    services: Collection[str] = ()
    valid_from: date | None = None
    valid_until: date | None = None


@transaction.atomic
def declare(
    *,
    owner: User,
    declared: Declared,
    by: Actor,
    document: Paper | None = None,
    at_their_word: bool = False,
) -> Representation:
    """Note that `owner` acts for somebody.

    Nothing is checked with anybody: the staff does, with each application, until it is confirmed.
    `at_their_word`: `by` is a member of staff who writes it down for them
    (`identity.counter.actions.declare_for`).
    Raises `InvalidInput` by field, `NotAllowed`, `Conflict`.
    """
    if by.id != str(owner.pk) and not at_their_word:
        raise NotAllowed(_("Everybody declares this for themselves."), code="not_yours")
    at_the_counter = declared.kind == Kind.COUNTER
    if at_the_counter == owner.is_resident:
        raise NotAllowed(_("You cannot act for somebody in this way."), code="wrong_kind")
    # One row is locked, so that two windows cannot declare the same at once.
    User.objects.select_for_update().get(pk=owner.pk)
    made = _checked(owner, declared, document)
    if not at_the_counter:
        _check_others(made)
    if document is not None:
        made.document_name = document.filename[:200]
        made.document_type = document.content_type
        made.document_sha256 = document.sha256
        made.document.save(document.filename, ContentFile(document.data), save=False)
    made.save(force_insert=True)
    _note(
        events.REPRESENTATION_NOTED if at_their_word else events.REPRESENTATION_DECLARED,
        made, by, kind=made.kind, basis=made.basis,
    )  # fmt: skip
    recognition.ask(made)
    return made


def _checked(owner: User, declared: Declared, document: Paper | None) -> Representation:
    errors: dict[str, list[str]] = {}
    today = timezone.localdate()

    def wrong(field: str, message: str) -> None:
        errors.setdefault(field, []).append(message)

    kind = declared.kind if declared.kind in Kind.values else ""
    if not kind:
        raise InvalidInput({"kind": [_("Choose what you are to them.")]})
    name = eid_claims.text(declared.name) or ""
    if not name:
        wrong("name", _("Write the name."))
    number = ""
    if kind == Kind.ORGANISATION:
        number = rules.corporate_number(declared.organisation_number) or ""
        if not number:
            wrong(
                "organisation_number",
                _("Write the 13 digits of the corporate number. This one cannot be right."),
            )
    elif declared.birth_date is None:
        wrong("birth_date", _("Write the date of birth."))
    elif not EARLIEST <= declared.birth_date <= today:
        wrong("birth_date", _("A date of birth cannot lie in the future."))
    until, born = declared.valid_until, declared.birth_date
    if kind == Kind.GUARDIAN and born is not None:
        last = rules.last_day_as_a_child(born)
        if last < today:
            wrong(
                "birth_date",
                _("This person is of age. To act for them you need a power of attorney."),
            )
        until = min(until, last) if until else last
    if kind != Kind.ORGANISATION and _is_oneself(owner, name, born):
        wrong("name", _("This is you. For yourself you need not declare anything."))
    address = _address(declared.address)
    # At the counter, whoever has an account is known by that.
    nameless = kind == Kind.COUNTER and declared.address is None
    if address is None and not nameless:
        wrong("address", _("Write the address, with prefecture, municipality and street."))
    if declared.basis not in Representation.BASES[kind]:
        wrong("basis", _("Choose on what basis you act for them."))
    elif declared.basis in Representation.NEEDS_DOCUMENT and document is None:
        wrong("document", _("Attach the paper that says so, as PDF or picture."))
    start = declared.valid_from or today
    if until is not None and until < max(start, today) and "birth_date" not in errors:
        wrong("valid_until", _("The last day must not lie before the first day, nor in the past."))
    services = sorted({slug for slug in declared.services if slug})
    if any(not SLUG.fullmatch(slug) for slug in services):
        wrong("services", _("Choose from the services that are offered."))
    if errors:
        raise InvalidInput(errors, _("Some answers are missing or need another look."))
    return Representation(
        owner=owner,
        kind=kind,
        name=name,
        name_kana=eid_claims.text(declared.name_kana) or "",
        birth_date=None if kind == Kind.ORGANISATION else born,
        address=address or {},
        organisation_number=number,
        phone=(eid_claims.text(declared.phone) or "")[:40],
        email=declared.email[:254],
        basis=declared.basis,
        services=services,
        valid_from=start,
        valid_until=until,
        state=State.CONFIRMED if kind == Kind.COUNTER else State.CLAIMED,
    )


def _address(given: Mapping[str, str] | None) -> dict[str, str] | None:
    if not given:
        return None
    parts = {part: eid_claims.text(given.get(part)) or "" for part in _PARTS}
    return parts if all(parts[part] for part in ("prefecture", "city", "streetAddress")) else None


def _is_oneself(owner: User, name: str, born: date | None) -> bool:
    eid = getattr(owner, "eid", None)
    if eid is None or born is None:
        return False
    known = {key: entry.get("value") for key, entry in eid.claims.items()}
    same_day = known.get(eid_claims.DATE_OF_BIRTH) == born.isoformat()
    return same_day and "".join(name.split()) == "".join(owner.name.split())


def _check_others(made: Representation) -> None:
    today = timezone.localdate()
    others = [
        other
        for other in Representation.objects.filter(owner=made.owner)
        if other.state_on(today) in {State.CLAIMED, State.CONFIRMED}
    ]
    same = (made.kind, made.name, made.birth_date, made.organisation_number)
    for other in others:
        if same == (other.kind, other.name, other.birth_date, other.organisation_number):
            raise Conflict(
                _("You have declared this already. To change it, revoke the earlier entry first."),
                code="declared",
            )
    if len(others) >= MOST_IN_FORCE:
        raise Conflict(
            _("You act for as many as can be kept here. Revoke what you do not need any more."),
            code="too_many",
        )


@transaction.atomic
def revoke(*, representation: Representation, by: Actor) -> Representation:
    """Its owner acts no more, by their own will or by that of the represented.

    What was sent before stays. Idempotent. Raises `NotFound`, and `NotAllowed` where the
    represented cannot end it (`check_may_end`).
    """
    fresh = _locked(representation)
    whose = {str(fresh.owner_id): EndedBy.OWNER, str(fresh.person_id): EndedBy.REPRESENTED}
    if by.id not in whose:
        raise NotFound(_("There is no such entry."), code="no_representation")
    if fresh.state == State.REVOKED:
        return fresh
    fresh.ended_by = whose[by.id]
    if fresh.ended_by_represented:
        check_may_end(fresh)
    fresh.state, fresh.revoked_at = State.REVOKED, timezone.now()
    fresh.save(update_fields=["state", "revoked_at", "ended_by"])
    if fresh.ended_by_represented:
        _note(events.REPRESENTATION_ENDED, fresh, by)
        _note_to_represented(events.REPRESENTED_ENDED, fresh, by)
    else:
        _note(events.REPRESENTATION_REVOKED, fresh, by)
        _note_to_represented(events.REPRESENTED_REVOKED, fresh, by)
    return fresh


def check_may_end(representation: Representation) -> None:
    """Whether the represented may end it themselves. Raises `NotAllowed`, saying whom to ask."""
    state = representation.state_now
    if state in {State.REVOKED, State.EXPIRED}:
        raise NotAllowed(_("This has ended already."), code="ended")
    if representation.kind == Kind.GUARDIAN:
        raise NotAllowed(
            _(
                "Until you are 18, your guardian acts for you by law, so you cannot end it here. "
                "If something is not right, please talk to the office for children and families "
                "of your town."
            ),
            code="guardian",
        )
    if representation.basis == Representation.Basis.ADULT_GUARDIAN:
        raise NotAllowed(
            _(
                "A court has appointed this person, so only the court can end it. Please ask the "
                "family court, or our staff at the counter."
            ),
            code="court",
        )
    if representation.kind != Kind.ATTORNEY:
        raise NotAllowed(_("You cannot act for somebody in this way."), code="wrong_kind")


@transaction.atomic
def confirm(*, representation: Representation, by: User) -> Representation:
    """The office has checked it; later applications need no further check.

    Raises `NotAllowed` for what has ended. Who may is a policy of the case.
    """
    fresh = _locked(representation)
    _check_living(fresh)
    fresh.state, fresh.doubt = State.CONFIRMED, ""
    _save_check(fresh, by)
    _note(events.REPRESENTATION_CONFIRMED, fresh, Actor.of(by))
    _note_to_represented(events.REPRESENTED_CONFIRMED, fresh, Actor.of(by))
    return fresh


@transaction.atomic
def doubt(*, representation: Representation, reason: str, by: User) -> Representation:
    """The office is not convinced; its owner reads why. Raises `NotAllowed`, `InvalidInput`."""
    reason = reason.strip()
    if not reason:
        raise InvalidInput({"reason": [_("Write what is not clear. The applicant reads this.")]})
    fresh = _locked(representation)
    _check_living(fresh)
    fresh.state, fresh.doubt = State.CLAIMED, reason[:2000]
    _save_check(fresh, by)
    _note(events.REPRESENTATION_DOUBTED, fresh, Actor.of(by))
    _note_to_represented(events.REPRESENTED_DOUBTED, fresh, Actor.of(by))
    return fresh


def _check_living(representation: Representation) -> None:
    if representation.state == State.REVOKED:
        raise NotAllowed(_("It was revoked; there is nothing to check any more."), code="revoked")


def _save_check(representation: Representation, by: User) -> None:
    representation.checked_by, representation.checked_at = by, timezone.now()
    representation.save(update_fields=["state", "doubt", "checked_by", "checked_at"])


def _locked(representation: Representation) -> Representation:
    return Representation.objects.select_for_update().get(pk=representation.pk)


def _note(event: str, representation: Representation, by: Actor, **data: Any) -> None:
    # A helper at the counter is staff: it concerns no account.
    about = str(representation.owner_id) if representation.kind != Kind.COUNTER else None
    ledger.record(
        event=event,
        by=by,
        about=about,
        object_kind="representation",
        object_id=str(representation.pk),
        data=data,
    )


def _note_to_represented(event: str, representation: Representation, by: Actor) -> None:
    """Whoever has no account here, or was not recognised, has no ledger to read."""
    if representation.person_id is not None:
        ledger.record(
            event=event,
            by=by,
            about=str(representation.person_id),
            object_kind="representation",
            object_id=str(representation.pk),
        )
