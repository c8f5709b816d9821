"""The two oldest services, walked closely; `tests/services` walks all of them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import time_machine

from forms import drafts, pages
from forms.definitions import FormDefinition, load
from forms.eligibility import screen
from forms.prepared import prepare
from forms.state import evaluate
from tests.forms.support import a_draft, claims, save

ROOT = Path(__file__).resolve().parents[2]
FORMS = {
    "park_use": ROOT / "services/permits/park_use/form.yaml",
    "child_allowance": ROOT / "services/benefits/child_allowance/form.yaml",
}
PARK_APPLICANT = {
    "phone": "03-1234-5678", "email": "a@example.jp", "for_organisation": "yes",
    "organisation_name": "汐見商店会", "name_kana": "たかはし よしこ",
}  # fmt: skip
PARK_PLACE = {
    "park": "central", "place_detail-description": "噴水の北", "area_m2": "２０",
    "use_from": "令和8年10月1日",
    "use_to": "2026/10/3", "hours": "9時から17時",
}  # fmt: skip
ACTS: dict[str, dict[str, Any]] = {
    "sale": {"goods": "珈琲", "price": "200円", "staff": "2"},
    "photography": {"crew": "5", "cameras": "2"},
    "film": {"crew": "30", "cameras": "4", "admission_fee": "0"},
    "show": {
        "performances": "2", "capacity": "100", "admission_fee": "500円", "equipment": ["tent"],
        "site_manager": "山田", "site_manager_phone": "090-1234-5678",
    },
    "event": {
        "expected_people": "300", "admission_fee": "0", "equipment": ["fire"],
        "fire_notified": "yes", "site_manager": "山田",
        "site_manager_phone": "090-1234-5678",
    },
}  # fmt: skip


def form(key: str) -> FormDefinition:
    return load(FORMS[key].read_text(encoding="utf-8"))


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize("act", ACTS)
@time_machine.travel("2026-09-01T00:00:00+00:00", tick=False)
def test_park_use_from_start_to_snapshot(act: str, upload: Any, png: bytes) -> None:
    draft = a_draft(form("park_use"), claims=claims())
    assert save(draft, "applicant", PARK_APPLICANT).next_step_id == "place"
    assert save(draft, "place", PARK_PLACE).next_step_id == "activity"
    content = {"act_type": act, "purpose": "地域の行事", "fee_waiver": "no"} | ACTS[act]
    outcome = save(draft, "activity", content)
    assert (outcome.ok, dict(outcome.errors)) == (True, {})
    outcome = save(draft, "documents", {}, site_plan=upload(png))
    if act != "photography":
        assert set(outcome.errors) == {"project_outline"}
        assert save(draft, "documents", {}, project_outline=upload(png)).ok
    assert save(draft, "declaration", {"agreed": "yes"}).next_step_id is None
    review = drafts.review(draft)
    assert review.problems == []
    answers, provenance, files = review.answers, review.provenance, review.files
    jsonschema.validate(answers, draft.form.json_schema())
    assert answers["days"] == 3
    assert answers["name"] == "髙橋 𠮷子"
    assert answers["name_kana"] == "タカハシ　ヨシコ"
    assert {key for other, fields in ACTS.items() if other != act for key in fields}.isdisjoint(
        set(answers) - set(ACTS[act])
    )
    verified = {name for name, entry in provenance.items() if entry.get("verified")}
    assert verified == {"name", "birth_date", "address"}
    assert len(files) == (1 if act == "photography" else 2)


@pytest.mark.usefixtures("town")
@time_machine.travel("2026-09-01T00:00:00+00:00", tick=False)
def test_park_use_dates_are_checked() -> None:
    draft = a_draft(form("park_use"))
    for changed, field in (
        ({"use_from": "2026-08-31"}, "use_from-year"),
        ({"use_from": "2027-10-01", "use_to": "2027-10-02"}, "use_from-year"),
        ({"use_to": "2026-09-30"}, "use_to-year"),
        ({"use_to": "2027-01-01"}, "use_to-year"),
        ({"area_m2": "0"}, "area_m2"),
        ({"park": "nowhere"}, "park"),
    ):
        outcome = save(draft, "place", PARK_PLACE | changed)
        assert set(outcome.errors) == {field}, changed
        assert f'id="f-{field}-error"' in outcome.page.fields  # next to the field, too


CLAIMANT = {
    "phone": "03-1234-5678", "email": "a@example.jp", "public_servant": "no",
    "pension_type": "employee", "claim_reason": "other",
}  # fmt: skip
CHILD = {
    "child_name": "髙橋 一", "child_birth_date": "R6.4.1", "relation": "child",
    "lives_together": "yes", "livelihood": "shared", "custody": "yes",
}  # fmt: skip


def child(number: int, **changed: str) -> dict[str, str]:
    return {f"children-{number}-{key}": value for key, value in (CHILD | changed).items()}


@pytest.mark.usefixtures("town")
@time_machine.travel("2026-09-01T00:00:00+00:00", tick=False)
@pytest.mark.parametrize("count", [1, 3])
def test_child_allowance_from_start_to_snapshot(count: int, upload: Any, png: bytes) -> None:
    draft = a_draft(form("child_allowance"), claims=claims())
    assert save(draft, "claimant", CLAIMANT).ok
    assert save(draft, "spouse", {"has_spouse": "no"}).next_step_id == "children"
    data = {"children-n": str(count)}
    for number in range(count):
        data |= child(number)
    assert save(draft, "children", data).next_step_id == "account"
    assert save(draft, "account", {"account_kind": "registered"}).ok
    outcome = save(draft, "documents", {"abroad_on_january_first": "no"})
    assert set(outcome.errors) == {"insurance_proof"}
    assert save(
        draft, "documents", {"abroad_on_january_first": "no"}, insurance_proof=upload(png)
    ).ok
    assert save(draft, "declaration", {"agreed": "yes", "consent_tax": "yes"}).ok
    review = drafts.review(draft)
    assert review.problems == []
    answers = review.answers
    jsonschema.validate(answers, draft.form.json_schema())
    assert len(answers["children"]) == count
    assert "account" not in answers


@pytest.mark.parametrize(
    ("born", "today", "met"),
    [
        # Who is born on 1 April reaches 18 on 31 March, and is a school year ahead.
        ("2008-04-01", "2026-03-31", True),
        ("2008-04-01", "2026-04-01", False),
        ("2008-04-02", "2026-04-01", True),
        ("2008-04-02", "2027-03-31", True),
        ("2008-04-02", "2027-04-01", False),
        ("2008-12-31", "2027-03-31", True),
        ("2009-01-01", "2027-03-31", True),
        ("2009-03-31", "2027-04-01", False),
        ("2026-08-31", "2026-09-01", True),
    ],
)
def test_child_allowance_ends_with_the_school_year_of_eighteen(
    born: str, today: str, met: bool
) -> None:
    prepared = prepare(form("child_allowance"))
    answers = {"children": [{"child_birth_date": "1990-01-01"}, {"child_birth_date": born}]}
    state = evaluate(prepared, answers, dt.date.fromisoformat(today))
    found = {each.id: each for each in screen(prepared, state)}
    of_age = found["child_of_age"]
    assert (found["not_public_servant"].met, of_age.met) == (None, met)
    places = [fact.place for fact in of_age.facts]
    assert ("children", "child_birth_date", 1) in places
    assert (("children", "child_birth_date", 0) in places) is not met


@pytest.mark.usefixtures("town")
@time_machine.travel("2026-09-01T00:00:00+00:00", tick=False)
def test_child_allowance_asks_what_the_answers_make_necessary(upload: Any, png: bytes) -> None:
    draft = a_draft(form("child_allowance"))
    apart = {"children-n": "1"} | child(0, lives_together="no", child_birth_date="2015-04-01")
    errors = set(save(draft, "children", apart).errors)
    assert errors == {
        "children-0-child_address-postalCode",
        "children-0-apart_reason",
        "children-0-separate_custody",
    }
    assert 'name="insurance_proof"' not in pages.step_page(draft, "documents").fields
    bank = {"account_kind": "bank", "account-bankCode": "０００１", "account-branchCode": "001",
            "account-accountType": "ordinary", "account-number": "12345",
            "account-holder": "ﾀｶﾊｼ ﾖｼｺ"}  # fmt: skip
    assert save(draft, "account", bank, account_proof=upload(png)).ok
    assert draft.answers["account"] == {
        "bankCode": "0001", "branchCode": "001", "accountType": "ordinary", "number": "0012345",
        "holder": "タカハシ　ヨシコ",
    }  # fmt: skip
