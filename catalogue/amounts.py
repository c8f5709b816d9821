"""Amounts as ordinances put them: rounded, not below a minimum, not above a maximum.

As data, so that a municipality's figures are rates and an error is found where the service is read:

    items:
      - amount: rate_pipe * charged * months / 12
        rounding: {to: 10, way: down}     # 10円未満切捨て
        minimum: minimum                  # names of rates
        maximum: most
    total: {rounding: {to: 100, way: down}, minimum: minimum}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from common.text import Text

ROUNDED = Text({"ja": "端数処理", "en": "Rounding"})
RAISED = Text({"ja": "最低額までの加算", "en": "Up to the minimum fee"})
CAPPED = Text({"ja": "上限額を超える分の減額", "en": "Down to the maximum fee"})


class Rounding(BaseModel):
    """To a multiple of `to` yen: down (切捨て), up (切上げ) or half up (四捨五入)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: int = Field(ge=1, le=10_000)
    way: Literal["down", "up", "half_up"] = "down"

    def apply(self, yen: int) -> int:
        """`yen` as a multiple; `yen` is not below zero."""
        if self.way == "up":
            return -(-yen // self.to) * self.to
        if self.way == "half_up":
            return (2 * yen + self.to) // (2 * self.to) * self.to
        return yen // self.to * self.to


class Bounds(BaseModel):
    """Rounding first, then the bounds; `minimum` and `maximum` are names of rates."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    rounding: Rounding | None = None
    minimum: str = ""
    maximum: str = ""

    @property
    def rates(self) -> frozenset[str]:
        """The names of the rates that the bounds use."""
        return frozenset({self.minimum, self.maximum} - {""})

    def check(self, rates: Mapping[str, int]) -> None:
        """Raises `ValueError` for a rate that there is not, and for bounds that exclude all."""
        if missing := sorted(self.rates - rates.keys()):
            raise ValueError(f"no rate '{missing[0]}'")
        if self.minimum and self.maximum and rates[self.minimum] > rates[self.maximum]:
            raise ValueError(f"minimum '{self.minimum}' is above maximum '{self.maximum}'")

    def apply(self, yen: int, rates: Mapping[str, int]) -> int:
        """What is charged for `yen`."""
        return yen + sum(change for _text, change in self.changes(yen, rates))

    def changes(self, yen: int, rates: Mapping[str, int]) -> list[tuple[Text, int]]:
        """How `yen` changes: a word and the yen added or taken, for each step that does so."""
        now = self.rounding.apply(yen) if self.rounding else yen
        found = [(ROUNDED, now - yen)]
        least = rates[self.minimum] if self.minimum else 0
        if now < least:
            found.append((RAISED, least - now))
            now = least
        if self.maximum and now > rates[self.maximum]:
            found.append((CAPPED, rates[self.maximum] - now))
        return [(text, change) for text, change in found if change]
