"""JSON Schema (2020-12) of a form's answers, for the API and for whoever reads submissions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from forms.questions import (
    ACCOUNT_TYPES,
    ADDRESS_PARTS,
    ADDRESS_REQUIRED,
    BANK_PARTS,
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


def of_form(form: FormDefinition) -> Schema:
    """The schema of the answers object: what is always asked and required is `required`."""
    questions = list(form.questions())
    conditional = {step.id for step in form.steps if step.show_when}
    always = [
        question.id
        for step in form.steps
        for question in step.questions
        if step.id not in conditional and _always(question)
    ]
    schema = _object({question.id: of_question(question) for question in questions}, always)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = str(form.title)
    return schema


def _always(question: QuestionBase) -> bool:
    return question.required and not question.show_when and not question.required_when


def of_question(question: QuestionBase) -> Schema:
    """The schema of one answer, with the label as title and the concept for machines."""
    schema = _value(question)
    schema["title"] = str(question.label)
    if question.concept:
        schema["x-concept"] = question.concept
    return schema


def _value(question: QuestionBase) -> Schema:
    match question:
        case TextQuestion() | LongTextQuestion():
            return {"type": "string", "minLength": 1, "maxLength": question.max_length}
        case ChoiceQuestion():
            return {"enum": [option.value for option in question.choices]}
        case MultipleQuestion():
            options = {"enum": [option.value for option in question.choices]}
            return {"type": "array", "items": options, "uniqueItems": True, "minItems": 1}
        case NumberQuestion(decimals=0) | MoneyQuestion():
            limits = {"minimum": question.min, "maximum": question.max}
            return {"type": "integer"} | {k: v for k, v in limits.items() if v is not None}
        case NumberQuestion():
            return {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
        case FileQuestion():
            item = {"type": "string", "format": "uuid"}
            return {"type": "array", "items": item, "minItems": 1, "maxItems": question.max_files}
        case GroupQuestion():
            parts = {item.id: of_question(item) for item in question.questions}
            always = [item.id for item in question.questions if _always(item)]
            return {
                "type": "array",
                "items": _object(parts, always),
                "minItems": question.min,
                "maxItems": question.max,
            }
        case ComputedQuestion():
            return {"type": _COMPUTED[question.result]}
    return _fixed(question.type)  # type: ignore[attr-defined]


_COMPUTED = {
    "number": "integer",
    "money": "integer",
    "text": "string",
    "yes_no": "boolean",
    "date": "string",
}


def _fixed(kind: str) -> Schema:
    text: Schema = {"type": "string"}
    match kind:
        case "yes_no":
            return {"type": "boolean"}
        case "declaration":
            return {"const": True}
        case "date":
            return text | {"format": "date"}
        case "email":
            return text | {"format": "email"}
        case "address":
            return _object(dict.fromkeys(ADDRESS_PARTS, text), list(ADDRESS_REQUIRED))
        case "bank_account":
            parts = dict.fromkeys(BANK_PARTS, text) | {"accountType": {"enum": list(ACCOUNT_TYPES)}}
            return _object(parts, list(BANK_PARTS))
    return dict(text)


def _object(properties: dict[str, Any], required: list[str]) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
