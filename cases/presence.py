"""Who else has a case open: a light mark in the cache, renewed while the page is open.

It is a courtesy only: what keeps two people from overwriting each other is the case's `lock`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from uuid import UUID

from django.core.cache import cache

from identity.models import User

#: Without a new mark somebody counts as gone.
SECONDS = 90
#: A mark younger than that is not renewed: a page that is open asks once a minute.
_FRESH = 20
_MOST = 20


@dataclass(frozen=True, slots=True)
class Present:
    """A colleague who has the case open, since so many minutes."""

    name: str
    minutes: int


def mark(case_id: UUID, user: User) -> list[Present]:
    """Note that the user has the case open; who else has, the longest first."""
    now, key, me = time.time(), f"desk.open.{case_id}", str(user.pk)
    stored = cache.get(key)
    seen: dict[str, tuple[str, float, float]] = stored if isinstance(stored, dict) else {}
    seen = {who: entry for who, entry in seen.items() if now - entry[2] < SECONDS}
    mine = seen.get(me)
    if mine is None or now - mine[2] > _FRESH:
        seen[me] = (user.name, mine[1] if mine else now, now)
        if len(seen) <= _MOST:
            cache.set(key, seen, SECONDS)
    others = sorted((entry for who, entry in seen.items() if who != me), key=lambda entry: entry[1])
    return [Present(name, int((now - first) // 60)) for name, first, _last in others]
