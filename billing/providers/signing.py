"""Signed messages that travel through a browser: JSON, base64url, HMAC-SHA256.

A message is signed for one purpose; a request can never pass as an answer. It carries when it was
made and is refused when it is older than its reader allows.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

MINIMUM_SECRET = 32
_FUTURE_SECONDS = 60  # clocks differ a little


class BadMessage(ValueError):
    """The message is not the signer's, not for this purpose, or out of date."""


def sign(secret: str, purpose: str, content: Mapping[str, Any]) -> str:
    """`content` as ``payload.signature``, with the present time. Raises `ValueError`."""
    payload = json.dumps(
        {**content, "at": int(timezone.now().timestamp())},
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )
    encoded = _encode(payload.encode())
    return f"{encoded}.{_encode(_mac(secret, purpose, encoded))}"


def read(secret: str, purpose: str, message: str, *, max_age: int) -> dict[str, Any]:
    """The content of a signed message no older than `max_age` seconds. Raises `BadMessage`."""
    encoded, dot, signature = message.partition(".")
    if not dot or len(message) > 8000:
        raise BadMessage("malformed")
    if not hmac.compare_digest(
        _encode(_mac(secret, purpose, encoded)).encode(), signature.encode()
    ):
        raise BadMessage("signature")
    try:
        content = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
        age = int(timezone.now().timestamp()) - int(content["at"])
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise BadMessage("content") from error
    if not -_FUTURE_SECONDS <= age <= max_age:
        raise BadMessage("expired")
    return dict(content)


def _mac(secret: str, purpose: str, encoded: str) -> bytes:
    if len(secret) < MINIMUM_SECRET:
        raise ValueError(f"a signing secret has at least {MINIMUM_SECRET} characters")
    return hmac.digest(secret.encode(), f"{purpose}\n{encoded}".encode(), hashlib.sha256)


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")
