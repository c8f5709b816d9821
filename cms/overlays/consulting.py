"""The page of the consultations that a municipality has added: a row for each, one to add."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from catalogue import overlay as overlays
from catalogue.overlay_checks import MOST_CONSULTATIONS, MOST_DAYS, Errors
from cms.overlays.parts import Page, languages, typed_text
from cms.overlays.words import Words
from common.text import Text
from forms.building.conditions import NotPicked
from forms.building.picking import (
    Condition,
    count_of,
    posted_condition,
    press_comparison,
    source_of,
)
from identity.models import Department
from workflow.definition import DeclaredConsultation

#: Working days before the end at which the consulted office is reminded, as elsewhere.
REMIND = 2
DAYS = 5


@dataclass
class Row:
    """One consultation on the page. `kept`: what is prepared; None for one that is being added."""

    number: int
    kept: DeclaredConsultation | None
    department: str = ""
    days: str = str(DAYS)
    required: bool = True
    stages: list[str] = field(default_factory=list)
    question: Text = field(default_factory=lambda: Text({}))
    condition: Condition = field(default_factory=Condition)
    remove: bool = False
    errors: Errors = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What its fields' names begin with."""
        return f"c-{self.number}"

    @property
    def body(self) -> str:
        """A body outside the town, which is chosen by YAML only."""
        return str(self.kept.name) if self.kept is not None and self.kept.body else ""

    @property
    def is_blank(self) -> bool:
        return self.kept is None and not self.department and not self.question

    @property
    def is_open(self) -> bool:
        return self.kept is not None or bool(self.errors) or not self.is_blank

    @property
    def texts(self) -> list[tuple[str, str, str, list[str]]]:
        return [
            (code, language, self.question.get(code, ""), self.errors.get(f"question-{code}", []))
            for code, language in languages()
        ]


class ConsultationsPage(Page):
    part = "consultations"
    template = "cms/overlays/consultations.html"

    rows: list[Row]

    def show(self, value: tuple[DeclaredConsultation, ...]) -> None:
        self.rows = [_shown(number, each, self.words) for number, each in enumerate(value)]
        self._add_blank()

    def _add_blank(self) -> None:
        if len(self.rows) < MOST_CONSULTATIONS:
            self.rows.append(Row(len(self.rows), None, stages=self._stages()[:1]))

    def _stages(self) -> list[str]:
        return overlays.answerable(self.words.template.workflow)

    def read(self, post: QueryDict) -> tuple[DeclaredConsultation, ...]:
        known = {each.id: each for each in self.overlay.consultations}
        self.rows = []
        for number in range(count_of(post.get("rows"), MOST_CONSULTATIONS)):
            row = Row(number, known.get(str(post.get(f"c-{number}-id") or "")))
            self._read_row(row, post)
            self.rows.append(row)
        if all(row.kept or not row.is_blank for row in self.rows):
            self._add_blank()
        made = [(row, self._made(row)) for row in self.rows if not row.remove and not row.is_blank]
        self._errors_of_rows()
        self._of = [row for row, each in made if each is not None]
        return tuple(each for _row, each in made if each is not None)

    def _read_row(self, row: Row, post: QueryDict) -> None:
        row.department = str(post.get(f"{row.name}-department") or "")
        row.days = str(post.get(f"{row.name}-days") or "").strip()[:10]
        row.required = bool(post.get(f"{row.name}-required"))
        row.stages = [str(stage) for stage in post.getlist(f"{row.name}-stage")[:50]]
        row.question = typed_text(post, f"{row.name}-question")
        row.condition = posted_condition(post, f"{row.name}-when", self.words.operands)
        row.remove = bool(post.get(f"{row.name}-remove"))

    def _made(self, row: Row) -> DeclaredConsultation | None:
        self.typed["days"] = row.days
        days = self.number("days", 1, MOST_DAYS)
        row.errors |= {"days": self.errors.pop("days")} if "days" in self.errors else {}
        if not row.stages:
            row.errors["stages"] = [_("Choose at least one.")]
        if not row.body and not row.department:
            row.errors["department"] = [_("Choose one.")]
        try:
            when = source_of(row.condition, self.words.operands) or ""
        except NotPicked:
            row.errors["when"] = [_("This condition is not complete.")]
        if row.errors:
            return None
        kept = row.kept.model_dump() if row.kept else {"remind": REMIND}
        if not row.body and row.department != kept.get("department"):
            kept |= {
                "id": _id_of(row.department), "department": row.department,
                "name": _name_of(row.department),
            }  # fmt: skip
        return DeclaredConsultation.model_validate(
            kept
            | {
                "days": days, "remind": min(kept["remind"], days), "required": row.required,
                "stages": row.stages, "question": row.question, "when": when,
            }
        )  # fmt: skip

    def take(self, errors: Errors) -> None:
        """Put messages by ``<number>-<field>`` of the value to the rows that it was made from."""
        for key, messages in errors.items():
            number, _sign, name = key.partition("-")
            if name and number.isdigit():
                self._of[int(number)].errors[name] = messages
            else:
                self.errors[key] = messages
        self._errors_of_rows()

    def _errors_of_rows(self) -> None:
        for row in self.rows:
            found = {f"{row.name}-{name}": messages for name, messages in row.errors.items()}
            self.errors |= found

    def press(self, action: str) -> bool:
        verb, _sign, rest = action.partition(":")
        name, _sign, place = rest.partition(":")
        if verb in {"cond-add", "cond-drop"}:
            for row in self.rows:
                if f"{row.name}-when" == name:
                    press_comparison(verb, row.condition, count_of(place, 100))
        return verb in {"cond-add", "cond-drop", "refresh"}

    def context(self) -> Mapping[str, Any]:
        workflow = self.words.template.workflow
        return {
            "rows": self.rows,
            "declared": [
                (each.name, self.words.consultation(each)) for each in workflow.consultations
            ],
            "departments": self.words.departments.items(),
            "stages": [(stage, self.words.stage(stage)) for stage in self._stages()],
            "decisions_wait": overlays.decisions_wait(workflow),
            "operands": self.words.operands,
            "operand_list": list(self.words.operands.values()),
            "most_days": MOST_DAYS,
        }


def _shown(number: int, each: DeclaredConsultation, words: Words) -> Row:
    return Row(
        number, each, each.department, str(each.days), each.required, list(each.stages),
        each.question, Condition.of(each.when, words.operands),
    )  # fmt: skip


def _id_of(department: str) -> str:
    """The same for the same department, so that a case asks it once whatever version it is on."""
    return f"own_{re.sub(r'[^a-z0-9]', '_', department.lower())}"[:40]


def _name_of(department: str) -> Text:
    found = Department.objects.filter(key=department).first()
    return Text(found.name) if found else Text(department)
