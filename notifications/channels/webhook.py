"""By webhook: the municipality's own system is told that a notice exists, by ids only.

A POST of JSON, signed::

    Madoguchi-Signature: t=1780000000,v1=<hex of HMAC-SHA256 over "<t>.<body>">
    Idempotency-Key: <the delivery's id, the same on every try>

The receiver refuses what is older than some minutes, compares the signature in constant time, and
drops a key that it has seen.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time

from common.database import connection
from identity import sealed
from notifications.channels import fetching
from notifications.channels.base import SENT, Outcome, skipped
from notifications.models import Delivery, Preference, WebhookTarget

PURPOSE = "notifications webhook"


def target() -> WebhookTarget | None:
    """Where the active municipality wants to be told."""
    return WebhookTarget.objects.filter(pk=WebhookTarget.ONLY).first()


class WebhookChannel:
    """To the address that an administrator has set."""

    disturbs = False

    def refusal(self, delivery: Delivery, preference: Preference) -> Outcome | None:
        return None if target() else skipped(Delivery.Reason.NO_ADDRESS)

    def deliver(self, delivery: Delivery, preference: Preference) -> Outcome:
        found = target()
        if found is None:
            return skipped(Delivery.Reason.NO_ADDRESS)
        content = body(delivery)
        secret = sealed.unseal(found.secret, purpose=PURPOSE, context=connection.schema_name)
        fetching.post(
            found.url,
            content,
            headers={
                "Content-Type": "application/json",
                "Idempotency-Key": str(delivery.pk),
                "Madoguchi-Signature": signature(secret, content, now=int(time.time())),
            },
        )
        return SENT


def body(delivery: Delivery) -> bytes:
    """What is told: ids, the kind of notice, when. Not who, not about what."""
    message = delivery.message
    told = {
        "id": str(delivery.pk),
        "municipality": connection.tenant.code,
        "notice": message.kind,
        "message": str(message.pk),
        "happening": message.key,
        "created_at": message.created_at.isoformat(timespec="seconds"),
    }
    return json.dumps(told, separators=(",", ":"), sort_keys=True).encode()


def signature(secret: bytes, content: bytes, *, now: int) -> str:
    """The header's value; `now` in seconds since 1970."""
    signed = hmac.new(secret, f"{now}.".encode() + content, hashlib.sha256).hexdigest()
    return f"t={now},v1={signed}"
