"""JSON Schema (2020-12) of a form's answers, for whoever reads submissions.

Whatever a form accepts is valid; what only a rule can tell (a question that is asked because of
another answer) is left open. Annotations beside the standard ones, which validators ignore:

``x-type``
    The type of the question (``money``, ``address``): `forms.questions`.
``x-titles``
    The label in every language of the form; ``title`` is the Japanese one.
``x-options``
    The labels of the options by value, in every language.
``x-unit``
    What a number counts, in every language.
``x-concept``
    The fact it is, in the GIF vocabulary: ``person.dateOfBirth``.
``x-sensitive``
    It is asked, but never in what is handed out (``writeOnly``): `forms.sensitive`.

The same version gives the same schema, byte for byte, whoever asks in whatever language.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from common.text import FALLBACK_LANGUAGE, Text
from forms import sensitive
from forms.parts import ACCOUNT_TYPES, COMPOSITES, Part
from forms.questions import (
    ChoiceQuestion,
    ComputedQuestion,
    FileQuestion,
    GroupQuestion,
    LongTextQuestion,
    MoneyQuestion,
    MultipleQuestion,
    NumberQuestion,
    QuestionBase,
    TextQuestion,
)

if TYPE_CHECKING:
    from forms.definitions import FormDefinition

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_YEN = Text({"ja": "円", "en": "yen"})


def of_form(form: FormDefinition, address: str = "") -> Schema:
    """The schema of the answers object: what is always asked and required is `required`.

    `address` is where the schema is published.
    """
    conditional = {step.id for step in form.steps if step.show_when}
    always = [
        question.id
        for step in form.steps
        for question in step.questions
        if step.id not in conditional and _always(question)
    ]
    parts = {question.id: of_question(question, form.languages) for question in form.questions()}
    head: Schema = {"$schema": DIALECT} | ({"$id": address} if address else {})
    return head | _titles(form.title, form.languages) | _object(parts, always)


def _always(question: QuestionBase) -> bool:
    if isinstance(question, ComputedQuestion) or sensitive.is_sensitive(question):
        return False  # a rule may have no result; a sensitive answer is never handed out
    return question.required and not question.show_when and not question.required_when


def of_question(question: QuestionBase, languages: Sequence[str]) -> Schema:
    """The schema of one answer, with its label, its unit and its concept for machines."""
    schema = _titles(question.label, languages)
    schema["x-type"] = question.type  # type: ignore[attr-defined]
    if question.concept:
        schema["x-concept"] = question.concept
    unit = _unit(question)
    if unit:
        schema["x-unit"] = _in_each(unit, languages)
    if isinstance(question, ChoiceQuestion | MultipleQuestion):
        schema["x-options"] = {
            option.value: _in_each(option.label, languages) for option in question.choices
        }
    return schema | _value(question, languages)


def _titles(text: Text, languages: Sequence[str]) -> Schema:
    return {
        "title": text.in_language(FALLBACK_LANGUAGE),
        "x-titles": _in_each(text, languages),
    }


def _in_each(text: Text, languages: Sequence[str]) -> dict[str, str]:
    return {language: text.in_language(language) for language in languages}


def _unit(question: QuestionBase) -> Text | None:
    if isinstance(question, MoneyQuestion):
        return _YEN
    if isinstance(question, NumberQuestion | ComputedQuestion):
        is_money = isinstance(question, ComputedQuestion) and question.result == "money"
        return question.unit or (_YEN if is_money else None)
    return None


def _value(question: QuestionBase, languages: Sequence[str]) -> Schema:
    match question:
        case TextQuestion(sensitive=True):
            return dict(_TEXT) | {"writeOnly": True, "x-sensitive": True}
        case TextQuestion():
            least = max(question.min_length, 1)
            return {"type": "string", "minLength": least, "maxLength": question.max_length}
        case LongTextQuestion():
            return {"type": "string", "minLength": 1, "maxLength": question.max_length}
        case ChoiceQuestion():
            return {"enum": [option.value for option in question.choices]}
        case MultipleQuestion():
            options = {"enum": [option.value for option in question.choices]}
            least = max(question.min, 1)
            return _list(options, least, question.max) | {"uniqueItems": True}
        case NumberQuestion(decimals=0) | MoneyQuestion():
            limits = {"minimum": question.min, "maximum": question.max}
            return {"type": "integer"} | {k: v for k, v in limits.items() if v is not None}
        case NumberQuestion():
            return {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
        case FileQuestion():
            return _list({"type": "string", "format": "uuid"}, 1, question.max_files)
        case GroupQuestion():
            parts = {item.id: of_question(item, languages) for item in question.questions}
            always = [item.id for item in question.questions if _always(item)]
            return _list(_object(parts, always), max(question.min, 1), question.max)
        case ComputedQuestion():
            return _COMPUTED[question.result] | {"readOnly": True}
    return _fixed(question.type)  # type: ignore[attr-defined]


def _list(item: Schema, least: int, most: int) -> Schema:
    return {"type": "array", "items": item, "minItems": least, "maxItems": most}


_COMPUTED: dict[str, Schema] = {
    "number": {"type": "integer"},
    "money": {"type": "integer"},
    "text": {"type": "string", "minLength": 1},
    "yes_no": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
}
_TEXT: Schema = {"type": "string", "minLength": 1}


def _fixed(kind: str) -> Schema:
    match kind:
        case "yes_no":
            return {"type": "boolean"}
        case "declaration":
            return {"const": True}
        case "date":
            return _TEXT | {"format": "date"}
        case "month":
            return {"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"}
        case "email":
            return _TEXT | {"format": "email"}
        case "phone":
            return _digits(9, 22, sign=r"\+?", within="[0-9-]")
    if kind in COMPOSITES:
        parts = COMPOSITES[kind]
        return _object(
            {part.name: _part(part) for part in parts},
            [part.name for part in parts if part.required],
        )
    return dict(_TEXT)


def _part(part: Part) -> Schema:
    match part.kind:
        case "digits":
            return _digits(part.length, part.length)
        case "account_type":
            return {"enum": list(ACCOUNT_TYPES)}
        case "date":
            return _TEXT | {"format": "date"}
        case "postal_code":
            return {"type": "string", "pattern": "^[0-9]{3}-[0-9]{4}$"}
    text: Schema = dict(_TEXT) if part.required else {"type": "string"}
    return text | {"maxLength": part.length}


def _digits(least: int, most: int, *, sign: str = "", within: str = "[0-9]") -> Schema:
    return {"type": "string", "pattern": f"^{sign}{within}{{{least},{most}}}$"}


def _object(properties: dict[str, Any], required: list[str]) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
