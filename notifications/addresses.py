"""Where mails go, and which addresses take none.

A mail about a thing of a room above goes where that thing says (`sources`), anything else to the
account's own address. Dead addresses are known by a keyed hash, so that the rows name nobody.
See docs/adr/0030-where-mails-go.md.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection

from django.utils.crypto import salted_hmac

from common.database import connection
from common.lookup import Lookup
from identity.models import User
from notifications.models import DeadAddress, Delivery, Message, Preference

#: Asked for the address of a message's own; "" where it has none. Rooms above add theirs in
#: ``AppConfig.ready``.
sources: list[Callable[[Message], str]] = []
_dead: Lookup[DeadAddress] = Lookup(
    lambda user: DeadAddress.objects.filter(resident=user), user=uuid.UUID
)


def of(message: Message) -> str:
    """Where the mail of a message goes; "" where no address is known."""
    own = next((found for ask in sources if (found := ask(message))), "")
    return chosen(message.recipient, own)


def chosen(recipient: User, own: str, dead: Collection[str] | None = None) -> str:
    """`own`, that of the thing itself, unless mail there came back and the account's works.

    `dead`: what `dead_of` found, for who asks more than once.
    """
    account = recipient.email
    if not (own and account) or fingerprint(own) == fingerprint(account):
        return own or account
    known = dead_of(recipient) if dead is None else dead
    if fingerprint(own) in known and fingerprint(account) not in known:
        return account
    return own


def why_none(
    recipient: User, address: str, preference: Preference, dead: Collection[str] | None = None
) -> str:
    """The `Delivery.Reason` for which no mail goes to `address`; "" when one goes."""
    if Delivery.Channel.MAIL not in preference.channels:
        return Delivery.Reason.UNWANTED
    if not address:
        return Delivery.Reason.NO_ADDRESS
    known = dead_of(recipient) if dead is None else dead
    return Delivery.Reason.DEAD_ADDRESS if fingerprint(address) in known else ""


def fingerprint(address: str) -> str:
    """64 hex digits of an address, of this municipality only."""
    salt = f"mail address:{connection.schema_name}"
    return salted_hmac(salt, address.strip().casefold(), algorithm="sha256").hexdigest()


def is_dead(user: User) -> bool:
    """Whether the account's address takes no mail, as far as is known."""
    return bool(user.email) and takes_none(user, user.email)


def takes_none(user: User, address: str) -> bool:
    """Whether a mail to somebody at `address` came back for good."""
    return fingerprint(address) in dead_of(user)


def dead_of(user: User) -> frozenset[str]:
    """Fingerprints of the addresses at which mail to somebody came back for good."""
    return frozenset(one.address_hash for one in _dead.all(user=user.pk))


def bury(user_id: uuid.UUID, address_hash: str) -> None:
    """Write to this address no more."""
    DeadAddress.objects.get_or_create(resident_id=user_id, address_hash=address_hash)


def revive(user: User) -> None:
    """Try all addresses of the account again: the resident says that they work."""
    DeadAddress.objects.filter(resident=user).delete()
