"""What a co-signer signs: pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID


def digest(version_id: UUID, representation_id: UUID | None, answers: Mapping[str, Any]) -> str:
    """SHA-256 of what is signed: form version, for whom, every answer with the ids of its files."""
    packed = json.dumps(
        [str(version_id), str(representation_id or ""), answers],
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return hashlib.sha256(packed.encode()).hexdigest()
