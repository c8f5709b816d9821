"""Refunds: never more than came, a second pair of eyes above a sum, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from billing import actions, providers, refunds
from billing.models import FeeDue, FinanceSettings, Refund
from common import outbox
from common.errors import Conflict, InvalidInput, NotAllowed
from common.models import OutboxRow
from identity.models import Role, User
from tests.billing.test_actions import result_for
from tests.factories import people

ACCOUNT = {"bankCode": "0149", "accountNumber": "1234567"}


@pytest.fixture(autouse=True)
def _nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(outbox.handlers._items, refunds.REFUNDED, lambda payload: None)


@pytest.fixture
def clerk(town: Any) -> User:
    return people.staff(Role.FINANCE, at=None)


@pytest.fixture
def paid(fee: FeeDue) -> FeeDue:
    actions.settle(fee.pk, result_for(fee))
    fee.refresh_from_db()
    return fee


def ask(fee: FeeDue, by: User, **changes: Any) -> Refund:
    given: dict[str, Any] = {"amount": 480, "reason": "取り下げのため", "way": "provider"}
    return refunds.ask(fee_id=fee.pk, by=by, **(given | changes))


def test_provider_gives_it_back_by_the_worker(paid: FeeDue, clerk: User) -> None:
    refund = ask(paid, clerk)
    assert refund.state == "approved"
    outbox.drain()
    refund.refresh_from_db()
    assert (refund.state, refund.done_on) == ("done", timezone.localdate())
    assert OutboxRow.objects.filter(kind=refunds.REFUNDED).count() == 1


def test_provider_that_cannot_is_said(
    paid: FeeDue, clerk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = providers.registry.get("sandbox")
    monkeypatch.setattr(type(provider), "refund", lambda self, payment, amount, key: False)
    refund = ask(paid, clerk)
    outbox.drain()
    refund.refresh_from_db()
    assert refund.state == "failed"
    assert refunds.refundable(paid) == 480


def test_parts_never_come_to_more_than_what_came(paid: FeeDue, clerk: User) -> None:
    ask(paid, clerk, amount=300)
    with pytest.raises(InvalidInput) as refused:
        ask(paid, clerk, amount=181)
    assert set(refused.value.errors) == {"amount"}
    ask(paid, clerk, amount=180)
    assert refunds.refundable(paid) == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": 0}, "amount"), ({"amount": -1}, "amount"), ({"amount": 481}, "amount"),
        ({"reason": " "}, "reason"), ({"way": "pigeon"}, "way"), ({"way": "bank"}, "account"),
    ],
)  # fmt: skip
def test_refund_that_cannot_be_is_refused_at_its_field(
    paid: FeeDue, clerk: User, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        ask(paid, clerk, **changes)
    assert set(refused.value.errors) == {field}
    assert not Refund.objects.exists()


def test_fee_that_nobody_paid_is_not_given_back(fee: FeeDue, clerk: User) -> None:
    with pytest.raises(InvalidInput):
        ask(fee, clerk, way="cash")


def test_cash_was_not_paid_by_card(fee: FeeDue, clerk: User) -> None:
    today = timezone.localdate()
    actions.receive(
        fee_id=fee.pk, source="counter", key="c", amount=480, received_on=today,
        by=people_actor(clerk),
    )  # fmt: skip
    with pytest.raises(InvalidInput) as refused:
        ask(fee, clerk)
    assert set(refused.value.errors) == {"way"}
    assert ask(fee, clerk, way="cash").state == "approved"


def people_actor(user: User) -> Any:
    from common.actor import Actor

    return Actor.of(user)


def test_above_the_limit_a_second_one_agrees(paid: FeeDue, clerk: User) -> None:
    FinanceSettings.objects.create(pk=1, four_eyes_above=400)
    assert ask(paid, clerk, amount=80).state == "approved"
    outbox.drain()
    refund = ask(paid, clerk, amount=400)
    assert refund.state == "approved"
    refund.state = Refund.State.REFUSED
    refund.save(update_fields=["state"])
    FinanceSettings.objects.update(four_eyes_above=399)
    refund = ask(paid, clerk, amount=400)
    assert refund.state == "asked"
    with pytest.raises(NotAllowed):
        refunds.agree(refund_id=refund.pk, by=clerk)
    with pytest.raises(NotAllowed):
        refunds.refuse(refund_id=refund.pk, by=clerk)
    second = people.staff(Role.FINANCE, at=None)
    refunds.agree(refund_id=refund.pk, by=second)
    with pytest.raises(Conflict):
        refunds.agree(refund_id=refund.pk, by=second)
    outbox.drain()
    refund.refresh_from_db()
    assert (refund.state, refund.decided_by) == ("done", second)


def test_refused_refund_can_be_asked_again(paid: FeeDue, clerk: User) -> None:
    FinanceSettings.objects.create(pk=1, four_eyes_above=0)
    refund = ask(paid, clerk, way="bank", account=ACCOUNT)
    refunds.refuse(refund_id=refund.pk, by=people.staff(Role.FINANCE, at=None))
    refund.refresh_from_db()
    assert (refund.state, refund.account, refunds.refundable(paid)) == ("refused", {}, 480)


def test_transfer_is_noted_and_the_account_forgotten(paid: FeeDue, clerk: User) -> None:
    refund = ask(paid, clerk, way="bank", account=ACCOUNT)
    assert refund.account == ACCOUNT
    with pytest.raises(InvalidInput):
        refunds.paid_back(
            refund_id=refund.pk, on=timezone.localdate() + timedelta(days=1), by=clerk
        )
    refunds.paid_back(refund_id=refund.pk, on=timezone.localdate(), by=clerk)
    refund.refresh_from_db()
    assert (refund.state, refund.account) == ("done", {})
    with pytest.raises(Conflict):
        refunds.paid_back(refund_id=refund.pk, on=timezone.localdate(), by=clerk)
