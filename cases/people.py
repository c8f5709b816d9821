"""Who works with whom."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet

from cases import desk
from cases.models import Case
from identity.models import User
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
    """Whoever has it on their desk; while nobody has, the leads."""
    worker = case.assigned_to
    if worker is not None and worker.is_active:
        return {worker.pk: worker}
    return leads(case)


def leads(case: Case) -> dict[UUID, User]:
    """The department's leads, else those of the whole town, else its administrators."""
    staff = User.objects.filter(is_active=True)
    for held in (
        Q(roles__role=Role.LEAD, roles__department_id=case.department_id),
        Q(roles__role=Role.LEAD, roles__department__isnull=True),
        Q(roles__role=Role.ADMIN, roles__department__isnull=True),
    ):
        found = {user.pk: user for user in staff.filter(held).distinct()}
        if found:
            return found
    return {}
