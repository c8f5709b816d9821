"""Money that is too much: what is left of it, put to another fee, given back."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from audit.models import LedgerEntry
from billing import actions, queries, refunds, surplus
from billing.errors import NotDue
from billing.models import FeeDue
from common.actor import SYSTEM
from common.errors import Conflict
from common.text import Text
from identity.models import Role, User
from tests.factories import people


@pytest.fixture
def clerk(town: Any) -> User:
    return people.staff(Role.FINANCE, at=None)


def another(yen: int) -> FeeDue:
    fee = actions.raise_fee(
        reference="other", title=Text("t"), amount=yen, lines=[{"text": "l", "amount": yen}]
    )
    assert fee is not None
    return fee


def came(fee: FeeDue, yen: int, key: str = "k") -> None:
    today = timezone.localdate()
    actions.receive(fee_id=fee.pk, source="bank", key=key, amount=yen, received_on=today, by=SYSTEM)


def to_be_dealt_with() -> list[FeeDue]:
    return list(queries.fees("surplus"))


def test_money_for_a_lapsed_fee_needs_a_person_until_all_of_it_has_gone_somewhere(
    fee: FeeDue, clerk: User
) -> None:
    assert to_be_dealt_with() == []
    actions.expire(fee_id=fee.pk)
    came(fee, 480)
    assert (surplus.left_of(fee), to_be_dealt_with()) == (480, [fee])
    other = another(300)
    assert surplus.move(fee_id=fee.pk, to_id=other.pk, by=clerk) == 300
    other.refresh_from_db()
    assert (other.state, surplus.left_of(fee), refunds.refundable(fee)) == ("paid", 180, 180)
    refunds.ask(fee_id=fee.pk, amount=180, reason="x", way="cash", by=clerk)
    assert (surplus.left_of(fee), to_be_dealt_with()) == (0, [])
    entry = LedgerEntry.objects.get(event="fee.moved")
    assert entry.data == {"to": str(other.pk), "amount": 300}
    # Of what came on this day not a yen was counted twice.
    [day] = queries.report(timezone.localdate(), timezone.localdate())
    assert (day.came, day.surplus, day.by_source) == (480, 180, (("moved", 300),))


def test_a_part_that_came_before_it_lapsed_is_too_much_as_well(fee: FeeDue, clerk: User) -> None:
    came(fee, 100)
    assert surplus.left_of(fee) == 0
    actions.cancel(fee_id=fee.pk, by=SYSTEM)
    assert (surplus.left_of(fee), to_be_dealt_with()) == (100, [fee])


def test_a_refund_of_what_was_owed_is_no_surplus(fee: FeeDue, clerk: User) -> None:
    came(fee, 500)
    assert surplus.left_of(fee) == 20
    refunds.ask(fee_id=fee.pk, amount=400, reason="x", way="cash", by=clerk)
    assert (surplus.left_of(fee), to_be_dealt_with()) == (0, [])


def test_only_as_far_as_the_other_is_due(fee: FeeDue, clerk: User) -> None:
    came(fee, 500)
    other = another(1_000)
    assert surplus.move(fee_id=fee.pk, to_id=other.pk, by=clerk) == 20
    other.refresh_from_db()
    assert (other.state, other.outstanding) == ("due", 980)
    with pytest.raises(Conflict):  # the second press of the button
        surplus.move(fee_id=fee.pk, to_id=other.pk, by=clerk)
    actions.cancel(fee_id=other.pk, by=SYSTEM)
    with pytest.raises(NotDue):
        surplus.move(fee_id=fee.pk, to_id=other.pk, by=clerk)
