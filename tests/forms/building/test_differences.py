"""What differs between two definitions, and what becomes of steps and questions."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from django.utils import translation

from common.errors import InvalidInput
from forms.building import structure
from forms.building.differences import differences, of_part
from forms.building.examining import examine
from forms.building.fields import question_types


def _form() -> dict[str, Any]:
    return {
        "key": "f", "title": {"ja": "ふ", "en": "F"},
        "steps": [
            {"id": "one", "title": "One", "questions": [
                {"id": "a", "type": "text", "label": "A"},
                {"id": "b", "type": "text", "label": "B", "required": False},
                {"id": "c", "type": "yes_no", "label": "C"},
            ]},
            {"id": "two", "title": "Two", "questions": [{"id": "d", "type": "date", "label": "D"}]},
        ],
    }  # fmt: skip


def _told(found: Any) -> list[tuple[str, str, str, list[tuple[str, str, str, str]]]]:
    return [
        (step, line.change.kind, line.change.question_id,
         [(name, language, detail.before, detail.after) for name, language, detail in line.details])
        for step, lines in found
        for line in lines
    ]  # fmt: skip


@pytest.fixture(autouse=True)
def _english() -> Any:
    with translation.override("en"):
        yield


def test_the_same_has_no_differences() -> None:
    assert differences(_form(), copy.deepcopy(_form())) == []


def test_what_was_added_changed_moved_and_removed_is_told() -> None:
    after = _form()
    after["title"] = {"ja": "ふ", "en": "Form"}
    asked = after["steps"][0]["questions"]
    del asked[1]["required"]
    asked.insert(0, asked.pop(2))
    asked.append({"id": "e", "type": "text", "label": "E"})
    del after["steps"][1]
    assert _told(differences(_form(), after)) == [
        ("", "changed", "", [("Title", "English", "F", "Form")]),
        ("One", "changed", "c", [("Place in the order", "", "3", "1")]),
        ("One", "changed", "b", [("Must be answered", "", "No", "Yes")]),
        ("One", "new", "e", []),
        ("Two", "gone", "", []),
        ("Two", "gone", "d", []),
    ]


def test_who_may_apply_is_compared_one_by_one() -> None:
    def criterion(name: str, rule: str, message: Any) -> dict[str, Any]:
        return {"id": name, "rule": rule, "message": message}

    before = _form() | {
        "eligibility": [
            criterion("one", "c", {"ja": "いち", "en": "One"}),
            criterion("two", "c", "Two"),
            criterion("three", "c", "Three"),
        ]
    }
    after = _form() | {
        "may_apply_anyway": False,
        "eligibility": [
            criterion("one", "c", {"ja": "いち", "en": "First"}),
            criterion("two", "!c", "Two") | {"severity": "warn"},
        ],
    }
    send_anyway = "Whoever does not meet a condition may send all the same"
    assert _told(differences(before, after)) == [
        ("", "changed", "", [
            ("Who may apply", "", "c (stop): Two", "!c (notice): Two"),
            ("Who may apply", "", "c (stop): Three", ""),
            ("Who may apply", "English", "One", "First"),
            (send_anyway, "", "Yes", "No"),
        ])
    ]  # fmt: skip


def test_what_is_not_right_yet_is_compared_too() -> None:
    before, after = _form(), _form()
    before["steps"][0]["questions"][0] |= {"type": "nothing", "max_length": "many"}
    del after["steps"][0]["questions"][1]["id"]
    after["steps"][0]["questions"][2] |= {"id": "a", "label": 5, "validate": ["x", {"rule": 1}]}
    after["steps"][1] |= {"title": {"ja": ["list"]}, "questions": []}
    after["eligibility"] = "nothing"
    told = {(kind, name) for _step, kind, name, _details in _told(differences(before, after))}
    assert {("gone", "b"), ("new", "#2"), ("new", "a′"), ("gone", "c"), ("gone", "d")} <= told


def test_one_question_is_compared_whatever_its_id() -> None:
    before, after = ({"id": name, "type": "text", "label": name.upper()} for name in ("a", "b"))
    after["max_length"] = 9
    assert _told(of_part(before, after, (0, 0))) == [
        ("", "changed", "b", [
            ("Id", "", "a", "b"), ("Label", "Japanese", "A", "B"),
            ("Longest answer", "", "200", "9"),
        ])
    ]  # fmt: skip
    step = {"id": "s", "title": "S"}
    assert _told(of_part(step, step | {"lead": "L"}, (0,))) == [
        ("", "changed", "s", [("Introduction", "Japanese", "", "L")])
    ]
    assert of_part(step, step, (0,)) == []


@pytest.mark.parametrize("kind", question_types())
def test_a_new_question_of_any_type_lacks_only_words_and_rules(kind: str) -> None:
    data = _form()
    place = structure.add_question(data, (0,), kind)
    assert place == (0, 3)
    found = examine(data)
    assert found.prepared is not None
    assert {problem.place[:2] for problem in found.problems} == {place}
    assert all(
        problem.field.endswith(("label", "rule")) or "text" in problem.field
        for problem in found.problems
    )


def test_a_question_goes_to_another_step() -> None:
    data = _form()
    assert structure.move_to_step(data, (0, 1), 1) == (1, 1)
    assert [q["id"] for q in data["steps"][1]["questions"]] == ["d", "b"]
    with pytest.raises(LookupError):
        structure.move_to_step(data, (0, 0), 9)


def test_there_is_no_room_without_end() -> None:
    data = _form()
    for _number in range(structure.MOST_STEPS - 2):
        structure.add_step(data)
    with pytest.raises(InvalidInput):
        structure.add_step(data)
    with pytest.raises(LookupError):
        structure.add_question(data, (0,), "nothing")


def test_a_copy_of_a_step_has_ids_of_its_own() -> None:
    data = _form()
    assert structure.duplicate(data, (0,)) == (1,)
    assert examine(data).problems == ()
