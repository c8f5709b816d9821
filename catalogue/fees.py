"""Fees as data: lines with a condition and an amount, explained in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field

from common.text import Text
from forms.definitions import FormDefinition
from rules import BOOL, INT, Rule, RuleError, VarType, compile_rule


class FeeUnknownError(ValueError):
    """The fee cannot be worked out yet: an answer that it depends on is missing."""


@dataclass(frozen=True, slots=True)
class FeeLine:
    """One part of a fee, in yen, with how it comes about."""

    text: Text
    amount: int

    @property
    def yen(self) -> str:
        return yen(self.amount)


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee in yen. `waiver_asked`: the applicant asked to be let off (減免)."""

    lines: tuple[FeeLine, ...] = ()
    waiver_asked: bool = False

    @property
    def total(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def in_yen(self) -> str:
        """The total as the active language writes it."""
        return yen(self.total)

    def as_json(self) -> dict[str, Any]:
        return {
            "lines": [{"text": line.text.as_dict(), "amount": line.amount} for line in self.lines],
            "total": self.total,
            "waiver_asked": self.waiver_asked,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Fee:
        lines = tuple(FeeLine(Text(line["text"]), line["amount"]) for line in data["lines"])
        return cls(lines, data["waiver_asked"])


class FeeItem(BaseModel):
    """``when`` (CEL over the answers) decides, ``amount`` (CEL, whole yen) counts.

    `text` may name questions: ``{days}`` is replaced with the answer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    when: str = ""
    amount: str
    text: Text


class FeeSchedule(BaseModel):
    """``fees.yaml``. An empty schedule is free of charge."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    items: tuple[FeeItem, ...] = ()
    # The yes/no question by which an applicant asks for a waiver.
    waiver_question: str = ""
    # Named amounts in yen that a municipality may set (its own ordinance).
    rates: dict[str, int] = Field(default_factory=dict)
    legal_basis: Text | None = None
    explanation: Text | None = None

    def check(self, form: FormDefinition) -> None:
        """Compile every rule against the form. Raises `ValueError` with the place."""
        if self.waiver_question and self.waiver_question not in form.questions_by_id:
            raise ValueError(f"waiver_question: no question '{self.waiver_question}'")
        for number, item in enumerate(self.items, 1):
            try:
                when, amount = self._compiled(item, form)
            except RuleError as error:
                raise ValueError(f"item {number}: {error}") from error
            if when is not None and when.gives != BOOL:
                raise ValueError(f"item {number}: when gives a {when.gives}, not yes or no")
            if amount.gives != INT:
                raise ValueError(f"item {number}: amount gives a {amount.gives}, not whole yen")

    def fee(
        self,
        form: FormDefinition,
        answers: Mapping[str, Any],
        rates: Mapping[str, int] | None = None,
    ) -> Fee:
        """The fee for `answers`; `rates` are the municipality's own amounts.

        Raises `FeeUnknownError` while an answer that counts is missing.
        """
        values = form.rule_values(answers) | self._rate_values(rates or {})
        lines = []
        for item in self.items:
            when, amount = self._compiled(item, form)
            if when is not None and when(values) is not True:
                continue
            yen = amount(values)
            if yen is None:
                raise FeeUnknownError("an answer that the fee depends on is missing")
            if not isinstance(yen, int) or isinstance(yen, bool) or yen < 0:
                raise ValueError("a fee must be a whole number of yen, not below zero")
            lines.append(FeeLine(_fill(item.text, values), yen))
        waiver = bool(self.waiver_question and answers.get(self.waiver_question) is True)
        return Fee(tuple(lines), waiver)

    def _rate_values(self, own: Mapping[str, int]) -> dict[str, Any]:
        return {f"rate_{name}": own.get(name, amount) for name, amount in self.rates.items()}

    def _compiled(self, item: FeeItem, form: FormDefinition) -> tuple[Rule | None, Rule]:
        rates = {f"rate_{name}": INT for name in self.rates}
        variables = tuple({**form.rule_variables, **rates}.items())
        when = _compile(item.when, variables) if item.when else None
        return when, _compile(item.amount, variables)


@lru_cache(maxsize=2048)
def _compile(source: str, variables: tuple[tuple[str, VarType], ...]) -> Rule:
    return compile_rule(source, dict(variables))


def _fill(text: Text, values: Mapping[str, Any]) -> Text:
    plain = {name: value for name, value in values.items() if isinstance(value, int | str)}
    return Text({language: words.format_map(plain) for language, words in text.items()})


def yen(amount: int) -> str:
    """``1,620円`` or ``¥1,620``, as the active language writes it."""
    return _("¥%(amount)s") % {"amount": f"{amount:,}"}
