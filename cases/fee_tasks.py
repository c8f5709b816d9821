"""What follows what happens to a fee, worked off by the outbox; idempotent, as `cases.tasks`."""

from __future__ import annotations

import uuid
from typing import Any

from billing.models import FeeDue, Refund
from cases import fee_papers, fees, timeline
from cases.models import FeeWaiver
from cases.tasks import _case
from cases.telling import tell_resident
from common import outbox
from notifications import notices


@outbox.handler("cases.receipt")
def make_receipt(payload: dict[str, Any]) -> None:
    """The receipt of a paid fee as PDF."""
    fee_papers.issue_receipt(uuid.UUID(payload["fee_id"]))


@outbox.handler("cases.waiver_decided")
def after_waiver(payload: dict[str, Any]) -> None:
    """Letter, then notice."""
    waiver = fee_papers.issue_waiver_letter(uuid.UUID(payload["waiver_id"]))
    tell_resident(_case(waiver.case_id), notices.WaiverDecided, f"waiver:{waiver.pk}")


@outbox.handler("cases.fee_unpaid")
def after_unpaid(payload: dict[str, Any]) -> None:
    """The reminder or the demand; nothing when the fee was paid in between, or is asked about."""
    fee = FeeDue.objects.get(pk=payload["fee_id"])
    case = fees.case_of(fee)
    asked = fee.waivers.filter(state=FeeWaiver.State.ASKED).exists()
    if case is None or fee.state != FeeDue.State.DUE or asked:
        return
    notice = notices.FeeReminder if payload["what"] == "reminder" else notices.FeeDemand
    happening = f"fee_{payload['what']}:{fee.part}:{fee.due_on}"
    tell_resident(case, notice, happening, due_on=fee.due_on)


@outbox.handler("cases.lapsed")
def after_lapse(payload: dict[str, Any]) -> None:
    """Tell the resident that it has ended, and why."""
    tell_resident(_case(payload["case_id"]), notices.FeeLapsed, "lapsed")


@outbox.handler("payments.refunded")
def after_refund(payload: dict[str, Any]) -> None:
    """Tell the payer that the money is on its way."""
    refund = Refund.objects.select_related("fee").get(pk=payload["refund_id"])
    case = fees.case_of(refund.fee)
    if case is None:
        return
    timeline.add(case, "refunded", amount=refund.amount)
    tell_resident(case, notices.FeeRefunded, f"refund:{refund.pk}")
