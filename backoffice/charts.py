"""Bars for the reports, as numbers for an SVG: no script, no inline style, a table beside each.

Units of the SVG, close to CSS pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 640
_LABEL, _VALUE, _WORDS, _SHARE = 190, 56, 96, 150
_ROW, _BAR, _TWO_LINES = 28, 16, 52
_PLOT, _FOOT, _TOP = 150, 24, 20


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar with its words: `x`, `y`, `width`, `height` of the bar, `text_*` where its value is.

    `words`: the value as it reads, where it is no plain number; `label_y`: where its name is.
    """

    label: str
    value: float
    x: float
    y: float
    width: float
    height: float
    text_x: float
    text_y: float
    kind: str = ""
    words: str = ""
    label_y: float = 0


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of bars. `labels` are (x, text) below columns."""

    width: int
    height: int
    bars: list[Bar]
    labels: list[tuple[float, str]]
    # How long the bar of the whole is, below each of `shares`.
    whole: float = 0


def rows(
    values: Sequence[tuple[str, float]], *, words: Sequence[str] = (), most: float = 0
) -> Chart:
    """Horizontal bars, one below the other, each with its name and number.

    `words`: the numbers as they read; `most`: what fills a row, where several charts are compared.
    """
    most = most or max((value for _label, value in values), default=0) or 1
    room = WIDTH - _LABEL - (_WORDS if words else _VALUE)
    bars = []
    for number, (label, value) in enumerate(values):
        y, width = number * _ROW + (_ROW - _BAR) / 2, round(room * value / most, 1)
        text = y + _BAR - 3.5
        said = words[number] if words else ""
        bars.append(
            Bar(label, value, _LABEL, y, width, _BAR, _LABEL + width + 8, text, "", said, text)
        )
    return Chart(WIDTH, max(len(values), 1) * _ROW, bars, [])


def shares(values: Sequence[tuple[str, float, str]]) -> Chart:
    """Percents with their name above them, each on a bar of the whole, and as they read."""
    room = WIDTH - _SHARE
    bars = []
    for number, (label, value, words) in enumerate(values):
        top = number * _TWO_LINES
        y, width = top + _ROW - 4, round(room * value / 100, 1)
        place = (0, y, width, _BAR, room + 8, y + _BAR - 3.5)
        bars.append(Bar(label, value, *place, "", words, top + 16))
    return Chart(WIDTH, max(len(values), 1) * _TWO_LINES, bars, [], room)


def pairs(names: Sequence[str], first: Sequence[int], second: Sequence[int]) -> Chart:
    """Two columns for each name, side by side: "first" and "second"."""
    most = max((*first, *second), default=0) or 1
    step = WIDTH / max(len(names), 1)
    wide = min(step / 2 - 3, 22)
    bars, labels = [], []
    for number, (name, one, other) in enumerate(zip(names, first, second, strict=True)):
        middle = step * (number + 0.5)
        for kind, value, x in (("first", one, middle - wide), ("second", other, middle)):
            height = round(_PLOT * value / most, 1)
            y = _TOP + _PLOT - height
            bars.append(
                Bar(name, value, round(x, 1), y, wide - 1, height, round(x + wide / 2, 1), y - 4,
                    kind)
            )  # fmt: skip
        labels.append((round(middle, 1), name))
    return Chart(WIDTH, _TOP + _PLOT + _FOOT, bars, labels)
