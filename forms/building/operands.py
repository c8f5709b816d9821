"""What a condition may look at: the questions of a form as typed so far, and the day itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from pydantic import TypeAdapter, ValidationError

from common.text import Text
from forms import prepared, sensitive
from forms.building.places import Data, Place, part_at, questions
from forms.parts import COMPOSITES
from forms.questions import Question, QuestionBase
from rules import VarType

_QUESTION: TypeAdapter[Question] = TypeAdapter(Question)


@dataclass(frozen=True, slots=True)
class Operand:
    """`name` as in a rule (``act_type``, ``address.city``, ``years_between(born, today)``),
    `label` for people."""

    name: str
    label: str
    #: A key of `forms.building.conditions.OPERATIONS`.
    kind: str
    #: For a choice: its values with their labels.
    options: tuple[tuple[str, str], ...] = ()


def operands_at(data: Data, place: Place) -> dict[str, Operand]:
    """What a rule at `place` may use, by name: in a group its entry, and the answers around it."""
    groups = {place[:depth] for depth in range(2, len(place))}
    found: dict[str, Operand] = {}
    for where, raw in questions(data):
        if where in groups or (len(where) > 2 and where[:-1] not in groups):
            continue
        for operand in _of(raw):
            found.setdefault(operand.name, operand)
    today = prepared.TODAY
    found[today] = Operand(today, _("The day of applying"), "date")
    return found


def is_group(data: Data, place: Place) -> bool:
    return len(place) > 1 and part_at(data, place).get("type") == "group"


def _of(raw: Mapping[str, Any]) -> Iterator[Operand]:
    question = _understood(raw)
    if question is None or sensitive.is_sensitive(question):
        return
    label = str(Text(question.label)) or question.id
    kind = prepared.variable_type(question)
    choices = tuple(
        (option.value, str(option.label)) for option in getattr(question, "choices", ())
    )
    if kind.kind == "map":
        names = {part.name: part.label for part in COMPOSITES.get(str(raw.get("type")), ())}
        for part, of in kind.fields:
            if of.kind in {"text", "int", "decimal", "bool", "date"}:
                said = f"{label}: {names.get(part, part)}"
                yield from _with_years(Operand(f"{question.id}.{part}", said, of.kind))
        return
    yield from _with_years(Operand(question.id, label, _kind(kind, choices), choices))


def _with_years(operand: Operand) -> Iterator[Operand]:
    """A date can be compared as itself, and as an age: full years on the day of applying."""
    yield operand
    if operand.kind == "date":
        label = _("Age or full years: %(name)s") % {"name": operand.label}
        yield Operand(f"years_between({operand.name}, {prepared.TODAY})", label, "years")


def _kind(kind: VarType, choices: tuple[tuple[str, str], ...]) -> str:
    if kind.kind == "list":
        if choices:
            return "multiple"
        return "group" if kind.of and kind.of.kind == "map" else "list"
    return "choice" if choices else kind.kind


def _understood(raw: Mapping[str, Any]) -> QuestionBase | None:
    """The question as far as it can be understood; what is missing besides does not matter."""
    try:
        return _QUESTION.validate_python(dict(raw), context={"languages": ()})
    except ValidationError:
        pass
    few = _few(raw)
    try:
        return _QUESTION.validate_python(few, context={"languages": ()})
    except ValidationError:
        return None


def _few(raw: Mapping[str, Any]) -> dict[str, Any]:
    """What decides how a rule sees an answer; words that are missing are made up."""
    keys = ("id", "type", "choices", "decimals", "result", "questions")
    few = {key: raw[key] for key in keys if key in raw} | {"label": _words(raw)}
    if isinstance(few.get("choices"), list):
        few["choices"] = [
            {"value": one.get("value"), "label": _words(one)}
            for one in few["choices"]
            if isinstance(one, dict)
        ]
    if isinstance(few.get("questions"), list):
        few["questions"] = [_few(one) for one in few["questions"] if isinstance(one, dict)]
    extra = {"computed": {"rule": "0"}, "group": {"item_label": "-"}}
    return few | extra.get(str(few.get("type")), {})


def _words(raw: Mapping[str, Any]) -> Any:
    given = raw.get("label")
    known = isinstance(given, dict) and any(given.values())
    return (
        given
        if given and (isinstance(given, str) or known)
        else str(raw.get("id") or raw.get("value"))
    )
