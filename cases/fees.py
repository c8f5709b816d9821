"""The fee of a case: of its decision raised in parts, found again, gone on with, lapsed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from audit import ledger
from billing import actions as payments
from billing import surplus
from billing.models import FeeDue
from cases import actions, charging, partial, timeline
from cases.models import Case, Decision
from catalogue.instalments import Part
from catalogue.unpaid import Unpaid
from common.actor import SYSTEM, Actor
from common.errors import InvalidInput, NotFound
from identity.models import User


def raise_for(decision: Decision) -> FeeDue | None:
    """Make the fee of an approval due, in the parts that the service declares; the first of them.

    Raised once, however often it is called. None where nothing is to be paid.
    """
    if decision.outcome != Decision.Outcome.APPROVED or decision.fee_waived:
        return None
    if decision.case.workflow.fee_first:  # it was paid when it was sent
        return None
    case, application = decision.case, decision.case.application
    fee = partial.fee_for(case, decision.refused_parts)
    schedule = case.offering.template.fees
    if fee.total == 0:
        return None
    first_due = charging.first_due(schedule)
    parts: Sequence[Part] = (Part(fee.total),)
    if schedule.instalments is not None:
        parts = schedule.instalments.plan(fee.total, case.answers, first_due)
    raised = [
        payments.raise_fee(
            reference=application.receipt_number,
            title=case.offering.title,
            amount=part.amount,
            lines=fee.as_json()["lines"]
            if len(parts) == 1
            else [{"text": part.text, "amount": part.amount}],
            due_on=part.due_on or first_due,
            fee_id=_part_id(decision, number),
            payer=charging.payer_of(case),
            part=(decision.pk, number, len(parts)),
        )
        for number, part in enumerate(parts, 1)
    ]
    return raised[0]


def _part_id(decision: Decision, number: int) -> uuid.UUID:
    """The first part has the decision's id, the others ids that follow from it."""
    return decision.pk if number == 1 else uuid.uuid5(decision.pk, f"part {number}")


def of_case(case: Case) -> list[FeeDue]:
    """Every part of the fee of a case, in order; empty where none was raised. One statement."""
    decision = getattr(case, "decision", None)
    wanted = Q()
    if case.fee_id is not None:
        wanted |= Q(pk=case.fee_id)
    if decision is not None and decision.fee_id is not None:
        wanted |= Q(pk=decision.fee_id) | Q(series=decision.pk)
    return list(FeeDue.objects.filter(wanted).order_by("part")) if wanted else []


def part_of_case(case: Case, fee_id: uuid.UUID | None = None) -> FeeDue:
    """One part of the fee; without an id the first that is due, or the last. Raises `NotFound`."""
    parts = of_case(case)
    if fee_id is None and parts:
        return next((part for part in parts if part.state == FeeDue.State.DUE), parts[-1])
    for part in parts:
        if part.pk == fee_id:
            return part
    raise NotFound(_("There is no fee to pay."), code="no_fee")


def belongs_to(fee_id: uuid.UUID, case_id: uuid.UUID) -> bool:
    """Whether this fee is a part of that case's."""
    part = FeeDue.objects.filter(pk=fee_id).only("series").first()
    if part is None:
        return False
    mine = Q(fee_id=fee_id) | Q(pk=part.series)
    return (
        Decision.objects.filter(mine, case_id=case_id).exists()
        or Case.objects.filter(pk=case_id, fee=fee_id).exists()
    )


_CASES = Case.objects.select_related("application", "resident")
_DECISIONS = Decision.objects.select_related("case__application", "case__resident")


def case_of(fee: FeeDue) -> Case | None:
    """The case that a fee belongs to, whichever part it is."""
    decision = _DECISIONS.filter(Q(fee=fee) | Q(pk=fee.series)).first()
    return decision.case if decision else _CASES.filter(fee=fee).first()


def others_of(fee: FeeDue) -> QuerySet[FeeDue]:
    """Other fees due that the same person owes, or owes for whom they represent."""
    case = case_of(fee)
    if case is None:
        return FeeDue.objects.none()
    cases = Case.objects.filter(
        resident=case.resident_id,
        application__representation=case.application.representation_id,
    )
    same = Decision.objects.filter(case__in=cases)
    mine = (
        Q(pk__in=same.values("fee"))
        | Q(series__in=same.values("pk"))
        | Q(pk__in=cases.filter(fee__isnull=False).values("fee"))
    )
    due = FeeDue.objects.filter(mine, state=FeeDue.State.DUE).exclude(pk=fee.pk)
    return due.order_by("due_on", "pk")


@transaction.atomic
def put_to_another(*, fee: FeeDue, to_id: uuid.UUID, by: User) -> int:
    """Put what was too much to another fee of the same person; the yen that were moved.

    Raises `InvalidInput`, `Conflict`.
    """
    if not others_of(fee).filter(pk=to_id).exists():
        raise InvalidInput({"to": [_("Choose one of the fees of this person.")]})
    return surplus.move(fee_id=fee.pk, to_id=to_id, by=by)


def unpaid_of(case: Case) -> Unpaid:
    """What the service says about fees that nobody pays."""
    return case.offering.template.fees.unpaid


@transaction.atomic(savepoint=False)
def open_fee(*, fee: FeeDue, by: Actor) -> None:
    """Note that the finance office looked at somebody's fee."""
    case = case_of(fee)
    ledger.record(
        event="fee.opened",
        by=by,
        about=str(case.resident_id) if case else None,
        object_kind="fee",
        object_id=str(fee.pk),
        purpose="processing",
    )


@transaction.atomic
def go_on(fee: FeeDue) -> Case | None:
    """A part was paid or waived: the case goes on when it waited for it. None for no change."""
    if fee.part == 1:
        return actions.mark_fee_paid(fee_id=fee.pk)
    case = case_of(fee)
    if case is None:
        raise NotFound(_("No application waits for this fee."), code="no_case")
    code = "part_paid" if fee.state == FeeDue.State.PAID else "fee_waived"
    values: dict[str, Any] = {"part": fee.part, "parts": fee.parts} if code == "part_paid" else {}
    if not case.timeline.filter(code=code, values=values).exists():
        timeline.add(case, code, **values)
    return case


@transaction.atomic
def lapse(*, fee_id: uuid.UUID) -> Case | None:
    """Nobody paid in time: the fee expires and the case ends. None where the case does not wait.

    Later parts of the fee are taken back: what is not issued costs nothing more.
    """
    case = actions.lapse_unpaid(fee_id=fee_id)
    if case is None:
        return None
    payments.expire(fee_id=fee_id)
    for part in of_case(case):
        if part.state == FeeDue.State.DUE:
            payments.cancel(fee_id=part.pk, by=SYSTEM)
    return case
