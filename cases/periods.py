"""Verbs about the period of a case: it is complete, it takes longer, it is taken up again."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from audit import ledger
from cases import charging, clocks, policies, timeline
from cases.models import Case
from cases.steps import about, apply_move, locked, required
from common import outbox
from common.actor import Actor
from common.errors import InvalidInput
from identity.models import User
from workflow.definition import Verb


@transaction.atomic
def confirm_complete(*, case: Case, by: User, lock: int | None = None) -> Case:
    """Note that everything is there; a clock that waited for it begins.

    Raises `NotAllowed`, `Conflict`.
    """
    case = locked(case, lock, by)
    move = policies.check_move(case, Verb.CONFIRM_COMPLETE, roles=policies.roles_on(case, by))
    apply_move(case, move)
    timeline.add(case, "confirmed_complete")
    ledger.record(event="case.confirmed_complete", by=Actor.of(by), **about(case))
    return case


@transaction.atomic
def extend_period(
    *, case: Case, days: str | int, reason: str, by: User, lock: int | None = None
) -> Case:
    """Take `days` more, in the clock's own unit; the applicant is told the reason.

    Raises `NotAllowed`, `Conflict`, `InvalidInput` (`days`, `reason`).
    """
    case = locked(case, lock, by)
    move = policies.check_extension(case, roles=policies.roles_on(case, by))
    count = check_days(case, days)
    reason = required(reason, "reason", _("Write why it takes longer. The resident reads this."))
    clocks.extend(case, count, reason)
    apply_move(case, move)
    timeline.add(case, "extended", days=count, reason=reason)
    ledger.record(event="case.extended", by=Actor.of(by), **about(case, days=count))
    number = len(clocks.now(case).extended)
    outbox.enqueue(
        "cases.extended", f"{case.pk}:{number}", {"case_id": str(case.pk), "number": number}
    )
    return case


def check_days(case: Case, given: str | int) -> int:
    """How many days more; as many as the rules still allow. Raises `InvalidInput`."""
    most = clocks.room_to_extend(case).days
    text = str(given).strip()
    count = int(text) if text.isdecimal() and len(text) < 5 else 0
    if not 1 <= count <= most:
        raise InvalidInput(
            {"days": [_("Write a number of days from 1 to %(most)s.") % {"most": most}]}
        )
    return count


@transaction.atomic
def reopen(*, case: Case, reason: str, by: User, lock: int | None = None) -> Case:
    """Take a closed case up again; its period begins anew, and the applicant is told why.

    Raises `NotAllowed`, `Conflict`, `InvalidInput`.
    """
    case = locked(case, lock, by)
    move = policies.check_move(case, Verb.REOPEN, roles=policies.roles_on(case, by))
    charging.check_settled(case)
    reason = required(reason, "reason", _("Write why. The resident reads this."))
    before = case.stage
    apply_move(case, move)
    timeline.add(case, "reopened", reason=reason)
    ledger.record(event="case.reopened", by=Actor.of(by), **about(case, before=before))
    outbox.enqueue(
        "cases.reopened", f"{case.pk}:{case.lock}", {"case_id": str(case.pk), "lock": case.lock}
    )
    return case
