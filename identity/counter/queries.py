"""Reading what help at the counter is open, and whose record somebody without an eID has."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date

from common.database import one_or_none
from identity.counter.models import Helping
from identity.models import Representation, User

_KEPT = "_helping_kept"


def open_of(helper: User) -> Helping | None:
    """The session in which this member of staff helps somebody now; ended and expired ones are
    none. One statement per request, none for residents."""
    if helper.is_resident:
        return None
    if not hasattr(helper, _KEPT):
        found = one_or_none(
            Helping.objects.select_related("resident", "representation", "helper").filter(
                helper=helper, ended_at__isnull=True
            )
        )
        setattr(helper, _KEPT, found)
    helping: Helping | None = getattr(helper, _KEPT)
    return helping if helping is not None and helping.is_open else None


def forget(helper: User) -> None:
    """Read it again next time, after it was begun or ended within this request."""
    if hasattr(helper, _KEPT):
        delattr(helper, _KEPT)


def of_resident(resident: User) -> Sequence[Helping]:
    """Whoever is helping this resident now, for "end it"."""
    rows = Helping.objects.select_related("helper").filter(resident=resident, ended_at__isnull=True)
    return [row for row in rows if row.is_open]


def candidates(name: str, birth_date: date | None) -> list[User]:
    """Records of residents without an eID who could be this person: same name, same birthday.

    Never more than a hint to the helper, who compares the address with the paper. Each carries
    `last_seen` (`Representation`), what was written down the last time.
    """
    rows = (
        Helping.objects.select_related("resident", "representation")
        .filter(
            consent=Helping.Consent.PRESENT,
            representation__kind=Representation.Kind.COUNTER,
            representation__birth_date=birth_date,
            resident__eid__isnull=True,
            resident__is_active=True,
        )
        .order_by("-opened_at")
    )
    found: dict[object, User] = {}
    for row in rows:
        if squeezed(row.representation.name) == squeezed(name) and row.resident_id not in found:
            row.resident.last_seen = row.representation  # type: ignore[attr-defined]
            found[row.resident_id] = row.resident
    return list(found.values())


def squeezed(name: str) -> str:
    """A name without spaces and widths, to compare."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())
