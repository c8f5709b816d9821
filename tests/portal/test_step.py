"""One step of a form: saved, shown again, left, resumed, protected."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import LedgerEntry
from catalogue.models import Offering
from forms.models import Attachment, Draft
from identity.models import User
from portal import parking
from tests.factories import cases as make
from tests.factories import people
from tests.portal import steps


@pytest.fixture
def draft(offering: Offering, browser: Client, resident: User) -> Draft:
    return steps.begin(browser, resident)


def test_step_shows_verified_answers_and_the_rest(browser: Client, draft: Draft) -> None:
    page = browser.get(steps.step_url(draft, "applicant"))
    text = page.content.decode()
    assert page.status_code == 200
    assert "山田 花子" in text
    assert 'name="name"' not in text
    assert 'name="phone"' in text
    assert page.headers["Cache-Control"] == "private, no-store"


def test_complete_step_is_saved_and_goes_on(browser: Client, draft: Draft) -> None:
    answer = steps.post_step(browser, draft, "applicant", steps.APPLICANT)
    assert answer.status_code == 302
    assert answer.headers["Location"] == steps.step_url(draft, "place")
    draft.refresh_from_db()
    assert draft.answers["for_organisation"] is False


def test_step_that_asks_nothing_leads_to_one_that_does(
    town: object, browser: Client, resident: User
) -> None:
    event = make.offering("event")
    browser.get(reverse("portal:begin", args=[event.slug]))
    draft = Draft.objects.get(resident=resident, state=Draft.State.OPEN)
    assert browser.get(steps.step_url(draft, "applicant")).status_code == 200
    answer = browser.get(steps.step_url(draft, "road"))  # nobody has said that it needs a road
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        steps.step_url(draft, "applicant"),
    )


def test_wrong_step_is_shown_again_with_what_was_typed(browser: Client, draft: Draft) -> None:
    fields = steps.place_fields(draft) | {"area_m2": "very large"}
    answer = steps.post_step(browser, draft, "place", fields)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'href="#f-area_m2"' in text
    assert 'value="very large"' in text
    draft.refresh_from_db()
    assert draft.answers["place_detail"]["description"] == "噴水の北側の芝生"


def test_save_and_continue_later_leads_to_the_applications(browser: Client, draft: Draft) -> None:
    answer = steps.post_step(browser, draft, "place", {"hours": "9-17", "_do": "leave"})
    assert answer.status_code == 302
    assert answer.headers["Location"] == reverse("portal:applications")
    draft.refresh_from_db()
    assert draft.answers["hours"] == "9-17"


def test_postal_code_fills_an_address_without_script(
    offering: Offering, browser: Client, draft: Draft, town: Any, client_for: Any
) -> None:
    poor = people.resident(name="住所 なし")
    poor.eid.claims = {"person.fullName": poor.eid.claims["person.fullName"]}
    poor.eid.save()
    client = client_for(town, poor)
    own = steps.begin(client, poor)
    address = next(q.id for q in own.form.questions() if q.type == "address")
    answer = steps.post_step(
        client,
        own,
        "applicant",
        {f"{address}-postalCode": "１００－０００１", "_do": f"lookup:{address}"},
    )
    assert answer.status_code == 200
    assert "千代田区" in answer.content.decode()


def test_htmx_gets_only_the_fields(browser: Client, draft: Draft) -> None:
    answer = browser.post(
        steps.step_url(draft, "activity"),
        {"_shown": "act_type purpose", "act_type": "photography", "_do": "refresh"},
        headers={"HX-Request": "true"},
    )
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "<html" not in text
    assert 'id="f-step"' in text
    assert 'name="cameras"' in text


def test_unknown_step_is_not_there(browser: Client, draft: Draft) -> None:
    assert browser.get(steps.step_url(draft, "nothing")).status_code == 404
    assert browser.post(steps.step_url(draft, "nothing")).status_code == 404


def test_changed_verified_answer_is_refused_and_recorded(browser: Client, draft: Draft) -> None:
    answer = steps.post_step(browser, draft, "applicant", steps.APPLICANT | {"name": "別の 人"})
    assert answer.status_code == 409
    draft.refresh_from_db()
    assert draft.answers["name"] == "山田 花子"
    assert LedgerEntry.objects.filter(event="draft.tampered").count() == 1


def test_sent_draft_leads_to_its_receipt(browser: Client, resident: User) -> None:
    from tests.factories import cases as make

    case = make.submitted_case(resident=resident)
    draft = Draft.objects.get(pk=case.application.idempotency_key)
    answer = browser.get(steps.step_url(draft, "place"))
    assert answer.headers["Location"] == reverse("portal:receipt", args=[case.pk])


def test_attached_file_is_kept_and_can_be_removed(browser: Client, draft: Draft) -> None:
    answer = steps.post_step(browser, draft, "documents", {"site_plan": steps.picture()})
    assert answer.status_code == 302
    file = Attachment.objects.get(draft=draft)
    answer = steps.post_step(
        browser,
        draft,
        "documents",
        {"site_plan-kept": str(file.pk), "_do": f"remove-file:{file.pk}"},
    )
    assert answer.status_code == 200
    assert not Attachment.objects.filter(draft=draft).exists()


# --- a session that ends in the middle --------------------------------------------------------


def test_answers_typed_after_the_session_ended_come_back(
    browser: Client, visitor: Client, draft: Draft, resident: User
) -> None:
    url = steps.step_url(draft, "place")
    lost = visitor.post(
        url, {"_shown": "place_detail hours", "place_detail-description": "東屋の横"}
    )
    assert lost.status_code == 302
    assert "/sign-in/" in lost.headers["Location"]
    visitor.force_login(resident)  # the sign-in keeps the session's data
    page = visitor.get(url)
    assert page.status_code == 200
    assert "東屋の横" in page.content.decode()
    draft.refresh_from_db()
    assert draft.answers["place_detail"]["description"] == "東屋の横"
    assert visitor.get(url).context["page"].notice == ""


def test_answers_of_an_unfinished_step_come_back_saved_and_without_complaints(
    browser: Client, visitor: Client, draft: Draft, resident: User
) -> None:
    url = steps.step_url(draft, "place")
    shown = {
        "_shown": "place_detail hours",
        "place_detail-description": "東屋の横",
        "_do": "refresh",
    }
    lost = visitor.post(url, shown, headers={"HX-Request": "true"})
    assert "/sign-in/" in lost.headers["HX-Redirect"]
    visitor.force_login(resident)
    page = visitor.get(url).context["page"]
    assert (page.errors, bool(page.notice)) == ([], True)
    draft.refresh_from_db()
    assert draft.answers["place_detail"]["description"] == "東屋の横"


def test_parked_answers_never_reach_somebody_else(visitor: Client, draft: Draft, town: Any) -> None:
    url = steps.step_url(draft, "place")
    visitor.post(url, {"_shown": "place_detail", "place_detail-description": "東屋の横"})
    visitor.force_login(people.resident(name="別の 人"))
    assert visitor.get(url).status_code == 404
    draft.refresh_from_db()
    assert "place_detail" not in draft.answers


def test_only_the_owner_may_take_what_was_typed(draft: Draft, resident: User) -> None:
    other = people.resident(name="別の 人")
    for prefix in ("", "/en"):
        url = prefix + steps.step_url(draft, "place")
        assert (parking.may_take(resident, url), parking.may_take(other, url)) == (True, False)


def test_files_chosen_when_the_session_had_ended_are_named(
    visitor: Client, draft: Draft, resident: User
) -> None:
    url = steps.step_url(draft, "documents")
    visitor.post(url, {"_shown": "site_plan", "site_plan": steps.picture()})
    visitor.force_login(resident)
    text = visitor.get("/en" + url).content.decode()
    assert "plan.png" not in text  # bound to its own path
    text = visitor.get(url).content.decode()
    assert "plan.png" in text
    assert "plan.png" not in visitor.get(url).content.decode()
