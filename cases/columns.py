"""Applications as rows: which columns the versions of a form have together, and their cells.

One row for each application. An address or an account has a column for each of its parts. Entries
of a group have a table of their own, with the receipt number as key: a row for each entry in the
main table would repeat the application, and every count or sum over it would be wrong.

Versions meet in one table: columns in the order and with the labels of the newest; what only older
versions ask comes after what stood before it there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from cases.models import Case, Decision
from common.tables import Cell, Column, Table
from forms import display
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
    """A table to be: its columns by key. `group_id` is empty for the main table."""

    group_id: str
    columns: Mapping[Key, Column]


class Columns:
    """The tables of some versions of a form, in the language that is active.

    `forms` are the versions, the newest first; at least one.
    """

    def __init__(self, forms: Sequence[FormDefinition], language: str) -> None:
        self.language = language
        self._questions: dict[str, QuestionBase] = {}
        self._options: dict[tuple[str, str], str] = {}
        for form in forms:
            for question in _all(form.questions()):
                self._questions.setdefault(question.id, question)
                if isinstance(question, ChoiceQuestion | MultipleQuestion):
                    for option in question.choices:
                        words = option.label.in_language(language)
                        self._options.setdefault((question.id, option.value), words)
        groups = {
            question.id: None
            for form in forms
            for question in form.questions()
            if isinstance(question, GroupQuestion)
        }
        self._sheets = [
            _Sheet(group_id, self._columns(forms, group_id)) for group_id in ("", *groups)
        ]

    def tables(self, title: str) -> list[Table]:
        """The tables: the main one named `title`, then one for each group."""
        key = Column(_("Receipt number"))
        main = [key, Column(_("Received on")), Column(_("Stage")), Column(_("Outcome"))]
        return [
            Table(
                self._label(sheet.group_id) if sheet.group_id else title,
                [
                    *([key, Column(_("Number of the entry"))] if sheet.group_id else main),
                    *sheet.columns.values(),
                ],
            )
            for sheet in self._sheets
        ]

    def rows(self, case: Case, files: Files) -> Iterator[tuple[int, list[Cell]]]:
        """The rows of a case, each with the number of its table. No statement is asked."""
        form, answers = case.application.version.form, case.answers
        receipt = case.application.receipt_number
        decision: Decision | None = getattr(case, "decision", None)
        outcome = str(decision.get_outcome_display()) if decision else None
        stage = case.stage_now.title.in_language(self.language)
        head: list[Cell] = [receipt, case.received_on, stage, outcome]
        yield 0, head + self._row(self._sheets[0], form.questions(), answers, files)
        for number, sheet in enumerate(self._sheets[1:], start=1):
            group = form.questions_by_id.get(sheet.group_id)
            if not isinstance(group, GroupQuestion):
                continue
            for place, entry in enumerate(answers.get(group.id) or [], start=1):
                cells = self._row(sheet, group.questions, entry, files)
                yield number, [receipt, place, *cells]

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

    def _columns(self, forms: Sequence[FormDefinition], group_id: str) -> dict[Key, Column]:
        found: dict[Key, Column] = {}
        orders = []
        for form in forms:
            questions: Iterable[QuestionBase] = form.questions()
            if group_id:
                group = form.questions_by_id.get(group_id)
                questions = group.questions if isinstance(group, GroupQuestion) else ()
            made = dict(column for question in questions for column in self._of(question))
            orders.append(list(made))
            found = made | found
        return {key: found[key] for key in merged(orders)}

    def _of(self, question: QuestionBase) -> Iterator[tuple[Key, Column]]:
        kind, label = kind_of(question), self._label(question.id)
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
            yield from question.questions


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


_TYPED = {"number": _number, "money": _whole, "date": _day}
