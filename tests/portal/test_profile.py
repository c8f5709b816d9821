"""Ask once, as a resident meets it: kept when sending, offered when beginning, seen in My data."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse

from catalogue.models import Offering
from forms.models import Draft, ProfileFact
from identity.models import User
from tests.factories import cases as make
from tests.portal import steps


@pytest.fixture
def draft(offering: Offering, resident: User) -> Draft:
    return make.draft_ready_to_send(
        of=offering,
        resident=resident,
        answers={"for_organisation": True, "organisation_name": "汐見商店会"},
    )


@pytest.fixture
def fact(browser: Client, draft: Draft) -> ProfileFact:
    browser.post(reverse("portal:check", args=[draft.pk]), {"keep": "yes"})
    return ProfileFact.objects.get(concept="organisation.name")


def test_kept_only_when_ticked(browser: Client, draft: Draft) -> None:
    page = browser.get(reverse("portal:check", args=[draft.pk]))
    assert 'name="keep" value="yes"' in page.content.decode()
    browser.post(reverse("portal:check", args=[draft.pk]))
    assert not ProfileFact.objects.exists()


def test_offered_once_when_the_next_one_begins(
    browser: Client, resident: User, fact: ProfileFact
) -> None:
    begun = browser.get(reverse("portal:begin", args=["park-use"]))
    new = Draft.objects.get(resident=resident, state=Draft.State.OPEN)
    offer = reverse("portal:reuse", args=[new.pk])
    assert begun.headers["Location"] == offer
    assert "汐見商店会" in browser.get(offer).content.decode()
    filled = browser.post(offer, {"use": ["organisation_name", "no_such_question"]})
    assert filled.headers["Location"] == steps.step_url(new, "applicant")
    new.refresh_from_db()
    assert new.answers["organisation_name"] == "汐見商店会"
    assert "organisation_role" not in new.answers
    again = browser.get(reverse("portal:begin", args=["park-use"]))
    assert again.headers["Location"] != offer


def test_nothing_is_ticked_beforehand(browser: Client, resident: User, fact: ProfileFact) -> None:
    browser.get(reverse("portal:begin", args=["park-use"]))
    new = Draft.objects.get(resident=resident, state=Draft.State.OPEN)
    url = reverse("portal:reuse", args=[new.pk])
    page = BeautifulSoup(browser.get("/en" + url).content, "html.parser")
    assert len(page.select('input[name="use"][type="checkbox"]')) >= 2
    assert page.select("input[checked]") == []
    # The Enter key in the form with the boxes presses what is about the boxes.
    (boxes,) = [form for form in page.select("form") if form.select('[type="checkbox"]')]
    own = [one for one in boxes.select("button") if not one.has_attr("form")]
    assert [one.get_text() for one in own] == ["Fill in only what is ticked"]
    answer = browser.post("/en" + url)
    assert answer.status_code == 422
    assert "Tick what should be filled in" in answer.content.decode()
    new.refresh_from_db()
    assert "organisation_name" not in new.answers


def test_all_of_these_is_exactly_what_was_listed(
    browser: Client, resident: User, fact: ProfileFact
) -> None:
    browser.get(reverse("portal:begin", args=["park-use"]))
    new = Draft.objects.get(resident=resident, state=Draft.State.OPEN)
    url = "/en" + reverse("portal:reuse", args=[new.pk])
    page = BeautifulSoup(browser.get(url).content, "html.parser")
    (button,) = page.select('button[form="all"]')
    assert button.get_text() == "Fill in all of these"
    listed = [one["value"] for one in page.select('input[type="checkbox"][name="use"]')]
    given = [one["value"] for one in page.select('form#all input[name="use"]')]
    assert given == listed
    assert browser.post(url, {"use": given}).status_code == 302
    new.refresh_from_db()
    assert {name for name, of in new.provenance.items() if of["source"] == "profile"} == set(listed)


def test_nothing_to_offer_leads_to_the_form(
    offering: Offering, browser: Client, resident: User
) -> None:
    new = steps.begin(browser, resident)
    answer = browser.get(reverse("portal:reuse", args=[new.pk]))
    assert answer.headers["Location"] == steps.step_url(new, "applicant")


def test_seen_changed_and_deleted_in_my_data(browser: Client, fact: ProfileFact) -> None:
    mine = reverse("portal:my_data")
    change = reverse("portal:profile_change", args=[fact.pk])
    delete = reverse("portal:profile_delete", args=[fact.pk])
    page = browser.get(mine).content.decode()
    assert "汐見商店会" in page
    assert change in page
    assert delete in page
    wrong = browser.post(change, {"organisation_name": ""})
    assert wrong.status_code == 422
    assert browser.post(change, {"organisation_name": "新しい会"}).status_code == 302
    assert "新しい会" in browser.get(mine).content.decode()
    assert "新しい会" in browser.get(delete).content.decode()
    assert browser.post(delete).status_code == 302
    assert not ProfileFact.objects.filter(pk=fact.pk).exists()
    assert browser.get(delete).status_code == 404
