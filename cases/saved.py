"""Lists that somebody keeps under a name, for themselves or for an office.

A saved list is only the choice: whoever opens it sees what they may see, counted the same way.
"""

from __future__ import annotations

import unicodedata
import uuid
from dataclasses import asdict, fields
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from audit import ledger
from cases import desk
from cases.desk import InboxFilter
from cases.models_desk import FirstFilter, SavedFilter
from common.actor import Actor
from common.errors import InvalidInput, NotAllowed, NotFound
from identity.models import Department, User
from identity.roles import Role, department_ids_of, departments_of, has_role

LONGEST_NAME = 60
#: Of one person, and of one office: what fits beside the lists.
MOST = 10
#: For whom, as forms say it: oneself, everybody, or the key of a department.
OWN, EVERYBODY = "", "*"

_PARTS = {part.name for part in fields(InboxFilter)}


def visible_to(user: User) -> list[SavedFilter]:
    """One's own, then those of one's offices, by name; `is_first` of what opens first.

    One statement; none for somebody who works on no cases.
    """
    if desk.departments(user) == frozenset():
        return []
    first = FirstFilter.objects.filter(person=user, filter=OuterRef("pk"))
    # The model names the annotation for its readers; the checker takes that for a second one.
    found = _of(user).annotate(is_first=Exists(first))  # type: ignore[no-redef]
    found = found.select_related("department")
    return sorted(found, key=lambda one: (one.owner_id is None, one.name))


def _of(user: User) -> QuerySet[SavedFilter]:
    shared = Q(owner__isnull=True)
    keys = desk.departments(user)
    if keys is not None:
        ids = department_ids_of(user, keys)
        shared &= Q(department__isnull=True) | Q(department__in=ids)
    return SavedFilter.objects.filter(Q(owner=user) | shared)


def chosen_of(saved: SavedFilter) -> InboxFilter:
    """What it shows; parts that nobody knows any more are left out."""
    known: dict[str, Any] = {
        name: value for name, value in saved.chosen.items() if name in _PARTS and value
    }
    if known.get("view") not in desk.VIEWS:
        known.pop("view", None)
    return InboxFilter(**known)


def filter_of(user: User, filter_id: uuid.UUID) -> SavedFilter:
    """One that the user sees. Raises `NotFound`."""
    if desk.departments(user) != frozenset():
        found = _of(user).filter(pk=filter_id).first()
        if found is not None:
            return found
    raise NotFound(_("There is no such list."), code="no_filter")


def may_change(saved: SavedFilter, user: User) -> bool:
    """One's own; a shared one whoever leads the office, or the whole municipality."""
    if saved.owner_id is not None:
        return saved.owner_id == user.pk
    return _leads(user, saved.department)


def _leads(user: User, department: Department | None) -> bool:
    if department is None:
        return may_share_with_all(user)
    return has_role(user, Role.LEAD, department.key)


def may_share_with_all(user: User) -> bool:
    """Whether the user leads the whole municipality."""
    return departments_of(user, Role.LEAD) is None


def offices_led_by(user: User) -> list[Department]:
    """For which offices the user may share a list. One statement, none for who leads nobody."""
    keys = departments_of(user, Role.LEAD)
    if keys == frozenset():
        return []
    found = Department.objects.order_by("key")
    return list(found if keys is None else found.filter(key__in=keys))


@transaction.atomic
def save_filter(*, chosen: InboxFilter, name: str, share: str, by: User) -> SavedFilter:
    """Keep a list under a name. `share`: `OWN`, `EVERYBODY`, or the key of a department.

    Raises `InvalidInput`, `NotAllowed`.
    """
    if desk.departments(by) == frozenset():
        raise NotAllowed(_("You do not have the role that this needs."), code="wrong_role")
    made = SavedFilter(name=_named(name), chosen=_parts(chosen))
    if share == OWN:
        made.owner = by
    elif share != EVERYBODY:
        made.department = Department.objects.filter(key=share).first()
        if made.department is None:
            raise InvalidInput({"share": [_("Choose for whom.")]})
    if not may_change(made, by):
        raise NotAllowed(_("Lists of an office are kept by its lead."), code="no_lead")
    if _beside(made).count() >= MOST:
        raise InvalidInput(
            {"name": [_("%(most)s lists are kept already. Delete one first.") % {"most": MOST}]}
        )
    _write(made)
    _record("filter.saved", made, by)
    return made


def _write(saved: SavedFilter) -> None:
    try:
        with transaction.atomic():
            saved.save()
    except IntegrityError:
        raise InvalidInput({"name": [_("There is a list of this name already.")]}) from None


def _parts(chosen: InboxFilter) -> dict[str, str]:
    return {name: value for name, value in asdict(chosen).items() if value}


def _named(typed: str) -> str:
    plain = unicodedata.normalize("NFKC", typed)
    name = " ".join("".join(c if c.isprintable() else " " for c in plain).split())
    if not name:
        raise InvalidInput({"name": [_("Write a name for it.")]})
    if len(name) > LONGEST_NAME:
        raise InvalidInput(
            {"name": [_("Use at most %(most)s characters.") % {"most": LONGEST_NAME}]}
        )
    return name


def _beside(saved: SavedFilter) -> QuerySet[SavedFilter]:
    """Those of the same owner or office."""
    return SavedFilter.objects.filter(owner=saved.owner, department=saved.department)


@transaction.atomic
def rename_filter(*, saved: SavedFilter, name: str, by: User) -> SavedFilter:
    """Give it another name. Raises `InvalidInput`, `NotAllowed`."""
    saved = _changed(saved, by)
    saved.name = _named(name)
    _write(saved)
    _record("filter.renamed", saved, by)
    return saved


@transaction.atomic
def delete_filter(*, saved: SavedFilter, by: User) -> None:
    """Keep it no longer; the cases stay as they are. Raises `NotAllowed`, `NotFound`."""
    saved = _changed(saved, by)
    _record("filter.deleted", saved, by)
    saved.delete()


@transaction.atomic
def open_first(*, saved: SavedFilter | None, by: User) -> None:
    """Let the inbox open with this list from now on; None: with all open cases."""
    if saved is None:
        FirstFilter.objects.filter(person=by).delete()
    else:
        FirstFilter.objects.update_or_create(person=by, defaults={"filter": saved})


def _changed(saved: SavedFilter, by: User) -> SavedFilter:
    fresh = SavedFilter.objects.select_for_update(of=("self",)).filter(pk=saved.pk).first()
    if fresh is None:
        raise NotFound(_("There is no such list."), code="no_filter")
    if not may_change(fresh, by):
        raise NotAllowed(_("Lists of an office are kept by its lead."), code="no_lead")
    return fresh


def _record(event: str, saved: SavedFilter, by: User) -> None:
    # Neither name nor words: they may speak of a person.
    ledger.record(
        event=event,
        by=Actor.of(by),
        object_kind="filter",
        object_id=str(saved.pk),
        data={"department": saved.department.key if saved.department else ""},
    )
