"""Opinions that a workflow asks for by itself when a case comes to a stage."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType

from django.utils import timezone

from audit import ledger
from cases import clocks, conditions, links, timeline
from cases.links import Purpose
from cases.models import Case, Consultation, ConsultedBody, GuestLink
from common import outbox
from common.actor import SYSTEM, Actor
from common.calendar import add_working_days
from common.text import Text
from identity.models import Department
from workflow.definition import DeclaredConsultation

#: Working days between the reminder and the day of what somebody asked by hand.
REMIND = 2
NOTHING: Mapping[str, str] = MappingProxyType({})
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
        if each.id not in known and conditions.holds(each.when, case):
            _ask(case, each, before)


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
    consultation = Consultation(
        case=case,
        department=department,
        body=body,
        question=declared.question.in_language(_LANGUAGE),
        declared=declared.id,
        required=declared.required,
        asked_by_id=case.assigned_to_id,
    )
    put(case, consultation, by=SYSTEM, due_on=day_after(declared.days), remind=declared.remind)


def day_after(days: int) -> date:
    """The day on which an answer is due that may take so many working days."""
    return add_working_days(timezone.localdate(), days, clocks.closing_days())


def put(
    case: Case,
    consultation: Consultation,
    *,
    by: Actor,
    due_on: date | None,
    remind: int = REMIND,
    recorded: Mapping[str, str] = NOTHING,
) -> Consultation:
    """Ask: the row, a link for a body, time line, ledger, outbox.

    `due_on`: by when, if there is such a day; `remind` so many working days before. `recorded`:
    what else the ledger says about it.
    """
    today, body = timezone.localdate(), consultation.body
    if due_on is not None:
        remind_on = clocks.working_day_before(due_on, remind)
        consultation.due_on = due_on
        consultation.remind_on = remind_on if remind_on > today else None
    consultation.save(force_insert=True)
    if body is not None and body.email:
        new_link(consultation)
    timeline.add(case, "consultation_requested", department=consultation.office)
    ledger.record(
        event="consultation.requested",
        by=by,
        about=str(case.resident_id),
        object_kind="case",
        object_id=str(case.pk),
        purpose="processing",
        data={
            "stage": case.stage,
            "department": (body or consultation.department).key,
            "consultation": str(consultation.pk),
            **recorded,
        },
    )
    outbox.enqueue(
        "cases.consultation_requested",
        str(consultation.pk),
        {"consultation_id": str(consultation.pk)},
    )
    return consultation


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
