"""Reading representations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from common.database import one_or_none
from common.errors import NotFound
from identity.models import User
from identity.representation.models import Representation


def of_owner(owner: User) -> Sequence[Representation]:
    """Everybody `owner` declared to act for, the oldest first; also what has ended."""
    return list(
        Representation.objects.filter(owner=owner).exclude(kind=Representation.Kind.COUNTER)
    )


def of_person(person: User) -> Sequence[Representation]:
    """Everybody who acts or acted for `person`, the latest first. Not their help at the counter."""
    found = Representation.objects.filter(person=person).exclude(kind=Representation.Kind.COUNTER)
    return list(found.select_related("owner").order_by("-created_at"))


def on_both_sides(user: User) -> tuple[list[Representation], list[Representation]]:
    """`of_owner` and `of_person` in one statement: for whom `user` acts, and who acts for them."""
    either = Representation.objects.filter(Q(owner=user) | Q(person=user))
    found = list(either.exclude(kind=Representation.Kind.COUNTER).select_related("owner"))
    return (
        [each for each in found if each.owner_id == user.pk],
        [each for each in reversed(found) if each.person_id == user.pk],
    )


def for_person(person: User, representation_id: UUID) -> Representation:
    """One of `of_person`. Raises `NotFound` for anybody else's."""
    found = next((each for each in of_person(person) if each.pk == representation_id), None)
    if found is None:
        raise NotFound(_("There is no such entry."), code="no_representation")
    return found


def own(owner: User, representation_id: UUID | str) -> Representation:
    """One of the owner's own. Raises `NotFound` for anybody else's and for what is no id."""
    try:
        pk = UUID(str(representation_id))
    except ValueError:
        pk = None
    found = pk and one_or_none(Representation.objects.filter(pk=pk, owner=owner))
    if not found:
        raise NotFound(_("There is no such entry."), code="no_representation")
    return found


def claims(representation: Representation, contact: Any) -> dict[str, dict[str, Any]]:
    """What a form can be filled with when acting for somebody, by concept; nothing is verified.

    `contact`: the actor's own claims, of which only the ways to reach them are taken. Where an
    organisation applies, questions about a person are about the one who acts for it: those stay
    with the actor's own claims.
    """
    whom = representation
    if whom.is_organisation:
        told: dict[str, Any] = {
            "organisation.isApplicant": True,
            "organisation.name": whom.name,
            "organisation.nameKana": whom.name_kana,
            "organisation.number": whom.organisation_number,
            "organisation.address": whom.address,
        }
        kept = dict(contact)
    else:
        told = {
            "person.fullName": whom.name,
            "person.fullNameKana": whom.name_kana,
            "person.dateOfBirth": whom.birth_date.isoformat() if whom.birth_date else "",
            "person.address": whom.address,
        }
        kept = {key: claim for key, claim in contact.items() if key.startswith("contact.")}
    counter = whom.kind == Representation.Kind.COUNTER
    if counter:
        kept = {}
        told |= {"contact.phone": whom.phone, "contact.email": whom.email}
    return kept | {
        concept: {
            "value": value,
            "source": "counter" if counter else "representation",
            "asserted_at": whom.created_at.isoformat(),
            "verified": False,
        }
        for concept, value in told.items()
        if value
    }
