"""Two definitions as typed, right or not yet, side by side: `forms.comparison` of what is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from common.text import Text
from forms import comparison, side_by_side
from forms.building.fields import FieldSpec, fields_of, question_types
from forms.building.places import Data, Place
from forms.comparison import Change
from forms.definitions import FormDefinition, Step
from forms.questions import Check, Criterion, Model, Option, QuestionBase
from forms.side_by_side import Line

Sections = Sequence[tuple[str, list[Line]]]
_ROWS: Mapping[str, type[Model]] = {"choices": Option, "validate": Check, "eligibility": Criterion}


def differences(before: Data, after: Data) -> Sections:
    """What differs between two whole definitions, by step."""
    return side_by_side.sections(_form(before), _form(after))


def of_part(before: Data, after: Data, place: Place) -> Sections:
    """What differs between two of a step or question, whatever their ids."""
    old, new = _part(before, place), _part(after, place)
    details = tuple(comparison.of_part(old, new))
    label = new.title if isinstance(new, Step) else new.label
    return [("", [Line.of(Change("changed", "", new.id, label, details))])] if details else []


def _part(data: Data, place: Place) -> Step | QuestionBase:
    if len(place) == 1:
        return _made(Step, fields_of("step"), data, "")
    return _question(data, str(data.get("id") or ""))


def _form(data: Data) -> FormDefinition:
    """As much of a definition as can be compared; of ids that are there twice each is single."""
    taken: set[str] = set()
    steps: set[str] = set()
    found = []
    for number, step in enumerate(data["steps"]):
        step_id = _single(str(step.get("id") or f"#{number + 1}"), steps)
        made = _made(Step, fields_of("step"), step, step_id)
        asked = [_question(q, _id(q, n, taken), taken) for n, q in enumerate(step["questions"])]
        found.append(made.model_copy(update={"questions": tuple(asked)}))
    form = _made(FormDefinition, fields_of("form"), data, "")
    languages = data.get("languages")
    known = {"languages": tuple(map(str, languages))} if isinstance(languages, list) else {}
    return form.model_copy(update={"steps": tuple(found), **known})


def _id(part: Data, number: int, taken: set[str]) -> str:
    return _single(str(part.get("id") or f"#{number + 1}"), taken)


def _single(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "′"
    taken.add(name)
    return name


def _question(data: Data, name: str, taken: set[str] | None = None) -> QuestionBase:
    kind = str(data.get("type"))
    model: Any = question_types().get(kind) or QuestionBase
    found: QuestionBase = _made(model, fields_of(kind), data, name)
    below = data.get("questions")
    if isinstance(below, list) and "questions" in model.model_fields:
        inner = set() if taken is None else taken
        items = tuple(_question(q, _id(q, n, inner), inner) for n, q in enumerate(below))
        found = found.model_copy(update={"questions": items})
    return found


def _made(model: Any, specs: tuple[FieldSpec, ...], data: Data, name: str) -> Any:
    """An instance that nobody has checked: with what `data` says, else what the model assumes."""
    values: dict[str, Any] = {"type": data.get("type")} if "type" in model.model_fields else {}
    by_key = {spec.key: spec for spec in specs}
    for field, info in model.model_fields.items():
        spec = by_key.get(info.alias or field)
        if spec is not None and spec.kind != "parts":
            values[field] = _value(spec, data.get(spec.key))
    if name:
        values["id"] = name
    for words in ("label", "title"):
        if words in model.model_fields and not values.get(words):
            values[words] = Text(name or "―")
    if "steps" in model.model_fields:
        values["steps"] = ()
    if "questions" in model.model_fields:
        values["questions"] = ()
    return model.model_construct(**values)


def _value(spec: FieldSpec, value: Any) -> Any:
    if spec.kind == "rows":
        rows = value if isinstance(value, list) else ()
        return tuple(
            _made(_ROWS[spec.key], spec.fields, row if isinstance(row, dict) else {}, "")
            for row in rows
        )
    if value is None:
        return spec.default
    if spec.kind == "text":
        return _text(value)
    return tuple(value) if isinstance(value, list) else value


def _text(value: Any) -> Text:
    try:
        return Text(value)
    except TypeError:
        return Text(str(value))
