"""Paying, and what comes back from the provider."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from bs4 import BeautifulSoup
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing import paying
from billing.models import Attempt, FeeDue
from billing.providers import PaymentResult, Returned, Seen, signing
from billing.providers.sandbox import ANSWER, PARAMETER, REQUEST, SandboxProvider
from cases import unpaid
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
    answer = browser.get(browser.post("/en" + pay_url(case)).headers["Location"])
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


def test_until_the_letter_is_made_nobody_is_asked_to_pay_again(browser: Client, case: Case) -> None:
    before = browser.get("/en" + reverse("portal:case", args=[case.pk])).content.decode()
    assert "Waiting for payment" in before
    assert "It is your turn" in before
    browser.get(return_url(case))
    text = browser.get("/en" + reverse("portal:case", args=[case.pk])).content.decode()
    assert "Your document is being made." in text
    assert "It is our turn" in text
    assert "You receive our letter here" in text
    for asked in ("Waiting for payment", "It is your turn", "not paid in time", "Please pay"):
        assert asked not in text


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


class TestBeingConfirmed:
    """The payer is back before the provider has told us anything."""

    @pytest.fixture
    def attempt(self, case: Case, monkeypatch: pytest.MonkeyPatch) -> Attempt:
        monkeypatch.setattr(
            SandboxProvider,
            "verify_return",
            lambda self, request: Returned(uuid.UUID(request.GET["try"]), "gave_up" in request.GET),
        )
        return fee_of(case).attempts.create(provider="sandbox", amount=fee_of(case).amount)

    def come_back(self, client: Client, case: Case, attempt: Attempt, more: str = "") -> str:
        path = reverse("portal:pay_return", args=[case.pk])
        answer = client.get(f"/en{path}?try={attempt.pk}{more}")
        assert answer.status_code == 302
        return str(answer.headers["Location"])

    def page(self, client: Client, address: str) -> tuple[str, str]:
        """Its text, and where it goes by itself."""
        answer = client.get(address)
        assert answer.status_code == 200
        soup = BeautifulSoup(answer.content, "html.parser")
        found = soup.select_one("meta[http-equiv=refresh]")
        return soup.get_text(" "), str(found["content"]) if found else ""

    def test_page_says_so_and_looks_again_by_itself_for_a_while(
        self, browser: Client, visitor: Client, case: Case, attempt: Attempt
    ) -> None:
        # Whoever comes back without a session is noted, and signs in for the page.
        here = self.come_back(visitor, case, attempt)
        assert visitor.get(here).status_code == 302
        seconds, looks, address = [], 0, here
        while address:
            text, goes = self.page(browser, address)
            assert "do not pay a second time" in text
            wait, _, address = goes.partition(";url=")
            seconds.append(int(wait or 0))
            looks += 1
        assert (looks, sum(seconds)) == (9, 90)
        assert "It takes longer than usual" in text
        for odd in ("x", "-1", "999999", "９"):
            self.page(browser, f"{here}?look={odd}")

    def test_nobody_is_asked_to_pay_meanwhile(
        self, browser: Client, case: Case, attempt: Attempt
    ) -> None:
        here = self.come_back(browser, case, attempt)
        for method in (browser.get, browser.post):
            assert method("/en" + pay_url(case)).headers["Location"] == here
        text = browser.get("/en" + reverse("portal:case", args=[case.pk])).content.decode()
        assert "Your payment is being confirmed" in text
        assert "See the fee and pay" not in text
        text = browser.get("/en" + reverse("portal:fee", args=[case.pk])).content.decode()
        assert here in text
        assert "Pay ¥" not in text

    def test_nothing_lapses_and_nobody_is_reminded_meanwhile(
        self, browser: Client, case: Case, attempt: Attempt
    ) -> None:
        FeeDue.objects.update(due_on=timezone.localdate() - timedelta(days=40))
        self.come_back(browser, case, attempt)
        unpaid.look_after()
        assert fee_of(case).demanded_at is None
        Attempt.objects.update(state="over")
        unpaid.look_after()
        assert fee_of(case).demanded_at is not None

    def test_when_it_is_confirmed_the_page_goes_on(
        self, browser: Client, case: Case, attempt: Attempt
    ) -> None:
        here = self.come_back(browser, case, attempt)
        fee = fee_of(case)
        result = PaymentResult(
            provider="sandbox", payment_id="p", fee_id=str(fee.pk), reference=fee.reference,
            amount=fee.amount, outcome="paid", attempt_id=attempt.pk,
        )  # fmt: skip
        paying.take(attempt, Seen("paid", result))
        # Two tabs, one after the other, and the first one again.
        for _tab in range(3):
            gone_on = browser.get(here).headers["Location"]
            assert gone_on == "/en" + reverse("portal:case", args=[case.pk])
        assert "We have your payment." in browser.get(gone_on).content.decode()

    def test_when_nothing_was_paid_one_can_pay(
        self, browser: Client, case: Case, attempt: Attempt
    ) -> None:
        here = self.come_back(browser, case, attempt)
        paying.take(attempt, Seen("open"))
        to = browser.get(here).headers["Location"]
        assert "Nothing was paid." in browser.get(to).content.decode()

    def test_an_unclear_answer_is_for_the_office(
        self, browser: Client, case: Case, attempt: Attempt
    ) -> None:
        here = self.come_back(browser, case, attempt)
        paying.take(attempt, Seen("unclear"))
        text, goes = self.page(browser, here)
        assert "We are looking into your payment" in text
        assert goes == ""

    def test_who_gave_up_can_go_on_at_once(
        self, browser: Client, case: Case, attempt: Attempt
    ) -> None:
        to = self.come_back(browser, case, attempt, "&gave_up=1")
        assert browser.get(to).status_code == 200

    def test_a_try_of_another_case_is_not_there(
        self, browser: Client, case: Case, attempt: Attempt, offering: Offering
    ) -> None:
        other = make.submitted_case(of=offering)
        path = reverse("portal:pay_return", args=[other.pk])
        assert browser.get(f"{path}?try={attempt.pk}").status_code == 404
        attempt.refresh_from_db()
        assert attempt.state == "open"
