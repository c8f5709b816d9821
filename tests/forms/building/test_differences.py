"""What differs between two definitions, and what becomes of steps and questions."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from common.errors import InvalidInput
from forms.building import structure
from forms.building.differences import Difference, differences
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
    assert differences(_form(), after) == [
        Difference((), "title", "changed", "ja: ふ / en: F", "ja: ふ / en: Form"),
        Difference(("one", "b"), "required", "changed", "✗", ""),
        Difference(("one", "e"), "", "added", after="E"),
        Difference(("two",), "", "removed", before="Two"),
        Difference(("one", "c"), "", "moved", "3", "1"),
    ]


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
