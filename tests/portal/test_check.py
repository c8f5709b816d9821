"""The check page, and sending: once, however often it is pressed."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from audit.models import LedgerEntry
from cases.models import Application, Case
from catalogue.models import Offering
from forms.models import Draft
from identity.models import User
from tests.factories import cases as make
from tests.factories import people
from tests.portal import steps


@pytest.fixture
def draft(offering: Offering, resident: User) -> Draft:
    return make.draft_ready_to_send(of=offering, resident=resident)


def check_url(draft: Draft) -> str:
    return reverse("portal:check", args=[draft.pk])


def test_check_shows_answers_sources_and_fee(browser: Client, draft: Draft) -> None:
    page = browser.get("/en" + check_url(draft))
    text = page.content.decode()
    fee = page.context["fee"]
    assert page.status_code == 200
    assert "山田 花子" in text
    assert "Verified by eID" in text
    assert fee.total > 0
    assert f"¥{fee.total:,}" in text
    assert "You pay nothing now." in text
    assert "Send the application" in text
    assert steps.step_url(draft, "place").removeprefix("/") in text


def test_waiver_that_is_asked_for_is_shown(
    offering: Offering, resident: User, browser: Client
) -> None:
    draft = make.draft_ready_to_send(
        of=offering, resident=resident, answers={"fee_waiver": True, "waiver_reason": "community"}
    )
    text = browser.get("/en" + check_url(draft)).content.decode()
    assert "You asked to be let off the fee." in text


def test_incomplete_application_links_to_what_is_missing(
    offering: Offering, browser: Client, resident: User
) -> None:
    draft = steps.begin(browser, resident)
    page = browser.get(check_url(draft))
    text = page.content.decode()
    assert page.status_code == 200
    assert f"{steps.step_url(draft, 'place')}#f-park" in text
    assert page.context["errors"][0]["label"] in text
    assert page.context["fee"] is None
    assert 'method="post"' not in text.partition("<main")[2]


def test_incomplete_application_cannot_be_sent(
    offering: Offering, browser: Client, resident: User
) -> None:
    draft = steps.begin(browser, resident)
    assert browser.post(check_url(draft)).status_code == 422
    assert not Application.objects.filter(idempotency_key=draft.pk).exists()


def test_sending_twice_is_one_application(browser: Client, draft: Draft) -> None:
    first = browser.post(check_url(draft))
    again = browser.post(check_url(draft))
    case = Case.objects.get(application__idempotency_key=draft.pk)
    assert first.status_code == again.status_code == 302
    assert first.headers["Location"] == again.headers["Location"]
    assert first.headers["Location"] == reverse("portal:receipt", args=[case.pk])


def test_sent_application_cannot_be_checked_again(browser: Client, draft: Draft) -> None:
    sent = browser.post(check_url(draft))
    assert browser.get(check_url(draft)).headers["Location"] == sent.headers["Location"]


def test_service_that_was_closed_keeps_the_draft(
    browser: Client, draft: Draft, offering: Offering
) -> None:
    offering.is_published = False
    offering.save()
    assert browser.get(check_url(draft)).status_code == 200
    answer = browser.post(check_url(draft))
    assert answer.status_code == 409
    draft.refresh_from_db()
    assert draft.is_open


def test_tampered_draft_is_refused_and_recorded(browser: Client, draft: Draft) -> None:
    draft.answers = {**draft.answers, "name": "別の 人"}
    draft.save()
    assert browser.post(check_url(draft)).status_code == 409
    assert browser.get(check_url(draft)).status_code == 409
    assert not Application.objects.filter(idempotency_key=draft.pk).exists()
    assert LedgerEntry.objects.filter(event="draft.tampered").exists()


def test_receipt_says_number_date_and_what_is_next(browser: Client, draft: Draft) -> None:
    where = browser.post("/en" + check_url(draft)).headers["Location"]
    page = browser.get(where)
    case = Case.objects.get(application__idempotency_key=draft.pk)
    text = page.content.decode()
    assert page.status_code == 200
    assert case.application.receipt_number in text
    assert "If it is approved you pay the fee" in text
    assert case.application.language == "en"


def test_begun_application_is_deleted_after_a_question(browser: Client, draft: Draft) -> None:
    url = reverse("portal:discard", args=[draft.pk])
    assert browser.get(url).status_code == 200
    draft.refresh_from_db()
    assert draft.is_open
    assert browser.post(url).headers["Location"] == reverse("portal:applications")
    draft.refresh_from_db()
    assert draft.state == Draft.State.DISCARDED
    assert draft.answers == {}
    assert browser.get(check_url(draft)).status_code == 404


class TestWhatIsSentIsWhatWasChecked:
    """Window A shows the check page; window B changes an answer; A presses "Send"."""

    @staticmethod
    def fields(page: Any) -> dict[str, str]:
        return dict(re.findall(r'<input type="hidden" name="(_\w+)" value="([^"]*)"', page))

    @pytest.fixture
    def shown(self, browser: Client, draft: Draft) -> dict[str, str]:
        found = self.fields(browser.get("/en" + check_url(draft)).content.decode())
        assert {"_version", "_checked"} <= found.keys()
        return found

    def test_as_it_was_it_is_sent_once(
        self, browser: Client, draft: Draft, shown: dict[str, str]
    ) -> None:
        first, again = (browser.post(check_url(draft), shown) for _time in range(2))
        assert first.status_code == again.status_code == 302
        assert first.headers["Location"] == again.headers["Location"]

    def test_another_answer_and_fee_are_shown_again_first(
        self, browser: Client, draft: Draft, shown: dict[str, str]
    ) -> None:
        draft.answers = {**draft.answers, "cameras": 40}
        draft.save(update_fields=["answers"])
        answer = browser.post("/en" + check_url(draft), {**shown, "keep": "yes"})
        text = answer.content.decode()
        assert answer.status_code == 409
        assert "Nothing was sent: something has changed meanwhile" in text
        at = draft.prepared.nodes["cameras"].step_id
        (step,) = (one for one in draft.form.steps if one.id == at)
        with translation.override("en"):
            assert answer.context["changed"] == [str(step.title), "Fee"]
        assert 'value="yes" checked' in text
        assert not Application.objects.filter(idempotency_key=draft.pk).exists()
        now = self.fields(text)
        assert browser.post(check_url(draft), now).status_code == 302

    def test_another_file_is_shown_again_first(
        self, browser: Client, draft: Draft, shown: dict[str, str]
    ) -> None:
        other = make.attachment(draft, "site_plan", filename="別.pdf")
        draft.answers = {**draft.answers, "site_plan": [str(other.pk)]}
        draft.save(update_fields=["answers"])
        answer = browser.post("/en" + check_url(draft), shown)
        assert answer.status_code == 409
        assert len(answer.context["changed"]) == 1

    def test_what_was_sent_by_the_other_window_is_not_sent_again(
        self, browser: Client, draft: Draft, shown: dict[str, str]
    ) -> None:
        sent = browser.post(check_url(draft))
        again = browser.post(check_url(draft), {**shown, "_checked": "place=0"})
        assert again.headers["Location"] == sent.headers["Location"]


def test_what_the_eid_confirmed_long_ago_can_be_confirmed_again(
    browser: Client, draft: Draft, resident: User
) -> None:
    """The resident has moved, comes back by "My applications" and can change no verified answer."""
    asks = "Have it confirmed again"
    assert asks not in browser.get("/en" + check_url(draft)).content.decode()
    with time_machine.travel(timezone.now() + timedelta(days=20), tick=False):
        browser.force_login(resident)
        page = browser.get("/en" + check_url(draft))
        assert asks in page.content.decode()
        back = urlencode({"next": "/en" + reverse("portal:begin", args=[draft.subject])})
        assert page.context["eid_again_url"].endswith(f"?form={draft.subject}&{back}")
        claims = people.claims_of()
        claims["person.address"]["value"]["streetAddress"] = "港町2-2"
        resident.eid.claims = claims
        resident.eid.save(update_fields=["claims"])
        begun = browser.get(reverse("portal:begin", args=[draft.subject]))
        assert begun.headers["Location"] == check_url(draft)
        text = browser.get("/en" + check_url(draft)).content.decode()
    assert "港町2-2" in text
    assert asks not in text
