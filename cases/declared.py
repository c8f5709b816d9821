"""Opinions that a workflow asks for by itself when a case comes to a stage."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from audit import ledger
from cases import clocks, conditions, links, timeline
from cases.links import Purpose
from cases.models import Case, Consultation, ConsultedBody, GuestLink
from common import outbox
from common.actor import SYSTEM
from common.calendar import add_working_days, is_working_day
from common.text import Text
from identity.models import Department
from workflow.definition import DeclaredConsultation

#: How long a link works after the day on which the answer is due.
LINK_LASTS = timedelta(days=30)
#: Questions are official papers, as letters are.
_LANGUAGE = "ja"


def ask(case: Case) -> None:
    """Ask for every declared opinion of the stage that was not asked for before.

    Part of the move that brought the case here. No statement where nothing is declared.
    """
    wanted = [each for each in case.workflow.consultations if case.stage in each.stages]
    if not wanted:
        return
    before = list(case.consultations.all())
    known = {each.declared for each in before}
    for each in wanted:
        if each.id not in known and applies(each, case):
            _ask(case, each, before)


def applies(declared: DeclaredConsultation, case: Case) -> bool:
    """Whether the answers call for it. When that cannot be told, it is asked rather than not."""
    return conditions.holds(declared.when, case) is not False


def _ask(case: Case, declared: DeclaredConsultation, before: list[Consultation]) -> None:
    department = (
        Department.objects.filter(key=declared.department).first() if declared.department else None
    )
    if department and any(
        each.department_id == department.pk and each.answered_at is None for each in before
    ):
        return
    # A town without such a department asks on paper: the desk enters the opinion.
    body = None if department else body_of(declared.department or declared.body, declared.name)
    closed, today = clocks.closing_days(), timezone.localdate()
    due_on = add_working_days(today, declared.days, closed)
    remind_on = due_on
    for _day in range(declared.remind):
        remind_on -= timedelta(days=1)
        while not is_working_day(remind_on, closed):
            remind_on -= timedelta(days=1)
    consultation = Consultation.objects.create(
        case=case,
        department=department,
        body=body,
        question=declared.question.in_language(_LANGUAGE),
        declared=declared.id,
        required=declared.required,
        due_on=due_on,
        remind_on=remind_on if remind_on > today else None,
        asked_by_id=case.assigned_to_id,
    )
    if body is not None and body.email:
        new_link(consultation)
    timeline.add(case, "consultation_requested", department=consultation.office)
    ledger.record(
        event="consultation.requested",
        by=SYSTEM,
        about=str(case.resident_id),
        object_kind="case",
        object_id=str(case.pk),
        purpose="processing",
        data={
            "stage": case.stage,
            "department": declared.department or declared.body,
            "consultation": str(consultation.pk),
        },
    )
    outbox.enqueue(
        "cases.consultation_requested",
        str(consultation.pk),
        {"consultation_id": str(consultation.pk)},
    )


def body_of(key: str, name: Text) -> ConsultedBody:
    """The body's row; made without an address when nobody has entered it yet."""
    body, _is_new = ConsultedBody.objects.get_or_create(key=key, defaults={"name": name})
    return body


def new_link(consultation: Consultation) -> GuestLink:
    """A link for the asked body; an older one is void from now on."""
    now = timezone.now()
    consultation.links.filter(void_at__isnull=True).update(void_at=now)
    due_in = (consultation.due_on - timezone.localdate()) if consultation.due_on else timedelta()
    link = GuestLink(
        consultation=consultation, expires_at=now + max(due_in, timedelta()) + LINK_LASTS
    )
    link.token_hash = links.token_hash(links.new_token(Purpose.CONSULT, link.pk))
    link.save(force_insert=True)
    return link
