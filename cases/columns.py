"""Applications as rows: which columns the versions of a form have together, and their cells.

One row for each application. An address or an account has a column for each of its parts. Entries
of a group have a table of their own, with the receipt number and the number of the entry as key: a
row for each entry in the main table would repeat the application, and every count or sum over it
would be wrong. A group within a group has its own table once more; the number of the entry around
it comes before that of its own.

Versions meet in one table: columns in the order and with the labels of the newest; what only older
versions ask comes after what stood before it there. Sensitive answers have no column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from cases.models import Case, Decision
from common.tables import Cell, Column, Table
from forms import display, sensitive
from forms.definitions import FormDefinition
from forms.models import Attachment
from forms.parts import COMPOSITES
from forms.questions import (
    ChoiceQuestion,
    ComputedQuestion,
    GroupQuestion,
    MoneyQuestion,
    MultipleQuestion,
    QuestionBase,
)
from forms.state import is_empty

#: A question's id and the part of its answer that stands in the column; "" for the whole.
Key = tuple[str, str]
Files = Mapping[str, Attachment]

_COUNT = "#"


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A table to be: its columns by key. `path`: the groups whose entries it lists, the outermost
    first; empty for the main table."""

    path: tuple[str, ...]
    columns: Mapping[Key, Column]


class Columns:
    """The tables of some versions of a form, in the language that is active.

    `forms` are the versions, the newest first; at least one. `unproven`: a column says what was
    sent without signing in.
    """

    def __init__(
        self, forms: Sequence[FormDefinition], language: str, *, unproven: bool = False
    ) -> None:
        self.language, self.unproven = language, unproven
        self._questions: dict[str, QuestionBase] = {}
        # Hidden in one version, it has no column for any.
        self._hidden: set[str] = set()
        self._options: dict[tuple[str, str], str] = {}
        for form in forms:
            for question in _all(form.questions()):
                self._questions.setdefault(question.id, question)
                if sensitive.is_sensitive(question):
                    self._hidden.add(question.id)
                if isinstance(question, ChoiceQuestion | MultipleQuestion):
                    for option in question.choices:
                        words = option.label.in_language(language)
                        self._options.setdefault((question.id, option.value), words)
        paths = dict.fromkeys(path for form in forms for path in _paths(form.questions()))
        self._sheets = [_Sheet(path, self._columns(forms, path)) for path in ((), *paths)]

    def tables(self, title: str) -> list[Table]:
        """The tables: the main one named `title`, then one for each group."""
        key = Column(_("Receipt number"))
        main = [key, Column(_("Received on")), Column(_("Stage")), Column(_("Outcome"))]
        if self.unproven:
            main.append(Column(_("Sent without sign-in: nothing about the person is verified")))
        return [
            Table(
                self._label(sheet.path[-1]) if sheet.path else title,
                [*([key, *self._numbers(sheet.path)] if sheet.path else main),
                 *sheet.columns.values()],
            )
            for sheet in self._sheets
        ]  # fmt: skip

    def _numbers(self, path: tuple[str, ...]) -> list[Column]:
        """The columns that say which entry a row is, those of the groups around it first."""
        around = [
            Column(_("%(label)s: number of the entry") % {"label": self._label(group_id)})
            for group_id in path[:-1]
        ]
        return [*around, Column(_("Number of the entry"))]

    def rows(self, case: Case, files: Files) -> Iterator[tuple[int, list[Cell]]]:
        """The rows of a case, each with the number of its table. No statement is asked."""
        form, answers = case.application.version.form, case.answers
        receipt = case.application.receipt_number
        decision: Decision | None = getattr(case, "decision", None)
        outcome = str(decision.get_outcome_display()) if decision else None
        stage = case.stage_now.for_staff.in_language(self.language)
        head: list[Cell] = [receipt, case.received_on, stage, outcome]
        if self.unproven:
            head.append(_("Yes") if case.application.without_sign_in else None)
        yield 0, head + self._row(self._sheets[0], form.questions(), answers, files)
        for number, sheet in enumerate(self._sheets[1:], start=1):
            group = _group_at(form, sheet.path)
            if group is None:
                continue
            for places, entry in _entries(answers, sheet.path):
                cells = self._row(sheet, group.questions, entry, files)
                yield number, [receipt, *places, *cells]

    def _row(
        self,
        sheet: _Sheet,
        questions: Iterable[QuestionBase],
        answers: Mapping[str, Any],
        files: Files,
    ) -> list[Cell]:
        cells: dict[Key, Cell] = {}
        for question in questions:
            value = answers.get(question.id)
            if not is_empty(value):
                for part, cell in self._cells(question, value, files):
                    cells[question.id, part] = cell
        return [cells.get(key) for key in sheet.columns]

    def _cells(
        self, question: QuestionBase, value: Any, files: Files
    ) -> Iterator[tuple[str, Cell]]:
        kind = kind_of(question)
        if kind in COMPOSITES:
            for part in COMPOSITES[kind]:
                text = str(value.get(part.name) or "")
                if part.kind == "account_type":
                    text = display.account_type_text(text)
                yield part.name, _day(text) if part.kind == "date" and text else text
        elif kind == "group":
            yield _COUNT, len(value)
        elif kind in _TYPED:
            yield "", _TYPED[kind](value)
        elif kind == "file":
            known = [files[item].filename if item in files else _("File") for item in value]
            yield "", self._listed(known)
        elif kind in {"choice", "multiple"}:
            chosen = [value] if kind == "choice" else value
            yield "", self._listed(self._options.get((question.id, one), one) for one in chosen)
        else:
            newest = self._questions[question.id]
            same = newest if kind_of(newest) == kind else question
            yield "", display.text_of(same, value, self.language)

    def _listed(self, texts: Iterable[str]) -> str:
        return ("、" if self.language == "ja" else ", ").join(texts)

    def _label(self, question_id: str) -> str:
        return self._questions[question_id].label.in_language(self.language)

    def _columns(self, forms: Sequence[FormDefinition], path: tuple[str, ...]) -> dict[Key, Column]:
        found: dict[Key, Column] = {}
        orders = []
        for form in forms:
            questions: Iterable[QuestionBase] = form.questions()
            if path:
                group = _group_at(form, path)
                questions = group.questions if group else ()
            made = dict(column for question in questions for column in self._of(question))
            orders.append(list(made))
            found = made | found
        return {key: found[key] for key in merged(orders)}

    def _of(self, question: QuestionBase) -> Iterator[tuple[Key, Column]]:
        kind, label = kind_of(question), self._label(question.id)
        if question.id in self._hidden:
            return
        if kind in COMPOSITES:
            for part in COMPOSITES[kind]:
                yield (question.id, part.name), Column(f"{label}: {part.label}")
        elif kind == "group":
            yield (question.id, _COUNT), Column(_("%(label)s: number") % {"label": label})
        else:
            yield (question.id, ""), Column(label, money=kind == "money")


def kind_of(question: QuestionBase) -> str:
    """The type of the answer: of a computed one, what it gives."""
    if isinstance(question, ComputedQuestion):
        return question.result
    if isinstance(question, MoneyQuestion):
        return "money"
    return str(question.type)  # type: ignore[attr-defined]


def merged(orders: Sequence[Sequence[Key]]) -> list[Key]:
    """All keys: the first order, and each other one's own after what stands before it there."""
    found = list(orders[0]) if orders else []
    known = set(found)
    for order in orders[1:]:
        place = 0
        for key in order:
            if key not in known:
                known.add(key)
                found.insert(place, key)
            place = found.index(key) + 1
    return found


def _all(questions: Iterable[QuestionBase]) -> Iterator[QuestionBase]:
    for question in questions:
        yield question
        if isinstance(question, GroupQuestion):
            yield from _all(question.questions)


def _paths(questions: Iterable[QuestionBase]) -> Iterator[tuple[str, ...]]:
    """Every group by the way to it, each before those within it."""
    for question in questions:
        if isinstance(question, GroupQuestion):
            yield (question.id,)
            yield from ((question.id, *inner) for inner in _paths(question.questions))


def _group_at(form: FormDefinition, path: tuple[str, ...]) -> GroupQuestion | None:
    """The group at the end of the way; None in a version that has none there."""
    group: QuestionBase | None = form.questions_by_id.get(path[0])
    for item_id in path[1:]:
        items = group.questions if isinstance(group, GroupQuestion) else ()
        group = next((item for item in items if item.id == item_id), None)
    return group if isinstance(group, GroupQuestion) else None


def _entries(
    answers: Mapping[str, Any], path: tuple[str, ...]
) -> Iterator[tuple[list[Cell], Mapping[str, Any]]]:
    """The entries at the end of the way, each with its number and those of the entries around."""
    for place, entry in enumerate(answers.get(path[0]) or [], start=1):
        if path[1:]:
            yield from (([place, *inner], one) for inner, one in _entries(entry, path[1:]))
        else:
            yield [place], entry


def _whole(value: Any) -> Cell:
    return value if isinstance(value, int) else str(value)


def _number(value: Any) -> Cell:
    """A number; decimals are kept as text in the answers."""
    if isinstance(value, int):
        return value
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    return number if number.is_finite() else str(value)


def _day(value: Any) -> Cell:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return str(value)


_TYPED: Mapping[str, Callable[[Any], Cell]] = {
    "number": _number,
    "money": _whole,
    "date": _day,
    "month": str,
}
