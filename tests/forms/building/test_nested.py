"""Groups within groups in the form builder: nothing is lost, every level can be edited."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from common.errors import InvalidInput
from forms.building import structure, trial, yaml_text
from forms.building.differences import differences
from forms.building.examining import examine
from forms.building.operands import operands_at
from forms.building.places import in_words, parse_place, part_at, parts, shaped
from forms.building.texts import texts
from forms.definitions import load
from forms.prepared import prepare
from tests.forms.nested import FAMILY, POSTED

INCOMES, AMOUNT = (0, 1, 2), (0, 1, 2, 2)


@pytest.fixture
def data() -> dict[str, Any]:
    return shaped(yaml.safe_load(FAMILY))


def test_nothing_is_lost_on_the_way_to_yaml_and_back(data: dict[str, Any]) -> None:
    assert yaml_text.read(yaml_text.write(data)) == data
    assert load(data) == load(FAMILY)
    assert examine(data).complete
    assert [part["id"] for place, part in parts(data) if len(place) == 4] == [
        "source", "which", "amount", "slip", "yearly",
    ]  # fmt: skip
    assert sum("Too large" in text.by_language.values() for text in texts(data)) == 1


def test_every_level_has_an_address(data: dict[str, Any]) -> None:
    assert parse_place(in_words(AMOUNT)) == AMOUNT
    assert part_at(data, AMOUNT)["id"] == "amount"
    with pytest.raises(LookupError):
        parse_place("1-1-1-1-1")


def test_questions_of_inner_entries_are_added_moved_copied_and_removed(
    data: dict[str, Any],
) -> None:
    added = structure.add_question(data, INCOMES, "text")
    assert added == (*INCOMES, 5)
    assert structure.move(data, added, -1) == (*INCOMES, 4)
    twin = structure.duplicate(data, AMOUNT)
    assert part_at(data, twin)["id"] not in {"amount", "source"}
    assert structure.remove(data, twin)["type"] == "money"
    whole = structure.duplicate(data, INCOMES)
    ids = [part["id"] for place, part in parts(data) if len(place) > 1]
    assert len(ids) == len(set(ids))
    structure.remove(data, whole)
    structure.rename(data, "amount", "yen")
    assert part_at(data, (0, 1, 3))["rule"] == "sum(incomes.map(i, i.amount))"


def test_a_group_is_added_within_a_group_and_no_deeper(data: dict[str, Any]) -> None:
    place = structure.add_question(data, (0, 1), "group")
    assert len(place) == 3
    structure.add_question(data, place, "text")
    with pytest.raises(LookupError):
        structure.add_question(data, place, "group")
    deeper = copy.deepcopy(data)
    part_at(deeper, AMOUNT)["questions"] = []
    with pytest.raises(InvalidInput):
        shaped(deeper)


def test_rules_are_offered_what_they_may_use(data: dict[str, Any]) -> None:
    inner = operands_at(data, AMOUNT).keys()
    assert {"detailed", "called", "works", "source", "amount", "total", "today"} <= inner
    assert not {"members", "incomes"} & inner
    outer = operands_at(data, (0, 1, 0)).keys()
    assert {"detailed", "incomes", "works"} <= outer
    assert not {"members", "amount"} & outer
    top = operands_at(data, (0, 0)).keys()
    assert "members" in top
    assert not {"incomes", "called", "amount"} & top


def test_mistakes_in_inner_entries_have_their_place(data: dict[str, Any]) -> None:
    part_at(data, AMOUNT)["label"] = {"ja": "金額"}
    part_at(data, (*INCOMES, 1))["show_when"] = "nothing_such == 1"
    examined = examine(data)
    assert {problem.place for problem in examined.problems} == {AMOUNT, (*INCOMES, 1)}
    assert examined.prepared is not None


def test_differences_name_the_inner_question(data: dict[str, Any]) -> None:
    after = copy.deepcopy(data)
    part_at(after, AMOUNT)["max"] = 5
    ((_step, (found,)),) = differences(data, after)
    assert found.change.question_id == "amount"


def test_test_run_presses_the_buttons_of_inner_entries(data: dict[str, Any]) -> None:
    prepared = prepare(load(data))
    post = QueryDict(mutable=True)
    post.update(POSTED)
    post["_do"] = "add:members-0-incomes"
    found = trial.answer(prepared, "members", {"detailed": False}, post, MultiValueDict())
    assert found.errors == {}
    assert 'id="f-members-0-incomes-2"' in found.fields
    post["_do"] = "remove:members-0-incomes:0"
    found = trial.answer(prepared, "members", {}, post, MultiValueDict())
    assert [i["amount"] for i in found.answers["members"][0]["incomes"]] == [30_000]
    sealed = trial.seal(prepared, found.answers)
    assert trial.unseal(prepared, sealed) == found.answers
