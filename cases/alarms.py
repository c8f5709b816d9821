"""What a clock says by itself: a reminder before its end, and that the end has passed.

The day is a row (`Case.alarm_on`). Every night a chore finds those that are due and gives each to
the worker, so that one that fails stops no other and comes again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit import ledger
from cases import clocks, people, telling, timeline
from cases.models import Case, Consultation, CorrectionRequest
from cases.steps import about, locked
from common import outbox
from common.actor import SYSTEM
from identity.models import User
from notifications import notices
from notifications.notice import Notice
from workflow import clock
from workflow.clock import Alarm
from workflow.definition import AtEnd

KIND = "cases.clock_alarm"
#: Working days between the reminder of a correction and its day.
REMIND_OF_CORRECTION = 2


def find() -> None:
    """Give every clock that has something to say to the worker; twice a night is once."""
    due = Case.objects.filter(alarm_on__lte=timezone.localdate(), closed_at__isnull=True)
    for pk, alarm_on in due.values_list("pk", "alarm_on").iterator():
        outbox.enqueue(KIND, f"{pk}:{alarm_on}", {"case_id": str(pk)})


def find_opinions() -> None:
    """Have those reminded whose opinion is due soon; tell the office whose is overdue."""
    today = timezone.localdate()
    wanted = Consultation.objects.filter(answered_at__isnull=True, case__closed_at__isnull=True)
    for row in wanted.filter(remind_on__lte=today).only("pk").iterator():
        outbox.enqueue("cases.consultation_reminder", str(row.pk), {"consultation_id": str(row.pk)})
    for row in wanted.filter(due_on__lt=today).only("pk").iterator():
        outbox.enqueue("cases.opinion_overdue", str(row.pk), {"consultation_id": str(row.pk)})


@outbox.handler(KIND)
def after_alarm(payload: dict[str, Any]) -> None:
    """Say it, when the case still has a reason to."""
    ring(case_id=UUID(payload["case_id"]))


@transaction.atomic
def ring(*, case_id: UUID) -> Alarm | None:
    """Remind or escalate, as declared; nothing is ever decided by it. What was said, if anything.

    Idempotent: the next alarm is set in the same transaction.
    """
    case = locked(Case.objects.get(pk=case_id), None)
    due, state = case.due_on, clocks.state_of(case)
    said, case.alarm_on = clock.alarm(state, timezone.localdate())
    if said is None or due is None:
        return None
    case.save(update_fields=["alarm_on"])
    if said is Alarm.SOON:
        _tell(case, notices.CaseDueSoon, due)
        ledger.record(event="clock.reminded", by=SYSTEM, **about(case, due_on=due.isoformat()))
        return said
    at_end = case.workflow.clock.at_end
    leads = people.leads(case) if at_end is not AtEnd.WARN else {}
    _tell(case, notices.CaseOverdue, due, also=leads.values())
    ledger.record(
        event="clock.ended", by=SYSTEM, **about(case, due_on=due.isoformat(), at_end=at_end.value)
    )
    if at_end is AtEnd.DEEMED_REFUSAL:
        _tell_of_silence(case, due)
    return said


def _tell_of_silence(case: Case, due: date) -> None:
    timeline.add(case, "deemed_refusal")
    ledger.record(event="clock.deemed_refusal", by=SYSTEM, **about(case, due_on=due.isoformat()))
    telling.tell_resident(case, notices.DeemedRefusal, f"silence:{due}", due_on=due)


def first_of_correction(due_on: date) -> date:
    """When a correction that is due then first says something: a reminder, or that it is over."""
    remind = clocks.working_day_before(due_on, REMIND_OF_CORRECTION)
    return remind if remind > timezone.localdate() else due_on + timedelta(days=1)


def find_corrections() -> None:
    """Give corrections whose day is near or over to the worker; twice a night is once."""
    due = CorrectionRequest.objects.filter(
        alarm_on__lte=timezone.localdate(), answered_at__isnull=True
    )
    for pk, alarm_on in due.values_list("pk", "alarm_on").iterator():
        outbox.enqueue("cases.correction_alarm", f"{pk}:{alarm_on}", {"correction_id": str(pk)})


@outbox.handler("cases.correction_alarm")
def after_correction_alarm(payload: dict[str, Any]) -> None:
    """Say it, when it still waits for an answer."""
    ring_correction(correction_id=UUID(payload["correction_id"]))


@transaction.atomic
def ring_correction(*, correction_id: UUID) -> None:
    """Remind the resident; once the day has passed, tell the office, which decides what follows.

    Idempotent: the next alarm is set in the same transaction.
    """
    found = CorrectionRequest.objects.select_related("case").get(pk=correction_id)
    case = locked(found.case, None)
    correction = CorrectionRequest.objects.get(pk=correction_id)
    today, due, alarm = timezone.localdate(), correction.due_on, correction.alarm_on
    if correction.answered_at or due is None or alarm is None or alarm > today:
        return
    if today <= due:
        correction.alarm_on = due + timedelta(days=1)
        happening = f"correction:{correction.pk}:reminder"
        telling.tell_resident(case, notices.CorrectionReminder, happening, due_on=due)
        ledger.record(event="correction.reminded", by=SYSTEM, **about(case, due_on=str(due)))
    else:
        correction.alarm_on = None
        _tell(case, notices.CorrectionOverdue, due)
        ledger.record(event="correction.overdue", by=SYSTEM, **about(case, due_on=str(due)))
    correction.save(update_fields=["alarm_on"])


def _tell(case: Case, notice: type[Notice], due: date, also: Iterable[User] = ()) -> None:
    telling.tell_in_charge(case, notice, f"{notice.kind}:{due}", also=also, due_on=due)
