"""What staff may do. One query per request: the roles are kept on the user object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from common.lookup import Lookup
from identity.models import Role, StaffRole

if TYPE_CHECKING:
    from collections.abc import Iterable

    from identity.models import User

__all__ = [
    "Role",
    "any_role",
    "department_ids_of",
    "departments_of",
    "forget",
    "has_role",
    "roles_of",
]

_KEPT = "_roles_kept"
_IDS = "_department_ids_kept"
_roles: Lookup[StaffRole] = Lookup(lambda user: StaffRole.objects.filter(user=user), user=UUID)


def roles_of(user: User | Any) -> frozenset[tuple[str, str | None]]:
    """Every (role, department key or None for the whole municipality) of `user`."""
    if not getattr(user, "is_authenticated", False) or user.kind != "staff" or not user.is_active:
        return frozenset()
    kept: frozenset[tuple[str, str | None]] | None = getattr(user, _KEPT, None)
    if kept is None:
        held_now = _roles.all(user=user.pk)
        kept = frozenset(
            (held.role, held.department.key if held.department else None) for held in held_now
        )
        setattr(user, _KEPT, kept)
        ids = {held.department.key: held.department.pk for held in held_now if held.department}
        setattr(user, _IDS, ids)
    return kept


def has_role(user: User | Any, role: str, department_key: str | None = None) -> bool:
    """May `user` act as `role`?

    Without `department_key`: in any department. With it: in that department or in the whole
    municipality. An administrator of the municipality holds every role.
    """
    held = roles_of(user)
    if (Role.ADMIN.value, None) in held:
        return True
    if department_key is None:
        return any(name == role for name, _department in held)
    return (str(role), department_key) in held or (str(role), None) in held


def any_role(user: User | Any, roles: Iterable[str], department_key: str | None = None) -> bool:
    """Does `user` hold at least one of `roles`?"""
    return any(has_role(user, role, department_key) for role in roles)


def departments_of(user: User | Any, role: str) -> frozenset[str] | None:
    """Keys of the departments where `user` acts as `role`; None means the whole municipality."""
    held = roles_of(user)
    if (Role.ADMIN.value, None) in held or (str(role), None) in held:
        return None
    return frozenset(key for name, key in held if name == role and key is not None)


def department_ids_of(user: User | Any, keys: Iterable[str]) -> list[UUID]:
    """Ids of those departments of `keys` in which `user` holds a role. No statement of its own.

    A list that is read in the order of an index must name the department by id.
    """
    roles_of(user)
    known: dict[str, UUID] = getattr(user, _IDS, {})
    return sorted(known[key] for key in keys)


def forget(user: User | Any) -> None:
    """Read the roles again next time, after they were changed within this request."""
    if hasattr(user, _KEPT):
        delattr(user, _KEPT)
