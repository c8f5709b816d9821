"""A workflow as a picture: SVG from the definition, and the same in words.

Columns follow the way of a case from left to right, final stages stand in the last one. Lines that
skip a column run below the boxes, lines that lead back above them, so that none crosses a box.
Everything is presentation attributes and classes: a strict Content-Security-Policy allows no inline
style.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from workflow.definition import ClockRuns, Stage, WorkflowDefinition
from workflow.moves import verb_name

# Units of the SVG, close to CSS pixels.
_WIDTH, _HEIGHT = 148, 50
_GAP, _ROW_GAP = 72, 22
_LANE, _EDGE = 10, 8
_LINE_HEIGHT, _HALF_WIDTHS_PER_LINE, _MOST_LINES = 17, 20, 3


@dataclass(frozen=True, slots=True)
class Way:
    """One way out of a stage: what is done, and where it leads."""

    verb: str
    to: str


@dataclass(frozen=True, slots=True)
class StageInWords:
    """A stage of the text alternative."""

    title: str
    is_current: bool
    is_final: bool
    ways: tuple[Way, ...]


def in_words(definition: WorkflowDefinition, current: str = "") -> tuple[StageInWords, ...]:
    """The diagram as a list: every stage with the ways that lead on, in the active language."""
    return tuple(
        StageInWords(
            str(stage.for_staff),
            stage.id == current,
            stage.final,
            tuple(
                Way(verb_name(move.verb), str(definition.stage(move.to).for_staff))
                for move in definition.moves
                if stage.id in move.from_ and move.to and move.to != stage.id
            ),
        )
        for stage in definition.stages
    )


# Drawings by kind, definition, stage and language: the same on all pages of cases in one stage.
_drawn: dict[tuple[str, str, str, str | None], SafeString] = {}
_MOST_DRAWN = 1000
_Draw = Callable[[WorkflowDefinition, str], SafeString]


def svg(definition: WorkflowDefinition, current: str = "") -> SafeString:
    """The diagram with `current` marked. Raises `WorkflowError` for a stage that does not exist."""
    return _once(_draw, definition, current)


def words(definition: WorkflowDefinition, current: str = "") -> SafeString:
    """`in_words` as a list in HTML."""
    return _once(_list, definition, current)


def _once(draw: _Draw, definition: WorkflowDefinition, current: str) -> SafeString:
    key = (draw.__name__, definition.digest, current, get_language())
    if key not in _drawn:
        if len(_drawn) >= _MOST_DRAWN:
            _drawn.clear()
        _drawn[key] = draw(definition, current)
    return _drawn[key]


def _list(definition: WorkflowDefinition, current: str) -> SafeString:
    return format_html(
        '<ul class="in-words">{}</ul>',
        format_html_join(
            "",
            "<li>{}{}</li>",
            ((_name(stage), _ways(stage)) for stage in in_words(definition, current)),
        ),
    )


def _name(stage: StageInWords) -> SafeString | str:
    if not stage.is_current:
        return stage.title
    return format_html("<strong>{}</strong> ({})", stage.title, _("the case is here"))


def _ways(stage: StageInWords) -> str:
    if stage.ways:
        return ": " + "; ".join(f"{way.verb} → {way.to}" for way in stage.ways)
    return ": " + _("end") if stage.is_final else ""


def _draw(definition: WorkflowDefinition, current: str) -> SafeString:
    title = _("Stages of this service")
    if current:
        title = _("Stages of this service. Now: %(stage)s") % {
            "stage": definition.stage(current).for_staff
        }
    plan = _Plan(definition)
    return format_html(
        '<svg class="diagram" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" aria-labelledby="diagram-title" xmlns="http://www.w3.org/2000/svg">'
        '<title id="diagram-title">{title}</title>'
        '<defs><marker id="diagram-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path class="diagram__arrow" d="M0 0.5 7 4 0 7.5z" '
        'fill="currentColor"/></marker></defs>{ways}{stages}</svg>',
        width=plan.width,
        height=plan.height,
        title=title,
        ways=format_html_join(
            "",
            '<path class="diagram__way" d="{}" fill="none" stroke="currentColor" '
            'marker-end="url(#diagram-arrow)"/>',
            ((path,) for path in plan.paths()),
        ),
        stages=format_html_join(
            "", "{}", ((_box(stage, plan, current),) for stage in definition.stages)
        ),
    )


def _box(stage: Stage, plan: _Plan, current: str) -> SafeString:
    x, y = plan.place(stage.id)
    classes = ["diagram__stage"]
    if stage.id == current:
        classes.append("diagram__stage--now")
    if stage.final:
        classes.append("diagram__stage--final")
    dashes = mark_safe(' stroke-dasharray="5 4"') if stage.clock is ClockRuns.PAUSED else ""
    lines = _wrapped(str(stage.for_staff))
    top = y + (_HEIGHT - (len(lines) - 1) * _LINE_HEIGHT) // 2 + 5
    words = format_html_join(
        "",
        '<text class="diagram__title" x="{}" y="{}" text-anchor="middle" font-size="13" '
        'fill="currentColor">{}</text>',
        ((x + _WIDTH // 2, top + number * _LINE_HEIGHT, line) for number, line in enumerate(lines)),
    )
    return format_html(
        '<g class="{}"><rect x="{}" y="{}" width="{}" height="{}" rx="{}" fill="none" '
        'stroke="currentColor" stroke-width="{}"{}/>{}</g>',
        " ".join(classes),
        x,
        y,
        _WIDTH,
        _HEIGHT,
        _HEIGHT // 2 if stage.final else 6,
        3 if stage.id == current else 1,
        dashes,
        words,
    )


def _wrapped(title: str) -> list[str]:
    """The title in at most three lines; a Japanese character counts as two Latin ones."""
    lines, line, width = [], "", 0
    for piece in _pieces(title):
        size = sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in piece)
        if line and width + size > _HALF_WIDTHS_PER_LINE:
            lines.append(line.strip())
            line, width = "", 0
        line, width = line + piece, width + size
    lines.append(line.strip())
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], lines[_MOST_LINES - 1] + "…"]
    return lines


def _pieces(title: str) -> Iterator[str]:
    """Where a line may break: after a space, and between Japanese characters."""
    word = ""
    for sign in title:
        if unicodedata.east_asian_width(sign) in "WF":
            if word:
                yield word
            word = ""
            yield sign
        else:
            word += sign
            if sign == " ":
                yield word
                word = ""
    if word:
        yield word


class _Plan:
    """Where every box stands and every line runs."""

    def __init__(self, definition: WorkflowDefinition) -> None:
        self._definition = definition
        self._ways = list(
            dict.fromkeys(
                (origin, move.to)
                for move in definition.moves
                for origin in move.from_
                if move.to and move.to != origin
            )
        )
        self._back = self._leading_back()
        self._column = self._columns()
        rows: dict[int, list[str]] = {}
        for stage in definition.stages:
            rows.setdefault(self._column[stage.id], []).append(stage.id)
        self._row = {stage: row for ids in rows.values() for row, stage in enumerate(ids)}
        self._most_rows = max(len(ids) for ids in rows.values())

    def _leading_back(self) -> set[tuple[str, str]]:
        """Ways to a stage that the case has come through (found depth first)."""
        found: set[tuple[str, str]] = set()
        done: set[str] = set()

        def visit(stage: str, path: tuple[str, ...]) -> None:
            for origin, to in self._ways:
                if origin != stage:
                    continue
                if to in path:
                    found.add((origin, to))
                elif to not in done:
                    visit(to, (*path, to))
            done.add(stage)

        visit(self._definition.initial, (self._definition.initial,))
        return found

    def _columns(self) -> dict[str, int]:
        """The longest way from the start without going back; final stages in the last column."""
        column = dict.fromkeys((stage.id for stage in self._definition.stages), 0)
        ahead = [way for way in self._ways if way not in self._back]
        for _round in column:
            for origin, to in ahead:
                column[to] = max(column[to], column[origin] + 1)
        last = max(column.values())
        for stage in self._definition.stages:
            if stage.final:
                column[stage.id] = last
        return column

    @cached_property
    def _top(self) -> int:
        return _EDGE + (_LANE * len(self._back) + _LANE if self._back else 0)

    @cached_property
    def _lanes(self) -> dict[str, int]:
        """A lane below the boxes for each stage that lines with a skipped column lead to."""
        targets = [to for origin, to in self._ways if self._skips(origin, to)]
        return {to: number for number, to in enumerate(dict.fromkeys(targets))}

    def _skips(self, origin: str, to: str) -> bool:
        return (origin, to) not in self._back and self._column[to] - self._column[origin] != 1

    @property
    def _bottom(self) -> int:
        return self._top + self._most_rows * (_HEIGHT + _ROW_GAP) - _ROW_GAP

    @property
    def width(self) -> int:
        room = _LANE if any(self._row[origin] for origin, _to in self._back) else 0
        return 2 * _EDGE + (max(self._column.values()) + 1) * (_WIDTH + _GAP) - _GAP + room

    @property
    def height(self) -> int:
        return self._bottom + _EDGE + (_LANE * (len(self._lanes) + 1) if self._lanes else 0)

    def place(self, stage: str) -> tuple[int, int]:
        """The upper left corner of a stage's box."""
        x = _EDGE + self._column[stage] * (_WIDTH + _GAP)
        y = self._top + self._row[stage] * (_HEIGHT + _ROW_GAP)
        return x, y

    def paths(self) -> Iterator[str]:
        """The ``d`` of every line."""
        back = 0
        for origin, to in self._ways:
            if (origin, to) in self._back:
                back += 1
                yield self._above(origin, to, self._top - _LANE * back)
            elif self._skips(origin, to):
                yield self._below(origin, to)
            else:
                yield self._straight(origin, to)

    def _straight(self, origin: str, to: str) -> str:
        x1, y1 = self._right(origin)
        x2, y2 = self.place(to)[0], self.place(to)[1] + _HEIGHT // 2
        middle = x1 + _GAP // 2
        return f"M{x1} {y1}H{middle}V{y2}H{x2}" if y1 != y2 else f"M{x1} {y1}H{x2}"

    def _below(self, origin: str, to: str) -> str:
        number = self._lanes[to]
        x1, y1 = self._right(origin)
        x2, y2 = self.place(to)[0], self.place(to)[1] + _HEIGHT // 2
        lane = self._bottom + _LANE * (number + 1)
        down, up = x1 + _LANE * (number + 1), x2 - _LANE * (number + 2)
        return f"M{x1} {y1}H{down}V{lane}H{up}V{y2}H{x2}"

    def _above(self, origin: str, to: str, lane: int) -> str:
        """From the top of a box to the top of another; past the boxes that stand above them."""
        x1, y1 = self.place(origin)
        x2, y2 = self.place(to)
        start = f"M{x1 + _WIDTH // 2} {y1}"
        if self._row[origin]:
            right, middle = self._right(origin)
            start = f"M{right} {middle}H{right + _LANE}"
        if not self._row[to]:
            return f"{start}V{lane}H{x2 + _WIDTH // 2}V{y2}"
        return f"{start}V{lane}H{x2 - _LANE}V{y2 + _HEIGHT // 2}H{x2}"

    def _right(self, stage: str) -> tuple[int, int]:
        x, y = self.place(stage)
        return x + _WIDTH, y + _HEIGHT // 2
