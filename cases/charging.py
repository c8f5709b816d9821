"""A fee that is paid before the office begins: charged when the application is sent.

Whether a case has one says its own workflow (`WorkflowDefinition.fee_first`), so that it stays as
it was for a case of an older version.
"""

from __future__ import annotations

import uuid
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from billing import actions as payments
from billing.models import FeeDue
from cases import policies, timeline
from cases.models import Case, Decision
from cases.steps import apply_move
from catalogue.fees import FeeSchedule, Refundable
from common.actor import Actor
from common.calendar import add_working_days
from common.errors import Conflict
from workflow.definition import Verb


def charge(case: Case) -> None:
    """Make the fee of a case that was just sent due; without one the office begins at once."""
    if not case.workflow.fee_first:
        return
    fee = case.application.computed_fee
    if fee.total == 0:
        go_past(case)
        return
    case.fee = payments.raise_fee(
        reference=case.application.receipt_number,
        title=case.offering.title,
        amount=fee.total,
        lines=fee.as_json()["lines"],
        due_on=first_due(case.offering.template.fees),
        fee_id=uuid.uuid5(case.pk, "fee"),
        payer=payer_of(case),
    )
    case.save(update_fields=["fee"])
    timeline.add(case, "fee_due", amount=fee.total)


def go_past(case: Case) -> None:
    """Take a case that has nothing to pay to where the office begins."""
    if case.workflow.fee_first:
        apply_move(case, policies.check_move(case, Verb.PAY, roles={"system"}))


def first_due(schedule: FeeSchedule) -> date:
    """By when a fee that becomes due today has to be paid."""
    return add_working_days(timezone.localdate(), schedule.unpaid.days_to_pay)


def payer_of(case: Case) -> tuple[str, str]:
    """Name and kana of whom a transfer is expected from: the represented, else the resident."""
    person = case.represented
    if person is not None:
        return person.name, person.name_kana
    return case.resident.name, case.resident.name_kana


def waits_for(fee_id: uuid.UUID) -> Case | None:
    """The case that goes on with this fee: that of its decision, or one that has not begun."""
    decision = Decision.objects.filter(fee=fee_id).select_related("case").first()
    return decision.case if decision else Case.objects.filter(fee=fee_id).first()


def let_go(case: Case, by: Actor) -> None:
    """The application was withdrawn: what is not paid is not owed any more, and what is paid goes
    back where the service says so (the finance office is shown it)."""
    fee = held(case)
    if fee is None:
        return
    if fee.state == FeeDue.State.DUE:
        payments.cancel(fee_id=fee.pk, by=by)
    elif fee.state == FeeDue.State.PAID and is_refundable(case):
        payments.annul(fee_id=fee.pk, by=by)


def held(case: Case) -> FeeDue | None:
    """The fee of a case that is paid first, which nobody else changes until the transaction ends;
    no statement where there is none."""
    return payments.locked(case.fee_id) if case.fee_id is not None else None


def is_refundable(case: Case) -> bool:
    """Whether a fee that is paid goes back when the application is withdrawn now."""
    return case.offering.template.fees.refundable is Refundable.UNLESS_DECIDED


def check_settled(case: Case) -> None:
    """Whether a closed case can be taken up again without asking for a fee. Raises `Conflict`."""
    if case.fee_id is None or case.fee is None:
        return
    if case.fee.state not in (FeeDue.State.PAID, FeeDue.State.WAIVED):
        raise Conflict(
            _("The fee of this application is not paid. They have to apply again."), code="unpaid"
        )
