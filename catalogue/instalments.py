"""A fee in parts: by fiscal year (年度) as for road occupancy, or in equal parts.

    instalments:
      by: fiscal_year          # one part for each fiscal year that the period touches
      first: use_from          # questions: the first and the last day
      last: use_to
      due: "04-30"             # of the later years; the first part is due as any fee is
      above: 10000             # up to this total it is paid at once
      at_most: 3               # the last part then covers all years that are left

The parts always add up to the fee. What does not divide goes into the first part, as for local
taxes (地方税法20条の4の2第6項).
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from common.calendar import fiscal_year
from common.text import Text
from forms.definitions import FormDefinition

_NO_WORDS = Text({"ja": "", "en": ""})


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a fee in yen. `due_on` None: as a fee that is paid at once."""

    amount: int
    due_on: date | None = None
    text: Text = _NO_WORDS


class Instalments(BaseModel):
    """How a fee is divided. Amounts are multiples of `unit` yen, but for the first part."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: Literal["fiscal_year", "equal"]
    first: str = ""
    last: str = ""
    due: str = Field(default="04-30", pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")
    parts: int = Field(default=2, ge=2, le=12)
    months_apart: int = Field(default=1, ge=1, le=12)
    above: int = Field(default=0, ge=0)
    # By fiscal year: so many parts and no more, the last one for all years that are left.
    at_most: int | None = Field(default=None, ge=2, le=12)
    unit: int = Field(default=1, ge=1, le=10_000)

    @model_validator(mode="after")
    def _whole(self) -> Instalments:
        if self.by == "fiscal_year" and not (self.first and self.last):
            raise ValueError("by fiscal year needs the questions of the first and the last day")
        if self.by == "equal" and self.at_most is not None:
            raise ValueError("at_most: equal parts are counted by 'parts'")
        month, day = (int(part) for part in self.due.split("-"))
        if day > calendar.monthrange(2001, month)[1]:
            raise ValueError(f"due: there is no {self.due} in every year")
        return self

    def check(self, form: FormDefinition) -> None:
        """Raises `ValueError` when a question is missing or no date."""
        for name in (self.first, self.last) if self.by == "fiscal_year" else ():
            question = form.questions_by_id.get(name)
            if question is None:
                raise ValueError(f"no question '{name}'")
            if question.type != "date":
                raise ValueError(f"question '{name}' is no date")

    def plan(self, total: int, answers: Mapping[str, Any], first_due: date) -> tuple[Part, ...]:
        """The parts of `total` yen; a single one when it is not divided."""
        if total <= self.above:
            return (Part(total),)
        found = (
            self._by_year(total, answers, first_due)
            if self.by == "fiscal_year"
            else self._equal(total, first_due)
        )
        # A part of nothing is never due.
        return found if all(part.amount > 0 for part in found) else (Part(total),)

    def _equal(self, total: int, first_due: date) -> tuple[Part, ...]:
        amounts = _shares(total, [1] * self.parts, self.unit)
        return tuple(
            Part(
                amount,
                _months_later(first_due, number * self.months_apart) if number else None,
                Text(
                    {
                        "ja": f"第{number + 1}期（全{self.parts}期）",
                        "en": f"Part {number + 1} of {self.parts}",
                    }
                ),
            )
            for number, amount in enumerate(amounts)
        )

    def _by_year(self, total: int, answers: Mapping[str, Any], due: date) -> tuple[Part, ...]:
        try:
            first, last = (date.fromisoformat(answers[name]) for name in (self.first, self.last))
        except (KeyError, TypeError, ValueError):
            return (Part(total),)
        years = self._grouped(range(fiscal_year(first), fiscal_year(last) + 1))
        if len(years) < 2:
            return (Part(total),)
        weights = [sum(_months(first, last, year) for year in group) for group in years]
        month, day = (int(part) for part in self.due.split("-"))
        return tuple(
            Part(
                amount,
                # A later year's part is never due before the first one.
                max(date(group[0] + (month < 4), month, day), due) if number else None,
                _name(group),
            )
            for number, (group, amount) in enumerate(
                zip(years, _shares(total, weights, self.unit), strict=True)
            )
        )

    def _grouped(self, years: range) -> list[range]:
        """The fiscal years of each part: one, but for the last of `at_most`."""
        single = len(years) if self.at_most is None else min(len(years), self.at_most - 1)
        left = years[single:]
        return [years[n : n + 1] for n in range(single)] + ([left] if left else [])


def _name(years: range) -> Text:
    first, last = years[0], years[-1]
    if first == last:
        return Text({"ja": f"{_era_year(first)}年度分", "en": f"Fiscal year {first}"})
    return Text(
        {
            "ja": f"{_era_year(first)}年度分から{_era_year(last)}年度分まで",
            "en": f"Fiscal years {first} to {last}",
        }
    )


def _months(first: date, last: date, year: int) -> int:
    """Calendar months of a fiscal year that the period touches."""
    start, end = max(first, date(year, 4, 1)), min(last, date(year + 1, 3, 31))
    return max(0, (end.year - start.year) * 12 + end.month - start.month + 1)


def _shares(total: int, weights: list[int], unit: int) -> list[int]:
    """`total` by weight, each a multiple of `unit`; what is left over goes to the first."""
    later = [total * weight // sum(weights) // unit * unit for weight in weights[1:]]
    return [total - sum(later), *later]


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _era_year(year: int) -> str:
    return f"令和{'元' if year == 2019 else year - 2018}" if year >= 2019 else str(year)
