"""Who seems to qualify: decided once the answers are there, with the reasons, never a decision."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import translation

from forms import eligibility
from forms.definitions import FormDefinition, load
from forms.eligibility import Finding, screen
from forms.errors import DefinitionError
from forms.prepared import prepare
from forms.state import evaluate
from rules import trial

TODAY = dt.date(2026, 11, 27)
HOUSEHOLD = """
key: household
title: {ja: 世帯, en: Household}
eligibility:
  - id: baby
    rule: members.exists(m, years_between(m.born, today) < 3)
    message: {ja: 3歳未満のお子さんがいません, en: No child is under three}
  - id: income
    rule: sum(members.map(m, m.income)) <= 3600000 + size(members) * 380000
    message: {ja: 所得が多すぎます, en: The income is too high}
    severity: warn
  - id: not_staff
    rule: "!works || !public"
    message: {ja: 勤務先へ, en: Ask your employer}
steps:
  - id: all
    title: {ja: 世帯, en: Household}
    questions:
      - id: members
        type: group
        label: {ja: 世帯員, en: Household}
        item_label: {ja: 世帯員, en: Member}
        min: 0
        required: false
        questions:
          - {id: born, type: date, label: {ja: 生年月日, en: Date of birth}}
          - {id: earns, type: yes_no, label: {ja: 収入, en: Income}}
          - {id: income, type: money, label: {ja: 所得, en: Yearly income}, show_when: earns}
  - id: work
    title: {ja: 仕事, en: Work}
    questions:
      - {id: works, type: yes_no, label: {ja: 仕事, en: Do you work?}}
      - {id: public, type: yes_no, label: {ja: 公務員, en: Public servant}, show_when: works}
""".replace("en: Do you work?", 'en: "Do you work?"')
BABY = {"born": "2025-01-01", "earns": False}
PARENT = {"born": "1990-01-01", "earns": True, "income": 4_000_000}


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


def household(**changed: str) -> FormDefinition:
    source = HOUSEHOLD
    for old, new in changed.items():
        source = source.replace(old, new)
    return load(source)


def findings(answers: dict[str, Any], *, complete: bool = False) -> dict[str, Finding]:
    prepared = prepare(household())
    found = screen(prepared, evaluate(prepared, answers, TODAY), complete=complete)
    return {finding.id: finding for finding in found}


def met(answers: dict[str, Any], **options: Any) -> list[bool | None]:
    return [finding.met for finding in findings(answers, **options).values()]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({}, [None, None, None]),
        ({"members": [BABY]}, [True, True, None]),
        ({"members": [PARENT]}, [False, False, None]),
        ({"members": [PARENT, BABY]}, [True, True, None]),
        # Without the date of one, nobody can say that there is no child; with a baby, one can.
        ({"members": [PARENT, {"earns": False}]}, [None, True, None]),
        ({"members": [BABY, {"earns": False}]}, [True, True, None]),
        # An income that is still to come may be too much.
        ({"members": [BABY, {"earns": True}]}, [True, None, None]),
        ({"works": False}, [None, None, True]),
        ({"works": True}, [None, None, None]),
        ({"works": True, "public": True}, [None, None, False]),
        # Hidden again: it counts as not answered.
        ({"works": False, "public": True}, [None, None, True]),
    ],
)
def test_criterion_is_decided_when_all_its_answers_are_there(
    answers: dict[str, Any], expected: list[bool | None]
) -> None:
    assert met(answers) == expected


def test_at_submission_what_is_empty_stays_so() -> None:
    assert met({}, complete=True) == [False, True, None]


def test_finding_in_words_names_the_answers_and_the_step() -> None:
    prepared = prepare(household())
    found = findings({"members": [PARENT], "works": True, "public": True})
    told = eligibility.in_words(prepared, found.values())
    assert [(t.id, t.severity, t.met, t.message, t.step_id) for t in told] == [
        ("baby", "stop", False, "No child is under three", "all"),
        ("income", "warn", False, "The income is too high", "all"),
        ("not_staff", "stop", False, "Ask your employer", "work"),
    ]
    assert [t.because.lines for t in told] == [
        ("“Member 1: Date of birth” is “1 January 1990”", "Reckoned on 27 November 2026"),
        ("“Member 1: Yearly income” is “¥4,000,000”", "“Household” has 1 entry"),
        ("“Do you work?” is “Yes”", "“Public servant” is “Yes”"),
    ]


def test_finding_survives_storing_and_hides_values_from_logs() -> None:
    found = list(findings({"members": [PARENT]}).values())
    again = [Finding.from_json(finding.as_json()) for finding in found]
    prepared = prepare(household())
    assert eligibility.in_words(prepared, again) == eligibility.in_words(prepared, found)
    assert "4000000" not in repr(found)
    unknown = [Finding("gone", "stop", False)]
    assert eligibility.in_words(prepared, unknown) == []


def test_step_concerns_the_criteria_that_use_its_answers() -> None:
    prepared = prepare(household())
    staff = [findings({"works": True, "public": True})["not_staff"]]
    assert eligibility.concerns(prepared, staff, "work")
    assert not eligibility.concerns(prepared, staff, "all")
    assert not eligibility.concerns(prepared, staff, "")


def test_sending_is_refused_only_where_the_form_says_so() -> None:
    found = findings({"works": True, "public": True}).values()
    assert eligibility.may_send(prepare(household()), found)
    strict = household(**{"key: household": "key: household\nmay_apply_anyway: false"})
    assert not eligibility.may_send(prepare(strict), found)
    only_warned = [f for f in findings({"members": [PARENT, PARENT, BABY]}).values() if not f.met]
    assert [f.id for f in only_warned if f.met is False] == ["income"]
    assert eligibility.may_send(prepare(strict), only_warned)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("!works || !public", "!works || !nobody", r"line \d+.*no question 'nobody'"),
        ("!works || !public", "size(members)", "gives a int, not a bool"),
        ("id: not_staff", "id: baby", "two criteria have the id 'baby'"),
        ("severity: warn", "severity: loud", "eligibility"),
        ("en: Ask your employer", "fr: Non", "the text is missing in: en"),
    ],
)
def test_wrong_criterion_is_refused_with_its_place(old: str, new: str, message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        household(**{old: new})


def test_criteria_are_tried_out_and_part_of_the_stored_form() -> None:
    prepared = prepare(household())
    places = [place for place, _source, _variables in prepared.rules_for_trial()]
    assert places[-3:] == ["eligibility 'baby'", "eligibility 'income'", "eligibility 'not_staff'"]
    trial.try_out(prepared.rules_for_trial()[-3:])
    assert load(household().as_json()).digest() == household().digest()
    assert "eligibility" not in load(HOUSEHOLD.replace("eligibility:", "").replace(
        HOUSEHOLD.partition("eligibility:")[2].partition("steps:")[0], "\n")).as_json()  # fmt: skip
