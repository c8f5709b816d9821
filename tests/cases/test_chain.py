"""What follows a change: worked off by the outbox, in order, once."""

from __future__ import annotations

from typing import Any

import pytest

from billing import actions as payments
from billing.models import FeeDue
from billing.providers import PaymentResult
from cases.models import Case, RegisterEntry
from common import outbox
from common.models import OutboxRow
from notifications.models import Message
from tests.factories import cases as make
from tests.factories import people


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


def _drain() -> None:
    assert outbox.drain().failed == 0
    failed = OutboxRow.objects.exclude(last_error="").values_list("kind", "last_error")
    assert list(failed) == []


def _told(case: Case) -> list[str]:
    messages = Message.objects.filter(recipient=case.resident).order_by("created_at")
    return list(messages.values_list("kind", flat=True))


def _pay(fee: FeeDue) -> None:
    payments.settle(
        fee.pk,
        PaymentResult(
            provider="sandbox",
            payment_id=f"pay-{fee.pk}",
            fee_id=str(fee.pk),
            reference=fee.reference,
            amount=fee.amount,
            outcome="paid",
        ),
    )


def test_approval_with_a_fee_ends_with_the_permit(town: Any, ledger: Any) -> None:
    case = make.claimed_case()
    decision = make.decision_on(case)
    _drain()
    decision.refresh_from_db()
    assert decision.letter is None
    assert decision.fee is not None
    assert decision.fee.amount == case.application.computed_fee.total
    assert decision.fee.reference == case.application.receipt_number

    _pay(decision.fee)
    _drain()
    decision.refresh_from_db()
    case = Case.objects.get(pk=case.pk)
    assert (case.stage, case.closed_at is not None) == ("issued", True)
    assert decision.letter is not None
    entry = RegisterEntry.objects.get(decision=decision)
    assert entry.valid_from.isoformat() == case.answers["use_from"]
    assert entry.valid_until.isoformat() == case.answers["use_to"]
    assert ledger(case)[-1] == "fee.paid"
    codes = [row.code for row in case.timeline.all()]
    assert codes == ["submitted", "claimed", "approved", "fee_due", "paid", "document_issued"]
    assert len(_told(case)) == len(set(_told(case))) == 4


def test_refusal_sends_the_letter_at_once(town: Any) -> None:
    decision = make.decision_on(make.claimed_case(), "refused")
    _drain()
    decision.refresh_from_db()
    assert decision.fee is None
    assert decision.letter is not None
    assert "不許可" in decision.letter.title
    assert not RegisterEntry.objects.filter(decision=decision).exists()


def test_benefit_is_granted_without_a_fee(town: Any) -> None:
    case = make.claimed_case(of=make.offering("child_allowance"))
    decision = make.decision_on(case)
    _drain()
    decision.refresh_from_db()
    assert Case.objects.get(pk=case.pk).stage == "granted"
    assert (decision.fee, decision.letter is not None) == (None, True)


def test_every_handler_may_run_twice(town: Any) -> None:
    case = make.claimed_case()
    correction = make.correction_of(case)
    make.answered_correction(correction, purpose="新しい目的")
    decision = make.decision_on(Case.objects.get(pk=case.pk), by=case.assigned_to)
    _drain()
    decision.refresh_from_db()
    _pay(decision.fee)
    _drain()

    def count() -> tuple[int, ...]:
        models = (Message, FeeDue, RegisterEntry, OutboxRow)
        return tuple(model.objects.count() for model in models)

    before = count()
    OutboxRow.objects.exclude(kind__startswith="notifications.").update(
        state=OutboxRow.State.PENDING, attempts=0
    )
    _drain()
    assert count() == before
    steps = [row.code for row in Case.objects.get(pk=case.pk).timeline.all()]
    assert len(steps) == len(set(steps))


def test_everybody_asked_for_an_opinion_is_told(town: Any) -> None:
    office = people.department("probe-office")
    asked = [people.consultee(at=office), people.consultee(at=office, name="森 一")]
    people.consultee(at="police")
    make.consulted_case(asked=office)
    _drain()
    told = Message.objects.filter(kind__contains="consult").values_list("recipient_id", flat=True)
    assert set(told) == {member.pk for member in asked}
