"""The provider's signing keys, kept in the shared cache.

An unknown key id makes us look again at once (the provider may have changed its keys), but at most
once a minute: a flood of made-up key ids must not become a flood of calls.
"""

from __future__ import annotations

import hashlib
from typing import Any

import jwt
from django.conf import settings
from django.core.cache import cache

from identity.eid.http import call
from identity.eid.problems import EidRefused

MAX_KEYS = 50
_KTY = {"RS": "RSA", "PS": "RSA", "ES": "EC"}


def _cache_key(jwks_uri: str) -> str:
    return f"eid-jwks-{hashlib.sha256(jwks_uri.encode()).hexdigest()[:32]}"


def fetch(jwks_uri: str) -> list[dict[str, Any]]:
    """The provider's public keys as they are now, kept for the next sign-ins."""
    answer = call("GET", jwks_uri)
    if answer.status != 200:
        raise EidRefused("provider_down", f"keys: status {answer.status}")
    found = answer.json().get("keys")
    if not isinstance(found, list) or len(found) > MAX_KEYS:
        raise EidRefused("provider_answer", "keys: no list")
    keys = [key for key in found if isinstance(key, dict)]
    cache.set(_cache_key(jwks_uri), keys, settings.EID_JWKS_KEEP_SECONDS)
    return keys


def _match(keys: list[dict[str, Any]], kid: str, alg: str) -> dict[str, Any] | None:
    for key in keys:
        if (
            key.get("kid") == kid
            and key.get("kty") == _KTY[alg[:2]]
            and key.get("use", "sig") == "sig"
            and key.get("alg", alg) == alg
        ):
            return key
    return None


def signing_key(jwks_uri: str, kid: str, alg: str, problem: str) -> jwt.PyJWK:
    """The provider's key `kid` for `alg`. Raises `EidRefused(problem)` when it has none."""
    kept: list[dict[str, Any]] | None = cache.get(_cache_key(jwks_uri))
    key = _match(kept if kept is not None else fetch(jwks_uri), kid, alg)
    if key is None and kept is not None:
        first = cache.add(f"{_cache_key(jwks_uri)}-again", 1, settings.EID_JWKS_REFRESH_SECONDS)
        key = _match(fetch(jwks_uri), kid, alg) if first else None
    if key is None:
        raise EidRefused(problem, "unknown key")
    try:
        return jwt.PyJWK(key, algorithm=alg)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        raise EidRefused(problem, "key cannot be used") from None
