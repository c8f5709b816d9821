"""The town's lists: looked at first, then taken as a whole."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from cases.prepared_letters import reading
from cases.prepared_letters.models import PreparedLetter, PreparedList
from cases.prepared_letters.reading import Line, NotAList, key_of
from catalogue.models import Offering
from common.actor import Actor
from common.errors import Conflict, InvalidInput, NotAllowed, NotFound
from identity.models import Role, User
from identity.roles import has_role

#: What of a letter follows from its list.
FIELDS = (
    "number", "name", "name_kana", "birth_date", "address", "account", "amount", "last_day",
)  # fmt: skip


def may_keep(offering: Offering, user: User) -> bool:
    """Whoever leads the department that has the service, and administrators."""
    return has_role(user, Role.LEAD, offering.department.key)


def check_may_keep(offering: Offering, user: User) -> None:
    """Raises `NotAllowed`."""
    if not may_keep(offering, user):
        raise NotAllowed(
            _("Only whoever leads the department keeps the list of its letters."), code="not_lead"
        )


def offerings_for(user: User) -> list[Offering]:
    """The services with such letters whose lists `user` keeps."""
    return [
        offering
        for offering in Offering.objects.select_related("department")
        if offering.template.service.prepared_letters is not None and may_keep(offering, user)
    ]


def about(offering: Offering, by: Actor) -> dict[str, Any]:
    """What every ledger entry on the letters of a service says."""
    return {"by": by, "object_kind": "offering", "object_id": str(offering.pk)}


@dataclass(frozen=True, slots=True)
class DryRun:
    """What taking a list would do; nothing while a line has a problem."""

    new: list[Line]
    changed: list[Line]
    unchanged: int
    problems: list[Line]


@transaction.atomic
def upload(*, offering: Offering, content: bytes, filename: str, by: User) -> PreparedList:
    """Read a list; it waits to be looked at. Raises `NotAllowed`, and `InvalidInput` where the file
    as a whole cannot be read."""
    check_may_keep(offering, by)
    try:
        lines = reading.read(content)
    except NotAList as refused:
        raise InvalidInput({"file": [_refusal(refused)]}) from None
    return PreparedList.objects.create(
        offering=offering,
        filename=filename[-200:],
        lines=[asdict(line) for line in lines],
        uploaded_by=by,
    )


def _refusal(refused: NotAList) -> str:
    if refused.code == "no_column":
        return _("The column “%(heading)s” is missing.") % {"heading": refused.column}
    if refused.code == "too_large":
        return _("The list is too large. Please upload it in parts of at most %(most)s lines.") % {
            "most": f"{reading.MOST_LINES:,}"
        }
    if refused.code == "empty":
        return _("There is no line in this file.")
    return _("This is no CSV file. Save the list as CSV and upload that.")


def dry_run(waiting: PreparedList) -> DryRun:
    """What taking it would do now: one statement however long it is."""
    return _compared(waiting, {row.key: row for row in _named(waiting)})


def _compared(waiting: PreparedList, known: Mapping[str, PreparedLetter]) -> DryRun:
    lines = [Line(**{**line, "problems": tuple(line["problems"])}) for line in waiting.lines]
    new, changed, problems, unchanged = [], [], [], 0
    for line in lines:
        before = known.get(key_of(line.number))
        if line.problems:
            problems.append(line)
        elif before is not None and not _changes(before, line):
            unchanged += 1
        elif why := _in_the_way(before, line):
            problems.append(Line(line.line, line.number, problems=(why,)))
        elif before is None:
            new.append(line)
        else:
            changed.append(line)
    return DryRun(new, changed, unchanged, problems)


def _named(waiting: PreparedList) -> QuerySet[PreparedLetter]:
    """The letters that the list names and the town has already."""
    keys = [key_of(line["number"]) for line in waiting.lines]
    return PreparedLetter.objects.filter(offering=waiting.offering_id, key__in=keys)


def _fields(line: Line) -> dict[str, Any]:
    days = {name: date.fromisoformat(line.values[name]) for name in ("birth_date", "last_day")}
    return {name: line.values[name] for name in FIELDS} | days


def _changes(before: PreparedLetter, line: Line) -> bool:
    return any(getattr(before, name) != value for name, value in _fields(line).items())


def _in_the_way(before: PreparedLetter | None, line: Line) -> str:
    if before is not None and before.answered_at is not None:
        return "answered"
    if before is not None and before.withdrawn_at is not None:
        return "withdrawn"
    return "over" if line.values["last_day"] < timezone.localdate().isoformat() else ""


@transaction.atomic
def take(*, list_id: uuid.UUID, by: User) -> PreparedList:
    """Take a list as a whole; taken twice it is taken once. Raises `NotFound`, `NotAllowed`, and
    `Conflict` where a line has a problem (by now): then nothing is taken."""
    waiting = PreparedList.objects.select_for_update().filter(pk=list_id).first()
    if waiting is None:
        raise NotFound(_("There is no such list."), code="no_list")
    # Two lists at once: the second waits, and sees what the first has brought. Whoever is sending
    # does not wait: a case only points to the offering.
    offering = Offering.objects.select_for_update(no_key=True).get(pk=waiting.offering_id)
    check_may_keep(offering, by)
    if waiting.taken_at is not None:
        return waiting
    # Whoever is answering one of them just now is waited for.
    known = {row.key: row for row in _named(waiting).order_by("pk").select_for_update()}
    found = _compared(waiting, known)
    if found.problems:
        raise Conflict(
            _("Nothing was taken: some lines have to be put right first."), code="problems"
        )
    PreparedLetter.objects.bulk_create(
        (
            PreparedLetter(offering=offering, key=key_of(line.number), **_fields(line))
            for line in found.new
        ),
        batch_size=1000,
    )
    for line in found.changed:
        row = known[key_of(line.number)]
        for name, value in _fields(line).items():
            setattr(row, name, value)
    PreparedLetter.objects.bulk_update(
        [known[key_of(line.number)] for line in found.changed], FIELDS, batch_size=500
    )
    waiting.lines, waiting.taken_at = [], timezone.now()
    waiting.new, waiting.changed = len(found.new), len(found.changed)
    waiting.save(update_fields=["lines", "taken_at", "new", "changed"])
    ledger.record(
        event="prepared_letters.taken",
        **about(offering, Actor.of(by)),
        data={"new": waiting.new, "changed": waiting.changed, "unchanged": found.unchanged},
    )
    return waiting


@transaction.atomic
def discard(*, list_id: uuid.UUID, by: User) -> None:
    """Throw a list away that was not taken. Raises `NotAllowed`."""
    # Taken in another window just then, it stays as what was taken.
    lists = PreparedList.objects.select_for_update(of=("self",)).select_related("offering")
    waiting = lists.filter(pk=list_id, taken_at=None).first()
    if waiting is not None:
        check_may_keep(waiting.offering, by)
        waiting.delete()
