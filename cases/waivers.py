"""Asking to be let off a fee (減免), and the decision about it: an own verb, letter and notice."""

from __future__ import annotations

import uuid

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Case as Case_
from django.db.models import QuerySet, When
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from billing import actions as payments
from billing.models import FeeDue
from cases import fees, numbers, policies, timeline
from cases.fee_papers import WAIVER_PREFIX
from cases.models import Case, FeeWaiver
from cases.queries import worked_on
from common import outbox
from common.actor import Actor
from common.calendar import add_working_days
from common.errors import Conflict, InvalidInput, NotAllowed, NotFound
from common.text import Text
from identity.models import Role, User
from identity.representation.actions import Paper
from identity.roles import has_role

WAIVER_LINE = Text({"ja": "減免", "en": "Reduction granted"})


def may_ask(fee: FeeDue) -> bool:
    """Whether a resident can still ask about this part: it is due, nothing is open or decided."""
    return fee.state == FeeDue.State.DUE and not fee.waivers.exists()


@transaction.atomic
def ask(
    *, case: Case, fee: FeeDue, reason: str, by: Actor, evidence: Paper | None = None
) -> FeeWaiver:
    """The resident asks; until it is decided nothing is demanded and nothing lapses.

    Raises `InvalidInput`, `Conflict`, `NotFound`.
    """
    if by.id != str(case.resident_id):
        raise NotFound(_("There is no such application."), code="no_case")
    policies.check_still_acts(case)
    fee = FeeDue.objects.select_for_update().get(pk=fee.pk)
    if fee.state != FeeDue.State.DUE:
        raise Conflict(_("This fee is not due any more."), code="not_due")
    if fee.waivers.exists():
        raise Conflict(_("You have asked about this fee already."), code="asked")
    reason = reason.strip()
    if not reason:
        raise InvalidInput({"reason": [_("Write why you ask.")]})
    if len(reason) > 4000:
        raise InvalidInput({"reason": [_("Please write at most 4,000 characters.")]})
    waiver = FeeWaiver(case=case, fee=fee, reason=reason)
    if evidence is not None:
        waiver.evidence_name = evidence.filename
        waiver.evidence_type = evidence.content_type
        waiver.evidence_sha256 = evidence.sha256
        waiver.evidence.save(evidence.filename, ContentFile(evidence.data), save=False)
    waiver.save(force_insert=True)
    timeline.add(case, "waiver_asked")
    _record(waiver, by, "waiver.asked")
    return waiver


def may_decide(waiver: FeeWaiver, user: User) -> bool:
    """The office of the case, and the finance office."""
    return has_role(user, Role.FINANCE) or policies.may_process(waiver.case, user)


def to_decide(user: User) -> QuerySet[FeeWaiver]:
    """Requests that this member of staff may decide, open ones first."""
    found = FeeWaiver.objects.select_related("case__application", "case__resident", "fee")
    if not has_role(user, Role.FINANCE):
        found = found.filter(case__in=worked_on(user))
    waits = Case_(When(state=FeeWaiver.State.ASKED, then=0), default=1)
    return found.order_by(waits, "asked_at")


def get(waiver_id: uuid.UUID, user: User) -> FeeWaiver:
    """One request, for whoever may decide it. Raises `NotFound`."""
    found = (
        FeeWaiver.objects.select_related("case__application", "case__resident", "fee", "letter")
        .filter(pk=waiver_id)
        .first()
    )
    if found is None or not may_decide(found, user):
        raise NotFound(_("There is no such request."), code="no_waiver")
    return found


@transaction.atomic(savepoint=False)
def opened(*, waiver: FeeWaiver, by: User) -> None:
    """Note that a member of staff read the request."""
    _record(waiver, Actor.of(by), "waiver.opened")


@transaction.atomic
def decide(*, waiver: FeeWaiver, yen: int, answer: str, by: User) -> FeeWaiver:
    """Let somebody off `yen` of the fee: all that is due, a part, or nothing; with the reason.

    The fee follows at once. After a refusal, or for what is left, there is time to pay again.
    Raises `InvalidInput`, `Conflict`, `NotAllowed`.
    """
    waiver = FeeWaiver.objects.select_for_update(of=("self",)).get(pk=waiver.pk)
    if not may_decide(waiver, by):
        raise NotAllowed(_("You do not have the role that this needs."), code="role")
    if waiver.state != FeeWaiver.State.ASKED:
        raise Conflict(_("This request has been decided already."), code="decided")
    fee = FeeDue.objects.select_for_update().get(pk=waiver.fee_id)
    errors = {}
    if not answer.strip():
        errors["answer"] = [_("Write the reason. It is printed on the letter.")]
    if not 0 <= yen <= fee.outstanding:
        errors["yen"] = [
            _("At most what is still due: ¥%(yen)s.") % {"yen": f"{fee.outstanding:,}"}
        ]
    if errors:
        raise InvalidInput(errors)
    if yen:
        fee = payments.reduce(fee_id=fee.pk, by_yen=yen, text=WAIVER_LINE, by=Actor.of(by))
    if fee.state == FeeDue.State.DUE:
        _time_to_pay_again(fee, waiver.case)
    granted = yen > 0 and fee.state != FeeDue.State.DUE
    waiver.state = (
        FeeWaiver.State.GRANTED
        if granted
        else FeeWaiver.State.REDUCED
        if yen
        else FeeWaiver.State.REFUSED
    )
    waiver.yen, waiver.answer = yen, answer.strip()
    waiver.number = numbers.next_number(WAIVER_PREFIX, timezone.localdate())
    waiver.decided_by, waiver.decided_at = by, timezone.now()
    waiver.save()
    timeline.add(
        waiver.case,
        f"waiver_{waiver.state}",
        **({"amount": yen} if waiver.state == FeeWaiver.State.REDUCED else {}),
    )
    _record(waiver, Actor.of(by), f"waiver.{waiver.state}")
    outbox.enqueue("cases.waiver_decided", str(waiver.pk), {"waiver_id": str(waiver.pk)})
    return waiver


def _time_to_pay_again(fee: FeeDue, case: Case) -> None:
    days = fees.unpaid_of(case).days_to_pay
    again = add_working_days(timezone.localdate(), days)
    if fee.due_on is None or fee.due_on < again:
        fee.due_on = again
    fee.reminded_at = fee.demanded_at = None
    fee.save(update_fields=["due_on", "reminded_at", "demanded_at"])


def _record(waiver: FeeWaiver, by: Actor, event: str) -> None:
    ledger.record(
        event=event,
        by=by,
        about=str(waiver.case.resident_id),
        object_kind="case",
        object_id=str(waiver.case_id),
        purpose="processing",
        data={"waiver": str(waiver.pk), "yen": waiver.yen},
    )
