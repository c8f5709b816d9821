"""Who works with whom."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from cases import desk
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
