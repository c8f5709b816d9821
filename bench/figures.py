"""What a measurement says, and whether it holds."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """One number. `limit` is the most it may be; None only informs."""

    figure: str
    value: float
    unit: str
    limit: float | None = None

    @property
    def holds(self) -> bool:
        return self.limit is None or self.value <= self.limit

    def as_json(self) -> str:
        return json.dumps(asdict(self) | {"holds": self.holds}, ensure_ascii=False)


def exactly(figure: str, value: float, wanted: float, unit: str) -> list[Figure]:
    """A count that must be met, as two figures: what was found, and how far off it is."""
    return [Figure(figure, value, unit), Figure(f"{figure}_off", abs(value - wanted), unit, 0)]


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that `percent` of all values do not exceed."""
    ordered = sorted(values)
    rank = max(0, -(-len(ordered) * percent // 100) - 1)
    return ordered[int(rank)]


def p95(values: Sequence[float]) -> float:
    return percentile(values, 95)


def median(values: Sequence[float]) -> float:
    return statistics.median(values)
