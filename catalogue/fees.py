"""Fees as data: lines with a condition and an amount, explained in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from string import Formatter
from typing import Any

from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field

from catalogue.amounts import Bounds
from catalogue.instalments import Instalments
from catalogue.tables import PREFIX, FeeTable
from catalogue.unpaid import Unpaid
from common.text import Text
from forms.definitions import FormDefinition
from rules import BOOL, INT, TEXT, Rule, RuleError, VarType, compile_rule


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


class FeeItem(Bounds):
    """``when`` (CEL over the answers) decides, ``amount`` (CEL, whole yen) counts.

    With `each`, the id of a repeating group, there is a line for every entry, and the rules see the
    entry's answers beside the others. `text` may name questions: ``{days}`` is replaced with the
    answer. What `amount` gives is rounded, and kept between the bounds, as `Bounds` says.
    """

    each: str = ""
    when: str = ""
    amount: str
    text: Text


class Charge(StrEnum):
    """When a fee becomes due."""

    # 審査手数料: the office begins when it is paid.
    ON_SUBMISSION = "on_submission"
    # 許可の使用料・占用料: what is granted is issued when it is paid.
    ON_APPROVAL = "on_approval"


class Refundable(StrEnum):
    """What becomes of a fee paid on submission when the application ends otherwise."""

    # It is for the examination, whatever comes of it.
    NEVER = "never"
    # Given back when the application is withdrawn before it is decided; a refusal is a decision.
    UNLESS_DECIDED = "unless_decided"


class FeeSchedule(BaseModel):
    """``fees.yaml``. An empty schedule is free of charge."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    items: tuple[FeeItem, ...] = ()
    # The yes/no question by which an applicant asks for a waiver.
    waiver_question: str = ""
    # Named amounts in yen that a municipality may set (its own ordinance).
    rates: dict[str, int] = Field(default_factory=dict)
    # What each of them is for, where a municipality sets it.
    rate_names: dict[str, Text] = Field(default_factory=dict)
    # Stepwise amounts by size; in rules a table ``x`` is the function ``table_x``.
    tables: dict[str, FeeTable] = Field(default_factory=dict)
    # Rounding and bounds of the sum; what they change is a line of its own.
    total: Bounds | None = None
    instalments: Instalments | None = None
    unpaid: Unpaid = Field(default_factory=Unpaid)
    charge: Charge = Charge.ON_APPROVAL
    refundable: Refundable = Refundable.NEVER
    legal_basis: Text | None = None
    explanation: Text | None = None

    def check(self, form: FormDefinition) -> None:
        """Compile every rule against the form. Raises `ValueError` with the place."""
        if self.waiver_question and self.waiver_question not in form.questions_by_id:
            raise ValueError(f"waiver_question: no question '{self.waiver_question}'")
        for name, rate in self.rates.items():
            if rate < 0:
                raise ValueError(f"rates.{name}: it is below zero")
        if unknown := sorted(self.rate_names.keys() - self.rates.keys()):
            raise ValueError(f"rate_names: no rate '{unknown[0]}'")
        self.check_bounds(self.rates)
        self._check_charge()
        if self.instalments is not None:
            try:
                self.instalments.check(form)
            except ValueError as error:
                raise ValueError(f"instalments: {error}") from error
        for name, table in self.tables.items():
            if missing := sorted(table.rates - self.rates.keys()):
                raise ValueError(f"tables.{name}: no rate '{missing[0]}'")
        for number, item in enumerate(self.items, 1):
            try:
                variables = self._variables(item, form)
                when, amount = self._compiled(item, variables, self.rates)
            except RuleError as error:
                raise ValueError(f"item {number}: {error}") from error
            if when is not None and when.gives != BOOL:
                raise ValueError(f"item {number}: when gives a {when.gives}, not yes or no")
            if amount.gives != INT:
                raise ValueError(f"item {number}: amount gives a {amount.gives}, not whole yen")
            try:
                named = _named(item.text)
            except ValueError as error:
                raise ValueError(f"item {number}: the text: {error}") from error
            for name in named:
                if variables.get(name) not in (INT, TEXT):
                    raise ValueError(f"item {number}: the text has no number or word '{name}'")

    def _check_charge(self) -> None:
        if self.charge is Charge.ON_APPROVAL:
            if self.refundable is not Refundable.NEVER:
                raise ValueError("refundable: only what is charged on submission can be given back")
            return
        if not self.items:
            raise ValueError("charge: there is nothing to charge on submission")
        if self.instalments is not None:
            raise ValueError("instalments: a fee on submission is paid at once")
        if self.waiver_question:
            raise ValueError(
                "waiver_question: who is let off a fee on submission is decided before the "
                "application; they ask on the page of the fee"
            )

    def check_bounds(self, rates: Mapping[str, int]) -> None:
        """Whether minimum and maximum of every part can hold with `rates`; raises `ValueError`."""
        for number, item in enumerate(self.items, 1):
            try:
                item.check(rates)
            except ValueError as error:
                raise ValueError(f"item {number}: {error}") from error
        try:
            (self.total or Bounds()).check(rates)
        except ValueError as error:
            raise ValueError(f"total: {error}") from error

    def fee(
        self,
        form: FormDefinition,
        answers: Mapping[str, Any],
        rates: Mapping[str, int] | None = None,
    ) -> Fee:
        """The fee for `answers`; `rates` are the municipality's own amounts.

        Raises `FeeUnknownError` while an answer that counts is missing.
        """
        amounts = {name: (rates or {}).get(name, amount) for name, amount in self.rates.items()}
        values = form.rule_values(answers) | {f"rate_{name}": yen for name, yen in amounts.items()}
        lines = []
        for item in self.items:
            when, amount = self._compiled(item, self._variables(item, form), amounts)
            for seen in _entries(item, values):
                if when is not None and when(seen) is not True:
                    continue
                charged = item.apply(_counted(amount, seen), amounts)
                lines.append(FeeLine(_fill(item.text, seen), charged))
        # Free of charge stays free: a minimum is for those who pay at all.
        if self.total is not None and (whole := sum(line.amount for line in lines)):
            lines += [FeeLine(*change) for change in self.total.changes(whole, amounts)]
        waiver = bool(self.waiver_question and answers.get(self.waiver_question) is True)
        return Fee(tuple(lines), waiver)

    def _variables(self, item: FeeItem, form: FormDefinition) -> dict[str, VarType]:
        """What the rules of `item` may use. Raises `ValueError` when `each` is no group."""
        variables = dict(form.rule_variables)
        if item.each:
            group = variables.pop(item.each, None)
            if group is None or group.of is None or group.of.kind != "map":
                raise ValueError(f"each: no repeating group '{item.each}'")
            variables |= dict(group.of.fields)
        return variables | {f"rate_{name}": INT for name in self.rates}

    def _compiled(
        self, item: FeeItem, variables: Mapping[str, VarType], rates: Mapping[str, int]
    ) -> tuple[Rule | None, Rule]:
        tables = tuple(
            (name, table, tuple((rate, rates[rate]) for rate in sorted(table.rates)))
            for name, table in self.tables.items()
        )
        known = tuple(variables.items())
        when = _compile(item.when, known, ()) if item.when else None
        return when, _compile(item.amount, known, tables)


@lru_cache(maxsize=2048)
def _compile(
    source: str,
    variables: tuple[tuple[str, VarType], ...],
    tables: tuple[tuple[str, FeeTable, tuple[tuple[str, int], ...]], ...],
) -> Rule:
    functions = {f"{PREFIX}{name}": table.function(dict(rates)) for name, table, rates in tables}
    return compile_rule(source, dict(variables), functions)


def _entries(item: FeeItem, values: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if not item.each:
        yield values
        return
    outer = {name: value for name, value in values.items() if name != item.each}
    for entry in values.get(item.each) or ():
        yield {**outer, **entry}


def _counted(amount: Rule, values: Mapping[str, Any]) -> int:
    yen = amount(values)
    if yen is None:
        raise FeeUnknownError("an answer that the fee depends on is missing")
    if not isinstance(yen, int) or isinstance(yen, bool) or yen < 0:
        raise ValueError("a fee must be a whole number of yen, not below zero")
    return yen


def _named(text: Text) -> set[str]:
    return {
        name
        for words in text.as_dict().values()
        for _literal, name, _spec, _conversion in Formatter().parse(words)
        if name
    }


def _fill(text: Text, values: Mapping[str, Any]) -> Text:
    plain = {name: value for name, value in values.items() if isinstance(value, int | str)}
    try:
        return Text({language: words.format_map(plain) for language, words in text.items()})
    except KeyError:
        raise FeeUnknownError("an answer that the fee names is missing") from None


def yen(amount: int) -> str:
    """``1,620円`` or ``¥1,620``, as the active language writes it."""
    return _("¥%(amount)s") % {"amount": f"{amount:,}"}
