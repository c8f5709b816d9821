"""People as answers tell of them: who is the same, who stands in a household, what staff see."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup

from catalogue.registry import catalogue
from common.actor import SYSTEM
from forms import display, drafts, pages, profile, versions
from forms.models import Draft, ProfileFact
from identity.models import User
from tests.forms.support import a_resident, claims, posted

pytestmark = pytest.mark.usefixtures("town")
_NAME, _BORN = "髙橋 𠮷子", "1985-04-12"
_CHILD = {"child_name": "髙橋 一", "child_birth_date": "2017-05-01"}


def opened(key: str, resident: User, **answers: Any) -> Draft:
    version = versions.publish(catalogue().get(key).form)
    draft = drafts.open_draft(resident=resident, version=version, subject=key, claims=claims())
    draft.answers |= answers
    draft.save()
    return draft


def kept(resident: User, key: str, **answers: Any) -> None:
    profile.keep(opened(key, resident, **answers), by=SYSTEM)


def offered(draft: Draft) -> dict[str, Any]:
    return {offer.question_id: offer.value for offer in profile.offers(draft)}


def boxes(draft: Draft, step: str) -> dict[str, str]:
    page = BeautifulSoup(pages.step_page(draft, step).fields, "html.parser")
    return {str(box["name"]): str(box.get("value") or "") for box in page.select("input[value]")}


def labels(draft: Draft) -> dict[str, str]:
    """By question and entry what staff read beside the answer."""
    found = display.rows(draft.form, draft.answers, draft.provenance, "en")
    return {row.anchor: row.provenance_label for step in found for row in step.rows}


def test_applicant_and_children_stand_in_the_household_until_it_is_saved() -> None:
    draft = opened("school_aid", a_resident(), children=[_CHILD | {"school": "x", "grade": "e1"}])
    shown = boxes(draft, "household")
    assert shown["household-0-member_name"] == _NAME
    assert shown["household-0-member_born-year"] == "1985"
    assert shown["household-1-member_name"] == "髙橋 一"
    page = pages.step_page(draft, "household")
    assert "この申請でお答えいただいた内容から入力しました" in page.fields
    assert "household" not in draft.answers
    # What was typed instead is shown again as it was typed.
    page = drafts.save_step(
        draft=draft, step_id="household", by=SYSTEM,
        post=posted(**{"household-n": "1", "household-0-member_name": "髙橋 二"}),
    )  # fmt: skip
    again = pages.step_page(draft, "household", page).fields
    assert "髙橋 二" in again
    assert _NAME not in again


def test_staff_see_what_the_eid_verified_of_the_applicant() -> None:
    me = {"member_name": _NAME, "member_born": _BORN, "dependant": False}
    draft = opened("tax_exempt_household", a_resident(), answer="receive",
                   members=[me, me | {"member_born": "2001-01-01"}])  # fmt: skip
    said = labels(draft)
    assert said["members-0-member_name"] == said["members-0-member_born"] == "Verified by eID"
    assert said["members-0-dependant"] == ""
    assert said["members-1-member_name"] == ""  # of the same name, and somebody else


def test_staff_see_what_was_filled_in_and_what_was_changed_since() -> None:
    me = a_resident()
    kept(me, "child_allowance", children=[_CHILD | {"relation": "child"}])
    draft = opened("school_aid", me)
    drafts.fill_from_profile(draft, ["children"], by=SYSTEM)
    assert labels(draft)["children-0-child_name"] == "From an earlier application"
    name = {"children-n": "1", "children-0-child_name": "髙橋 一", "children-0-school": "x"}
    born = {f"children-0-child_birth_date-{part}": value
            for part, value in (("year", "2017"), ("month", "6"), ("day", "1"))}  # fmt: skip
    drafts.save_step(draft=draft, step_id="children", post=posted(**name, **born), by=SYSTEM)
    said = labels(draft)
    assert said["children-0-child_name"] == "From an earlier application"
    assert said["children-0-child_birth_date"].startswith("Changed by hand")
    assert said["children-0-school"] == ""


def test_applicant_is_not_kept_twice_nor_what_nobody_can_ask_for() -> None:
    me = a_resident()
    them = {"health": "ill", "job_or_school": "x"}
    kept(me, "school_aid", household=[
        {"member_name": _NAME, "member_born": _BORN, "relation": "self"} | them,
        {"member_name": "髙橋 二", "relation": "spouse"} | them,
    ])  # fmt: skip
    fact = ProfileFact.objects.get(concept="household.members")
    assert fact.value == [{"member_name": "髙橋 二", "relation": "spouse"}]
    assert "health" not in str(fact.question)
    assert offered(opened("tax_exempt_household", me))["members"] == [
        {"member_name": _NAME, "member_born": _BORN},
        {"member_name": "髙橋 二"},
    ]


def test_of_two_spouses_the_newer_counts_and_none_when_there_is_none_any_more() -> None:
    me = a_resident()
    kept(me, "school_aid", household=[{"member_name": "前の 人", "relation": "spouse"}])
    kept(me, "child_allowance", has_spouse=True, spouse_name="髙橋 二",
         spouse_birth_date="1984-01-01", spouse_lives_together=True)  # fmt: skip
    names = [one["member_name"] for one in offered(opened("tax_exempt_household", me))["members"]]
    assert names == [_NAME, "髙橋 二"]
    ProfileFact.objects.filter(concept="household.members").delete()
    kept(me, "child_allowance", has_spouse=False)
    assert "members" not in offered(opened("tax_exempt_household", me))


def test_who_lives_apart_is_no_member() -> None:
    me = a_resident()
    kept(me, "child_allowance", children=[_CHILD | {"relation": "child", "lives_together": False}])
    assert "members" not in offered(opened("tax_exempt_household", me))
    assert [one["child_name"] for one in offered(opened("school_aid", me))["children"]] == [
        "髙橋 一"
    ]


def test_nobody_elses_household() -> None:
    kept(a_resident(), "child_allowance", children=[_CHILD])
    other = opened("school_aid", a_resident("別の 人"))
    assert offered(other) == {}
    assert "髙橋 一" not in pages.step_page(other, "household").fields
