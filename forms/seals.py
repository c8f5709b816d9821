"""Seals on verified values: a keyed HMAC over draft, question, value and where it came from."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.crypto import salted_hmac

_PURPOSE = "madoguchi verified value"
_SEALED = ("source", "issuer", "acr", "asserted_at", "verified")


def seal(
    draft_id: UUID | str, question_id: str, value: Any, origin: Mapping[str, Any]
) -> dict[str, Any]:
    """Provenance of a verified value, sealed to this draft, question, value and origin."""
    entry = {key: origin.get(key, "") for key in _SEALED} | {"verified": True}
    entry["seal"] = _mac(draft_id, question_id, value, entry, settings.SECRET_KEY)
    return entry


def holds(
    draft_id: UUID | str, question_id: str, value: Any, provenance: Mapping[str, Any]
) -> bool:
    """Whether the seal fits. Also accepts seals of a key that is being rotated out."""
    found = str(provenance.get("seal", ""))
    return any(
        hmac.compare_digest(found, _mac(draft_id, question_id, value, provenance, key))
        for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    )


def broken(
    draft_id: UUID | str, answers: Mapping[str, Any], provenance: Mapping[str, Any]
) -> list[str]:
    """Question ids whose verified value does not fit its seal."""
    return [
        question_id
        for question_id, entry in provenance.items()
        if is_verified(entry) and not holds(draft_id, question_id, answers.get(question_id), entry)
    ]


def is_verified(entry: Mapping[str, Any] | None) -> bool:
    """Whether an answer is verified and so read-only. Anything sealed counts as such."""
    return bool(entry) and bool(entry and (entry.get("verified") or entry.get("seal")))


def opened(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Where an answer came from, when it may be changed: nobody vouches for it any more."""
    if not is_verified(entry):
        return dict(entry)
    return {key: value for key, value in entry.items() if key != "seal"} | {"verified": False}


def _mac(
    draft_id: UUID | str, question_id: str, value: Any, entry: Mapping[str, Any], key: str | bytes
) -> str:
    message = json.dumps(
        [str(draft_id), question_id, value, [entry.get(name, "") for name in _SEALED]],
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return salted_hmac(_PURPOSE, message, secret=key, algorithm="sha256").hexdigest()
