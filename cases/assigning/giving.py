"""Giving out by the rules what lies there unassigned: looked at first, then done (`bulk`)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from cases import desk_actions, steps
from cases.assigning import arriving
from cases.assigning.plan import Found, Plan
from cases.models import Case
from common.actor import Actor
from common.errors import NotAllowed
from identity.models import User


def check(case: Case, by: User, plan: Plan) -> str:
    """To whom the case would go, in words. Raises `NotAllowed`."""
    return _words(_found(case, by, plan))


def give(case: Case, by: User, plan: Plan, lock: int) -> str:
    """Put the case on a desk by the rules. Raises `NotAllowed`, `Conflict`."""
    case = steps.locked(case, lock)
    found = _found(case, by, plan)
    arriving.put(case, found, Actor.of(by))
    return _words(found)


def _found(case: Case, by: User, plan: Plan) -> Found:
    desk_actions.check_worked(case, by)
    if case.assigned_to_id is not None:
        raise NotAllowed(_("The case is on somebody's desk already."), code="assigned")
    found = plan.find(case)
    if found is None:
        raise NotAllowed(_("No rule fits, or nobody whom it names is free."), code="no_rule")
    return found


def _words(found: Found) -> str:
    return _("%(name)s, by the rule “%(rule)s”") % {
        "name": found.person.name,
        "rule": found.rule.name,
    }
