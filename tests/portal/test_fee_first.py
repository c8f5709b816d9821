"""A fee that is paid before the office begins: sent, due, paid, decided, and every other end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from billing import actions as payments
from billing import banking, queries
from billing.models import FeeDue
from cases import actions, fees, unpaid, waivers
from cases.models import Case
from catalogue.models import Offering
from catalogue.registry import catalogue
from common import outbox
from common.actor import SYSTEM, Actor
from common.errors import Conflict, NotAllowed
from forms.guests import Guest
from identity.models import Role, User
from notifications.models import Message
from tests.billing.bank import Transfer, zengin_03
from tests.factories import cases as make
from tests.factories import guests as begun
from tests.factories import people, services
from tests.portal.steps import marked

PLOTS = 4  # 1,200 yen


@pytest.fixture
def survey(town: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Offering]:
    services.install("site_survey", monkeypatch)
    yield services.offered("site_survey")
    catalogue.cache_clear()


@pytest.fixture
def clerk(town: Any) -> User:
    return people.staff(Role.FINANCE, at=None)


@pytest.fixture
def desk(town: Any, clerk: User, client_for: Callable[..., Client]) -> Client:
    return people.sign_in_staff(client_for(town), clerk)


@pytest.fixture
def case(survey: Offering, resident: User) -> Case:
    return sent(survey, resident)


def sent(survey: Offering, resident: User, plots: int = PLOTS) -> Case:
    made = make.submitted_case(of=survey, resident=resident, answers={"plots": plots})
    outbox.drain()
    return fresh(made)


def fresh(case: Case) -> Case:
    return Case.objects.select_related("fee", "resident").get(pk=case.pk)


def fee_of(case: Case) -> FeeDue:
    fee = fresh(case).fee
    assert fee is not None
    return fee


def pay(case: Case, amount: int | None = None, key: str = "") -> None:
    fee = fee_of(case)
    payments.receive(
        fee_id=fee.pk,
        source="counter",
        key=key or f"counter:{fee.pk}",
        amount=amount or fee.outstanding,
        received_on=timezone.localdate(),
        by=SYSTEM,
    )
    outbox.drain()


def url(name: str, *args: Any) -> str:
    with translation.override("ja"):  # the last request's language is still active
        return "/en" + reverse(name, args=args)


def page(browser: Client, name: str, *args: Any) -> str:
    answer = browser.get(url(name, *args))
    assert answer.status_code == 200
    return answer.content.decode()


def kinds(case: Case) -> list[str]:
    found = Message.objects.filter(recipient=case.resident).order_by("created_at")
    return list(found.values_list("kind", flat=True))


def codes(case: Case) -> list[str]:
    return [row.code for row in case.timeline.all()]


# --- before sending -----------------------------------------------------------------------------
def test_it_is_said_before_sending(browser: Client, survey: Offering, resident: User) -> None:
    draft = make.draft_ready_to_send(of=survey, resident=resident, answers={"plots": PLOTS})
    assert "You pay after sending; we begin when it is paid." in page(
        browser, "portal:start", survey.slug
    )
    told = page(browser, "portal:check", draft.pk)
    assert "¥1,200" in told
    assert "You pay after sending." in told
    assert "If you withdraw the application before we decide, we give it back." in told
    assert "We decide within 10 days from your payment" in told
    assert "You pay nothing now" not in told
    assert "If it is approved you pay" not in told
    answer = browser.post(url("portal:check", draft.pk), {"_version": draft.version_id})
    assert "/receipt/" in answer.headers["Location"]
    receipt = browser.get(answer.headers["Location"]).content.decode()
    made = Case.objects.get(application__idempotency_key=draft.pk)
    assert "Please pay the fee of ¥1,200" in receipt
    assert url("portal:pay", made.pk) in receipt


# --- the way ------------------------------------------------------------------------------------
def test_case_waits_for_the_fee_and_goes_on_with_it(
    browser: Client, case: Case, client_for: Callable[..., Client], town: Any
) -> None:
    worker = people.caseworker(at=case.department)
    assert (case.stage, case.due_on, case.clock_log) == ("fee", None, [])
    assert kinds(case) == ["application_received", "fee_due"]
    with pytest.raises(NotAllowed):
        actions.claim_case(case=case, by=worker)
    shown = page(browser, "portal:case", case.pk)
    assert "Please pay the fee of ¥1,200" in shown
    assert "We begin to check your application when the fee is paid." in shown
    assert "Our period of 10 days begins when you have paid the fee." in shown
    assert "If the fee is not paid in time, it ends here" in shown
    office = people.sign_in_staff(client_for(town), worker)
    assert "The case waits for this fee" in page(office, "desk:case", case.pk)
    assert "Waits for the fee" in page(office, "desk:inbox")
    assert "If you withdraw the application" in page(browser, "portal:pay", case.pk)
    assert browser.post(url("portal:pay", case.pk)).status_code == 302

    pay(case)
    case = fresh(case)
    assert case.stage == "paid"
    assert case.due_on == timezone.localdate() + timedelta(days=10)
    assert kinds(case)[2:] == ["payment_received"]
    assert url("portal:receipt_pdf", case.pk, case.fee_id) in page(browser, "portal:fee", case.pk)
    case = actions.claim_case(case=case, by=worker)
    decision = make.decision_on(case, by=worker)
    assert outbox.drain().failed == 0
    decision.refresh_from_db()
    case = fresh(case)
    assert (case.stage, decision.fee, FeeDue.objects.count()) == ("allowed", None, 1)
    assert decision.letter is not None
    assert codes(case) == [
        "submitted", "fee_due", "paid", "claimed", "approved", "document_issued",
    ]  # fmt: skip
    assert kinds(case)[3:] == ["decision_made"]


def test_desk_says_that_nothing_more_is_charged(
    case: Case, client_for: Callable[..., Client], town: Any
) -> None:
    worker = people.caseworker(at=case.department)
    pay(case)
    case = actions.claim_case(case=fresh(case), by=worker)
    office = people.sign_in_staff(client_for(town), worker)
    answer = office.post(url("desk:approve", case.pk), {"lock": case.lock})
    said = answer.content.decode()
    assert "becomes due" not in said
    assert "The letter is issued as a PDF, and the resident is told." in said


def test_without_a_fee_the_office_begins_at_once(survey: Offering, resident: User) -> None:
    case = sent(survey, resident, plots=1)
    assert (case.stage, case.fee) == ("paid", None)
    assert case.due_on == timezone.localdate() + timedelta(days=10)
    assert kinds(case) == ["application_received"]


def test_transfer_with_the_number_starts_the_work(case: Case, clerk: User) -> None:
    fee = fee_of(case)
    line = Transfer(timezone.localdate() - timedelta(days=1), fee.amount, f"{fee.number} ﾔﾏﾀﾞ")
    statement = banking.take_in(content=zengin_03([line]), name="a.txt", by=clerk)
    banking.apply(statement_id=statement.pk, by=clerk)
    outbox.drain()
    assert fresh(case).stage == "paid"
    assert fee_of(case).state == "paid"


def test_two_payments_start_it_once_and_the_second_goes_back(case: Case, desk: Client) -> None:
    pay(case, amount=500, key="one")
    assert fresh(case).stage == "fee"
    pay(case, key="two")
    pay(case, amount=1200, key="three")
    assert codes(case).count("paid") == 1
    assert (
        case.application.receipt_number
        in page(desk, "desk:fees") + desk.get(url("desk:fees") + "?view=surplus").content.decode()
    )
    assert queries.counts()["in_surplus"] == 1


# --- other ends ---------------------------------------------------------------------------------
def test_unpaid_it_lapses_after_reminder_and_demand(browser: Client, case: Case) -> None:
    fee = fee_of(case)
    assert fee.due_on is not None
    assert unpaid.look_at(fee.pk, fee.due_on - timedelta(days=3)) == "reminder"
    outbox.drain()
    assert unpaid.look_at(fee.pk, fee.due_on + timedelta(days=8)) == "demand"
    outbox.drain()
    FeeDue.objects.filter(pk=fee.pk).update(demanded_at=timezone.now() - timedelta(days=8))
    assert unpaid.look_at(fee.pk, fee.due_on + timedelta(days=30)) == "lapse"
    outbox.drain()
    case = fresh(case)
    assert (case.stage, fee_of(case).state) == ("lapsed", "expired")
    assert kinds(case)[2:] == ["fee_reminder", "fee_demand", "fee_lapsed"]
    shown = page(browser, "portal:case", case.pk)
    assert "Your application was not examined" in shown
    assert "permit was not issued" not in shown


def test_waived_fee_starts_the_work(case: Case, clerk: User) -> None:
    fee = fee_of(case)
    waiver = waivers.ask(case=case, fee=fee, reason="生活保護", by=Actor.of(case.resident))
    waivers.decide(waiver=waiver, yen=fee.amount, answer="要件に当たるため", by=clerk)
    outbox.drain()
    waiver.refresh_from_db()
    assert (fresh(case).stage, fee_of(case).state) == ("paid", "waived")
    assert waiver.letter is not None
    assert "fee_waived" in codes(case)


def test_withdrawn_unpaid_nothing_is_owed(browser: Client, case: Case) -> None:
    assert "need not be paid any more" in page(browser, "portal:withdraw", case.pk)
    assert browser.post(url("portal:withdraw", case.pk)).status_code == 302
    assert (fresh(case).stage, fee_of(case).state) == ("withdrawn", "cancelled")
    assert queries.counts()["in_surplus"] == 0
    from cases import periods

    lead = people.staff(Role.LEAD, at=case.department)
    with pytest.raises(Conflict):
        periods.reopen(case=fresh(case), reason="誤り", by=lead)


def test_the_page_of_withdrawing_is_shown_anew_when_the_fee_was_paid_since(
    browser: Client, case: Case
) -> None:
    here = url("portal:withdraw", case.pk)
    fields = marked(browser.get(here))
    pay(case)
    answer = browser.post(here, fields)
    assert answer.status_code == 409
    assert "We give back the fee that you paid." in answer.content.decode()
    assert fresh(case).stage != "withdrawn"
    assert browser.post(here, marked(answer)).status_code == 302
    assert fresh(case).stage == "withdrawn"


def test_the_amount_on_the_button_is_the_one_that_is_paid(browser: Client, case: Case) -> None:
    here = url("portal:pay", case.pk)
    fields = marked(browser.get(here))
    pay(case, 200)
    answer = browser.post(here, fields)
    assert answer.status_code == 409
    assert "Pay ¥1,000" in answer.content.decode()
    assert not fee_of(case).attempts.exists()
    assert browser.post(here, marked(answer)).status_code == 302
    assert fee_of(case).attempts.get().amount == 1000


def test_withdrawn_in_time_the_fee_waits_to_be_given_back(
    browser: Client, desk: Client, case: Case
) -> None:
    pay(case)
    assert "We give back the fee that you paid." in page(browser, "portal:withdraw", case.pk)
    browser.post(url("portal:withdraw", case.pk))
    fee = fee_of(case)
    assert (fee.state, queries.counts()["in_surplus"]) == ("cancelled", 1)
    listed = desk.get(url("desk:fees") + "?view=surplus").content.decode()
    assert "¥1,200 too much" in listed
    refund = desk.get(url("desk:fee_refund", fee.pk))
    assert refund.context["typed"]["amount"] == 1200
    shown = page(browser, "portal:fee", case.pk)
    assert "We give back what you paid." in shown
    assert url("portal:receipt_pdf", case.pk, fee.pk) in shown


def test_fee_that_is_never_given_back_stays(
    browser: Client, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule = catalogue().get("site_survey").fees
    monkeypatch.setitem(schedule.__dict__, "refundable", "never")
    pay(case)
    assert "The fee that you paid is not given back." in page(browser, "portal:withdraw", case.pk)
    browser.post(url("portal:withdraw", case.pk))
    assert (fee_of(case).state, queries.counts()["in_surplus"]) == ("paid", 0)


def test_other_fee_of_the_same_person_can_take_what_is_too_much(
    survey: Offering, case: Case, resident: User, clerk: User
) -> None:
    other = sent(survey, resident, plots=2)
    pay(case, amount=1800)
    assert list(fees.others_of(fee_of(case))) == [fee_of(other)]
    fees.put_to_another(fee=fee_of(case), to_id=fee_of(other).pk, by=clerk)
    outbox.drain()
    assert fresh(other).stage == "paid"


def test_corrected_answers_change_nothing_silently(
    case: Case, client_for: Callable[..., Client], town: Any
) -> None:
    Case.objects.filter(pk=case.pk).update(corrected={"plots": 6})
    office = people.sign_in_staff(client_for(town), people.caseworker(at=case.department))
    assert "By the corrected answers the fee would be ¥1,800" in page(office, "desk:case", case.pk)


def test_guest_pays_without_signing_in(survey: Offering, visitor: Client) -> None:
    session = visitor.session
    session["guest"], session["guest_cases"] = "a secret", True
    session.save()
    visitor.cookies["sessionid"] = session.session_key
    case = begun.sent_case(survey, Guest.of("a secret"), name="山田 花子", plots=PLOTS)
    outbox.drain()
    assert "Pay ¥1,200" in page(visitor, "portal:pay", case.pk)
    assert visitor.post(url("portal:pay", case.pk)).status_code == 302
    pay(case)
    assert fresh(case).stage == "paid"


def test_somebody_elses_fee_is_not_there(survey: Offering, browser: Client) -> None:
    other = sent(survey, people.resident())
    for name in ("pay", "fee"):
        assert browser.get(url(f"portal:{name}", other.pk)).status_code == 404
