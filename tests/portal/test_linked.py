"""From a decided case to its change, its renewal and an appeal, as the resident goes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cases import actions, periods
from cases.models import Case, Decision, RegisterEntry
from catalogue.models import Offering
from common import kept, outbox
from documents.models import Document
from forms.models import Attachment, Draft
from identity.models import User
from tests.factories import cases as make
from tests.factories import people


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


@pytest.fixture
def permit(offering: Offering, resident: User) -> Case:
    """A permit that runs from in ten days for three days."""
    today = timezone.localdate()
    days = {"use_from": today + timedelta(days=10), "use_to": today + timedelta(days=12)}
    return make.paid_case(
        of=offering,
        resident=resident,
        answers={name: day.isoformat() for name, day in days.items()},
    )


@pytest.fixture
def refused(offering: Offering, resident: User) -> Case:
    case = make.claimed_case(of=offering, resident=resident)
    make.decision_on(case, "refused")
    assert outbox.drain().failed == 0
    return Case.objects.get(pk=case.pk)


def url(case: Case, link: str) -> str:
    return "/en" + reverse("portal:follow", args=[case.pk, link])


def page(browser: Client, case: Case) -> str:
    return browser.get("/en" + reverse("portal:case", args=[case.pk])).content.decode()


def begin(browser: Client, case: Case, link: str) -> Draft:
    answer = browser.post(url(case, link))
    assert answer.status_code == 302, answer.content.decode()
    return Draft.objects.get(origin=case.pk, state="open")


def check(draft: Draft) -> str:
    return "/en" + reverse("portal:check", args=[draft.pk])


def complete(draft: Draft, **answers: Any) -> None:
    draft.refresh_from_db()
    draft.answers = {**draft.answers, "agreed": True, **answers}
    draft.save(update_fields=["answers"])


def send(browser: Client, draft: Draft) -> Case:
    answer = browser.post(check(draft))
    assert answer.status_code == 302, answer.content.decode()
    return Case.objects.get(application__idempotency_key=draft.pk)


def end_of(case: Case) -> RegisterEntry:
    return RegisterEntry.objects.get(decision__case=case)


def test_a_permit_says_what_can_be_done_with_it(browser: Client, permit: Case) -> None:
    text = page(browser, permit)
    for name in ("Change this permit", "Renew this permit", "Appeal against the decision"):
        assert name in text
    assert "Apply together with it: Road occupancy permit" in text
    Offering.objects.filter(template_key="road_occupancy").update(is_published=False)
    kept.forget()
    assert "Apply together with it: Road occupancy permit" not in page(browser, permit)


def test_old_answers_come_along_marked_and_are_sent_as_a_change(
    browser: Client, permit: Case
) -> None:
    look = browser.get(url(permit, "amendment")).content.decode()
    assert permit.application.receipt_number in look
    assert "Until the change is approved" in look
    draft = begin(browser, permit, "amendment")
    assert draft.answers["purpose"] == permit.answers["purpose"]
    assert "agreed" not in draft.answers  # it was declared for the other application
    shown = browser.get(check(draft)).content.decode()
    assert f"Carried over from {permit.application.receipt_number}" in shown
    assert "Verified by eID" in shown  # asked of the eID anew
    assert "Before you can send" in shown
    complete(draft, area_m2=35)
    case = send(browser, draft)
    assert (case.origin_id, case.origin_kind) == (permit.pk, "amendment")
    assert "Changes this one" in page(browser, case)
    text = page(browser, permit)
    assert case.application.receipt_number in text
    assert "You applied for a change" in text
    again = browser.get(url(permit, "amendment"))
    assert again.status_code == 409
    assert case.application.receipt_number in again.content.decode()


def test_files_are_copies_so_that_each_can_be_forgotten(browser: Client, permit: Case) -> None:
    draft = begin(browser, permit, "amendment")
    (copy,) = draft.answers["site_plan"]
    assert copy not in permit.answers["site_plan"]
    twin = Attachment.objects.get(pk=copy)
    original = Attachment.objects.get(pk=permit.answers["site_plan"][0])
    assert (twin.draft_id, twin.sha256) == (draft.pk, original.sha256)
    assert twin.file.name != original.file.name


def test_beginning_twice_is_one_draft_beside_an_ordinary_one(
    browser: Client, permit: Case, offering: Offering, resident: User
) -> None:
    ordinary = make.draft_ready_to_send(of=offering, resident=resident)
    draft = begin(browser, permit, "amendment")
    assert begin(browser, permit, "amendment").pk == draft.pk != ordinary.pk
    begun = browser.get("/en" + reverse("portal:begin", args=[offering.slug]))
    assert str(ordinary.pk) in begun.headers["Location"]
    listed = browser.get("/en/applications/").content.decode()
    assert "Change · " in listed


def test_a_renewal_follows_on_without_a_gap(browser: Client, permit: Case) -> None:
    draft = begin(browser, permit, "renewal")
    next_day = end_of(permit).valid_until + timedelta(days=1)  # type: ignore[operator]
    assert draft.answers["use_from"] == next_day.isoformat()
    assert "use_to" not in draft.answers
    later = next_day + timedelta(days=1)
    complete(draft, use_from=later.isoformat(), use_to=later.isoformat())
    for answer in (browser.get(check(draft)), browser.post(check(draft))):
        assert "A renewal begins on the day after the permit ends" in answer.content.decode()
    assert not Case.objects.filter(origin=permit).exists()
    complete(draft, use_from=next_day.isoformat())
    assert send(browser, draft).origin_kind == "renewal"


def test_it_is_too_early_or_too_late_to_renew(browser: Client, permit: Case) -> None:
    today = timezone.localdate()
    RegisterEntry.objects.update(valid_until=today + timedelta(days=70))
    assert "It can be renewed from" in page(browser, permit)
    assert browser.post(url(permit, "renewal")).status_code == 409
    yesterday = today - timedelta(days=1)
    RegisterEntry.objects.update(valid_from=yesterday, valid_until=yesterday)
    for link in ("renewal", "amendment"):
        refusal = browser.post(url(permit, link))
        assert refusal.status_code == 409
        assert "It is too late: the last day was" in refusal.content.decode()
        assert "Please apply anew" in refusal.content.decode()
    assert not Draft.objects.filter(origin=permit.pk).exists()


def test_what_was_begun_in_time_is_not_sent_too_late(browser: Client, permit: Case) -> None:
    draft = begin(browser, permit, "amendment")
    complete(draft)
    yesterday = timezone.localdate() - timedelta(days=1)
    RegisterEntry.objects.update(valid_from=yesterday, valid_until=yesterday)
    answer = browser.post(check(draft))
    assert answer.status_code == 409
    assert "It is too late" in answer.content.decode()
    assert not Case.objects.filter(origin=permit).exists()
    draft.refresh_from_db()
    assert draft.is_open


def test_an_appeal_goes_to_another_office_with_what_is_known(
    browser: Client, refused: Case
) -> None:
    Document.objects.update(opened_at=timezone.now())
    look = browser.get(url(refused, "appeal")).content.decode()
    assert "within three months" in look
    assert "General Affairs" in look
    assert "Last day to send it" in look
    draft = begin(browser, refused, "appeal")
    decision = Decision.objects.get(case=refused)
    assert draft.answers["decision_number"] == decision.number
    assert draft.answers["known_on"] == timezone.localdate().isoformat()
    complete(
        draft,
        claim="取消しを求めます。",
        reasons="重なりはありません。",
        told_of_appeal=True,
        hearing=False,
    )
    case = send(browser, draft)
    assert case.department.key == "general_affairs"
    text = page(browser, refused)
    assert "You appealed against the decision" in text


@pytest.mark.parametrize(("since", "status"), [(89, 200), (110, 409)])
def test_an_appeal_has_three_months_from_the_day_after_one_knew(
    browser: Client, refused: Case, since: int, status: int
) -> None:
    known = timezone.now() - timedelta(days=since)
    Decision.objects.update(decided_at=known)
    Document.objects.update(opened_at=known)
    answer = browser.get(url(refused, "appeal"))
    assert answer.status_code == status
    if status == 409:
        assert "you can still go to court" in answer.content.decode()
        assert "It is too late" in page(browser, refused)


def test_nobody_appeals_without_a_decision(browser: Client, resident: User, town: Any) -> None:
    of = Offering.objects.get(template_key="review_request")
    for name in ("start", "begin", "for_whom"):
        answer = browser.get("/en" + reverse(f"portal:{name}", args=[of.slug]))
        assert answer.status_code == 404, name
    forged = make.draft_ready_to_send(of=of, resident=resident)
    complete(
        forged,
        service_name="x",
        decision_number="x",
        decided_on="2026-01-01",
        known_on="2026-01-01",
        claim="x",
        reasons="x",
        told_of_appeal=True,
        hearing=False,
    )
    answer = browser.post(check(forged))
    assert answer.status_code == 409
    assert "Begin this from the decision" in answer.content.decode()


def test_wrong_stage_other_link_and_other_resident(
    browser: Client,
    permit: Case,
    offering: Offering,
    resident: User,
    town: Any,
    client_for: Callable[..., Client],
) -> None:
    open_case = make.submitted_case(of=offering, resident=resident)
    for link in ("amendment", "renewal", "appeal"):
        assert browser.post(url(open_case, link)).status_code == 409
    for link in ("anew", "addition", "x", "amendment-park_use"):
        assert browser.post(url(permit, link)).status_code == 404
    other = client_for(town, people.resident(name="別の 人"))
    assert other.get(url(permit, "amendment")).status_code == 404
    assert other.post(url(permit, "amendment")).status_code == 404
    assert not Draft.objects.filter(origin__isnull=False).exists()


def test_a_draft_turned_to_somebody_elses_case_is_not_sent(
    browser: Client, permit: Case, offering: Offering
) -> None:
    """The origin is never posted; were it changed, the sending would find out."""
    foreign = make.paid_case(of=offering, resident=people.resident(name="別の 人"))
    draft = begin(browser, permit, "amendment")
    complete(draft)
    Draft.objects.filter(pk=draft.pk).update(origin=foreign.pk)
    assert browser.post(check(draft)).status_code == 404
    assert not Case.objects.filter(origin__isnull=False).exists()


def test_silence_that_counts_as_a_refusal_can_be_appealed_against(
    town: Any, browser: Client, resident: User
) -> None:
    def silent(data: dict[str, Any]) -> None:
        data["clock"] |= {"at_end": "deemed_refusal", "deemed_basis": {"ja": "5条", "en": "Art. 5"}}

    of = make.offering_with(silent)
    make.offering("review_request")
    Offering.objects.update(is_published=True)
    case = make.claimed_case(of=of, resident=resident)
    assert "Appeal" not in page(browser, case).partition("What you can still do")[2]
    assert browser.get(url(case, "appeal")).status_code == 409
    due = timezone.localdate() - timedelta(days=1)
    Case.objects.filter(pk=case.pk).update(due_on=due)
    text = page(browser, case)
    assert "treat the application as refused and appeal" in text
    offered = text.partition("What you can still do")[2]
    assert "Appeal, because it was not decided in time" in offered
    assert "(Art. 5)" in offered
    assert "Appeal, because" in browser.get(url(case, "appeal")).content.decode()

    draft = begin(browser, case, "appeal")
    today = timezone.localdate().isoformat()
    assert (draft.answers["decided_on"], draft.answers["known_on"]) == (today, today)
    assert case.application.receipt_number in draft.answers["decision_number"]
    complete(draft, claim="決定を求めます。", reasons="。", told_of_appeal=False, hearing=False)
    appeal = send(browser, draft)
    assert "You have sent this already" not in page(browser, case)
    assert "Appeal, because" not in page(browser, case)

    worker = people.caseworker(at=appeal.department, name="審理 担当")
    appeal = actions.claim_case(case=appeal, by=worker)
    appeal = periods.confirm_complete(case=appeal, by=worker)
    make.decision_on(appeal, by=worker, conditions=[])
    assert outbox.drain().failed == 0
    assert case.timeline.filter(code="ordered").exists()
    assert not Case.objects.filter(origin=case, origin_kind="anew").exists()
    assert Case.objects.get(pk=case.pk).stage == "review"
    assert make.decision_on(Case.objects.get(pk=case.pk)).outcome == "approved"
