"""A form about one child: the resident chooses which of those they have named before."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import LedgerEntry
from catalogue.models import Offering
from common.actor import SYSTEM, Actor
from forms import drafts, one_child, profile
from forms.models import Draft
from identity.models import User
from identity.representation import actions
from tests.factories import behalf, people
from tests.factories import cases as make
from tests.portal.steps import step_url
from tests.portal.test_weight import MOST_STATEMENTS, statements

UMI = {"child_name": "山田 海", "child_kana": "ヤマダ　ウミ", "child_birth_date": "2021-05-01",
       "relation": "child"}  # fmt: skip
SORA = {"child_name": "山田 空", "child_birth_date": "2018-05-01", "relation": "child"}


@pytest.fixture
def aid(town: Any) -> Offering:
    return make.offering("child_medical_aid", department=people.department("child_welfare"))


def kept(resident: User, key: str, answers: dict[str, Any]) -> None:
    """What the resident keeps after an earlier application."""
    offering = make.offering(key, department=people.department("child_welfare"))
    draft = drafts.open_draft(
        resident=resident, version=offering.form_version, subject=offering.slug
    )
    draft.answers = answers
    draft.save()
    profile.keep(draft, by=Actor.of(resident))
    drafts.discard(draft=draft, by=SYSTEM)


def begun(browser: Client, resident: User) -> tuple[Draft, str]:
    answer = browser.get("/en" + reverse("portal:begin", args=["child-medical-aid"]))
    return Draft.objects.get(resident=resident, state=Draft.State.OPEN), answer.headers["Location"]


def choices(page: Any) -> dict[str, str]:
    """The value of each choice by its label."""
    soup = BeautifulSoup(page.content, "html.parser")
    assert soup.select("input[checked]") == []
    return {
        str(soup.select_one(f'label[for="{one["id"]}"]').get_text()): str(one["value"])
        for one in soup.select('input[type="radio"][name="child"]')
    }


def test_one_of_the_kept_children_is_filled_in_and_the_rest_stays(
    aid: Offering, browser: Client, resident: User
) -> None:
    kept(resident, "child_allowance", {"children": [SORA, UMI]})
    draft, where = begun(browser, resident)
    assert where == "/en" + reverse("portal:reuse", args=[draft.pk])
    page = browser.get(where)
    offered = choices(page)
    assert list(offered) == ["山田 空", "山田 海", "Another child; I write it myself"]
    assert "born 1 May 2021" in page.content.decode()
    assert browser.post(where, {"whose": "1"}).status_code == 422
    answer = browser.post(where, {"whose": "1", "child": offered["山田 海"]})
    assert answer.headers["Location"] == f"{where}?rest=1"
    draft.refresh_from_db()
    assert draft.answers["child_name"] == "山田 海"
    assert draft.answers["child_kana"] == "ヤマダ　ウミ"
    assert draft.answers["child_birth_date"] == "2021-05-01"
    assert draft.provenance["child_name"]["source"] == "profile"
    assert "relation" not in draft.answers  # whose relation is another question here
    assert browser.get(answer.headers["Location"]).status_code == 302  # nothing else is kept
    shown = browser.get("/en" + step_url(draft, "child")).content.decode()
    assert "earlier application" in shown
    note = LedgerEntry.objects.filter(event="profile.used").get()
    assert "household.child.fullName" in note.data["concepts"]
    assert "山田" not in str(note.data)


def test_another_child_leaves_the_form_empty_and_offers_the_rest(
    aid: Offering, browser: Client, resident: User
) -> None:
    kept(resident, "child_allowance", {"children": [SORA], "account_kind": "bank"})
    kept(resident, "child_medical_aid", {
        "child_name": "山田 陸", "child_birth_date": "2016-01-02", "insurance_kind": "employee",
        "insurer": "全国健康保険協会", "symbol_no": "123・4", "phone": "080-9999-0000",
    })  # fmt: skip
    draft, where = begun(browser, resident)
    assert set(choices(browser.get(where))) >= {"山田 空", "山田 陸"}
    rest = browser.post(where, {"whose": "1", "child": "another"}).headers["Location"]
    text = browser.get(rest).content.decode()
    assert "080-9999-0000" in text
    assert "全国健康保険協会" not in text  # of 陸, and the form is about another child
    draft.refresh_from_db()
    assert "child_name" not in draft.answers


def test_what_is_known_of_one_child_is_not_mixed_with_another(
    aid: Offering, browser: Client, resident: User
) -> None:
    kept(resident, "child_allowance", {"children": [SORA, UMI]})
    insured = {"child_name": "山田　空", "child_birth_date": "2018-05-01",
               "insurance_kind": "employee", "insurer": "全国健康保険協会"}  # fmt: skip
    kept(resident, "child_medical_aid", insured)
    draft, where = begun(browser, resident)
    offered = choices(browser.get(where))
    assert len(offered) == 3  # 空 once, however the name is spaced
    (sora,) = [key for name, key in offered.items() if "空" in name]
    one_child.fill(draft, offered["山田 海"], by=SYSTEM)
    assert "insurer" not in draft.answers
    drafts.discard(draft=draft, by=SYSTEM)
    draft, _where = begun(browser, resident)
    one_child.fill(draft, sora, by=SYSTEM)
    assert draft.answers["insurer"] == "全国健康保険協会"


def test_child_of_a_guardian_is_offered_with_the_address(
    aid: Offering, browser: Client, resident: User
) -> None:
    ward = behalf.guardian_of_a_child(resident)
    ended = behalf.guardian_of_a_child(resident, name="山田 月")
    actions.revoke(representation=ended, by=Actor.of(resident))
    behalf.attorney_of(resident)
    behalf.guardian_of_a_child(people.resident(name="別の 人"), name="別の 子")
    draft, where = begun(browser, resident)
    offered = choices(browser.get(where))
    assert list(offered) == [ward.name, "Another child; I write it myself"]
    browser.post(where, {"whose": "1", "child": offered[ward.name]})
    draft.refresh_from_db()
    assert draft.answers["child_name"] == ward.name
    assert draft.answers["child_address"] == ward.address
    assert draft.provenance["child_name"]["source"] == "representation"


@pytest.mark.parametrize("key", ["made-up", "x" * 5000, "0" * 16])
def test_child_that_is_not_offered_fills_nothing(
    aid: Offering, browser: Client, resident: User, key: str
) -> None:
    kept(resident, "child_allowance", {"children": [SORA]})
    draft, where = begun(browser, resident)
    assert browser.post(where, {"whose": "1", "child": key}).status_code == 302
    draft.refresh_from_db()
    assert "child_name" not in draft.answers


def test_other_forms_ask_nothing_of_this(offering: Offering, resident: User) -> None:
    kept(resident, "child_allowance", {"children": [SORA]})
    draft = make.draft_ready_to_send(of=offering, resident=resident)
    assert statements(lambda: one_child.children(draft)) == 2  # BEGIN and COMMIT
    assert one_child.children(draft) == []


def test_many_children_cost_the_same(aid: Offering, browser: Client, resident: User) -> None:
    kept(resident, "child_allowance", {"children": [SORA]})
    _draft, where = begun(browser, resident)
    browser.get(where)
    one = statements(lambda: browser.get(where))
    for year in (2016, 2017, 2018):
        behalf.guardian_of_a_child(
            resident, name=f"子 {year}", birth_date=timezone.localdate().replace(year=year, day=1)
        )
    assert statements(lambda: browser.get(where)) == one
    assert one <= MOST_STATEMENTS
