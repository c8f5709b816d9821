"""Raising, paying and cancelling fees."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from common import outbox
from common.actor import Actor
from common.errors import NotFound
from common.text import Text
from payments import providers
from payments.errors import NotDue, UntrustedAnswer
from payments.models import FeeDue, Payment
from payments.providers import PaymentResult

FEE_PAID = "payments.fee_paid"


@transaction.atomic
def raise_fee(
    *,
    reference: str,
    title: Text,
    amount: int,
    lines: Iterable[Mapping[str, Any]],
    due_on: date | None = None,
    fee_id: uuid.UUID | None = None,
) -> FeeDue | None:
    """Make a fee due. None when it comes to nothing: a fee of zero is never raised.

    `amount` in yen; `lines` say how it comes about, ``{"text": Text or mapping, "amount": yen}``,
    a reduction as a negative line. With `fee_id` the same fee is raised once, however often this is
    called. Raises `ValueError` when the amount is negative or not the sum of the lines.
    """
    if fee_id is not None and (raised := FeeDue.objects.filter(pk=fee_id).first()):
        return raised
    kept = [(Text(line["text"]).as_dict(), _yen(line["amount"])) for line in lines]
    if _yen(amount) < 0 or sum(yen for _text, yen in kept) != amount:
        raise ValueError("a fee is the sum of its lines, and not less than nothing")
    if amount == 0:
        return None
    return FeeDue.objects.create(
        id=fee_id or uuid.uuid4(),
        reference=reference,
        title=title,
        amount=amount,
        lines=[{"text": text, "amount": yen} for text, yen in kept],
        due_on=due_on,
    )


def start(*, fee: FeeDue, return_url: str, language: str) -> str:
    """The provider's address to send the payer to. Raises `NotDue`, `PaymentsUnavailable`."""
    if fee.state != FeeDue.State.DUE:
        raise _not_due(fee)
    return providers.current().start(fee, return_url, language)


@transaction.atomic
def settle(fee_id: uuid.UUID, result: PaymentResult) -> Payment:
    """Write down a provider's answer, once; a first "paid" makes the fee paid.

    The same answer again changes nothing and gives the first row. Money for a fee that is no longer
    due is kept as surplus, to be given back. `payments.fee_paid` goes into the outbox exactly once.
    Raises `UntrustedAnswer` when the answer is about another fee, reference or sum; `NotFound`.
    """
    fee = _locked(fee_id)
    if (result.fee_id, result.reference, result.amount) != (
        str(fee.pk),
        fee.reference,
        fee.amount,
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
    outcome = Payment.Outcome(result.outcome)
    if outcome == Payment.Outcome.PAID and fee.state != FeeDue.State.DUE:
        outcome = Payment.Outcome.SURPLUS
    payment = Payment.objects.create(
        fee=fee,
        provider=result.provider,
        provider_payment_id=result.payment_id,
        outcome=outcome,
        amount=result.amount,
    )
    if outcome == Payment.Outcome.PAID:
        _mark_paid(fee, result)
    return payment


@transaction.atomic
def cancel(*, fee_id: uuid.UUID, by: Actor) -> FeeDue:
    """Take back a fee that is still due (an application was withdrawn, a fee was waived).

    Raises `NotDue` when it is paid, `NotFound`. Cancelling twice is once.
    """
    fee = _locked(fee_id)
    if fee.state == FeeDue.State.PAID:
        raise _not_due(fee)
    if fee.state == FeeDue.State.DUE:
        fee.state = FeeDue.State.CANCELLED
        fee.cancelled_at = timezone.now()
        fee.save(update_fields=["state", "cancelled_at"])
        ledger.record(event="fee.cancelled", by=by, object_kind="fee", object_id=fee.pk)
    return fee


def _locked(fee_id: uuid.UUID) -> FeeDue:
    try:
        return FeeDue.objects.select_for_update().get(pk=fee_id)
    except FeeDue.DoesNotExist:
        raise NotFound(_("There is no such fee."), code="no_fee") from None


def _mark_paid(fee: FeeDue, result: PaymentResult) -> None:
    fee.state = FeeDue.State.PAID
    fee.paid_at = timezone.now()
    fee.provider = result.provider
    fee.provider_payment_id = result.payment_id
    fee.save(update_fields=["state", "paid_at", "provider", "provider_payment_id"])
    outbox.enqueue(FEE_PAID, str(fee.pk), {"fee_id": str(fee.pk)})


def _not_due(fee: FeeDue) -> NotDue:
    if fee.state == FeeDue.State.PAID:
        return NotDue(_("This fee is paid already."), code="paid")
    return NotDue(_("This fee was cancelled. Nothing is to be paid."), code="cancelled")


def _yen(amount: object) -> int:
    if isinstance(amount, bool) or not isinstance(amount, int):
        raise TypeError("an amount is whole yen")
    return amount
