"""A fee after the decision: in parts, let off, receipted, reminded of, lapsed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from billing import actions as payments
from billing.models import FeeDue
from cases import actions, fees, unpaid, waivers
from cases.models import Case, FeeWaiver, Receipt
from catalogue.instalments import Instalments
from catalogue.unpaid import Unpaid
from common import outbox as common_outbox
from common.actor import SYSTEM, Actor
from common.errors import Conflict, InvalidInput, NotAllowed, NotFound
from identity.models import Role, User
from notifications.models import Message
from tests.factories import cases as make
from tests.factories import people


@pytest.fixture
def clerk(town: Any) -> User:
    return people.staff(Role.FINANCE, at=None)


def fee_of(case: Case) -> FeeDue:
    return FeeDue.objects.get(decision__case=case)


def pay(fee: FeeDue, amount: int | None = None) -> None:
    payments.receive(
        fee_id=fee.pk, source="counter", key=f"k{fee.pk}{amount}", amount=amount or fee.amount,
        received_on=timezone.localdate(), by=SYSTEM,
    )  # fmt: skip
    common_outbox.drain()


def kinds(case: Case) -> list[str]:
    found = Message.objects.filter(recipient=case.resident).order_by("created_at")
    return list(found.values_list("kind", flat=True))


def fresh(case: Case) -> Case:
    return Case.objects.select_related("decision__fee", "resident").get(pk=case.pk)


# --- Receipts -----------------------------------------------------------------------------------


def test_paid_fee_gets_one_receipt_with_the_next_number(town: Any) -> None:
    first, second = make.paid_case(), make.paid_case()
    common_outbox.drain()
    numbers = [Receipt.objects.get(fee=fee_of(case)).number for case in (first, second)]
    series = [number.rsplit("-", 1) for number in numbers]
    assert series[0][0].startswith("領")
    assert int(series[1][1]) == int(series[0][1]) + 1
    receipt = Receipt.objects.get(fee=fee_of(first))
    assert receipt.document is not None
    assert receipt.document.kind == "payments.receipt"
    from cases.fee_tasks import make_receipt

    make_receipt({"fee_id": str(receipt.fee_id)})
    assert Receipt.objects.filter(fee=receipt.fee).count() == 1


def test_fee_is_raised_with_a_number_and_who_is_expected_to_pay(town: Any) -> None:
    fee = fee_of(make.due_case())
    assert (fee.payer_name, fee.payer_kana) == ("山田 花子", "ヤマダ ハナコ")
    assert fee.number is not None


# --- Instalments --------------------------------------------------------------------------------


@pytest.fixture
def in_three_parts(monkeypatch: pytest.MonkeyPatch, town: Any) -> None:
    schedule = make.offering().template.fees
    monkeypatch.setitem(
        schedule.__dict__, "instalments", Instalments(by="equal", parts=3, months_apart=2)
    )


def test_parts_have_their_days_and_add_up(in_three_parts: None) -> None:
    case = make.due_case()
    parts = fees.of_case(case)
    assert [(part.part, part.parts) for part in parts] == [(1, 3), (2, 3), (3, 3)]
    assert sum(part.amount for part in parts) == case.application.computed_fee.total
    days = [part.due_on for part in parts]
    assert days == sorted(days)  # type: ignore[type-var]
    assert len(set(days)) == 3


def test_first_part_issues_the_permit_later_ones_are_paid_each_for_itself(
    in_three_parts: None,
) -> None:
    case = make.due_case()
    first, second, third = fees.of_case(case)
    pay(first)
    issued = fresh(case)
    assert (issued.stage, issued.decision.letter is not None) == ("issued", True)
    pay(second)
    pay(third)
    assert {part.state for part in fees.of_case(fresh(case))} == {"paid"}
    assert Receipt.objects.count() == 3
    assert kinds(case).count("payment_received") == 3
    assert list(case.timeline.filter(code="part_paid").values_list("values", flat=True)) == [
        {"part": 2, "parts": 3}, {"part": 3, "parts": 3},
    ]  # fmt: skip
    from cases.tasks import after_payment

    after_payment({"fee_id": str(second.pk)})
    assert case.timeline.filter(code="part_paid").count() == 2


def test_raising_again_raises_nothing_more(in_three_parts: None) -> None:
    case = make.due_case()
    fees.raise_for(case.decision)
    assert FeeDue.objects.count() == 3


# --- Waivers ------------------------------------------------------------------------------------


def ask(case: Case, **changes: Any) -> FeeWaiver:
    given: dict[str, Any] = {
        "case": case, "fee": fee_of(case), "reason": "学校の行事のため",
        "by": Actor.of(case.resident),
    }  # fmt: skip
    return waivers.ask(**(given | changes))


def test_waived_fee_issues_the_permit_with_an_own_letter(
    town: Any, clerk: User, ledger: Any
) -> None:
    case = make.due_case()
    fee = fee_of(case)
    waivers.decide(waiver=ask(case), yen=fee.amount, answer="公益のため", by=clerk)
    common_outbox.drain()
    waiver = FeeWaiver.objects.get()
    issued = fresh(case)
    assert (waiver.state, fee_of(case).state, issued.stage) == ("granted", "waived", "issued")
    assert waiver.letter is not None
    assert waiver.number is not None
    assert waiver.number.startswith("減")
    assert issued.decision.letter is not None
    assert "waiver_decided" in kinds(case)
    assert not Receipt.objects.exists()
    assert [event for event in ledger(case) if event.startswith("waiver")] == [
        "waiver.asked", "waiver.granted",
    ]  # fmt: skip
    codes = list(case.timeline.values_list("code", flat=True))
    assert "paid" not in codes
    assert codes.count("fee_waived") == 1


def test_reduced_fee_is_paid_by_the_rest(town: Any, clerk: User) -> None:
    case = make.due_case()
    before = fee_of(case)
    waivers.decide(waiver=ask(case), yen=100, answer="半額", by=clerk)
    fee = fee_of(case)
    assert (fee.state, fee.amount) == ("due", before.amount - 100)
    assert fee.breakdown[-1][1] == -100
    assert sum(yen for _text, yen in fee.breakdown) == fee.amount
    pay(fee)
    assert fresh(case).stage == "issued"


def test_refused_waiver_gives_time_to_pay_again(town: Any, clerk: User) -> None:
    case = make.due_case()
    fee = fee_of(case)
    fee.due_on = timezone.localdate() - timedelta(days=20)
    fee.demanded_at = timezone.now()
    fee.save()
    waivers.decide(waiver=ask(case), yen=0, answer="要件に当たらないため", by=clerk)
    fee.refresh_from_db()
    assert fee.state == "due"
    assert fee.due_on is not None
    assert fee.due_on > timezone.localdate()
    assert fee.demanded_at is None


@pytest.mark.parametrize(
    ("yen", "answer", "field"), [(-1, "x", "yen"), (10**6, "x", "yen"), (0, " ", "answer")]
)
def test_decision_that_cannot_be_is_refused_at_its_field(
    town: Any, clerk: User, yen: int, answer: str, field: str
) -> None:
    waiver = ask(make.due_case())
    with pytest.raises(InvalidInput) as refused:
        waivers.decide(waiver=waiver, yen=yen, answer=answer, by=clerk)
    assert set(refused.value.errors) == {field}
    waiver.refresh_from_db()
    assert waiver.state == "asked"


def test_waiver_is_asked_once_by_the_resident_and_decided_once(town: Any, clerk: User) -> None:
    case = make.due_case()
    with pytest.raises(NotFound):
        ask(case, by=Actor.of(people.resident()))
    with pytest.raises(InvalidInput):
        ask(case, reason="  ")
    waiver = ask(case)
    with pytest.raises(Conflict):
        ask(case)
    waivers.decide(waiver=waiver, yen=0, answer="x", by=clerk)
    with pytest.raises(Conflict):
        waivers.decide(waiver=waiver, yen=0, answer="x", by=clerk)
    with pytest.raises(Conflict):
        ask(case)


def test_waiver_of_a_paid_fee_is_not_asked(town: Any) -> None:
    case = make.paid_case()
    with pytest.raises(Conflict):
        ask(case)


def test_who_decides_a_waiver(town: Any, clerk: User) -> None:
    case = make.due_case()
    waiver = ask(case)
    stranger = people.caseworker(at="child_welfare")
    with pytest.raises(NotAllowed):
        waivers.decide(waiver=waiver, yen=0, answer="x", by=stranger)
    with pytest.raises(NotFound):
        waivers.get(waiver.pk, stranger)
    assert list(waivers.to_decide(stranger)) == []
    own = people.caseworker(at=case.department)
    assert list(waivers.to_decide(own)) == list(waivers.to_decide(clerk)) == [waiver]


# --- Unpaid -------------------------------------------------------------------------------------

RULE = Unpaid(remind_days=3, demand_days=7, then="lapse", lapse_days=30)


@pytest.fixture
def rule(monkeypatch: pytest.MonkeyPatch, town: Any) -> None:
    monkeypatch.setitem(make.offering().template.fees.__dict__, "unpaid", RULE)


def nights(case: Case, first: int, last: int) -> list[tuple[int, str]]:
    """What the chore does, by days after the due date."""
    due = fee_of(case).due_on
    assert due is not None
    noon = timezone.now().replace(year=due.year, month=due.month, day=due.day, hour=3)
    done = []
    for night in range(first, last + 1):
        with time_machine.travel(noon + timedelta(days=night), tick=False):
            found = unpaid.look_at(fee_of(case).pk, due + timedelta(days=night))
            common_outbox.drain()
            if found:
                done.append((night, found))
    return done


def test_reminder_demand_and_end_come_on_their_days_once(rule: None, ledger: Any) -> None:
    case = make.due_case()
    assert nights(case, -8, 40) == [(-3, "reminder"), (7, "demand"), (30, "lapse")]
    ended = fresh(case)
    assert (ended.stage, fee_of(case).state) == ("lapsed", "expired")
    assert ended.closed_at is not None
    assert ended.decision.letter is None
    told = [kind for kind in kinds(case) if kind.startswith("fee_")]
    assert told == ["fee_due", "fee_reminder", "fee_demand", "fee_lapsed"]
    assert "case.lapsed" in ledger(case)


def test_nothing_ends_before_the_demand_had_its_time(rule: None) -> None:
    """The chore did not run for two months: first the demand, the end a week later."""
    case = make.due_case()
    assert nights(case, 60, 70) == [(60, "demand"), (67, "lapse")]


def test_paid_fee_is_left_alone(rule: None) -> None:
    case = make.paid_case()
    assert nights(case, -5, 40) == []


def test_fee_paid_in_part_is_demanded_and_never_lapses(rule: None) -> None:
    case = make.due_case()
    pay(fee_of(case), 1)
    assert nights(case, 0, 50) == [(0, "reminder"), (7, "demand")]


def test_open_waiver_stops_the_clock(rule: None) -> None:
    case = make.due_case()
    fee = fee_of(case)
    FeeDue.objects.filter(pk=fee.pk).update(due_on=timezone.localdate() - timedelta(days=50))
    ask(case)
    unpaid.look_after()
    fee.refresh_from_db()
    assert (fee.state, fee.demanded_at) == ("due", None)


def test_service_that_keeps_its_fees_demands_and_keeps(town: Any, monkeypatch: Any) -> None:
    monkeypatch.setitem(make.offering().template.fees.__dict__, "unpaid", Unpaid(remind_days=0))
    case = make.due_case()
    assert nights(case, -5, 60) == [(0, "reminder"), (7, "demand")]
    assert fresh(case).stage == "payment"


def test_chore_goes_on_after_a_fee_that_fails(rule: None, monkeypatch: Any) -> None:
    one, other = make.due_case(), make.due_case()
    FeeDue.objects.update(due_on=timezone.localdate() - timedelta(days=10))
    real, bad = unpaid.look_at, fee_of(one).pk

    def fails(fee_id: Any, today: Any) -> str:
        if fee_id == bad:
            raise RuntimeError
        return real(fee_id, today)

    monkeypatch.setattr(unpaid, "look_at", fails)
    unpaid.look_after()
    assert fee_of(other).demanded_at is not None
    assert fee_of(one).demanded_at is None


def test_money_after_the_end_is_surplus(rule: None) -> None:
    case = make.due_case()
    nights(case, 7, 30)
    pay(fee_of(case))
    assert fresh(case).stage == "lapsed"
    assert fee_of(case).payments.get().outcome == "surplus"


def test_lapse_of_a_case_that_goes_on_is_nothing(rule: None) -> None:
    case = make.paid_case()
    assert actions.lapse_unpaid(fee_id=fee_of(case).pk) is None
    assert fresh(case).stage == "issued"
