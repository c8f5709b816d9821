"""Fees that nobody pays: every night a reminder before the day, a demand after it, then the end.

What is done is what the service declares (`catalogue.unpaid`). While a request to be let off a fee
waits for its decision, nothing is demanded and nothing lapses.
"""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from billing.models import Attempt, FeeDue
from cases import fees, timeline
from cases.models import Case, FeeWaiver
from common import outbox

log = structlog.get_logger(__name__)
#: The most days before its due date that a service may remind of a fee.
_AHEAD = timedelta(days=30)
#: Between a demand and the end there is at least this time, however late the demand was sent.
_TO_ANSWER_A_DEMAND = timedelta(days=7)


def look_after() -> None:
    """The nightly chore. A fee at which something fails is logged and stops no other."""
    today = timezone.localdate()
    waits = FeeWaiver.objects.filter(fee=OuterRef("pk"), state=FeeWaiver.State.ASKED)
    # Nor while a payment is on its way, or nobody can tell whether it was made.
    coming = Attempt.objects.filter(fee=OuterRef("pk"), state__in=Attempt.AWAITED)
    due = FeeDue.objects.filter(
        ~Exists(waits), ~Exists(coming), state=FeeDue.State.DUE, due_on__lte=today + _AHEAD
    ).order_by("due_on", "pk")
    for fee_id in list(due.values_list("pk", flat=True)):
        try:
            with transaction.atomic():
                look_at(fee_id, today)
        except Exception:
            log.exception("unpaid.failed", fee=str(fee_id))


def look_at(fee_id: uuid.UUID, today: date) -> str:
    """Do what is due for one fee; gives ``reminder``, ``demand``, ``lapse`` or nothing."""
    fee = FeeDue.objects.select_for_update().get(pk=fee_id)
    case = fees.case_of(fee)
    if case is None or fee.due_on is None or fee.state != FeeDue.State.DUE:
        return ""
    rule, now = fees.unpaid_of(case), timezone.now()
    late = (today - fee.due_on).days
    if late <= 0:
        if fee.reminded_at is None and -late <= rule.remind_days:
            fee.reminded_at = now
            fee.save(update_fields=["reminded_at"])
            return _tell(fee, "reminder")
        return ""
    if fee.demanded_at is None:
        if late < rule.demand_days:
            return ""
        fee.demanded_at = now
        fee.save(update_fields=["demanded_at"])
        timeline.add(case, "fee_demanded")
        return _tell(fee, "demand")
    answered = now - fee.demanded_at >= _TO_ANSWER_A_DEMAND
    # Somebody who has paid a part is asked for the rest; nothing is taken from them.
    if rule.then == "lapse" and late >= rule.lapse_days and answered and not fee.received:
        return _lapse(fee, case)
    return ""


def _tell(fee: FeeDue, what: str) -> str:
    outbox.enqueue(
        "cases.fee_unpaid",
        # Again after a new time to pay.
        f"{fee.pk}:{what}:{fee.due_on}",
        {"fee_id": str(fee.pk), "what": what},
    )
    return what


def _lapse(fee: FeeDue, case: Case) -> str:
    if fees.lapse(fee_id=fee.pk) is None:
        # An older workflow, or a later part of the fee: it stays open, and is on the list.
        return ""
    outbox.enqueue("cases.lapsed", str(case.pk), {"case_id": str(case.pk)})
    return "lapse"
