"""Recognising the represented among the accounts of a town.

Name, date of birth and address that an eID asserts must all be those of the represented, and of one
account alone. What is typed about somebody else is never enough to be led to an account, so this
runs where nobody who declared anything can see or time it: at the sign-in of the represented, and
in the worker after a declaration. See docs/adr/0031.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone

from audit import ledger
from common import outbox
from common.actor import SYSTEM
from identity import claims as eid_claims
from identity import events
from identity.addresses import comparable
from identity.counter.queries import squeezed
from identity.models import EidIdentity, User
from identity.representation.models import Representation

#: What the eID has to say about somebody.
CONCEPTS = frozenset({eid_claims.FULL_NAME, eid_claims.DATE_OF_BIRTH, eid_claims.ADDRESS})
#: Answered by the room that tells people.
RECOGNISED = "identity.represented"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a person, made comparable."""

    name: str
    kana: str
    born: date
    place: str
    building: str

    def is_same(self, other: Known) -> bool:
        """All three the same; kana and building must not speak against it, where both have them."""
        mine = (self.name, self.born, self.place)
        return (
            mine == (other.name, other.born, other.place)
            and _agree(self.kana, other.kana)
            and _agree(self.building, other.building)
        )


def _agree(one: str, other: str) -> bool:
    return not (one and other) or one == other


def of_claims(claims: Mapping[str, Any]) -> Known | None:
    """Whom the eID's claims describe; None where one of the three is missing."""
    told = {key: entry.get("value") for key, entry in claims.items() if isinstance(entry, Mapping)}
    born = told.get(eid_claims.DATE_OF_BIRTH)
    return _known(
        told.get(eid_claims.FULL_NAME),
        told.get(eid_claims.FULL_NAME_KANA),
        date.fromisoformat(born) if born else None,
        told.get(eid_claims.ADDRESS),
    )


def of_representation(representation: Representation) -> Known | None:
    """Whom somebody acts for; None for an organisation, and without an address."""
    one = representation
    return _known(one.name, one.name_kana, one.birth_date, one.address)


def _known(name: Any, kana: Any, born: date | None, address: Any) -> Known | None:
    place, building = comparable(address)
    if not name or born is None or not place:
        return None
    return Known(squeezed(str(name)), squeezed(str(kana or "")), born, place, building)


def at_sign_in(claims: Mapping[str, Any]) -> None:
    """Look whether whoever has just shown their eID is represented by somebody.

    `claims`: what it asserted this time. No statement unless all three are among it.
    """
    me = of_claims(claims)
    if me is None:
        return
    _recognise(_representing(me), me)


def ask(representation: Representation) -> None:
    """Have it looked after the commit whether the represented has an account here."""
    if of_representation(representation) is not None:
        pk = str(representation.pk)
        outbox.enqueue("identity.representation_declared", pk, {"representation_id": pk})


@outbox.handler("identity.representation_declared")
def after_declaration(payload: dict[str, Any]) -> None:
    """Look whether the represented has an account here."""
    representation = Representation.objects.get(pk=payload["representation_id"])
    whom = of_representation(representation)
    if whom is not None:
        _recognise([representation], whom)


def _representing(whom: Known) -> Sequence[Representation]:
    same_day = Representation.objects.filter(birth_date=whom.born)
    found = [(each, of_representation(each)) for each in same_day]
    return [each for each, known in found if known is not None and known.is_same(whom)]


def _accounts(whom: Known) -> Sequence[User]:
    """Every account that this could be: one, or nobody is recognised."""
    born = {eid_claims.DATE_OF_BIRTH: {"value": whom.born.isoformat()}}
    rows = EidIdentity.objects.select_related("user").filter(
        claims__contains=born, user__is_active=True
    )
    found = [(row.user, of_claims(row.claims)) for row in rows]
    return [user for user, known in found if known is not None and known.is_same(whom)]


def _recognise(representations: Sequence[Representation], whom: Known) -> None:
    if not representations:
        return
    accounts = _accounts(whom)
    ids = [each.pk for each in representations]
    if len(accounts) != 1:
        # From the moment that two could be meant, neither is.
        Representation.objects.filter(pk__in=ids, person__in=accounts).update(
            person=None, recognised_at=None
        )
        return
    user = accounts[0]
    for pk in ids:
        new = Representation.objects.filter(pk=pk, person=None).exclude(owner=user)
        if new.update(person=user, recognised_at=timezone.now()):
            _note(pk, user)


def _note(pk: Any, user: User) -> None:
    ledger.record(
        event=events.REPRESENTED_RECOGNISED,
        by=SYSTEM,
        about=str(user.pk),
        object_kind="representation",
        object_id=str(pk),
    )
    outbox.enqueue(RECOGNISED, f"{pk}:{user.pk}", {"representation_id": str(pk)})
