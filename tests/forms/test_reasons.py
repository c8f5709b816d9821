"""Reasons in words: next to what a rule refuses, and for staff beside what it asked or computed."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.utils import translation

from forms import display, reasons
from forms.definitions import FormDefinition, load
from forms.prepared import Prepared, prepare
from forms.state import evaluate
from forms.validation import problems
from tests.forms.support import ACT, EVERYTHING, a_draft, save

TODAY = dt.date(2026, 11, 27)
FAMILY = """
key: family
title: {ja: 家族, en: Family}
steps:
  - id: who
    title: {ja: 家族, en: Family}
    questions:
      - id: has_spouse
        type: yes_no
        label: {ja: 配偶者はいますか, en: "Do you have a spouse?"}
      - id: spouse
        type: text
        label: {ja: 配偶者のお名前, en: Your spouse}
        show_when: has_spouse
      - id: members
        type: group
        label: {ja: 世帯員, en: Household}
        item_label: {ja: お子さん, en: Child}
        min: 0
        required: false
        validate:
          - rule: members.all(m, m.income < 100)
            message: {ja: 高すぎます, en: Too high}
        questions:
          - {id: born, type: date, label: {ja: 生年月日, en: date of birth}}
          - {id: income, type: money, label: {ja: 所得, en: income}, required: false}
          - id: school
            type: text
            label: {ja: 学校, en: School}
            required_when: years_between(born, today) >= 6
      - id: total
        type: computed
        label: {ja: 合計, en: Total}
        rule: sum(members.map(m, m.income))
        result: money
  - id: baby
    title: {ja: 赤ちゃん, en: Baby}
    show_when: members.exists(m, years_between(m.born, today) < 3)
    questions:
      - {id: note, type: text, label: {ja: 備考, en: Note}, required: false}
"""
ANSWERS: dict[str, Any] = {
    "has_spouse": True,
    "spouse": "太郎",
    "members": [
        {"born": "2015-01-31", "income": 50},
        {"born": "2024-05-01", "income": 200},
    ],
    "note": "x",
}


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


def family() -> Prepared:
    return prepare(load(FAMILY))


def test_validation_message_of_a_rule_says_which_answers() -> None:
    prepared = family()
    state = evaluate(prepared, ANSWERS, TODAY)
    found = problems(prepared, state)
    assert [(p.field, p.message) for p in found] == [
        ("members", "Too high"),
        ("members-0-school", "Fill this in."),
    ]
    assert [reasons.of_cause(prepared, p.cause).lines for p in found if p.cause] == [
        ("“Child 2: income” is “¥200”",),
        ("“Child 1: date of birth” is “31 January 2015”", "Reckoned on 27 November 2026"),
    ]


def test_reasons_are_in_the_active_language() -> None:
    prepared = family()
    rule = prepared.nodes["spouse"].show
    assert rule
    because = reasons.of_rule(prepared, rule, ANSWERS)
    assert because.lines == ("“Do you have a spouse?” is “Yes”",)
    assert because.questions == {"has_spouse"}
    with translation.override("ja"):
        words = reasons.of_rule(prepared, rule, ANSWERS).lines
    assert "配偶者はいますか" in words[0]


def test_missing_answers_files_and_long_texts_are_said_so() -> None:
    condition = (
        'name != "x" && size(plan) > 0 && kana == null && home.city != "" && size(goods) > 0'
    )
    form = load(
        EVERYTHING.replace(
            "show_when: waiver\n        req", f"show_when: '{condition}'\n        req"
        )
    )
    prepared = prepare(form)
    values = {"name": "あ" * 300, "plan": ["a", "b"], "home": {"city": "中野区"}, "goods": ["tea"]}
    rule = prepared.nodes["reason"].show
    assert rule
    assert reasons.of_rule(prepared, rule, values).lines == (
        f"“Name” is “{'あ' * 119}…”",
        "“Plan” has 2 files",
        "“Kana” is not answered",
        "“Address” is “中野区”",
        "“Goods” is “Tea”",
    )


def rows_of(form: FormDefinition, answers: dict[str, Any], **options: Any) -> dict[str, Any]:
    steps = display.rows(form, answers, {}, "en")
    told = reasons.explained(steps, prepare(form), answers, TODAY, **options)
    found = {step.step_id: step.why for step in told}
    return found | {row.anchor: row.why for step in told for row in step.rows}


def test_staff_see_why_conditional_and_computed_answers_are_there() -> None:
    answers = copy.deepcopy(ANSWERS) | {"total": 250}
    answers["members"][0]["school"] = "小学校"
    why = rows_of(load(FAMILY), answers)
    told = {
        anchor: [(each.title, each.because.lines) for each in whys]
        for anchor, whys in why.items()
        if whys
    }
    assert told == {
        "spouse": [("Why this was asked", ("“Do you have a spouse?” is “Yes”",))],
        "total": [
            ("How this was computed", ("“Child 1: income” is “¥50”", "“Child 2: income” is “¥200”"))
        ],
        "members-0-school": [
            (
                "Why an answer was required",
                ("“Child 1: date of birth” is “31 January 2015”", "Reckoned on 27 November 2026"),
            )
        ],
        "baby": [
            (
                "Why this was asked",
                ("“Child 2: date of birth” is “1 May 2024”", "Reckoned on 27 November 2026"),
            )
        ],
    }


def test_reason_tells_nothing_that_its_reader_may_not_see() -> None:
    answers = ANSWERS | {"total": 250}
    why = rows_of(load(FAMILY), answers, seen={"spouse", "total", "note"})
    assert not any(why.values())


def test_many_lines_are_counted() -> None:
    members = [{"born": f"2020-01-{day:02}", "income": day} for day in range(1, 21)]
    why = rows_of(load(FAMILY), {"members": members, "total": 210})
    lines = why["total"][0].because.lines
    assert len(lines) == reasons.MOST_LINES
    assert lines[-1] == "and 9 more answers"


@pytest.mark.usefixtures("town")
@time_machine.travel("2026-03-01T00:00:00+00:00", tick=False)
def test_step_page_offers_why_beside_the_message_of_a_rule() -> None:
    draft = a_draft()
    outcome = save(draft, "act", ACT | {"end": "2026-03-30", "goods": "<b>"})
    assert outcome.errors == {"end": ["The end is before the start"]}
    fields = outcome.page.fields
    assert "<summary" in fields
    assert "<li>“Start” is “1 April 2026”</li>" in fields
    assert "<li>“End” is “30 March 2026”</li>" in fields
    quiet = save(draft, "act", ACT | {"end": "2026-04-30", "area": ""})
    assert "Why?" not in quiet.page.fields
