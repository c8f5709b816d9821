"""A household written in one line: which group it stands for, and what fills it."""

from __future__ import annotations

from typing import Any

import pytest

from catalogue.registry import catalogue
from common.actor import SYSTEM
from common.errors import InvalidInput
from forms import drafts, household, profile
from forms.building import structure
from forms.building.places import shaped
from forms.definitions import DefinitionError, FormDefinition, load
from forms.questions import GroupQuestion
from tests.forms.support import a_draft

SHORT = """
key: home
title: {ja: 世帯, en: Home}
steps:
  - id: home
    title: {ja: 世帯, en: Home}
    questions:
      - id: members
        type: household
        label: {ja: 世帯の方, en: Members}
"""


def members(source: str) -> GroupQuestion:
    found = load(source).question("members")
    assert isinstance(found, GroupQuestion)
    return found


def test_household_is_a_group_of_facts_with_concepts() -> None:
    group = members(SHORT)
    assert (group.type, group.concept, str(group.item_label)) == (
        "group", "household.members", "世帯の方",
    )  # fmt: skip
    assert [(item.id, item.type, item.concept) for item in group.questions] == [
        ("members_name", "text", "person.fullName"),
        ("members_kana", "text", "person.fullNameKana"),
        ("members_born", "date", "person.dateOfBirth"),
        ("members_relation", "choice", "household.relation"),
        ("members_together", "yes_no", "household.livesTogether"),
    ]
    assert group.questions[2].checks[0].rule == "members_born <= today"


def test_members_and_words_can_be_chosen_and_questions_added() -> None:
    group = members(
        SHORT
        + """        item_label: {ja: お子さん, en: Child}
        concept: household.children
        members: {name: child, born: child_born}
        questions:
          - {id: school, type: text, label: {ja: 学校, en: School}}
"""
    )
    assert [item.id for item in group.questions] == ["child", "child_born", "school"]
    assert (group.concept, str(group.item_label)) == ("household.children", "お子さん")
    assert [item.id for item in members(SHORT + "        members: [born, name]\n").questions] == [
        "members_born", "members_name",
    ]  # fmt: skip


def test_what_is_stored_is_the_group_and_reads_back() -> None:
    form = load(SHORT)
    stored = form.as_json()
    assert stored["steps"][0]["questions"][0]["type"] == "group"
    assert FormDefinition.model_validate(stored) == form
    assert load(stored).digest() == form.digest()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("members: [name, salary]", r"line 11: .*members: a household has no fact 'salary'"),
        ("members: 5", r"line 11: .*members: a list of facts is expected here"),
        ("members: []", "a list of facts is expected here"),
        ("members: {name: Name}", r"line 11: .*members: "),
        ("members: {name: x, born: x}", r"line 11: .*members: two questions have the id 'x'"),
        ("questions: x", "a list of questions is expected here"),
        ("questions: [{id: more, type: text}]", r"line 11: .*questions\[0\] 'more' › label"),
        ("questions: [{id: y, type: household, label: x}]", "household"),
    ],
)
def test_mistakes_are_told_where_they_were_written(more: str, message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        load(SHORT + f"        {more}\n")


@pytest.mark.parametrize("steps", [None, 5, [5], [{"questions": 5}], [{"questions": [5, None]}]])
def test_anything_else_is_left_as_it_is(steps: Any) -> None:
    assert household.expanded({"steps": steps}) == {"steps": steps}


# --- the builder ------------------------------------------------------------------------------
def test_builder_adds_it_as_a_group_that_can_be_edited() -> None:
    data = shaped({"key": "x", "title": "x", "steps": [{"id": "s", "title": "x"}]})
    assert structure.add_question(data, (0,), household.KIND) == (0, 0)
    group = data["steps"][0]["questions"][0]
    assert (group["id"], group["type"], len(group["questions"])) == ("household_1", "group", 5)
    with pytest.raises(LookupError):
        structure.add_question(data, (0, 0), household.KIND)
    group["label"] = {"ja": "世帯", "en": "Home"}
    assert load(data).question("household_1_name").concept == "person.fullName"


def test_builder_reads_the_short_form_of_yaml() -> None:
    short: dict[str, Any] = {"id": "home", "type": "household", "label": "x"}
    data = shaped({"key": "x", "title": "x", "steps": [{"id": "s", "questions": [short]}]})
    assert data["steps"][0]["questions"][0]["type"] == "group"
    with pytest.raises(InvalidInput):
        shaped({"steps": [{"questions": [short | {"members": ["x"]}]}]})


# --- what fills it ----------------------------------------------------------------------------
@pytest.mark.usefixtures("town")
def test_household_kept_by_one_benefit_fills_the_others() -> None:
    forms = {key: catalogue().get(key).form for key in ("school_aid", "tax_exempt_household",
                                                 "child_allowance")}  # fmt: skip
    first = a_draft(forms["school_aid"])
    first.answers = {
        "household": [
            {"member_name": "山田 花子", "member_kana": "ヤマダ　ハナコ", "relation": "self",
             "member_born": "1990-01-01", "health": "good", "job_or_school": "なし"},
            {"member_name": "山田 空", "relation": "child", "member_born": "2018-05-01",
             "health": "good", "job_or_school": "港町小学校"},
        ]
    }  # fmt: skip
    first.save()
    profile.keep(first, by=SYSTEM)
    drafts.discard(draft=first, by=SYSTEM)
    second = a_draft(forms["tax_exempt_household"], first.resident)
    profile.use(second, {"members"}, by=SYSTEM)
    assert second.answers["members"] == [
        {"member_name": "山田 花子", "member_kana": "ヤマダ　ハナコ", "member_born": "1990-01-01"},
        {"member_name": "山田 空", "member_born": "2018-05-01"},
    ]
    drafts.discard(draft=second, by=SYSTEM)
    third = a_draft(forms["child_allowance"], first.resident)
    profile.use(third, {"children"}, by=SYSTEM)
    assert third.answers["children"] == [
        {"child_name": "山田 空", "child_birth_date": "2018-05-01", "relation": "child"}
    ]
