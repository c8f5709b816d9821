"""What all benefits share: one concept for one fact, a reason for every personal question."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from catalogue import offerings
from catalogue.registry import catalogue
from catalogue.template import Kind
from common.actor import SYSTEM, Actor
from forms import drafts, profile, versions
from forms.definitions import FormDefinition
from forms.eligibility import screen
from forms.errors import DefinitionError
from forms.models import Draft
from forms.prepared import prepare
from forms.questions import GroupQuestion, Question
from forms.state import evaluate
from identity.models import User
from tests.factories import people
from tests.forms.support import a_resident, claims
from tests.services.walks import TODAY, answers_of, fill_in

BENEFITS = sorted(
    key
    for key, template in catalogue().items()
    if template.service.kind is Kind.BENEFIT and template.package.startswith("services/")
)

#: What each of these asks for is the same wherever a benefit asks for it.
SAME = {
    "account": "account.bank",
    "account_proof": "document.account",
    "household": "household.members",
    "members": "household.members",
    "children": "household.children",
}
_PERSONAL = ("person.", "household.", "account.", "insurance.", "document.")


def form(key: str) -> FormDefinition:
    return catalogue().get(key).form


def _personal(questions: Any) -> Iterator[Question]:
    """Of a group the group itself says why; files within it for themselves."""
    for question in questions:
        if question.type == "file" or (question.concept or "").startswith(_PERSONAL):
            yield question
        if isinstance(question, GroupQuestion):
            yield from (item for item in question.questions if item.type == "file")


def test_the_benefits_are_those_of_the_notes() -> None:
    assert BENEFITS == [
        "child_allowance", "child_medical_aid", "school_aid", "tax_exempt_household",
    ]  # fmt: skip


@pytest.mark.parametrize("key", BENEFITS)
def test_same_question_has_the_same_concept(key: str) -> None:
    asked = form(key).questions_by_id
    assert {name: asked[name].concept for name in SAME if name in asked} == {
        name: concept for name, concept in SAME.items() if name in asked
    }
    assert [q.id for q in asked.values() if q.type == "bank_account"] == ["account"]
    assert not [q.id for q in asked.values() if "my_number" in q.id and q.concept]
    # The law leaves no choice: sealed, checked, shown to nobody without a word in the ledger.
    assert all(
        question.sensitive and question.format == "individual_number"
        for question in asked.values()
        if question.id.endswith("my_number")
    )


def test_one_concept_is_one_type_of_question() -> None:
    types: dict[str, set[str]] = defaultdict(set)
    for key in BENEFITS:
        for question in form(key).questions():
            types[question.concept or ""].add(question.type)
    assert {concept: kinds for concept, kinds in types.items() if concept and len(kinds) > 1} == {}


@pytest.mark.parametrize("key", BENEFITS)
def test_personal_questions_and_files_say_why(key: str) -> None:
    silent = [question.id for question in _personal(form(key).questions()) if not question.why]
    assert silent == []
    for question in _personal(form(key).questions()):
        for text in (question.why, question.legal_basis):
            assert text is None or (text.get("ja") and text.get("en")), question.id


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize("key", ["school_aid", "child_medical_aid", "tax_exempt_household"])
@time_machine.travel(TODAY, tick=False)
def test_account_kept_with_the_allowance_is_offered_elsewhere(key: str, upload: Any) -> None:
    me = a_resident()
    first = _opened("child_allowance", me, claims=claims())
    fill_in(first, answers_of("child_allowance", "everything"), upload)
    profile.keep(first, by=Actor.of(me))
    second = _opened(key, me)
    opens = {
        "child_medical_aid": {"account_kind": "bank"},
        "tax_exempt_household": {"answer": "receive", "account_choice": "new_account"},
    }
    second.answers |= opens.get(key, {})
    offered = {offer.question_id: offer for offer in profile.offers(second)}
    assert {"account", "account_proof"} <= set(offered)
    assert "1234567" in offered["account"].lines[0]
    filled = drafts.fill_from_profile(second, ["account", "account_proof"], by=SYSTEM)
    assert sorted(filled) == ["account", "account_proof"]
    second.refresh_from_db()
    assert second.answers["account"] == first.answers["account"]


def _opened(key: str, resident: User, **options: Any) -> Draft:
    version = versions.publish(form(key))
    return drafts.open_draft(resident=resident, version=version, subject=key, **options)


# --- Screening --------------------------------------------------------------------------------


def met(definition: FormDefinition, day: str = "2026-09-01", **answers: Any) -> dict[str, Any]:
    """What the criteria give for these answers."""
    prepared = prepare(definition)
    state = evaluate(prepared, answers, dt.date.fromisoformat(day))
    return {finding.id: finding.met for finding in screen(prepared, state, complete=True)}


@pytest.mark.parametrize(
    ("event", "day", "by", "in_time"),
    [
        ("2026-08-20", "2026-09-04", "2026-09-04", True),
        ("2026-08-20", "2026-09-05", "2026-09-04", False),
        # The 15th day is a Saturday, the next open day is the Monday.
        ("2026-08-21", "2026-09-07", "2026-09-07", True),
        ("2026-08-21", "2026-09-08", "2026-09-07", False),
        # New Year: the offices are closed until 3 January, a Sunday.
        ("2026-12-16", "2027-01-04", "2027-01-04", True),
    ],
)
def test_fifteen_days_end_on_an_open_day(event: str, day: str, by: str, in_time: bool) -> None:
    prepared = prepare(form("child_allowance"))
    answers = {"claim_reason": "birth", "event_on": event}
    state = evaluate(prepared, answers, dt.date.fromisoformat(day))
    assert str(state.values["claim_by"]) == by
    assert met(form("child_allowance"), day, **answers)["in_time"] is in_time


def test_claim_for_another_reason_is_never_late() -> None:
    assert met(form("child_allowance"), claim_reason="other")["in_time"] is True


@pytest.mark.parametrize(
    ("holder", "mine", "same"),
    [
        ("ﾀｶﾊｼ ﾖｼｺ", "タカハシ　ヨシコ", True),
        ("シヨウジ ケンイチ", "ショウジ　ケンイチ", True),
        ("ヨ-コ", "ヨーコ", True),
        ("タカハシ ジロウ", "タカハシ　ヨシコ", False),
        ("タカハシ ヨシコ", None, None),
    ],
)
def test_account_of_somebody_else_is_noticed(holder: str, mine: str | None, same: Any) -> None:
    answers = {"account_kind": "bank", "account": {"holder": holder}}
    if mine:
        answers["name_kana"] = mine
    found = met(form("child_allowance"), **answers)
    assert found["own_account"] is same
    assert met(form("child_allowance"), account_kind="registered")["own_account"] is True


_HOME = {"reason": "low_income", "rent_or_own": "own", "household": [{}, {}, {}, {}]}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"household_income": 3_640_000}, True),  # (1,000,000 + 4 × 450,000) × 1.3
        ({"household_income": 3_640_001}, False),
        ({"household_income": 4_576_000, "rent_or_own": "rent", "rent": 60_000}, True),
        ({"household_income": 9_000_000, "reason": "sudden"}, True),
        ({}, None),
    ],
)
def test_school_aid_compares_the_income_with_the_limit(
    changed: dict[str, Any], expected: bool | None
) -> None:
    assert met(form("school_aid"), **_HOME | changed)["income_within_limit"] is expected


def test_child_medical_aid_ends_with_the_school_year_of_eighteen() -> None:
    def of_age(born: str) -> Any:
        return met(form("child_medical_aid"), child_birth_date=born)["child_of_age"]

    assert (of_age("2008-04-02"), of_age("2008-04-01")) == (True, False)


def test_income_that_fell_is_compared_with_what_is_free_of_tax() -> None:
    def low(amount: int, people: int) -> Any:
        return met(
            form("tax_exempt_household"), answer="receive", basis="income_loss",
            members=[{}] * people,
            earners=[{"earner_name": "山田", "incomes": [
                {"income_kind": "wages", "month_income": amount}]}],
        )["income_low_enough"]  # fmt: skip

    assert (low(91_666, 1), low(91_667, 1), low(91_667, 2)) == (True, False, True)


# --- A municipality's own numbers -------------------------------------------------------------


@pytest.mark.usefixtures("town")
def test_municipality_sets_its_own_coefficient() -> None:
    office = people.department("education")
    offering = offerings.adopt(
        "school_aid", by=SYSTEM, department=office, numbers={"coefficient": 110}
    )
    own = offering.form_version.form
    assert met(own, **_HOME, household_income=3_080_000)["income_within_limit"] is True
    assert met(own, **_HOME, household_income=3_080_001)["income_within_limit"] is False
    # A later version of the template keeps it.
    again = offerings.adopt("school_aid", by=SYSTEM, department=office)
    assert again.settings["numbers"] == {"coefficient": 110}
    assert again.form_version_id == offering.form_version_id


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize(
    ("name", "number", "reason"),
    [
        ("income_limit", 1, "no computed number 'income_limit'"),
        ("rent", 1, "no computed number 'rent'"),
        ("nothing", 1, "no computed number 'nothing'"),
        ("coefficient", -1, "'coefficient' is below zero"),
    ],
)
def test_only_a_plain_number_can_be_set(name: str, number: int, reason: str) -> None:
    office = people.department("education")
    with pytest.raises(DefinitionError, match=f"numbers: {reason}"):
        offerings.adopt("school_aid", by=SYSTEM, department=office, numbers={name: number})
