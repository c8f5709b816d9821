"""Paying, and what comes back from the provider."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from billing.models import FeeDue
from billing.providers import signing
from billing.providers.sandbox import ANSWER, PARAMETER, REQUEST
from cases.models import Case
from catalogue.models import Offering
from common import outbox
from identity.models import User
from tests.factories import cases as make


@pytest.fixture
def case(offering: Offering, resident: User) -> Case:
    """Approved, the fee is due."""
    made = make.claimed_case(of=offering, resident=resident)
    make.decision_on(made)
    outbox.drain()
    return Case.objects.select_related("decision__fee").get(pk=made.pk)


def pay_url(case: Case) -> str:
    return reverse("portal:pay", args=[case.pk])


def return_url(case: Case, **changes: Any) -> str:
    fee = case.decision.fee
    assert fee is not None
    answer = {
        "town": "shiomi",
        "fee": str(fee.pk),
        "reference": fee.reference,
        "amount": fee.amount,
        "outcome": "paid",
        "payment_id": "pay-1",
    } | changes
    message = signing.sign(settings.SANDBOX_PAY_SECRET, ANSWER, answer)
    path = reverse("portal:pay_return", args=[case.pk])
    return f"{path}?{urlencode({PARAMETER: message})}"


def fee_of(case: Case) -> FeeDue:
    return FeeDue.objects.get(decision__case=case)


def test_fee_is_shown_with_how_it_comes_about(browser: Client, case: Case) -> None:
    page = browser.get("/en" + pay_url(case))
    text = page.content.decode()
    fee = fee_of(case)
    assert f"¥{fee.amount:,}" in text
    assert str(fee.breakdown[0][0]["en"]) in text
    assert "http://localhost:8000" in page.headers["Content-Security-Policy"]


def test_pay_leads_to_the_provider_and_back_here(browser: Client, case: Case) -> None:
    answer = browser.post("/en" + pay_url(case))
    assert answer.status_code == 302
    target = urlsplit(answer.headers["Location"])
    order = signing.read(
        settings.SANDBOX_PAY_SECRET,
        REQUEST,
        parse_qs(target.query)[PARAMETER][0],
        max_age=60,
    )
    assert order["amount"] == fee_of(case).amount
    assert order["return_url"].endswith(f"/en/applications/{case.pk}/paid/")


def test_payment_counts_without_a_session_and_once(
    visitor: Client, browser: Client, case: Case
) -> None:
    first = visitor.get(return_url(case))
    again = visitor.get(return_url(case))
    assert first.headers["Location"] == reverse("portal:case", args=[case.pk])
    assert again.headers["Location"] == first.headers["Location"]
    fee = fee_of(case)
    assert fee.state == FeeDue.State.PAID
    assert fee.payments.count() == 1
    assert browser.get(pay_url(case)).status_code == 302
    outbox.drain()
    issued = Case.objects.get(pk=case.pk)
    assert issued.decision.letter is not None
    text = browser.get("/en" + reverse("portal:case", args=[case.pk])).content.decode()
    assert "Your document is ready" in text


def test_cancelled_payment_can_be_tried_again(browser: Client, case: Case) -> None:
    answer = browser.get(return_url(case, outcome="cancelled"))
    assert answer.headers["Location"] == pay_url(case)
    assert (
        "Your last try to pay did not work." in browser.get("/en" + pay_url(case)).content.decode()
    )
    assert fee_of(case).state == FeeDue.State.DUE


@pytest.mark.parametrize(
    "changes", [{"amount": 1}, {"town": "suginosawa"}, {"reference": "X"}, {"outcome": "free"}]
)
def test_answer_about_something_else_is_refused(
    browser: Client, case: Case, changes: dict[str, Any]
) -> None:
    assert browser.get(return_url(case, **changes)).status_code == 409
    assert fee_of(case).state == FeeDue.State.DUE


def test_answer_for_another_case_is_not_there(
    browser: Client, case: Case, offering: Offering
) -> None:
    other = make.submitted_case(of=offering)
    query = return_url(case).partition("?")[2]
    path = reverse("portal:pay_return", args=[other.pk])
    assert browser.get(f"{path}?{query}").status_code == 404
    assert fee_of(case).state == FeeDue.State.DUE


def test_forged_answer_is_refused(browser: Client, case: Case) -> None:
    path = reverse("portal:pay_return", args=[case.pk])
    assert browser.get(f"{path}?payment=nonsense").status_code == 409
    assert browser.get(path).status_code == 409


def test_without_a_provider_the_page_says_how_else(
    browser: Client, case: Case, settings: Any
) -> None:
    settings.PAYMENTS_PROVIDER = ""
    page = browser.get("/en" + pay_url(case))
    assert "You cannot pay online at the moment." in page.content.decode()
    assert browser.post(pay_url(case)).status_code == 200
