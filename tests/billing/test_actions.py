"""Fees: raised, paid once, cancelled."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from billing import actions, paying, queries
from billing.errors import NotDue, UntrustedAnswer
from billing.models import FeeDue, Payment
from billing.providers import PaymentResult
from common.actor import SYSTEM
from common.errors import NotFound
from common.models import OutboxRow
from common.text import Text


def result_for(fee: FeeDue, **changes: Any) -> PaymentResult:
    result = PaymentResult(
        provider="sandbox",
        payment_id="sandbox-paid-1",
        fee_id=str(fee.pk),
        reference=fee.reference,
        amount=fee.amount,
        outcome="paid",
    )
    return replace(result, **changes)


def fee_paid_rows() -> int:
    return OutboxRow.objects.filter(kind=actions.FEE_PAID).count()


def raise_fee(**changes: Any) -> FeeDue | None:
    wanted: dict[str, Any] = {
        "reference": "r",
        "title": Text("t"),
        "amount": 100,
        "lines": [{"text": "l", "amount": 100}],
    }
    return actions.raise_fee(**(wanted | changes))


def test_raise_fee_keeps_how_it_comes_about(fee: FeeDue) -> None:
    fee.refresh_from_db()
    assert fee.state == FeeDue.State.DUE
    assert [(text.in_language("en"), amount) for text, amount in fee.breakdown] == [
        ("Photography", 640),
        ("Reduction", -160),
    ]


def test_raise_fee_of_zero_is_none(town: Any) -> None:
    lines = [{"text": "a", "amount": 300}, {"text": "b", "amount": -300}]
    assert raise_fee(amount=0, lines=lines) is None
    assert raise_fee(amount=0, lines=[]) is None
    assert not FeeDue.objects.exists()


@pytest.mark.parametrize("amount", [-100, 99, 101])
def test_raise_fee_refuses_an_amount_that_is_not_the_sum(town: Any, amount: int) -> None:
    with pytest.raises(ValueError, match="sum of its lines"):
        raise_fee(amount=amount)


@pytest.mark.parametrize("amount", [1.5, "100", True, None])
def test_raise_fee_takes_whole_yen_only(town: Any, amount: Any) -> None:
    with pytest.raises(TypeError):
        raise_fee(amount=amount, lines=[{"text": "l", "amount": amount}])


def test_raise_fee_with_the_same_id_is_once(town: Any) -> None:
    fee_id = uuid.uuid4()
    first, second = raise_fee(fee_id=fee_id), raise_fee(fee_id=fee_id)
    assert first == second
    assert FeeDue.objects.count() == 1


def test_database_refuses_a_fee_of_zero(town: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        FeeDue.objects.create(reference="r", title=Text("t"), amount=0)


def test_settle_makes_it_paid_and_says_so_once(fee: FeeDue) -> None:
    first = actions.settle(fee.pk, result_for(fee))
    again = actions.settle(fee.pk, result_for(fee))
    assert first == again
    fee.refresh_from_db()
    assert (fee.state, fee.provider, fee.provider_payment_id) == (
        "paid",
        "sandbox",
        "sandbox-paid-1",
    )
    assert fee.paid_at is not None
    assert Payment.objects.count() == 1
    assert fee_paid_rows() == 1


@pytest.mark.parametrize("outcome", ["declined", "cancelled"])
def test_settle_without_money_leaves_it_due(fee: FeeDue, outcome: str) -> None:
    payment = actions.settle(fee.pk, result_for(fee, outcome=outcome, payment_id="x"))
    fee.refresh_from_db()
    assert (payment.outcome, fee.state, fee_paid_rows()) == (outcome, "due", 0)
    assert queries.last_try(fee.pk) == payment


def test_settle_after_a_declined_try_can_be_paid(fee: FeeDue) -> None:
    actions.settle(fee.pk, result_for(fee, outcome="declined", payment_id="x"))
    actions.settle(fee.pk, result_for(fee))
    fee.refresh_from_db()
    assert fee.state == "paid"


def test_settle_paid_twice_keeps_the_second_as_surplus(fee: FeeDue) -> None:
    actions.settle(fee.pk, result_for(fee))
    second = actions.settle(fee.pk, result_for(fee, payment_id="sandbox-paid-2"))
    assert second.outcome == Payment.Outcome.SURPLUS
    assert list(Payment.objects.filter(outcome="surplus")) == [second]
    fee.refresh_from_db()
    assert fee.provider_payment_id == "sandbox-paid-1"
    assert fee_paid_rows() == 1


def test_settle_of_a_cancelled_fee_keeps_the_money_as_surplus(fee: FeeDue) -> None:
    actions.cancel(fee_id=fee.pk, by=SYSTEM)
    payment = actions.settle(fee.pk, result_for(fee))
    assert payment.outcome == Payment.Outcome.SURPLUS
    fee.refresh_from_db()
    assert (fee.state, fee_paid_rows()) == ("cancelled", 0)


@pytest.mark.parametrize(
    "changes",
    [{"amount": 1}, {"amount": 481}, {"reference": "260401-OTHER"}, {"fee_id": str(uuid.uuid4())}],
)
def test_settle_refuses_an_answer_about_something_else(
    fee: FeeDue, changes: dict[str, Any]
) -> None:
    with pytest.raises(UntrustedAnswer):
        actions.settle(fee.pk, result_for(fee, **changes))
    fee.refresh_from_db()
    assert (fee.state, Payment.objects.count(), fee_paid_rows()) == ("due", 0, 0)


def test_settle_refuses_a_payment_that_paid_another_fee(fee: FeeDue) -> None:
    other = raise_fee(reference=fee.reference, amount=480, lines=[{"text": "l", "amount": 480}])
    assert other is not None
    actions.settle(other.pk, result_for(other))
    with pytest.raises(UntrustedAnswer):
        actions.settle(fee.pk, result_for(fee))


def test_settle_unknown_fee(fee: FeeDue) -> None:
    with pytest.raises(NotFound):
        actions.settle(uuid.uuid4(), result_for(fee))


def test_cancel_is_recorded_once(fee: FeeDue) -> None:
    from audit.models import LedgerEntry

    actions.cancel(fee_id=fee.pk, by=SYSTEM)
    actions.cancel(fee_id=fee.pk, by=SYSTEM)
    assert LedgerEntry.objects.filter(event="fee.cancelled", object_id=str(fee.pk)).count() == 1


def test_cancel_refuses_what_is_paid(fee: FeeDue) -> None:
    actions.settle(fee.pk, result_for(fee))
    with pytest.raises(NotDue) as refused:
        actions.cancel(fee_id=fee.pk, by=SYSTEM)
    assert refused.value.code == "paid"


def test_start_refuses_what_is_not_due(fee: FeeDue) -> None:
    actions.cancel(fee_id=fee.pk, by=SYSTEM)
    fee.refresh_from_db()
    with pytest.raises(NotDue):
        paying.begin(fee=fee, return_url="http://shiomi.localhost/x", language="ja")


def test_fees_stay_in_their_town(fee: FeeDue, other_town: Any, in_town: Any) -> None:
    with in_town(other_town):
        assert not FeeDue.objects.filter(pk=fee.pk).exists()
        with pytest.raises(NotFound):
            actions.settle(fee.pk, result_for(fee))
