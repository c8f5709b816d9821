"""Who works with whom."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q, QuerySet

from cases import absences, desk
from cases.models import Case
from identity.models import Department, User
from identity.roles import Role, department_ids_of


def colleagues_of(user: User) -> QuerySet[User]:
    """Staff who work on the cases of the user's departments, the user included, by name."""
    at_desk = Q(roles__role__in=desk.DESK_ROLES)
    keys = desk.departments(user)
    if keys is not None:
        ids = department_ids_of(user, keys)
        at_desk &= Q(roles__department__in=ids) | Q(roles__department__isnull=True)
    everywhere = Q(roles__role=Role.ADMIN, roles__department__isnull=True)
    staff = User.objects.filter(at_desk | everywhere, kind=User.Kind.STAFF, is_active=True)
    return staff.distinct().order_by("name", "pk")


def in_charge(case: Case) -> dict[UUID, User]:
    """Whoever has it on their desk, while they are away those who stand in; where nobody is there,
    the leads."""
    worker = case.assigned_to
    if worker is None or not worker.is_active:
        return leads(case)
    away = absences.of_today([worker.pk]).get(worker.pk)
    if away is None:
        return {worker.pk: worker}
    stand_in = {one.substitute_id: one.substitute for one in away if one.substitute.is_active}
    away_too = absences.of_today(stand_in)
    return {pk: user for pk, user in stand_in.items() if pk not in away_too} or leads(case)


def leads(case: Case) -> dict[UUID, User]:
    """The leads of its department, by id (`leads_of`)."""
    return {user.pk: user for user in leads_of(case.department_id)}


def with_cases_of(user: User, ids: Iterable[str]) -> dict[str, str]:
    """Names by id: the user's colleagues, and those of `ids` who have a case the user works on.

    Somebody who left may still have cases, and their cases have to be found. One statement.
    """
    wanted = [UUID(text) for text in ids]
    found = Q(pk__in=colleagues_of(user).order_by().values("pk"))
    if wanted:
        left = Case.objects.filter(desk.at_desk(user), assigned_to__in=wanted)
        found |= Q(pk__in=left.order_by().values("assigned_to"))
    people = User.objects.filter(found, kind=User.Kind.STAFF).order_by("name", "pk")
    return {str(pk): name for pk, name in people.values_list("pk", "name")}


def departments_of(user: User) -> dict[str, str]:
    """Names by key of the departments whose cases the user works on; none for a single one."""
    keys = desk.departments(user)
    if keys is not None and len(keys) < 2:
        return {}
    found = Department.objects.order_by("key")
    return {
        one.key: str(one.name) for one in (found if keys is None else found.filter(key__in=keys))
    }


def leads_of(department: UUID) -> list[User]:
    """The department's leads, else those of the whole town, else its administrators."""
    staff = User.objects.filter(is_active=True)
    for held in (
        Q(roles__role=Role.LEAD, roles__department=department),
        Q(roles__role=Role.LEAD, roles__department__isnull=True),
        Q(roles__role=Role.ADMIN, roles__department__isnull=True),
    ):
        found = list(staff.filter(held).distinct())
        if found:
            return found
    return []
