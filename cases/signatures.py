"""What a co-signer signs, and the link by which they come: pure, but for the town it is bound to.

A link's token follows from the row's id under the platform's secret, so that the worker can put it
into the mail while the database holds its hash only.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.crypto import salted_hmac

from common.database import connection

_PURPOSE = "madoguchi co-signer's link"
#: Longer than any token.
LONGEST_TOKEN = 64


def digest(version_id: UUID, representation_id: UUID | None, answers: Mapping[str, Any]) -> str:
    """SHA-256 of what is signed: form version, for whom, every answer with the ids of its files."""
    packed = json.dumps(
        [str(version_id), str(representation_id or ""), answers],
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return hashlib.sha256(packed.encode()).hexdigest()


def token_hash(token: str) -> str:
    """What the database keeps of a link."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token(signature_id: UUID, purpose: str = _PURPOSE) -> str:
    """The token of a co-signature's link, in this town."""
    return next(_tokens(signature_id, purpose))


def token_of(signature_id: UUID, kept_hash: str, purpose: str = _PURPOSE) -> str:
    """The same token again, also while the platform's secret is being changed.

    Raises `LookupError` when the secret it was made with is no longer known.
    """
    for token in _tokens(signature_id, purpose):
        if hmac.compare_digest(token_hash(token), kept_hash):
            return token
    raise LookupError("the link was made with a secret that is no longer known")


def _tokens(signature_id: UUID, purpose: str) -> Iterator[str]:
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        made = salted_hmac(
            purpose, f"{connection.schema_name}:{signature_id}", secret=secret, algorithm="sha256"
        )
        yield base64.urlsafe_b64encode(made.digest()).rstrip(b"=").decode()
