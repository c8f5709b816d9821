"""What follows the arrival of a case: it comes to a desk by the rules, once."""

from __future__ import annotations

from typing import Any

from audit import ledger
from cases import steps, telling
from cases.assigning import faults
from cases.assigning.models import AssignmentRule, RuleAssignment
from cases.assigning.plan import Found, Plan
from cases.models import Case
from common import outbox
from common.actor import SYSTEM, Actor

KIND = "cases.assign"


def ask(case: Case) -> None:
    """Let the worker look for somebody, where the office has rules. In the caller's transaction."""
    if AssignmentRule.objects.filter(department=case.department_id, is_on=True).exists():
        outbox.enqueue(KIND, str(case.pk), {"case_id": str(case.pk)})


@outbox.handler(KIND)
def assign(payload: dict[str, Any]) -> None:
    """Put it on a desk. A case that somebody took meanwhile stays as it is."""
    known = Case.objects.select_related("application", "resident").get(pk=payload["case_id"])
    case = steps.locked(known, None)
    if case.assigned_to_id is not None or case.closed_at is not None:
        return
    plan = Plan(lock=True)
    found = plan.find(case)
    if found is not None:
        put(case, found, SYSTEM)
    faults.tell(plan.rules())


def put(case: Case, found: Found, by: Actor) -> None:
    """The rows of an assignment by a rule. The case is locked, and so are the rules."""
    case.assigned_to = found.person
    case.lock += 1
    case.save(update_fields=["assigned_to", "lock"])
    AssignmentRule.objects.filter(pk=found.rule.pk).update(last=found.person)
    RuleAssignment.objects.update_or_create(
        case=case,
        defaults={"rule": found.rule, "name": found.rule.name, "person": found.person},
    )
    ledger.record(
        event="case.assigned_by_rule",
        by=by,
        **steps.about(case, to=str(found.person.pk), rule=str(found.rule.pk)),
    )
    telling.assigned(case, found.person, by)
