"""Following an application from the receipt to the document."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing.models import FeeDue
from cases import actions
from cases.models import Case
from catalogue.models import Offering
from cms import brand
from cms.models import Office
from common import outbox
from documents.models import Document
from forms.models import Draft
from identity.models import User
from tests.factories import cases as make
from tests.factories import people


def url(name: str, case: Case, *more: Any) -> str:
    return "/en" + reverse(f"portal:{name}", args=[case.pk, *more])


def page_of(browser: Client, case: Case) -> str:
    answer = browser.get(url("case", case))
    assert answer.status_code == 200
    return answer.content.decode()


def test_received_application_says_whose_turn_and_by_when(
    offering: Offering, browser: Client, resident: User
) -> None:
    text = page_of(browser, make.submitted_case(of=offering, resident=resident))
    assert "It is our turn" in text
    assert "We have until" in text
    assert "we cannot promise a day" in text
    assert "We received your application" in text
    assert "Withdraw the application" in text


def test_correction_stops_the_clock_and_is_answered(
    offering: Offering, browser: Client, resident: User
) -> None:
    case = make.claimed_case(of=offering, resident=resident)
    correction = make.correction_of(case)
    text = page_of(browser, case)
    assert "It is your turn" in text
    assert correction.message in text
    assert "The clock has stood still since" in text

    page = browser.get(url("correction", case))
    asked = page.content.decode()
    assert 'name="purpose"' in asked
    assert 'name="hours"' not in asked

    saved = browser.post(
        url("correction", case),
        {
            "_seen": page.context["page"].seen,
            "_shown": "purpose",
            "purpose": "番組「街の庭」の撮影",
        },
    )
    assert saved.headers["Location"] == url("correction_send", case)
    look = browser.get(url("correction_send", case)).content.decode()
    assert "番組「街の庭」の撮影" in look
    assert "9時から17時まで" not in look

    sent = browser.post(url("correction_send", case))
    assert sent.headers["Location"] == url("case", case)
    fresh = Case.objects.get(pk=case.pk)
    assert fresh.answers["purpose"] == "番組「街の庭」の撮影"
    assert fresh.due_on is not None
    again = browser.post(url("correction_send", case))
    assert again.headers["Location"] == url("case", case)
    assert browser.get(url("correction", case)).headers["Location"] == url("case", case)


def test_a_clock_that_begins_anew_says_so(
    town: Any, browser: Client, resident: User, client_for: Callable[..., Client]
) -> None:
    of = make.offering_with(lambda data: data["clock"].update(after_pause="restart"))
    case = make.claimed_case(of=of, resident=resident)
    correction = make.correction_of(case)
    # Two days are left of six; with the answer there are six again.
    Case.objects.filter(pk=case.pk).update(days_left_when_paused=2)
    text = page_of(browser, case)
    assert "With your answer our period begins anew: we have 6 working days then." in text
    assert "2 working days" not in text
    assert case.assigned_to is not None
    desk = people.sign_in_staff(client_for(town), case.assigned_to)
    assert "stopped, then begins anew" in desk.get(f"/en/desk/cases/{case.pk}/").content.decode()
    paused_on = timezone.localdate() - timedelta(days=10)
    fresh = Case.objects.get(pk=case.pk)
    fresh.clock_log[-1]["on"] = str(paused_on)
    Case.objects.filter(pk=case.pk).update(clock_log=fresh.clock_log, paused_on=paused_on)
    make.answered_correction(correction, purpose="別の目的")
    text = page_of(browser, case)
    assert "6 working days are left" in text
    assert "Our period began anew after we had waited for you." in text
    assert "are not counted" not in text


def test_file_that_was_sent_is_named_when_it_is_asked_for_again(
    offering: Offering, browser: Client, resident: User
) -> None:
    case = make.claimed_case(of=offering, resident=resident)
    make.correction_of(case, question_ids=("site_plan",))
    assert "位置図.pdf" in browser.get(url("correction", case)).content.decode()
    assert "位置図.pdf" in browser.get(url("correction_send", case)).content.decode()


def test_what_can_follow_comes_after_the_progress_until_it_is_decided(
    offering: Offering, browser: Client, resident: User
) -> None:
    make.offering("street_stalls")
    Offering.objects.update(is_published=True)
    case = make.claimed_case(of=offering, resident=resident)
    running = page_of(browser, case)
    assert running.index("How far it is") < running.index("What you can still do")
    make.decision_on(case, "refused")
    outbox.drain()
    refused = page_of(browser, case)
    assert refused.index("What you can still do") < refused.index("How far it is")
    assert "Appeal against the decision" in refused
    # Nobody knows yet from when the three months count; the outermost day would mislead.
    assert "Last day:" not in refused
    Document.objects.update(opened_at=timezone.now())
    assert "Last day:" in page_of(browser, case)


def test_empty_correction_is_shown_again(
    offering: Offering, browser: Client, resident: User
) -> None:
    case = make.claimed_case(of=offering, resident=resident)
    make.correction_of(case)
    answer = browser.post(url("correction", case), {"_shown": "purpose", "purpose": ""})
    assert answer.status_code == 422
    assert browser.get(url("correction_send", case)).headers["Location"] == url("correction", case)
    sent = browser.post(url("correction_send", case))
    assert sent.status_code == 422
    assert f'action="{url("correction", case)}"' in sent.content.decode()


def test_correction_cannot_be_answered_as_a_draft(
    offering: Offering, browser: Client, resident: User
) -> None:
    case = make.claimed_case(of=offering, resident=resident)
    draft = make.correction_of(case).draft
    assert draft is not None
    for name in ("check", "discard", "draft"):
        answer = browser.post if name != "draft" else browser.get
        found = answer(reverse(f"portal:{name}", args=[draft.pk]))
        assert found.headers["Location"] == reverse("portal:applications")
    draft.refresh_from_db()
    assert draft.is_open
    assert "/drafts/" not in browser.get(reverse("portal:applications")).content.decode()


def test_fee_payment_and_document(offering: Offering, browser: Client, resident: User) -> None:
    case = make.claimed_case(of=offering, resident=resident)
    make.decision_on(case)
    outbox.drain()
    text = page_of(browser, case)
    assert "Please pay the fee of" in text
    assert "Approved" in text
    assert "使用後は原状に回復すること。" in text
    assert browser.get(url("pay", case)).status_code == 200


def test_refusal_shows_its_reason_and_letter(
    offering: Offering, browser: Client, resident: User
) -> None:
    case = make.claimed_case(of=offering, resident=resident)
    make.decision_on(case, "refused")
    outbox.drain()
    text = page_of(browser, case)
    assert "場所がほかの行事と重なるため。" in text
    assert "Download (PDF)" in text
    assert not FeeDue.objects.exists()
    assert browser.get(url("pay", case)).status_code == 404


def test_withdrawal_asks_once(offering: Offering, browser: Client, resident: User) -> None:
    case = make.submitted_case(of=offering, resident=resident)
    assert browser.get(url("withdraw", case)).status_code == 200
    assert Case.objects.get(pk=case.pk).closed_at is None
    assert browser.post(url("withdraw", case)).headers["Location"] == url("case", case)
    assert "You withdrew the application" in page_of(browser, case)
    assert browser.get(url("withdraw", case)).headers["Location"] == url("case", case)
    assert browser.post(url("withdraw", case)).status_code == 409


def test_late_case_is_admitted(offering: Offering, browser: Client, resident: User) -> None:
    case = make.submitted_case(of=offering, resident=resident)
    Case.objects.filter(pk=case.pk).update(due_on="2020-04-01")
    assert "We should have decided by" in page_of(browser, case)


def test_sent_answers_are_shown_with_corrections(
    offering: Offering, browser: Client, resident: User
) -> None:
    case = make.claimed_case(of=offering, resident=resident)
    make.answered_correction(make.correction_of(case), purpose="新しい目的")
    text = browser.get(url("sent", case)).content.decode()
    assert "新しい目的" in text
    assert "地域の紹介番組の撮影" not in text
    assert "Your later corrections are included." in text
    assert "位置図" in text


def test_list_shows_drafts_and_cases(offering: Offering, browser: Client, resident: User) -> None:
    assert "Nothing here yet" in browser.get("/en/applications/").content.decode()
    case = make.submitted_case(of=offering, resident=resident)
    draft = make.draft_ready_to_send(of=offering, resident=resident)
    text = browser.get("/en/applications/").content.decode()
    assert case.application.receipt_number in text
    assert reverse("portal:draft", args=[draft.pk]) in text
    assert str(Draft.objects.get(pk=case.application.idempotency_key).pk) not in text


def test_list_shows_nobody_elses(offering: Offering, browser: Client) -> None:
    case = make.submitted_case(of=offering)
    assert case.application.receipt_number not in browser.get("/applications/").content.decode()


def test_case_of_a_benefit_has_no_fee(town: Any, browser: Client, resident: User) -> None:
    benefit = make.offering("child_allowance")
    draft = make.draft_ready_to_send(of=benefit, resident=resident)
    text = browser.get("/en" + reverse("portal:check", args=[draft.pk])).content.decode()
    assert "Free of charge" in text
    where = browser.post("/en" + reverse("portal:check", args=[draft.pk])).headers["Location"]
    assert "You download our letter from this site." in browser.get(where).content.decode()


def test_case_page_gives_the_telephone_of_its_own_office(
    offering: Offering, browser: Client, resident: User
) -> None:
    case = make.claimed_case(of=offering, resident=resident)
    phone = Office.objects.get(department=case.department).phone
    assert phone != brand.get().phone
    assert page_of(browser, case).count(f">{phone}</a>") == 1


def test_open_case_is_in_the_ledger(offering: Offering, browser: Client, resident: User) -> None:
    from common.actor import Actor

    case = make.claimed_case(of=offering, resident=resident)
    assert case.assigned_to is not None
    actions.open_case(case=case, by=Actor.of(case.assigned_to))
    text = browser.get("/en/my-data/").content.decode()
    assert "opened the application and read it" in text
    assert case.application.receipt_number in text


def test_notification_is_answered_not_decided(
    town: Any, browser: Client, resident: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)
    told = make.offering("street_stalls")
    start = browser.get("/en/apply/street-stalls/").content.decode()
    assert "Time to our answer" in start
    draft = make.draft_ready_to_send(of=told, resident=resident)
    check = "/en" + reverse("portal:check", args=[draft.pk])
    asked = browser.get(check).content.decode()
    assert "checks that your notification is complete" in asked
    assert "Send the notification" in asked
    where = browser.post(check).headers["Location"]
    assert "checks that your notification is complete." in browser.get(where).content.decode()
    case = Case.objects.get(application__idempotency_key=draft.pk)
    page = "/en" + reverse("portal:case", args=[case.pk])
    text = browser.get(page).content.decode()
    assert "We check that your notification is complete" in text
    assert "that it is complete." in text
    assert "We have until" in text
    assert not re.search(r"[Dd]eci(de|sion)", _words(text))

    case = actions.claim_case(case=case, by=people.caseworker(at=case.department))
    make.decision_on(case, "acknowledged")
    assert outbox.drain().failed == 0
    page_now = browser.get(page).content.decode()
    text = _main(page_now)
    assert "We acknowledged your notification: it is complete" in text
    assert "Letter of Receipt" in text or "受理通知書" in text
    assert "badge--ok" in text
    assert not re.search(r"[Dd]eci(de|sion)", _words(page_now))


def test_notification_that_waits_too_long_is_excused(
    town: Any, browser: Client, resident: User
) -> None:
    case = make.submitted_case(of=make.offering("street_stalls"), resident=resident)
    Case.objects.filter(pk=case.pk).update(due_on=timezone.localdate() - timedelta(days=3))
    text = browser.get("/en" + reverse("portal:case", args=[case.pk])).content.decode()
    assert "We should have answered by" in text


def _words(page: str) -> str:
    """What is read, without addresses and other attributes."""
    return re.sub(r"<[^>]*>", " ", _main(page))


def _main(html: str) -> str:
    return html[html.index("<main") : html.index("</main>")]


def test_who_has_moved_can_put_right_the_address_that_the_eid_confirmed(
    offering: Offering, browser: Client, resident: User
) -> None:
    case = make.claimed_case(of=offering, resident=resident)
    make.correction_of(case, question_ids=("address",))
    page = browser.get(url("correction", case))
    fields = {
        "_seen": page.context["page"].seen,
        "address-postalCode": "1000001",
        "address-prefecture": "東京都",
        "address-city": "千代田区",
        "address-streetAddress": "千代田2-2",
    }
    saved = browser.post(url("correction", case), fields)
    assert saved.headers["Location"] == url("correction_send", case)
    assert browser.post(url("correction_send", case)).status_code == 302
    fresh = Case.objects.get(pk=case.pk)
    assert fresh.answers["address"]["streetAddress"] == "千代田2-2"
    assert fresh.provenance["address"] == {"changed_from": "eid"}
    assert fresh.provenance["name"]["verified"] is True
