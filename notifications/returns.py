"""Addresses that undeliverable mail comes back to: one for each delivery (VERP).

``bounces+<municipality>.<delivery>.<check>@…``: the town's code, the delivery's UUID in 26 letters
and digits, ten of its keyed hash, so that nobody can make one up. At most 64 characters before @.
"""

from __future__ import annotations

import base64
import hmac
import re
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.utils.crypto import salted_hmac

from common.database import connection

_MARK = re.compile(r"\+(\d{6})\.([a-z2-7]{26})\.([a-z2-7]{10})@", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mark:
    """What an address says: which municipality (by code), which delivery."""

    code: str
    delivery: uuid.UUID


def address_of(delivery_id: uuid.UUID) -> str:
    """Where a mail of this delivery comes back to; "" when no address is set for that."""
    name, sign, host = settings.BOUNCE_ADDRESS.partition("@")
    if not sign:
        return ""
    code, plain = connection.tenant.code, _letters(delivery_id.bytes)
    return f"{name}+{code}.{plain}.{_check(code, plain)}@{host}"


def mark_in(text: str) -> Mark | None:
    """The mark of an address that we made, wherever it stands in `text`."""
    for code, typed, check in _MARK.findall(text[:2_000]):
        plain = typed.lower()
        if hmac.compare_digest(check.lower(), _check(code, plain)):
            raw = base64.b32decode(plain.upper() + "======")
            return Mark(code, uuid.UUID(bytes=raw))
    return None


def _check(code: str, plain: str) -> str:
    salt = "mail that comes back"
    return _letters(salted_hmac(salt, f"{code}.{plain}", algorithm="sha256").digest())[:10]


def _letters(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=").lower()
