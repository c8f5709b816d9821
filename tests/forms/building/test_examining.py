"""All that is wrong with a definition, each with its place, in words."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from forms.building import reasons
from forms.building.examining import PUT_ASIDE, examine


def _form(*questions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"key": "f", "title": "F", "steps": [{"id": "s", "title": "S",
            "questions": list(questions)} | more]}  # fmt: skip


def _text(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "type": "text", "label": name} | more


@pytest.fixture(autouse=True)
def _english() -> Any:
    with translation.override("en"):
        yield


def _told(data: dict[str, Any]) -> list[tuple[Any, str, str]]:
    return [(p.place, p.field, p.message) for p in examine(data).problems]


def test_what_works_has_no_problems() -> None:
    found = examine(_form(_text("a")))
    assert found.complete
    assert found.prepared is not None
    assert list(found.prepared.nodes) == ["a"]


def test_every_mistake_is_told_at_its_place() -> None:
    data = _form(
        _text("a", label={"ja": "あ"}, show_when="nobody == 1"),
        _text("a", required_when="1 +"),
        _text("c", validate=[{"rule": "c == 1", "message": {"ja": "だめ"}}]),
        {"id": "d", "type": "choice", "label": "d", "choices": [{"value": "x"}]},
        _text("e", max_length="many", surprise=1),
        {"id": "g", "type": "nothing", "label": "g"},
        _text("h", show_when='d == "y"'),
    )
    assert _told(data) == [
        ((0, 0), "label", "The text is missing in: English."),
        ((0, 2), "validate-0-message", "The text is missing in: English."),
        ((0, 3), "choices-0-label", "This has to be filled in."),
        ((0, 4), "max_length", "Please write a whole number."),
        ((0, 4), "surprise", "This field does not belong here. Take it away."),
        ((0, 5), "", "There is no such type of question."),
        ((0, 1), "id", "Another question already has the id “a”."),
        ((0, 0), "show_when",
         "There is no question “nobody” that could be used here. (Line 1, character 1)"),
        ((0, 2), "validate-0-rule",
         "A text can never be equal to a whole number. (Line 1, character 1)"),
        ((0, 6), "show_when", "“d” has no option “y”."),
    ]  # fmt: skip
    prepared = examine(data).prepared
    assert prepared is not None
    assert set(prepared.nodes) == {"a", "c", "d", "e", "h"}


def test_a_circle_is_told_and_the_rest_still_works() -> None:
    data = _form(_text("a", show_when='b == "1"'), _text("b", show_when='a == "1"'))
    assert _told(data) == [((0, 0), "show_when", "The conditions go in a circle: a → b → a.")]
    assert examine(data).prepared is not None


def test_a_condition_of_applying_that_does_not_work_is_told_and_the_rest_is_shown() -> None:
    told = {"ja": "だめ", "en": "No"}
    data = _form(_text("a", concept="not a concept"), _text("b")) | {
        "eligibility": [
            {"id": "one", "rule": "a == 1", "message": told},
            {"id": "two", "rule": 'b == "x"', "message": {"ja": "だめ"}, "severity": "maybe"},
            {"id": "two", "rule": 'b == "y"', "message": told},
            {"id": "two", "rule": 'b == "z"', "message": told},
            {"rule": "nobody", "message": told},
        ],
        "may_apply_anyway": "perhaps",
    }
    assert [(place, field) for place, field, _message in _told(data)] == [
        ((0, 0), "concept"),
        ((), "eligibility-1-message"),
        ((), "eligibility-1-severity"),
        ((), "eligibility-4-id"),
        ((), "may_apply_anyway"),
        ((), "eligibility-0-rule"),
        ((), "eligibility-3-id"),
    ]
    prepared = examine(data).prepared
    assert prepared is not None
    assert set(prepared.nodes) == {"a", "b"}
    assert [c.id for c, _rule in prepared.criteria if not c.id.startswith(PUT_ASIDE)] == ["two"]


def test_what_only_follows_from_another_mistake_is_not_told() -> None:
    data = _form({"id": "BAD", "type": "text", "label": "x"}, _text("b", show_when='BAD == "1"'))
    assert [field for _place, field, _message in _told(data)] == ["id"]


def test_a_circle_through_the_condition_of_a_step() -> None:
    data = _form(_text("a"), show_when='a == "1"')
    assert len(_told(data)) == 1
    assert examine(data).prepared is not None


def test_an_empty_form_says_what_it_needs() -> None:
    assert [message for _place, _field, message in _told({"steps": []})] == [
        "This has to be filled in.",
        "This has to be filled in.",
        "At least 1 entries are needed.",
    ]


def _messages() -> list[str]:
    """What the engine says of rules and definitions, with “x” where values stand."""
    found = []
    for path in [*Path("rules").glob("*.py"), *Path("forms").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            if name not in {"RuleError", "DefinitionError", "_error"}:
                continue
            first = node.args[0]
            if isinstance(first, ast.Constant):
                found.append(first.value)
            elif isinstance(first, ast.JoinedStr):
                found.append("".join(
                    str(part.value) if isinstance(part, ast.Constant) else "3"
                    for part in first.values
                ))  # fmt: skip
    return found


def test_every_reason_of_the_engine_has_its_words() -> None:
    messages = _messages()
    assert len(messages) > 55
    # Put together of others, which are looked up apart.
    crash = "3: the rule takes too much time or memory, or crashes the engine"
    composed = {"333: 3", "3 must be a 3, not a 3", crash, "33", "3"}
    unknown = [one for one in messages if not reasons.known(one) and one not in composed]
    assert unknown == []


def test_reasons_fill_in_what_they_name() -> None:
    for pattern, words in reasons._KNOWN:
        with translation.override("en"):
            str(words) % dict.fromkeys(pattern.groupindex, "x")
