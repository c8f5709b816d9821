"""What the lead of an office does with its rules."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from cases import conditions
from cases.assigning.models import AssignmentRule, RuleMember
from cases.assigning.plan import workers_of
from catalogue.models import Offering
from common.actor import Actor
from common.errors import InvalidInput, NotAllowed, NotFound
from forms.building.reasons import reason
from identity.models import Department, User
from identity.roles import Role, departments_of, has_role
from rules import BOOL, RuleError, trial

LONGEST_NAME = 60
#: Of one office: each case may be held against all of them.
MOST = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """A rule as it is declared."""

    department: Department
    name: str
    offering: Offering | None
    condition: str
    people: Sequence[uuid.UUID]
    how: str


def rules_led_by(user: User) -> QuerySet[AssignmentRule]:
    """The rules of the offices that the user leads, in their order."""
    rules = AssignmentRule.objects.select_related("department", "offering__form_version")
    keys = departments_of(user, Role.LEAD)
    if keys is not None:
        rules = rules.filter(department__key__in=keys)
    return rules.order_by("department__key", "place", "pk").prefetch_related("members__person")


def rule_of(user: User, rule_id: uuid.UUID) -> AssignmentRule:
    """A rule that the user may change. Raises `NotFound`."""
    found = rules_led_by(user).filter(pk=rule_id).first()
    if found is None:
        raise NotFound(_("There is no such rule."), code="no_rule")
    return found


def _check_leads(by: User, department: Department) -> None:
    if not has_role(by, Role.LEAD, department.key):
        raise NotAllowed(_("Rules of an office are made by its lead."), code="no_lead")


@transaction.atomic
def save_rule(*, rule: AssignmentRule | None, wanted: Wanted, by: User) -> AssignmentRule:
    """Declare a rule, or change one. Raises `InvalidInput`, `NotAllowed`."""
    _check_leads(by, wanted.department)
    if rule is not None:
        _check_leads(by, rule.department)
    workers = workers_of(wanted.department.pk)
    errors: dict[str, list[str]] = {}
    name = " ".join(wanted.name.replace("\x00", "").split())
    if not name:
        errors["name"] = [_("Write a name for it.")]
    elif len(name) > LONGEST_NAME:
        errors["name"] = [_("Use at most %(most)s characters.") % {"most": LONGEST_NAME}]
    if not wanted.people:
        errors["people"] = [_("Choose at least one person.")]
    elif not workers.issuperset(wanted.people):
        errors["people"] = [_("Choose people who work on cases of this department.")]
    if wanted.how not in AssignmentRule.How.values:
        errors["how"] = [_("Choose how it is decided.")]
    wrong = _wrong_condition(wanted)
    if wrong:
        errors["condition"] = [wrong]
    if errors:
        raise InvalidInput(errors)
    made = rule or AssignmentRule(place=_last(wanted.department) + 1)
    if rule is None and AssignmentRule.objects.filter(department=wanted.department).count() >= MOST:
        raise InvalidInput({"name": [_("An office can have %(most)s rules.") % {"most": MOST}]})
    made.department, made.name, made.offering = wanted.department, name, wanted.offering
    made.condition, made.how, made.changed_at = wanted.condition, wanted.how, timezone.now()
    _write(made)
    RuleMember.objects.filter(rule=made).exclude(person__in=wanted.people).delete()
    RuleMember.objects.bulk_create(
        [RuleMember(rule=made, person_id=pk) for pk in dict.fromkeys(wanted.people)],
        ignore_conflicts=True,
    )
    _record("assignment.declared", made, by)
    return made


def _write(rule: AssignmentRule) -> None:
    try:
        with transaction.atomic():
            rule.save()
    except IntegrityError:
        raise InvalidInput({"name": [_("There is a rule of this name already.")]}) from None


def _wrong_condition(wanted: Wanted) -> str:
    """Why the condition cannot be used; empty when it can. A trial in a process of its own."""
    if not wanted.condition:
        return ""
    if wanted.offering is None:
        return _("Choose a service: a condition is about the answers of its form.")
    form = wanted.offering.form_version.form
    try:
        rule = conditions.compiled(wanted.condition, form)
        if rule.gives != BOOL:
            return _("The condition must be something that is so or is not so.")
        trial.try_out([("condition", wanted.condition, rule.types)])
    except RuleError as error:
        return reason(str(error))
    return ""


def _last(department: Department) -> int:
    found = AssignmentRule.objects.filter(department=department).aggregate(last=Max("place"))
    return found["last"] or 0


@transaction.atomic
def delete_rule(*, rule: AssignmentRule, by: User) -> None:
    """Take a rule away; cases stay where they are. Raises `NotAllowed`."""
    _check_leads(by, rule.department)
    _record("assignment.deleted", rule, by)
    rule.delete()


@transaction.atomic
def switch_rule(*, rule: AssignmentRule, on: bool, by: User) -> None:
    """Let a rule rest, or work again. Raises `NotAllowed`."""
    _check_leads(by, rule.department)
    rule.is_on, rule.changed_at = on, timezone.now()
    rule.save(update_fields=["is_on", "changed_at"])
    _record("assignment.declared", rule, by)


@transaction.atomic
def move_rule(*, rule: AssignmentRule, up: bool, by: User) -> None:
    """Let it be tried before or after its neighbour. At the end nothing changes. `NotAllowed`."""
    _check_leads(by, rule.department)
    rules = list(AssignmentRule.objects.select_for_update().filter(department=rule.department))
    at = next((n for n, one in enumerate(rules) if one.pk == rule.pk), None)
    other = None if at is None else at + (-1 if up else 1)
    if at is None or other is None or not 0 <= other < len(rules):
        return
    rules[at], rules[other] = rules[other], rules[at]
    for place, one in enumerate(rules, start=1):
        one.place = place
    AssignmentRule.objects.bulk_update(rules, ["place"])
    _record("assignment.declared", rule, by)


def _record(event: str, rule: AssignmentRule, by: User) -> None:
    ledger.record(
        event=event,
        by=Actor.of(by),
        object_kind="assignment_rule",
        object_id=str(rule.pk),
        data={"department": rule.department.key},
    )
