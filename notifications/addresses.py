"""E-mail addresses that take no mail: known by a keyed hash, so that the rows name nobody."""

from __future__ import annotations

import uuid

from django.utils.crypto import salted_hmac

from common.database import connection
from identity.models import User
from notifications.models import DeadAddress


def fingerprint(address: str) -> str:
    """64 hex digits of an address, of this municipality only."""
    salt = f"mail address:{connection.schema_name}"
    return salted_hmac(salt, address.strip().casefold(), algorithm="sha256").hexdigest()


def is_dead(user: User) -> bool:
    """Whether the account's address takes no mail, as far as is known."""
    if not user.email:
        return False
    return DeadAddress.objects.filter(resident=user, address_hash=fingerprint(user.email)).exists()


def bury(user_id: uuid.UUID, address_hash: str) -> None:
    """Write to this address no more."""
    DeadAddress.objects.get_or_create(resident_id=user_id, address_hash=address_hash)


def revive(user: User) -> None:
    """Try the account's addresses again: the resident says that they work."""
    DeadAddress.objects.filter(resident=user).delete()
