"""Secrets at rest: AES-GCM under a key derived from the platform's secret, or from given ones.

A dump of a town's schema alone must not be enough to speak for the town at the eID provider.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

NONCE_BYTES = 12


class CannotOpen(ValueError):
    """Sealed with another secret or for another purpose, or changed since."""


def _key(secret: str, purpose: str) -> bytes:
    derive = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose.encode())
    return derive.derive(secret.encode())


def seal(plain: bytes, *, purpose: str, context: str, secrets: Sequence[str] = ()) -> str:
    """Encrypt `plain`; only `unseal` with the same `purpose` and `context` opens it.

    `secrets`: the newest first; without any the platform's own.
    """
    nonce = os.urandom(NONCE_BYTES)
    cipher = AESGCM(_key((*secrets, settings.SECRET_KEY)[0], purpose))
    return base64.b64encode(nonce + cipher.encrypt(nonce, plain, context.encode())).decode()


def unseal(sealed: str, *, purpose: str, context: str, secrets: Sequence[str] = ()) -> bytes:
    """The plain bytes. Raises `CannotOpen`.

    Tries the earlier secrets too (`SECRET_KEY_FALLBACKS`, or the others of `secrets`).
    """
    raw = base64.b64decode(sealed)
    nonce, body = raw[:NONCE_BYTES], raw[NONCE_BYTES:]
    for secret in secrets or (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            return AESGCM(_key(secret, purpose)).decrypt(nonce, body, context.encode())
        except InvalidTag:
            continue
    raise CannotOpen("sealed with a secret that is no longer known")
