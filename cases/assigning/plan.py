"""Whose a case becomes by the rules of its office, one case after another."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q
from django.utils import timezone

from cases import conditions, policies
from cases.assigning.models import AssignmentRule
from cases.models import Case
from cases.models_desk import Absence
from common.errors import NotAllowed
from identity.models import Role, StaffRole, User


@dataclass(frozen=True, slots=True)
class Found:
    """A rule that fits, and whose the case becomes by it."""

    rule: AssignmentRule
    person: User


@dataclass(slots=True)
class _Office:
    """What is known of one department."""

    rules: list[AssignmentRule]
    # Who works there and is not away today.
    free: set[UUID]
    # How many open cases each has; kept up with what is given out meanwhile.
    load: dict[UUID, int]


class Plan:
    """Give out cases by the rules. Nothing is written: what was found is put down by the caller.

    The first rule that fits and has somebody free is taken. Whoever is away, does not work there
    any more, or is too close to the case, is passed over. A few statements for each department.
    `lock`: for the one that counts; two at once then wait for each other, so that turns are kept.
    """

    def __init__(self, *, lock: bool = False) -> None:
        self._lock = lock
        self._offices: dict[UUID, _Office] = {}

    def find(self, case: Case) -> Found | None:
        """Whose this case becomes; None: nobody's. The next `find` counts with it."""
        office = self._offices.get(case.department_id)
        if office is None:
            office = self._offices[case.department_id] = _read(case.department_id, self._lock)
        for rule in office.rules:
            if rule.offering_id not in (None, case.offering_id):
                continue
            if not conditions.fits(rule.condition, case):
                continue
            person = _chosen(rule, office, case)
            if person is not None:
                rule.last = person
                office.load[person.pk] = office.load.get(person.pk, 0) + 1
                return Found(rule, person)
        return None

    def rules(self) -> list[AssignmentRule]:
        """Those that were looked at."""
        return [rule for office in self._offices.values() for rule in office.rules]


def _read(department: UUID, lock: bool) -> _Office:
    rules = AssignmentRule.objects.filter(department=department, is_on=True)
    if lock:
        rules = rules.select_for_update(of=("self",))
    found = list(rules.prefetch_related("members__person"))
    named = {member.person_id for rule in found for member in rule.members.all()}
    free = (named & workers_of(department)) - away(named)
    fewest = any(rule.how == AssignmentRule.How.FEWEST for rule in found)
    return _Office(found, free, _open_cases(free) if fewest else {})


def workers_of(department: UUID) -> set[UUID]:
    """Ids of the staff who work on the cases of a department. One statement."""
    there = Q(department=department) | Q(department__isnull=True)
    at_desk = Q(role__in=policies.DESK_ROLES) & there
    everywhere = Q(role=Role.ADMIN, department__isnull=True)
    staff = {"user__kind": User.Kind.STAFF, "user__is_active": True}
    roles = StaffRole.objects.filter(at_desk | everywhere, **staff)
    return set(roles.values_list("user", flat=True))


def away(people: set[UUID]) -> set[UUID]:
    """Ids of those who are absent today. One statement."""
    today = timezone.localdate()
    absent = Absence.objects.filter(absent__in=people, first__lte=today, last__gte=today)
    return set(absent.order_by().values_list("absent", flat=True))


def _open_cases(people: set[UUID]) -> dict[UUID, int]:
    having = Case.objects.filter(assigned_to__in=people, closed_at__isnull=True)
    counted = having.order_by().values("assigned_to").annotate(count=Count("pk"))
    return {row["assigned_to"]: row["count"] for row in counted}


def _chosen(rule: AssignmentRule, office: _Office, case: Case) -> User | None:
    people = in_order(rule)
    ids = [person.pk for person in people]
    if rule.how == AssignmentRule.How.FEWEST:
        people.sort(key=lambda person: office.load.get(person.pk, 0))
    elif rule.last_id in ids:
        start = ids.index(rule.last_id) + 1
        people = people[start:] + people[:start]
    return next((p for p in people if p.pk in office.free and _may_have(case, p)), None)


def in_order(rule: AssignmentRule) -> list[User]:
    """Whom a rule names, by name: their turn comes in this order."""
    return sorted((m.person for m in rule.members.all()), key=lambda one: (one.name, str(one.pk)))


def _may_have(case: Case, person: User) -> bool:
    try:
        policies.check_not_close(case, person)
        policies.check_not_entered(case, person)
    except NotAllowed:
        return False
    return True
