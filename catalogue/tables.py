"""Stepwise fees as data: so much for a size up to a limit, and beyond the last limit by the unit.

The limits belong to the table, the amounts are names of `rates`, so that a municipality sets its
own amounts as it does for every other fee. In a fee's rule the table is a function of its name::

    tables:
      display:
        steps:
          - {under: 1, rate: board_under_1}     # 1 itself belongs to the next step
          - {up_to: 50, rate: board_up_to_50}   # 50 itself belongs here
        beyond: {each: 1, rate: board_beyond}   # for every unit that has begun

    items:
      - amount: table_display(width_m * height_m) * boards
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rules import DECIMAL, INT, Function
from rules.functions import rounded, silent

PREFIX = "table_"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Step(_Strict):
    """The amount for sizes below `under`, or up to and including `up_to`."""

    under: Decimal | None = Field(default=None, gt=0)
    up_to: Decimal | None = Field(default=None, gt=0)
    rate: str

    @model_validator(mode="after")
    def _one_limit(self) -> Step:
        if (self.under is None) == (self.up_to is None):
            raise ValueError("a step has one limit: under, or up_to")
        return self

    @property
    def limit(self) -> Decimal:
        return self.up_to or self.under or Decimal(0)

    def holds(self, size: Decimal) -> bool:
        return size < self.under if self.under is not None else size <= self.limit


class Beyond(_Strict):
    """What is added to the last step's amount for each `each` that has begun."""

    each: Decimal = Field(default=Decimal(1), gt=0)
    rate: str


class FeeTable(_Strict):
    """Steps in rising order; the last one includes its limit, where `beyond` takes over."""

    steps: tuple[Step, ...] = Field(min_length=1, max_length=50)
    beyond: Beyond

    @model_validator(mode="after")
    def _rising(self) -> FeeTable:
        limits = [step.limit for step in self.steps]
        if limits != sorted(set(limits)):
            raise ValueError("the limits of the steps do not rise")
        if self.steps[-1].up_to is None:
            raise ValueError("the last step needs up_to: its limit is where 'beyond' begins")
        return self

    @property
    def rates(self) -> frozenset[str]:
        """The names of the rates that the table uses."""
        return frozenset({step.rate for step in self.steps} | {self.beyond.rate})

    def amount(self, size: Decimal, rates: Mapping[str, int]) -> int | None:
        """Yen for `size`; None for a size that is not above zero."""
        if size <= 0:
            return None
        for step in self.steps:
            if step.holds(size):
                return rates[step.rate]
        last = self.steps[-1]
        begun = math.ceil((size - last.limit) / self.beyond.each)
        return rates[last.rate] + begun * rates[self.beyond.rate]

    def function(self, rates: Mapping[str, int]) -> Function:
        """The table as a function that rules may call."""

        def call(size: float) -> int | None:
            return self.amount(Decimal(str(rounded(size))), rates)

        return Function(silent(call), (DECIMAL,), INT)
