"""Raising, paying and cancelling fees."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from billing import numbers
from billing.errors import NotDue, UntrustedAnswer
from billing.models import Attempt, FeeDue, Payment
from billing.providers import PaymentResult
from common import outbox
from common.actor import SYSTEM, Actor
from common.errors import NotFound
from common.text import Text

FEE_PAID = "payments.fee_paid"
_NUMBER_ATTEMPTS = 5


@transaction.atomic
def raise_fee(
    *,
    reference: str,
    title: Text,
    amount: int,
    lines: Iterable[Mapping[str, Any]],
    due_on: date | None = None,
    fee_id: uuid.UUID | None = None,
    payer: tuple[str, str] = ("", ""),
    part: tuple[uuid.UUID, int, int] | None = None,
) -> FeeDue | None:
    """Make a fee due. None when it comes to nothing: a fee of zero is never raised.

    `amount` in yen; `lines` say how it comes about, ``{"text": Text or mapping, "amount": yen}``,
    a reduction as a negative line. With `fee_id` the same fee is raised once, however often this is
    called. `payer` is who is expected to pay, name and kana; `part` the series, and which part of
    how many this is. Raises `ValueError` when the amount is negative or not the sum of the lines.
    """
    if fee_id is not None and (raised := FeeDue.objects.filter(pk=fee_id).first()):
        return raised
    kept = [(Text(line["text"]).as_dict(), _yen(line["amount"])) for line in lines]
    if _yen(amount) < 0 or sum(yen for _text, yen in kept) != amount:
        raise ValueError("a fee is the sum of its lines, and not less than nothing")
    if amount == 0:
        return None
    series, number, parts = part or (None, 1, 1)
    return _inserted(
        FeeDue(
            id=fee_id or uuid.uuid4(),
            reference=reference,
            title=title,
            amount=amount,
            lines=[{"text": text, "amount": yen} for text, yen in kept],
            due_on=due_on,
            payer_name=payer[0],
            payer_kana=payer[1],
            series=series,
            part=number,
            parts=parts,
        )
    )


def _inserted(fee: FeeDue) -> FeeDue:
    for attempt in range(_NUMBER_ATTEMPTS):
        fee.number = numbers.new()
        try:
            with transaction.atomic():
                fee.save(force_insert=True)
        except IntegrityError as error:
            # Only a number that is taken is a reason to try again.
            if "number" not in str(error) or attempt + 1 == _NUMBER_ATTEMPTS:
                raise
        else:
            return fee
    raise AssertionError("unreachable")


@transaction.atomic
def settle(fee_id: uuid.UUID, result: PaymentResult) -> Payment:
    """Write down a provider's answer, once; a first "paid" makes the fee paid.

    The same answer again changes nothing and gives the first row. Money for a fee that is no longer
    due is kept as surplus, to be given back. `payments.fee_paid` goes into the outbox exactly once.
    Raises `UntrustedAnswer` when the answer is about another fee, reference or sum than anybody
    was sent to pay; `NotFound`.
    """
    fee = locked(fee_id)
    asked = {fee.amount, *fee.attempts.values_list("amount", flat=True)}
    if (result.fee_id, result.reference) != (str(fee.pk), fee.reference) or (
        result.amount not in asked
    ):
        raise UntrustedAnswer(
            _("This answer is about another payment. Nothing was recorded."), code="mismatch"
        )
    known = Payment.objects.filter(
        provider=result.provider, provider_payment_id=result.payment_id
    ).first()
    if known is not None:
        if known.fee_id != fee.pk:
            raise UntrustedAnswer(
                _("This answer is about another payment. Nothing was recorded."), code="reused"
            )
        return known
    ends = Attempt.State.PAID if result.outcome == "paid" else Attempt.State.OVER
    if result.attempt_id is not None:
        fee.attempts.filter(pk=result.attempt_id).update(state=ends)
    if result.outcome == "paid":
        return _enter(fee, result.provider, result.payment_id, result.amount)[0]
    return Payment.objects.create(
        fee=fee,
        provider=result.provider,
        provider_payment_id=result.payment_id,
        outcome=Payment.Outcome(result.outcome),
        amount=result.amount,
    )


@transaction.atomic
def receive(
    *, fee_id: uuid.UUID, source: str, key: str, amount: int, received_on: date, by: Actor
) -> list[Payment]:
    """Enter money that came by the bank or at the counter; the same `key` again changes nothing.

    Less than what is due is a part of it, more is surplus to be given back; both stay visible.
    Raises `ValueError` for an amount that is not above zero, `NotFound`.
    """
    fee = locked(fee_id)
    if _yen(amount) <= 0:
        raise ValueError("money that came is more than nothing")
    known = list(
        Payment.objects.filter(provider=source, provider_payment_id__in=[key, _rest_of(key)])
    )
    if known:
        return known
    entered = _enter(fee, source, key, amount, received_on)
    ledger.record(
        event="fee.received",
        by=by,
        object_kind="fee",
        object_id=str(fee.pk),
        data={"source": source, "amount": amount, "state": fee.state},
    )
    return entered


def _enter(
    fee: FeeDue, source: str, key: str, amount: int, received_on: date | None = None
) -> list[Payment]:
    """What counts towards the fee, and what is too much, as one row each."""
    counted = min(amount, fee.outstanding)
    complete = counted > 0 and counted == fee.outstanding
    parts = [(Payment.Outcome.PAID if complete else Payment.Outcome.PARTIAL, counted)]
    parts = [part for part in [*parts, (Payment.Outcome.SURPLUS, amount - counted)] if part[1]]
    rows = [
        Payment.objects.create(
            fee=fee,
            provider=source,
            provider_payment_id=key if number == 0 else _rest_of(key),
            outcome=outcome,
            amount=yen,
            received_on=received_on,
        )
        for number, (outcome, yen) in enumerate(parts)
    ]
    if counted:
        fee.received += counted
        fee.save(update_fields=["received"])
    if complete:
        _mark_paid(fee, source, key)
    return rows


def _rest_of(key: str) -> str:
    return f"{key}:rest"


@transaction.atomic
def cancel(*, fee_id: uuid.UUID, by: Actor) -> FeeDue:
    """Take back a fee that is still due (an application was withdrawn, a fee was waived).

    Raises `NotDue` when it is paid, `NotFound`. Cancelling twice is once.
    """
    fee = locked(fee_id)
    if fee.state == FeeDue.State.PAID:
        raise not_due(fee)
    if fee.state == FeeDue.State.DUE:
        fee.state = FeeDue.State.CANCELLED
        fee.cancelled_at = timezone.now()
        fee.save(update_fields=["state", "cancelled_at"])
        ledger.record(event="fee.cancelled", by=by, object_kind="fee", object_id=fee.pk)
    return fee


@transaction.atomic
def annul(*, fee_id: uuid.UUID, by: Actor) -> FeeDue:
    """Take back a fee that is paid: what came for it is too much now, and waits to be given back.

    Raises `NotFound`. Twice is once; what is not paid stays as it is.
    """
    fee = locked(fee_id)
    if fee.state == FeeDue.State.PAID:
        fee.state, fee.cancelled_at = FeeDue.State.CANCELLED, timezone.now()
        # Who paid when stays with the payments.
        fee.paid_at, fee.provider, fee.provider_payment_id = None, "", None
        fee.save(
            update_fields=["state", "cancelled_at", "paid_at", "provider", "provider_payment_id"]
        )
        ledger.record(
            event="fee.cancelled",
            by=by,
            object_kind="fee",
            object_id=str(fee.pk),
            data={"to_give_back": fee.received},
        )
    return fee


@transaction.atomic
def reduce(*, fee_id: uuid.UUID, by_yen: int, text: Text, by: Actor) -> FeeDue:
    """Let somebody off a part of a fee, or all of what is still to pay (減額, 免除).

    A reduction is a line of the fee. What was paid already stays paid; when nothing is left to pay
    the fee is paid, or waived where nobody had paid anything: either way `payments.fee_paid`
    goes out, since the case goes on. Raises `NotDue`, `NotFound`, `ValueError`.
    """
    fee = locked(fee_id)
    if fee.state != FeeDue.State.DUE:
        raise not_due(fee)
    if not 0 < _yen(by_yen) <= fee.outstanding:
        raise ValueError("a reduction is more than nothing, and not more than what is due")
    if by_yen == fee.amount:
        # A fee is never zero: it stays as it was, and is waived.
        fee.state, fee.cancelled_at = FeeDue.State.WAIVED, timezone.now()
        fee.save(update_fields=["state", "cancelled_at"])
        outbox.enqueue(FEE_PAID, str(fee.pk), {"fee_id": str(fee.pk)})
    else:
        fee.amount -= by_yen
        fee.lines = [*fee.lines, {"text": text.as_dict(), "amount": -by_yen}]
        fee.save(update_fields=["amount", "lines"])
        if fee.outstanding == 0:
            _mark_paid(fee, "waiver", f"waiver:{fee.pk}")
    ledger.record(
        event="fee.reduced",
        by=by,
        object_kind="fee",
        object_id=str(fee.pk),
        data={"yen": by_yen, "state": fee.state},
    )
    return fee


@transaction.atomic
def expire(*, fee_id: uuid.UUID) -> FeeDue:
    """Nobody paid in time. Twice is once; what is paid or taken back stays as it is."""
    fee = locked(fee_id)
    if fee.state == FeeDue.State.DUE:
        fee.state, fee.cancelled_at = FeeDue.State.EXPIRED, timezone.now()
        fee.save(update_fields=["state", "cancelled_at"])
        ledger.record(event="fee.expired", by=SYSTEM, object_kind="fee", object_id=str(fee.pk))
    return fee


def locked(fee_id: uuid.UUID) -> FeeDue:
    """The fee, which nobody else changes until this transaction ends. Raises `NotFound`."""
    try:
        return FeeDue.objects.select_for_update().get(pk=fee_id)
    except FeeDue.DoesNotExist:
        raise NotFound(_("There is no such fee."), code="no_fee") from None


def _mark_paid(fee: FeeDue, source: str, key: str) -> None:
    fee.state = FeeDue.State.PAID
    fee.paid_at = timezone.now()
    fee.provider = source
    fee.provider_payment_id = key
    fee.save(update_fields=["state", "paid_at", "provider", "provider_payment_id"])
    outbox.enqueue(FEE_PAID, str(fee.pk), {"fee_id": str(fee.pk)})


def not_due(fee: FeeDue) -> NotDue:
    """Why nothing is to be paid (any more)."""
    if fee.state == FeeDue.State.PAID:
        return NotDue(_("This fee is paid already."), code="paid")
    if fee.state == FeeDue.State.EXPIRED:
        return NotDue(_("The time to pay this fee is over. Please ask the office."), code="expired")
    if fee.state == FeeDue.State.WAIVED:
        return NotDue(_("This fee was waived. Nothing is to be paid."), code="waived")
    return NotDue(_("This fee was cancelled. Nothing is to be paid."), code="cancelled")


def _yen(amount: object) -> int:
    if isinstance(amount, bool) or not isinstance(amount, int):
        raise TypeError("an amount is whole yen")
    return amount
