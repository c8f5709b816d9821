"""How strongly somebody was recognised (acr), compared with what is needed."""

from __future__ import annotations

import re
import time
from typing import Any

from django.conf import settings

from identity.eid.problems import EidRefused

_LEVEL = re.compile(r"aal([1-3])")


def satisfies(acr: object, needed: str) -> bool:
    """Does `acr` (``"aal3 crl"``) reach `needed` (``"aal2"``)?

    Levels compare by number; every other word (``crl``: the certificate was checked for
    revocation) must be there as it is. An unknown value satisfies nothing but itself.
    """
    have = set(acr.split()) if isinstance(acr, str) else set()
    level = max((int(found[1]) for word in have if (found := _LEVEL.fullmatch(word))), default=0)
    for word in needed.split():
        found = _LEVEL.fullmatch(word)
        if not (level >= int(found[1]) if found else word in have):
            return False
    return True


def check(claims: dict[str, Any], *, needed: str, since: float | None) -> None:
    """Enforce what was asked for: the level, and (step-up) a sign-in after `since`.

    The provider is free to ignore ``acr_values`` and ``max_age``; that is why the answer counts.
    """
    if needed and not satisfies(claims.get("acr"), needed):
        raise EidRefused("acr_too_low", "acr")
    if since is None:
        return
    moment = claims.get("auth_time")
    if isinstance(moment, bool) or not isinstance(moment, int | float):
        raise EidRefused("auth_too_old", "no auth_time")
    if moment + settings.EID_LEEWAY_SECONDS < since:
        raise EidRefused("auth_too_old", "auth_time")
    if moment - settings.EID_LEEWAY_SECONDS > time.time():
        raise EidRefused("token_invalid", "auth_time lies ahead")
