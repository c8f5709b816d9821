"""Giving money back: asked by one member of staff, above a sum agreed to by a second one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from billing import actions, providers, surplus
from billing.models import FeeDue, FinanceSettings, Payment, Refund
from common import outbox
from common.actor import Actor
from common.errors import Conflict, InvalidInput, NotAllowed, NotFound
from identity.models import User

REFUND = "payments.refund"
REFUNDED = "payments.refunded"
#: Ways that are no provider's: their money goes back by hand.
BY_HAND = ("bank", "counter", "waiver", surplus.SOURCE)


def refundable(fee: FeeDue) -> int:
    """Yen that came for a fee and did not go back, nor are on their way."""
    came = fee.payments.filter(outcome__in=Payment.MONEY).aggregate(yen=Sum("amount"))["yen"] or 0
    went = fee.refunds.filter(state__in=Refund.COUNTS).aggregate(yen=Sum("amount"))["yen"] or 0
    moved = fee.payments.filter(outcome=Payment.Outcome.MOVED).aggregate(yen=Sum("amount"))["yen"]
    return came - went - (moved or 0)


def by_provider(fee: FeeDue) -> Payment | None:
    """The payment that a provider can give back, when one was made through it."""
    return (
        fee.payments.filter(outcome__in=Payment.MONEY)
        .exclude(provider__in=BY_HAND)
        .order_by("-created_at")
        .first()
    )


@transaction.atomic
def ask(
    *,
    fee_id: uuid.UUID,
    amount: int,
    reason: str,
    way: str,
    by: User,
    account: Mapping[str, Any] | None = None,
) -> Refund:
    """Give back `amount` yen, or ask a second member of staff to agree (`FinanceSettings`).

    Raises `InvalidInput`, `NotFound`.
    """
    fee = actions.locked(fee_id)
    left = refundable(fee)
    payment = by_provider(fee) if way == Refund.Way.PROVIDER else None
    errors: dict[str, list[str]] = {}
    if not 0 < amount <= left:
        errors["amount"] = [_("At most ¥%(left)s can be given back.") % {"left": f"{left:,}"}]
    if not reason.strip():
        errors["reason"] = [_("Write why it is given back.")]
    if way not in Refund.Way.values:
        errors["way"] = [_("Choose how it goes back.")]
    elif way == Refund.Way.PROVIDER and (payment is None or left >= amount > payment.amount):
        errors["way"] = [_("It was not paid by card. Choose another way.")]
    elif way == Refund.Way.BANK and not account:
        errors["account"] = [_("Write the bank account.")]
    if errors:
        raise InvalidInput(errors)
    limit = FinanceSettings.current().four_eyes_above
    alone = limit is None or amount <= limit
    refund = Refund.objects.create(
        fee=fee,
        payment=payment,
        amount=amount,
        reason=reason.strip(),
        way=way,
        account=dict(account or {}) if way == Refund.Way.BANK else {},
        state=Refund.State.APPROVED if alone else Refund.State.ASKED,
        asked_by=by,
    )
    _record(refund, by, "refund.asked")
    if alone:
        _hand_over(refund)
    return refund


@transaction.atomic
def agree(*, refund_id: uuid.UUID, by: User) -> Refund:
    """The second member of staff agrees. Raises `NotAllowed`, `Conflict`, `NotFound`."""
    refund = _waiting(refund_id, by)
    refund.state = Refund.State.APPROVED
    _decided(refund, by, "refund.agreed")
    _hand_over(refund)
    return refund


@transaction.atomic
def refuse(*, refund_id: uuid.UUID, by: User) -> Refund:
    """The second member of staff does not agree. Raises as `agree`."""
    refund = _waiting(refund_id, by)
    refund.state = Refund.State.REFUSED
    refund.account = {}
    _decided(refund, by, "refund.refused")
    return refund


@transaction.atomic
def paid_back(*, refund_id: uuid.UUID, on: date, by: User) -> Refund:
    """Note that a transfer or cash went back. Raises `InvalidInput`, `Conflict`, `NotFound`."""
    refund = _locked(refund_id)
    if refund.state != Refund.State.APPROVED or refund.way == Refund.Way.PROVIDER:
        raise Conflict(_("There is nothing to be noted here any more."), code="not_approved")
    if on > timezone.localdate() or on < timezone.localdate(refund.asked_at):
        raise InvalidInput({"on": [_("It cannot have gone back on this day.")]})
    _record(refund, by, "refund.paid_back")
    _done(refund, on)
    return refund


@outbox.handler(REFUND)
def at_provider(payload: dict[str, Any]) -> None:
    """Have the provider give it back; the same refund is asked for under the same key."""
    refund = Refund.objects.select_for_update().get(pk=payload["refund_id"])
    if refund.state != Refund.State.APPROVED or refund.payment is None:
        return
    provider = providers.registry.get(refund.payment.provider)
    if provider.refund(refund.payment, refund.amount, str(refund.pk)):
        _done(refund, timezone.localdate())
    else:
        refund.state = Refund.State.FAILED
        refund.save(update_fields=["state"])


def _hand_over(refund: Refund) -> None:
    if refund.way == Refund.Way.PROVIDER:
        outbox.enqueue(REFUND, str(refund.pk), {"refund_id": str(refund.pk)})


def _done(refund: Refund, on: date) -> None:
    refund.state, refund.done_on = Refund.State.DONE, on
    # The account was needed for this alone.
    refund.account = {}
    refund.save(update_fields=["state", "done_on", "account"])
    outbox.enqueue(REFUNDED, str(refund.pk), {"refund_id": str(refund.pk)})


def _decided(refund: Refund, by: User, event: str) -> None:
    refund.decided_by, refund.decided_at = by, timezone.now()
    refund.save(update_fields=["state", "account", "decided_by", "decided_at"])
    _record(refund, by, event)


def _record(refund: Refund, by: User, event: str) -> None:
    ledger.record(
        event=event,
        by=Actor.of(by),
        object_kind="fee",
        object_id=str(refund.fee_id),
        data={"refund": str(refund.pk), "amount": refund.amount, "way": refund.way},
    )


def _waiting(refund_id: uuid.UUID, by: User) -> Refund:
    refund = _locked(refund_id)
    if refund.state != Refund.State.ASKED:
        raise Conflict(_("This refund has been decided already."), code="decided")
    if refund.asked_by_id == by.pk:
        raise NotAllowed(
            _("You asked for this refund yourself. Somebody else has to agree."), code="four_eyes"
        )
    return refund


def _locked(refund_id: uuid.UUID) -> Refund:
    found = Refund.objects.select_for_update().filter(pk=refund_id).first()
    if found is None:
        raise NotFound(_("There is no such refund."), code="no_refund")
    return found
