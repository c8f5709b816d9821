"""How often a service is applied for: once in a fiscal year, once for each child, once a household.

What a form says about people is read here; who has applied before is `cases.once`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from common.calendar import fiscal_year
from common.text import folded
from forms.definitions import FormDefinition
from forms.questions import GroupQuestion, Question

_MEMBERS = "household.members"
_NAME, _KANA, _BORN = "person.fullName", "person.fullNameKana", "person.dateOfBirth"


class Per(StrEnum):
    # Whoever applies, or the one they apply for.
    APPLICANT = "applicant"
    # As above; and the office is shown where members of the household stand in other applications.
    HOUSEHOLD = "household"


class Within(StrEnum):
    """How long an earlier application stands in the way."""

    # While the office works on it.
    OPEN = "open"
    # … and, if it was granted, until the end of the fiscal year in which it came.
    FISCAL_YEAR = "fiscal_year"
    # … and, if it was granted, for good.
    EVER = "ever"


class OnceRule(BaseModel):
    """``once`` in ``service.yaml``.

    `same`: questions whose answers make two applications the same one, as the child's name; none:
    any two are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    per: Per
    within: Within
    same: tuple[str, ...] = ()

    def check(self, form: FormDefinition) -> None:
        """Raises `ValueError` for what the form does not ask."""
        for name in self.same:
            if name not in form.questions_by_id:
                raise ValueError(f"same: no question '{name}'")
        if self.per is Per.HOUSEHOLD and not any(_groups(form)):
            raise ValueError(
                "per: the form asks for no household (a group with the concept household.members, "
                "with names and dates of birth)"
            )

    def days(self, day: date) -> tuple[date, date] | None:
        """The first and the last day on which another application counts beside one of `day`;
        None: it does not matter when it came."""
        if self.within is not Within.FISCAL_YEAR:
            return None
        year = fiscal_year(day)
        return date(year, 4, 1), date(year + 1, 3, 31)

    def are_same(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        """Whether two applications, by their answers, are about the same thing."""
        return all(_plain(one.get(name)) == _plain(other.get(name)) for name in self.same)


def people(form: FormDefinition, answers: Mapping[str, Any]) -> dict[str, str]:
    """Everybody whom an application names with their date of birth: the applicant and the members.

    By key, the name as it was written. Two people have the same key where the date of birth and
    the kana (or, in another key, the name) are the same; the key itself says neither.
    """
    found = dict(_keys(form.questions(), answers))
    for group in _groups(form):
        for entry in answers.get(group.id) or []:
            found |= dict(_keys(group.questions, entry))
    return found


def _groups(form: FormDefinition) -> Iterator[GroupQuestion]:
    for question in form.questions():
        if isinstance(question, GroupQuestion) and question.concept == _MEMBERS:
            asked = {item.concept for item in question.questions}
            if _BORN in asked and asked & {_NAME, _KANA}:
                yield question


def _keys(questions: Iterable[Question], answers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    told = {one.concept: answers.get(one.id) for one in questions if one.concept}
    born, name = told.get(_BORN), str(told.get(_NAME) or told.get(_KANA) or "")
    for concept in (_NAME, _KANA):
        written = _plain(told.get(concept))
        if born and written:
            plain = f"{concept}|{written}|{born}"
            yield hashlib.sha256(plain.encode()).hexdigest(), name


def _plain(value: Any) -> Any:
    """The same name typed in two ways is one."""
    return folded(value) if isinstance(value, str) else value
