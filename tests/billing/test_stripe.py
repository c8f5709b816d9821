"""Paying by Stripe, against a small one on loopback: page, events, asking, refunds, faults."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing import actions, paying, providers, refunds
from billing.errors import BeingConfirmed, NotDue, PaymentsUnavailable
from billing.models import Attempt, FeeDue, Payment, ProviderEvent, Refund
from billing.providers import stripe_calls
from common import outbox
from common.actor import SYSTEM
from common.models import OutboxRow
from common.text import Text
from identity.models import Role
from tests.billing.fake_stripe import FakeStripe, event, signed
from tests.factories import people

SECRET = "whsec_of_shiomi"
BACK = "http://shiomi.localhost/x/paid/"


@pytest.fixture
def stripe(settings: Any, tmp_path: Path) -> Iterator[FakeStripe]:
    fake = FakeStripe()
    accounts = {}
    for town in ("shiomi", "suginosawa"):
        files = {"api_key_file": tmp_path / f"{town}.key", "webhook_secret_file": tmp_path / town}
        files["api_key_file"].write_text(f"sk_test_{town}\n")
        files["webhook_secret_file"].write_text(f"whsec_of_{town}\n")
        accounts[town] = {name: str(path) for name, path in files.items()}
    settings.PAYMENTS_PROVIDER = "stripe"
    settings.STRIPE_ACCOUNTS = accounts
    settings.STRIPE_API_BASE = fake.base
    yield fake
    fake.close()


@pytest.fixture
def visitor(town: Any, client_for: Any) -> Client:
    """Stripe's server."""
    client: Client = client_for(town)
    return client


def begun(fee: FeeDue) -> Attempt:
    attempt = paying.begin(fee=fee, return_url=BACK, language="ja")
    paying.page_of(attempt)
    return Attempt.objects.get(pk=attempt.pk)


def send(client: Client, body: bytes, header: str | None = None) -> int:
    path = reverse("payment_event", args=["stripe"])
    signature = header if header is not None else signed(body, SECRET)
    answer = client.post(
        path, body, content_type="application/json", headers={"Stripe-Signature": signature}
    )
    return int(answer.status_code)


def state_of(fee: FeeDue) -> tuple[str, int, list[str]]:
    fee.refresh_from_db()
    return fee.state, fee.received, [each.outcome for each in fee.payments.all()]


class TestPage:
    def test_stripe_is_told_the_number_the_yen_and_the_town_and_no_person(
        self, stripe: FakeStripe, fee: FeeDue
    ) -> None:
        FeeDue.objects.filter(pk=fee.pk).update(payer_name="山田 花子", payer_kana="ヤマダ ハナコ")
        attempt = paying.begin(fee=fee, return_url=BACK, language="en")
        page = paying.page_of(attempt)
        assert page == stripe.last["url"]
        [(method, path, key, sent)] = stripe.calls
        assert (method, path, key) == ("POST", "/v1/checkout/sessions", "sk_test_shiomi")
        # 480 yen are 480, not 48,000: there are no hundredths of a yen.
        assert sent["line_items[0][price_data][unit_amount]"] == "480"
        assert sent["line_items[0][price_data][currency]"] == "jpy"
        assert sent["success_url"] == f"{BACK}?try={attempt.pk}"
        assert sent["cancel_url"] == f"{BACK}?try={attempt.pk}&gave_up=1"
        assert 3500 < int(sent["expires_at"]) - timezone.now().timestamp() <= 3600
        everything = " ".join(sent.values())
        assert str(fee.number) in everything
        for secret in ("山田", "ヤマダ", fee.reference, str(fee.title)):
            assert secret not in everything

    @pytest.mark.parametrize("yen", [1, 50, 999_999, 12_345_678])
    def test_any_amount_is_whole_yen(self, stripe: FakeStripe, town: Any, yen: int) -> None:
        fee = actions.raise_fee(
            reference="r", title=Text("t"), amount=yen, lines=[{"text": "l", "amount": yen}]
        )
        assert fee is not None
        begun(fee)
        assert stripe.last["amount_total"] == yen

    def test_two_tabs_pay_on_one_page(self, stripe: FakeStripe, fee: FeeDue) -> None:
        first, second = begun(fee), begun(fee)
        assert first == second
        assert paying.page_of(first) == paying.page_of(second)
        assert len(stripe.sessions) == 1

    def test_another_sum_closes_the_first_page(self, stripe: FakeStripe, fee: FeeDue) -> None:
        first = begun(fee)
        actions.reduce(fee_id=fee.pk, by_yen=80, text=Text("減額"), by=SYSTEM)
        begun(fee)
        assert [(s["status"], s["amount_total"]) for s in stripe.sessions.values()] == [
            ("expired", 480), ("open", 400),
        ]  # fmt: skip
        first.refresh_from_db()
        assert first.state == Attempt.State.OVER

    def test_nobody_is_sent_to_pay_what_was_paid_in_another_tab(
        self, stripe: FakeStripe, fee: FeeDue
    ) -> None:
        begun(fee)
        stripe.pay()
        with pytest.raises(NotDue):
            begun(fee)
        assert state_of(fee) == ("paid", 480, ["paid"])

    def test_nobody_pays_again_while_money_is_on_its_way(
        self, stripe: FakeStripe, fee: FeeDue
    ) -> None:
        begun(fee)
        stripe.last["status"] = "complete"
        with pytest.raises(BeingConfirmed):
            begun(fee)
        assert len(stripe.sessions) == 1

    def test_a_try_that_was_lost_on_the_way_is_found_again(
        self, stripe: FakeStripe, fee: FeeDue
    ) -> None:
        """Stripe made the page, and our side died before it was written down."""
        attempt = begun(fee)
        stripe.pay()
        Attempt.objects.filter(pk=attempt.pk).update(transaction_id=None)
        paying.look({"attempt_id": str(attempt.pk), "series": "idle", "number": 0})
        assert state_of(fee)[0] == "paid"
        assert len(stripe.sessions) == 1

    def test_a_page_anywhere_else_is_not_opened(
        self, stripe: FakeStripe, fee: FeeDue, settings: Any
    ) -> None:
        settings.STRIPE_ORIGINS = ["https://pay.example"]
        with pytest.raises(PaymentsUnavailable):
            begun(fee)

    def test_a_town_without_an_account_takes_no_cards(
        self, stripe: FakeStripe, fee: FeeDue, settings: Any
    ) -> None:
        settings.STRIPE_ACCOUNTS = {"suginosawa": settings.STRIPE_ACCOUNTS["suginosawa"]}
        with pytest.raises(PaymentsUnavailable):
            providers.current()
        settings.STRIPE_ACCOUNTS = {"shiomi": {"api_key_file": "/none", "webhook": "x"}}
        with pytest.raises(ValueError, match=r"STRIPE_ACCOUNTS: shiomi\.webhook_secret_file"):
            providers.current()


class TestFaults:
    @pytest.mark.parametrize("mode", ["error", "refuse", "drip", "drip_headers"])
    def test_out_of_order_is_said_and_nothing_is_lost(
        self, stripe: FakeStripe, fee: FeeDue, mode: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(stripe_calls, "TOTAL_SECONDS", 0.1)
        attempt = paying.begin(fee=fee, return_url=BACK, language="ja")
        stripe.mode = mode
        with pytest.raises(PaymentsUnavailable):
            paying.page_of(attempt)
        stripe.mode = "ok"
        assert paying.page_of(Attempt.objects.get(pk=attempt.pk)) == stripe.last["url"]

    def test_down_is_said(self, stripe: FakeStripe, fee: FeeDue, settings: Any) -> None:
        settings.STRIPE_API_BASE = "http://127.0.0.1:9"
        with pytest.raises(PaymentsUnavailable):
            begun(fee)

    def test_nothing_is_tried_twice_by_the_library(self, stripe: FakeStripe, fee: FeeDue) -> None:
        stripe.mode = "error"
        with pytest.raises(PaymentsUnavailable):
            begun(fee)
        assert len(stripe.calls) == 1


class TestEvents:
    def test_paid_is_taken_once_however_often_it_comes(
        self, stripe: FakeStripe, fee: FeeDue, visitor: Client
    ) -> None:
        attempt = begun(fee)
        body = event(stripe.pay())
        assert [send(visitor, body) for _ in range(3)] == [204, 204, 204]
        # The same again as another event, and by the worker's question.
        assert send(visitor, event(stripe.last, "async_payment_succeeded")) == 204
        paying.look({"attempt_id": str(attempt.pk), "series": "idle", "number": 0})
        assert state_of(fee) == ("paid", 480, ["paid"])
        assert ProviderEvent.objects.count() == 2
        assert OutboxRow.objects.filter(kind=actions.FEE_PAID).count() == 1
        attempt.refresh_from_db()
        assert (attempt.state, attempt.kept["payment_intent"]) == ("paid", "pi_1")

    @pytest.mark.parametrize(
        "header",
        ["", "t=1,v1=00", "nonsense", "t=x,v1=00", "v1=00"],
    )
    def test_without_a_signature_nothing_is_taken(
        self, stripe: FakeStripe, fee: FeeDue, visitor: Client, header: str
    ) -> None:
        begun(fee)
        assert send(visitor, event(stripe.pay()), header) == 400
        assert state_of(fee)[0] == "due"
        assert not ProviderEvent.objects.exists()

    def test_signature_of_somebody_else_an_old_one_and_of_another_body(
        self, stripe: FakeStripe, fee: FeeDue, visitor: Client
    ) -> None:
        begun(fee)
        body = event(stripe.pay())
        for header in (
            signed(body, "whsec_of_suginosawa"),
            signed(body, SECRET, age=301),
            signed(body + b" ", SECRET),
        ):
            assert send(visitor, body, header) == 400
        for odd in (b"{", b"\xff", b"[]" * 10):
            assert send(visitor, odd) == 400
        assert state_of(fee)[0] == "due"
        # White space is part of what is signed: the body is checked as it came.
        spaced = json.dumps(json.loads(body), indent=2).encode()
        assert send(visitor, spaced) == 204
        assert state_of(fee)[0] == "paid"

    def test_while_a_secret_is_replaced_both_hold(
        self, stripe: FakeStripe, fee: FeeDue, visitor: Client, settings: Any
    ) -> None:
        begun(fee)
        Path(settings.STRIPE_ACCOUNTS["shiomi"]["webhook_secret_file"]).write_text(
            f"whsec_new\n{SECRET}\n"
        )
        body = event(stripe.pay())
        assert send(visitor, body, signed(body, "whsec_new")) == 204
        assert send(visitor, event(stripe.last)) == 204

    @pytest.mark.parametrize(
        "changes",
        [
            {"amount_total": 1},
            {"amount_total": 48_000},
            {"currency": "usd"},
            {"metadata": {"town": "suginosawa", "number": "1"}},
            {"metadata": None},
            {"id": "cs_test_other"},
        ],
    )
    def test_another_sum_currency_or_fee_is_not_entered_but_seen(
        self, stripe: FakeStripe, fee: FeeDue, visitor: Client, changes: dict[str, Any], caplog: Any
    ) -> None:
        attempt = begun(fee)
        assert send(visitor, event(stripe.pay() | changes)) == 204
        attempt.refresh_from_db()
        assert (attempt.state, state_of(fee)) == ("unclear", ("due", 0, []))
        with pytest.raises(BeingConfirmed):
            begun(fee)

    def test_late_and_in_the_wrong_order(
        self, stripe: FakeStripe, fee: FeeDue, visitor: Client
    ) -> None:
        attempt = begun(fee)
        late = event(stripe.last | {"status": "expired"}, "expired")
        assert send(visitor, event(stripe.pay())) == 204
        assert send(visitor, late) == 204
        assert state_of(fee) == ("paid", 480, ["paid"])
        attempt.refresh_from_db()
        assert attempt.state == "paid"

    def test_money_counts_after_the_session_was_over(
        self, stripe: FakeStripe, fee: FeeDue, visitor: Client
    ) -> None:
        attempt = begun(fee)
        assert send(visitor, event(stripe.last | {"status": "expired"}, "expired")) == 204
        attempt.refresh_from_db()
        assert (attempt.state, state_of(fee)[0]) == ("over", "due")
        assert send(visitor, event(stripe.pay())) == 204
        assert state_of(fee)[0] == "paid"

    def test_money_for_a_fee_that_lapsed_is_surplus(
        self, stripe: FakeStripe, fee: FeeDue, visitor: Client
    ) -> None:
        begun(fee)
        actions.expire(fee_id=fee.pk)
        assert send(visitor, event(stripe.pay())) == 204
        assert state_of(fee) == ("expired", 0, ["surplus"])

    def test_an_event_about_something_else_is_noted(
        self, stripe: FakeStripe, fee: FeeDue, visitor: Client
    ) -> None:
        begun(fee)
        foreign = stripe.pay() | {"client_reference_id": str(uuid.uuid4())}
        for body in (
            event(foreign),
            event(stripe.last | {"client_reference_id": None}),
            event({"object": "charge", "id": "ch_1"}, type="charge.refunded"),
        ):
            assert send(visitor, body) == 204
        assert [row.attempt for row in ProviderEvent.objects.all()] == [None] * 3
        assert state_of(fee)[0] == "due"

    def test_an_event_of_one_town_never_touches_another(
        self, stripe: FakeStripe, fee: FeeDue, visitor: Client, in_town: Any, client_for: Any
    ) -> None:
        """Even with one account for both: the same key, the same secret, the same event."""
        begun(fee)
        body = event(stripe.pay())
        with in_town("suginosawa") as other:
            there = client_for(other)
            assert send(there, body) == 400
            assert send(there, body, signed(body, "whsec_of_suginosawa")) == 204
            assert [row.attempt for row in ProviderEvent.objects.all()] == [None]
        assert state_of(fee)[0] == "due"
        assert send(visitor, body) == 204
        assert state_of(fee)[0] == "paid"

    def test_an_unknown_provider_and_a_town_without_account_are_not_there(
        self, stripe: FakeStripe, town: Any, visitor: Client, settings: Any
    ) -> None:
        assert visitor.post("/payments/nobody/events/").status_code == 404
        settings.STRIPE_ACCOUNTS = {}
        assert visitor.post("/payments/stripe/events/").status_code == 404


class TestAsking:
    def rows(self) -> list[tuple[str, int]]:
        found = OutboxRow.objects.filter(kind=paying.LOOK, state="pending").order_by("next_at")
        return [(row.payload["series"], row.payload["number"]) for row in found]

    def due_now(self) -> None:
        OutboxRow.objects.filter(kind=paying.LOOK).update(next_at=timezone.now())
        outbox.drain()

    def test_the_worker_finds_out_when_no_event_ever_comes(
        self, stripe: FakeStripe, fee: FeeDue
    ) -> None:
        attempt = begun(fee)
        stripe.pay()
        paying.came_back(attempt=attempt)
        paying.came_back(attempt=attempt)
        assert self.rows() == [("returned", 0), ("idle", 0)]
        assert paying.confirming(fee) == attempt
        self.due_now()
        assert state_of(fee) == ("paid", 480, ["paid"])
        assert paying.confirming(fee) is None
        assert self.rows() == []

    def test_a_return_without_payment_opens_it_again(self, stripe: FakeStripe, fee: FeeDue) -> None:
        attempt = begun(fee)
        paying.came_back(attempt=attempt)
        self.due_now()
        attempt.refresh_from_db()
        assert attempt.state == "open"
        assert begun(fee) == attempt

    def test_it_asks_ever_more_rarely_and_then_a_person_has_to(
        self, stripe: FakeStripe, fee: FeeDue, caplog: Any
    ) -> None:
        attempt = begun(fee)
        stripe.mode = "error"
        waits = []
        for number in range(9):
            [row] = OutboxRow.objects.filter(kind=paying.LOOK, state="pending")
            assert row.payload["number"] == number
            waits.append(row.next_at - timezone.now())
            self.due_now()
        assert waits == sorted(waits)
        assert waits[-1] > timedelta(hours=23)
        attempt.refresh_from_db()
        assert (attempt.state, self.rows()) == ("unclear", [])

    def test_an_expired_page_is_over(self, stripe: FakeStripe, fee: FeeDue) -> None:
        attempt = begun(fee)
        stripe.last["status"] = "expired"
        self.due_now()
        attempt.refresh_from_db()
        assert (attempt.state, self.rows()) == ("over", [])
        assert begun(fee) != attempt


class TestRefunds:
    @pytest.fixture
    def paid(self, stripe: FakeStripe, fee: FeeDue, visitor: Client) -> FeeDue:
        begun(fee)
        assert send(visitor, event(stripe.pay())) == 204
        fee.refresh_from_db()
        return fee

    def ask(self, fee: FeeDue, amount: int) -> Refund:
        return refunds.ask(
            fee_id=fee.pk,
            amount=amount,
            reason="x",
            way="provider",
            by=people.staff(Role.FINANCE, at=None),
        )

    def test_goes_back_through_stripe_once(self, stripe: FakeStripe, paid: FeeDue) -> None:
        refund = self.ask(paid, 300)
        refunds.at_provider({"refund_id": str(refund.pk)})
        refunds.at_provider({"refund_id": str(refund.pk)})
        refund.refresh_from_db()
        assert refund.state == "done"
        assert [(r["amount"], r["payment_intent"]) for r in stripe.refunds.values()] == [
            (300, "pi_1")
        ]

    def test_an_answer_that_was_lost_is_no_second_refund(
        self, stripe: FakeStripe, paid: FeeDue
    ) -> None:
        payment = Payment.objects.get()
        provider = providers.registry.get("stripe")
        assert [provider.refund(payment, 300, "key") for _ in range(2)] == [True, True]
        assert len(stripe.refunds) == 1

    def test_what_stripe_will_not_do_is_said(self, stripe: FakeStripe, paid: FeeDue) -> None:
        stripe.mode = "refuse"
        refund = self.ask(paid, 480)
        refunds.at_provider({"refund_id": str(refund.pk)})
        refund.refresh_from_db()
        assert refund.state == "failed"

    def test_out_of_order_is_tried_again(self, stripe: FakeStripe, paid: FeeDue) -> None:
        stripe.mode = "error"
        refund = self.ask(paid, 480)
        with pytest.raises(PaymentsUnavailable):
            refunds.at_provider({"refund_id": str(refund.pk)})
        refund.refresh_from_db()
        assert refund.state == "approved"
