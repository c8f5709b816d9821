"""Rules that cannot work as they are: somebody left, the form has changed. The lead is told."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from cases import conditions, people
from cases.assigning.models import AssignmentRule
from cases.assigning.plan import in_order, workers_of
from identity.models import User
from notifications import notices
from notifications.actions import send
from rules import RuleError


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with a rule. `skipped`: it gives out no case; else the others go on."""

    left: tuple[User, ...]
    does_not_fit: bool
    skipped: bool

    def __bool__(self) -> bool:
        return bool(self.left) or self.skipped

    @property
    def words(self) -> list[str]:
        found = [
            _("%(name)s does not work on cases of this department any more.") % {"name": one.name}
            for one in self.left
        ]
        if self.does_not_fit:
            found.append(_("The form has changed: the condition does not fit it any more."))
        if self.skipped:
            found.append(_("The rule is skipped until that is put right."))
        return found


def faults_of(rule: AssignmentRule, workers: Collection[UUID]) -> Faults:
    """What is wrong with a rule, where these work on the cases of its department."""
    named = in_order(rule)
    left = tuple(one for one in named if one.pk not in workers)
    unfit = not _fits(rule)
    return Faults(left, unfit, unfit or len(left) == len(named))


def _fits(rule: AssignmentRule) -> bool:
    if not rule.condition or rule.offering is None:
        return True
    try:
        conditions.compiled(rule.condition, rule.offering.form_version.form)
    except RuleError:
        return False
    return True


def tell_all() -> None:
    """Every night: who leads an office is told of its broken rules, of each state once."""
    rules = AssignmentRule.objects.filter(is_on=True).select_related(
        "department", "offering__form_version"
    )
    tell(rules.prefetch_related("members__person"))


def tell(rules: Iterable[AssignmentRule]) -> None:
    """Tell the leads which of these are broken."""
    workers: dict[UUID, set[UUID]] = {}
    for rule in rules:
        if rule.department_id not in workers:
            workers[rule.department_id] = workers_of(rule.department_id)
        found = faults_of(rule, workers[rule.department_id])
        if found:
            _tell(rule, found)


def _tell(rule: AssignmentRule, found: Faults) -> None:
    state = f"{rule.changed_at.isoformat()} {found.does_not_fit} {[str(p.pk) for p in found.left]}"
    digest = hashlib.sha256(state.encode()).hexdigest()[:16]
    with translation.override("ja"):
        path = reverse("desk:rules")
    for lead in people.leads_of(rule.department_id):
        send(
            notices.RuleBroken,
            resident=lead,
            context={"receipt_number": "", "rule": rule.name, "path": path},
            key=f"rule:{rule.pk}:{digest}",
        )
