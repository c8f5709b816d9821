"""A form that changes while it is filled in: told once, nothing lost, nothing sent unseen."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import LedgerEntry
from cases import actions
from cases.models import Application
from catalogue.models import Offering
from common import kept
from common.actor import Actor
from common.errors import Conflict
from forms import rebase, versions
from forms.definitions import load
from forms.models import Attachment, Draft
from identity.models import User
from tests.factories import cases as make
from tests.factories import people
from tests.forms.versions_of import changed, edited, moved, offer, with_question, without
from tests.portal import steps

CHANGED = "This form has changed since you last saved."


@pytest.fixture
def draft(offering: Offering, resident: User) -> Draft:
    return make.draft_ready_to_send(of=offering, resident=resident)


def text_of(browser: Client, path: str) -> str:
    answer = browser.get("/en" + path)
    assert answer.status_code == 200
    return answer.content.decode()


def check_url(draft: Draft) -> str:
    return reverse("portal:check", args=[draft.pk])


def page_fields(browser: Client, draft: Draft, step_id: str) -> dict[str, str]:
    page = browser.get(steps.step_url(draft, step_id)).context["page"]
    return {"_seen": page.seen, "_shown": page.shown, "_version": page.version}


def test_opened_draft_says_what_changed_until_the_resident_goes_on(
    browser: Client, draft: Draft, offering: Offering
) -> None:
    newer = offer(
        offering,
        without("place_detail"),
        changed("hours", label={"ja": "時間帯", "en": "Time of day"}),
        changed("crew", hint={"ja": "全員", "en": "Everybody"}),
    )
    for _reload in range(2):
        text = text_of(browser, steps.step_url(draft, "place"))
        assert f"{CHANGED} 2 questions changed, 1 question is not asked any more, " in text
        assert "1 answer could not be kept." in text
        assert "噴水の北側の芝生" in text
        assert "Changed: Time of day" in text
        assert "Not asked any more: Where in the park?" in text
    stored = Draft.objects.get(pk=draft.pk)
    assert stored.version_id == newer.pk
    assert stored.answers["hours"] == "9時から17時まで"
    fields = steps.place_fields(stored) | page_fields(browser, draft, "place")
    assert browser.post(steps.step_url(draft, "place"), fields).status_code == 302
    assert CHANGED not in text_of(browser, steps.step_url(draft, "place"))
    assert "噴水の北側の芝生" not in str(Draft.objects.values().get(pk=draft.pk))
    assert LedgerEntry.objects.filter(event="draft.rebased").count() == 1


@pytest.mark.parametrize("way", ["draft", "begin"])
def test_every_way_in_leads_to_the_step_that_changed(
    browser: Client, draft: Draft, offering: Offering, way: str
) -> None:
    offer(offering, with_question("activity", id="nickname", type="text"))
    arguments = [draft.pk] if way == "draft" else [offering.slug]
    answer = browser.get(reverse(f"portal:{way}", args=arguments))
    assert answer.headers["Location"] == steps.step_url(draft, "activity")
    assert "New: New" in text_of(browser, steps.step_url(draft, "activity"))


def test_verified_answer_of_a_new_question_is_filled_in_at_once(
    browser: Client, draft: Draft, offering: Offering
) -> None:
    born = draft.answers["birth_date"]
    newer = {"id": "born_again", "type": "date", "concept": "person.dateOfBirth"}
    offer(offering, without("birth_date"), with_question("applicant", **newer))
    browser.get(reverse("portal:begin", args=[offering.slug]))
    stored = Draft.objects.get(pk=draft.pk)
    assert stored.answers["born_again"] == born


def test_correction_keeps_the_form_it_was_sent_with(
    browser: Client, offering: Offering, resident: User
) -> None:
    case = make.claimed_case(of=offering, resident=resident)
    correction = make.correction_of(case)
    offer(offering, changed("purpose", label={"ja": "新しい文", "en": "New words"}))
    text = text_of(browser, reverse("portal:correction", args=[case.pk]))
    assert "New words" not in text
    assert correction.draft is not None
    assert Draft.objects.get(pk=correction.draft.pk).version_id == case.application.version_id


def test_service_that_is_closed_leaves_its_drafts(
    browser: Client, draft: Draft, offering: Offering
) -> None:
    offer(offering, without("place_detail"))
    Offering.objects.filter(pk=offering.pk).update(is_published=False)
    kept.forget()
    assert CHANGED not in text_of(browser, steps.step_url(draft, "place"))
    assert Draft.objects.get(pk=draft.pk).version_id == draft.version_id


def test_what_a_process_keeps_brings_no_draft_back(
    browser: Client, draft: Draft, offering: Offering
) -> None:
    """Another process published a form and brought the draft to it; this one does not know yet."""
    text_of(browser, steps.step_url(draft, "place"))
    definition = offering.form_version.form.as_json()
    newer = versions.publish(load(edited(definition, without("place_detail"))))
    Offering.objects.filter(pk=offering.pk).update(form_version=newer)
    rebase.rebase_draft(draft=draft, version=newer, by=Actor.of(draft.applicant))
    assert CHANGED in text_of(browser, steps.step_url(draft, "place"))
    assert Draft.objects.get(pk=draft.pk).version_id == newer.pk


def test_form_that_a_process_does_not_know_yet_is_not_sent_unseen(
    browser: Client, draft: Draft, offering: Offering
) -> None:
    browser.get(check_url(draft))
    newer = versions.publish(
        load(edited(offering.form_version.form.as_json(), without("place_detail")))
    )
    Offering.objects.filter(pk=offering.pk).update(form_version=newer)
    answer = browser.post(check_url(draft), {"_version": str(draft.version_id)})
    assert answer.status_code == 409
    assert not Application.objects.exists()


# --- a page of the version before -------------------------------------------------------------
def test_old_page_loses_nothing_and_says_so(
    browser: Client, draft: Draft, offering: Offering
) -> None:
    fields = page_fields(browser, draft, "place") | steps.place_fields(draft)
    offer(offering, without("place_detail"), moved("hours", "activity"))
    sent = fields | {"place_detail-description": "池の東側", "hours": "10時から",
                     "area_m2": "very large", "made_up": "x", "park-n": "9"}  # fmt: skip
    answer = browser.post(steps.step_url(draft, "place"), sent)
    assert answer.headers["Location"] == steps.step_url(draft, "place")
    stored = Draft.objects.get(pk=draft.pk)
    assert stored.answers["hours"] == "10時から"
    assert "place_detail" not in stored.answers
    text = text_of(browser, steps.step_url(draft, "place"))
    for said in (CHANGED, "池の東側", "very large"):
        assert said in text
    assert not Application.objects.filter(idempotency_key=draft.pk).exists()


def test_old_page_without_the_hidden_field_is_read_too(
    browser: Client, draft: Draft, offering: Offering
) -> None:
    """As by a program, or a page from before the platform was updated."""
    offer(offering, without("place_detail"))
    answer = browser.post(
        steps.step_url(draft, "place"), {"hours": "8-9", "place_detail-description": "北"}
    )
    assert answer.status_code == 302
    stored = Draft.objects.get(pk=draft.pk)
    assert stored.answers["hours"] == "8-9"
    assert [item.value["description"] for item in rebase.not_kept_of(stored)] == [
        "噴水の北側の芝生", "北",
    ]  # fmt: skip


def test_step_that_is_gone_leads_on(browser: Client, draft: Draft, offering: Offering) -> None:
    fields = page_fields(browser, draft, "declaration")

    def into_activity(data: Any) -> None:
        gone = next(step for step in data["steps"] if step["id"] == "declaration")
        data["steps"].remove(gone)
        next(s for s in data["steps"] if s["id"] == "activity")["questions"] += gone["questions"]

    offer(offering, into_activity)
    answer = browser.post(steps.step_url(draft, "declaration"), fields | {"agreed": "yes"})
    assert answer.headers["Location"] == steps.step_url(draft, "activity")
    again = browser.get(steps.step_url(draft, "declaration"))
    assert again.headers["Location"] == steps.step_url(draft, "activity")
    assert Draft.objects.get(pk=draft.pk).answers["agreed"] is True


def test_script_on_an_old_page_is_sent_to_the_new_one(
    browser: Client, draft: Draft, offering: Offering
) -> None:
    fields = page_fields(browser, draft, "activity")
    offer(offering, without("place_detail"))
    answer = browser.post(
        steps.step_url(draft, "activity"),
        fields | {"purpose": "半分まで書いた", "_do": "refresh"},
        headers={"HX-Request": "true"},
    )
    assert answer.headers["HX-Redirect"] == steps.step_url(draft, "activity")
    assert Draft.objects.get(pk=draft.pk).answers["purpose"] == "半分まで書いた"


def test_answers_typed_after_the_session_ended_survive_a_new_version(
    browser: Client, visitor: Client, draft: Draft, offering: Offering, resident: User
) -> None:
    url = steps.step_url(draft, "place")
    fields = page_fields(browser, draft, "place")
    visitor.post(url, fields | {"hours": "11時", "place_detail-description": "東屋の横"})
    offer(offering, without("place_detail"))
    visitor.force_login(resident)
    text = visitor.get(url).content.decode()
    assert "東屋の横" in text
    assert Draft.objects.get(pk=draft.pk).answers["hours"] == "11時"


def test_leaving_from_an_old_page_saves_and_tells_the_next_time(
    browser: Client, draft: Draft, offering: Offering
) -> None:
    fields = page_fields(browser, draft, "place")
    offer(offering, without("place_detail"))
    answer = browser.post(
        steps.step_url(draft, "place"), fields | {"hours": "12時", "_do": "leave"}
    )
    assert answer.headers["Location"] == reverse("portal:applications")
    assert CHANGED in text_of(browser, steps.step_url(draft, "place"))


def test_file_sent_from_an_old_page_is_kept(
    browser: Client, draft: Draft, offering: Offering
) -> None:
    fields = page_fields(browser, draft, "documents")
    offer(offering, without("place_detail"))
    browser.post(
        steps.step_url(draft, "documents"),
        fields | {"site_plan-kept": "", "site_plan": steps.picture()},
    )
    stored = Draft.objects.get(pk=draft.pk)
    names = Attachment.objects.filter(pk__in=stored.answers["site_plan"])
    # Beside the one that was there: files go one by one, each by its own button.
    assert {file.filename for file in names} == {"位置図.pdf", "plan.png"}


# --- sending ----------------------------------------------------------------------------------
def test_nothing_is_sent_that_was_not_seen(
    browser: Client, draft: Draft, offering: Offering
) -> None:
    shown = {"_version": str(draft.version_id)}
    assert browser.get(check_url(draft)).status_code == 200
    newer = offer(offering, changed("place_detail", required=False), without("crew"))
    answer = browser.post("/en" + check_url(draft), shown)
    assert answer.status_code == 409
    assert CHANGED in answer.content.decode()
    assert "Send the application" in answer.content.decode()
    assert browser.post(check_url(draft), shown).status_code == 409  # the old page once more
    assert browser.post(check_url(draft)).status_code == 409
    assert not Application.objects.filter(idempotency_key=draft.pk).exists()
    sent = browser.post(check_url(draft), {"_version": str(newer.pk)})
    assert sent.status_code == 302
    application = Application.objects.get(idempotency_key=draft.pk)
    assert application.version_id == newer.pk
    assert Draft.objects.get(pk=draft.pk).rebased is None


def test_even_a_change_that_asks_nothing_new_is_shown_before_sending(
    browser: Client, draft: Draft, offering: Offering
) -> None:
    newer = offer(offering, changed("hours", width="10"))
    answer = browser.post("/en" + check_url(draft), {"_version": str(draft.version_id)})
    assert answer.status_code == 409
    assert CHANGED in answer.content.decode()
    assert browser.post(check_url(draft), {"_version": str(newer.pk)}).status_code == 302


def test_new_required_question_stands_between_check_and_send(
    browser: Client, draft: Draft, offering: Offering
) -> None:
    newer = offer(offering, with_question("activity", id="nickname", type="text"))
    answer = browser.post(check_url(draft), {"_version": str(draft.version_id)})
    assert answer.status_code == 409
    assert f"{steps.step_url(draft, 'activity')}#f-nickname" in answer.content.decode()
    assert browser.post(check_url(draft), {"_version": str(newer.pk)}).status_code == 422


def test_form_that_changes_while_it_is_sent_is_refused_by_the_action(
    draft: Draft, offering: Offering, resident: User
) -> None:
    offer(offering, without("place_detail"))
    with pytest.raises(Conflict):
        actions.submit_application(draft=draft, by=Actor.of(resident), language="ja")
    seen = Draft.objects.get(pk=draft.pk)
    rebase.rebase_draft(
        draft=Draft.objects.get(pk=draft.pk), version=offering.form_version, by=Actor.of(resident)
    )
    with pytest.raises(Conflict):  # rebased by somebody else since it was read
        actions.submit_application(draft=seen, by=Actor.of(resident), language="ja")
    assert not Application.objects.filter(idempotency_key=draft.pk).exists()


def test_message_is_for_the_drafts_owner(
    browser: Client, draft: Draft, offering: Offering, town: Any, client_for: Any
) -> None:
    offer(offering, without("place_detail"))
    stranger = client_for(town, people.resident(name="別の 人"))
    assert stranger.get(steps.step_url(draft, "place")).status_code == 404
    assert Draft.objects.get(pk=draft.pk).version_id == draft.version_id


# --- years later ------------------------------------------------------------------------------
def test_application_is_shown_as_it_was_sent(
    browser: Client, offering: Offering, resident: User
) -> None:
    case = make.submitted_case(of=offering, resident=resident)
    names = ("sent", "receipt", "case")
    paths = {name: reverse(f"portal:{name}", args=[case.pk]) for name in names}
    before = {name: _main(text_of(browser, path)) for name, path in paths.items()}
    park = offering.form_version.form.questions_by_id["park"].choices  # type: ignore[union-attr]
    assert park[0].label.in_language("en") in before["sent"]
    assert "Where in the park?" in before["sent"]
    offer(
        offering,
        lambda data: data.update(title={"ja": "別の名", "en": "Another name"}),
        lambda data: data["steps"][0].update(title={"ja": "別の段", "en": "Another step"}),
        without("place_detail"),
        changed("hours", label={"ja": "時間帯", "en": "Time of day"}),
        changed("area_m2", unit={"ja": "坪", "en": "tsubo"}, decimals=1),
        changed("park", choices=[{"value": "moon", "label": {"ja": "月", "en": "The Moon"}}]),
        changed("for_organisation", no_label={"ja": "私", "en": "Me"}),
    )
    assert {name: _main(text_of(browser, path)) for name, path in paths.items()} == before
    assert "Another name" in text_of(
        browser, steps.step_url(steps.begin(browser, resident), "place")
    )


def _main(text: str) -> str:
    return text.partition("<main")[2].partition("</main>")[0]
