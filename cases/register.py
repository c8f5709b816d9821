"""The public register: permits that anybody may look up, as far as each service declares it.

A page and an open data file show the number, the period, its state and the answers named in
``service.yaml``; an organisation's name where it applied as one, and never a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import IO

from django.db.models import Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases.models import RegisterEntry
from catalogue.models import Offering
from catalogue.template import PublicRegister
from common.errors import NotFound
from common.tables import Cell, Column, CsvFile, Table
from forms import display

#: Entries read at a time for a file.
CHUNK = 500


class State(StrEnum):
    VALID = "valid"
    NOT_YET = "not_yet"
    ENDED = "ended"
    REVOKED = "revoked"
    REPLACED = "replaced"


STATE_NAMES = {
    State.VALID: gettext_lazy("valid"),
    State.NOT_YET: gettext_lazy("not valid yet"),
    State.ENDED: gettext_lazy("ended"),
    State.REVOKED: gettext_lazy("revoked"),
    State.REPLACED: gettext_lazy("replaced"),
}


@dataclass(frozen=True, slots=True)
class PublicEntry:
    """One permit as anybody may read it. `answers` in the order of the register's columns."""

    number: str
    state: State
    valid_from: date
    valid_until: date | None
    organisation: str
    answers: list[str]

    @property
    def state_name(self) -> str:
        return str(STATE_NAMES[self.state])


@dataclass(frozen=True, slots=True)
class PublicList:
    """The register of one service: what it is and what its columns say."""

    offering: Offering
    rule: PublicRegister
    labels: list[str]

    @property
    def names_organisations(self) -> bool:
        return bool(self.rule.organisation)


def public_offerings() -> list[Offering]:
    """The services whose register is public, also those that are not offered any more."""
    return [offering for offering in Offering.objects.all() if rule_of(offering) is not None]


def rule_of(offering: Offering) -> PublicRegister | None:
    entry = offering.template.service.register_entry
    return entry.public if entry else None


def public_list(slug: str, language: str) -> PublicList:
    """Raises `NotFound` for a service without a public register."""
    offering = Offering.objects.filter(slug=slug).first()
    rule = rule_of(offering) if offering else None
    if offering is None or rule is None:
        raise NotFound(_("There is no such register."), code="no_register")
    questions = offering.form_version.form.questions_by_id
    labels = [
        questions[name].label.in_language(language) if name in questions else name
        for name in rule.questions
    ]
    return PublicList(offering, rule, labels)


def entries_of(listed: PublicList, *, only_valid: bool = False) -> QuerySet[RegisterEntry]:
    """The entries that are shown today, the newest first."""
    found = RegisterEntry.objects.filter(shown(listed))
    if only_valid:
        found = found.filter(holds_on(timezone.localdate()))
    return ordered(found)


def shown(listed: PublicList) -> Q:
    """Entries of a register that are shown today."""
    oldest = _years_before(timezone.localdate(), listed.rule.years)
    # A permit ends with its last day, or when it is revoked; one with neither is still in force.
    return (
        Q(offering=listed.offering)
        & (Q(valid_until__isnull=True) | Q(valid_until__gte=oldest))
        & (
            Q(decision__letter__revoked_at__isnull=True)
            | Q(decision__letter__revoked_at__date__gte=oldest)
        )
    )


def holds_on(day: date) -> Q:
    """Entries that hold on a day, as far as is known today."""
    return (
        Q(valid_from__lte=day)
        & (Q(valid_until__isnull=True) | Q(valid_until__gte=day))
        # Whatever took its place has an entry of its own: it is not shown twice.
        & (Q(closed_on__isnull=True) | Q(closed_on__gt=day))
        & (
            Q(decision__letter__revoked_at__isnull=True)
            | Q(decision__letter__revoked_at__date__gt=day)
        )
    )


def ordered(entries: QuerySet[RegisterEntry]) -> QuerySet[RegisterEntry]:
    """The newest first, with what `public` reads."""
    return entries.select_related(
        "decision__letter", "decision__case__application__version"
    ).order_by("-valid_from", "-number")


def public(entry: RegisterEntry, listed: PublicList, language: str) -> PublicEntry:
    """An entry in words. A question that its form did not have stays empty."""
    case = entry.decision.case
    answers, questions = case.answers, case.application.version.form.questions_by_id
    rule = listed.rule
    as_one = rule.organisation and answers.get(rule.applies_as) is True
    return PublicEntry(
        number=entry.number,
        state=_state(entry),
        valid_from=entry.valid_from,
        valid_until=entry.valid_until,
        organisation=str(answers.get(rule.organisation, "")) if as_one else "",
        answers=[
            display.text_of(questions[name], answers[name], language)
            if name in questions and name in answers
            else ""
            for name in rule.questions
        ],
    )


def open_data(listed: PublicList, language: str) -> IO[bytes]:
    """The whole register as CSV; whoever sends it closes it."""
    with translation.override(language):
        columns = [
            Column(_("Permit number")),
            Column(_("State")),
            Column(_("Valid from")),
            Column(_("Valid until")),
        ]
        if listed.names_organisations:
            columns.append(Column(_("Organisation")))
        columns += [Column(label) for label in listed.labels]
        with CsvFile(Table(str(listed.offering.title), columns)) as file:
            for row in _lines(entries_of(listed).iterator(chunk_size=CHUNK), listed, language):
                file.add(0, row)
            return file.finish()


def _lines(
    entries: Iterable[RegisterEntry], listed: PublicList, language: str
) -> Iterator[list[Cell]]:
    for entry in entries:
        one = public(entry, listed, language)
        row: list[Cell] = [one.number, one.state_name, one.valid_from, one.valid_until]
        if listed.names_organisations:
            row.append(one.organisation)
        yield [*row, *one.answers]


def _state(entry: RegisterEntry) -> State:
    today = timezone.localdate()
    letter = entry.decision.letter
    if letter is not None and letter.revoked_at is not None:
        return State.REVOKED
    if entry.closed_on is not None and entry.closed_on <= today:
        return State.REPLACED
    if today < entry.valid_from:
        return State.NOT_YET
    ended = entry.valid_until is not None and entry.valid_until < today
    return State.ENDED if ended else State.VALID


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)
