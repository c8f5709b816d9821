"""Which events the ledger knows, and how each reads. The room that owns an event registers it."""

from __future__ import annotations

from dataclasses import dataclass
from string import Formatter
from typing import TYPE_CHECKING

from common.registry import Registry

if TYPE_CHECKING:
    from audit.models import LedgerEntry

#: What a wording may name; anything else would be a personal value in the making.
PLACEHOLDERS = frozenset({"name", "purpose", "object_id"})


@dataclass(frozen=True, slots=True)
class Event:
    """An event's key (``case.opened``) and its wording, a lazy translation with ``{name}``."""

    key: str
    wording: object


registry: Registry[Event] = Registry("ledger event")


def register(key: str, *, wording: object) -> Event:
    """Make `key` known, from ``AppConfig.ready``. `wording` may hold `PLACEHOLDERS` only.

    Raises `ValueError` when the key is taken by another wording.
    """
    if key in registry and registry.get(key).wording == wording:
        return registry.get(key)
    return registry.register(key, Event(key, wording))


def check_wordings() -> None:
    """Every wording, in the active language, names placeholders that exist. Raises `ValueError`."""
    for key, event in registry.items():
        named = {field for _, field, _, _ in Formatter().parse(str(event.wording)) if field}
        if not named <= PLACEHOLDERS:
            raise ValueError(f"{key}: unknown placeholder {sorted(named - PLACEHOLDERS)}")


def describe(entry: LedgerEntry) -> str:
    """The entry as a sentence in the active language. An event no room registers reads as its key.

    That happens for old rows whose room was removed: the ledger outlives the code.
    """
    if entry.event not in registry:
        return entry.event
    return str(registry.get(entry.event).wording).format(
        name=entry.actor_name, purpose=entry.purpose, object_id=entry.object_id
    )
