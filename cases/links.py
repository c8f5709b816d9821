"""Links and codes in mails to people without an account: pure, but for the town they are bound to.

A link's token follows from the row's id under the platform's secret, so that the worker can put it
into the mail while the database holds its hash only. Likewise a code, of which nothing is kept.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import unicodedata
from collections.abc import Iterator
from enum import StrEnum
from uuid import UUID

from django.conf import settings
from django.utils.crypto import salted_hmac

from common.database import connection

#: Longer than any token.
LONGEST_TOKEN = 64


class Purpose(StrEnum):
    """What a link is for: one for another purpose opens nothing."""

    COSIGN = "madoguchi co-signer's link"
    RESUME = "madoguchi link to go on with a draft"
    CONSULT = "madoguchi consulted body's link"
    OPEN_CASE = "madoguchi link to a case sent without signing in"


class CodeFor(StrEnum):
    """What a code is for."""

    CONSULT = "madoguchi consulted body's code"
    ADDRESS = "madoguchi code for an address to send with"


CODE_DIGITS = 8


def token_hash(token: str) -> str:
    """What the database keeps of a link."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token(purpose: Purpose, row_id: UUID) -> str:
    """The token of a row's link, in this town."""
    return next(_tokens(purpose, row_id))


def token_of(purpose: Purpose, row_id: UUID, kept_hash: str) -> str:
    """The same token again, also while the platform's secret is being changed.

    Raises `LookupError` when the secret it was made with is no longer known.
    """
    for token in _tokens(purpose, row_id):
        if hmac.compare_digest(token_hash(token), kept_hash):
            return token
    raise LookupError("the link was made with a secret that is no longer known")


def codes_of(purpose: CodeFor, key: str) -> list[str]:
    """The code for `key` in this town, then those of secrets that are still known."""
    return [
        str(
            int.from_bytes(
                salted_hmac(
                    purpose.value,
                    f"{connection.schema_name}:{key}",
                    secret=secret,
                    algorithm="sha256",
                ).digest()[:8],
                "big",
            )
            % 10**CODE_DIGITS
        ).zfill(CODE_DIGITS)
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ]


def is_code(typed: str, purpose: CodeFor, key: str) -> bool:
    """Whether that is the code for `key`, with spaces or without, in wide digits or narrow."""
    plain = "".join(unicodedata.normalize("NFKC", typed[:100]).split()).encode()
    return any(hmac.compare_digest(plain, code.encode()) for code in codes_of(purpose, key))


def _tokens(purpose: Purpose, row_id: UUID) -> Iterator[str]:
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        made = salted_hmac(
            purpose.value, f"{connection.schema_name}:{row_id}", secret=secret, algorithm="sha256"
        )
        yield base64.urlsafe_b64encode(made.digest()).rstrip(b"=").decode()
