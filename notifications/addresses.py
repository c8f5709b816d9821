"""Where mails go, and which addresses take none.

A mail about a thing of a room above goes where that thing says (`sources`), anything else to the
account's own address. Dead addresses are known by a keyed hash, so that the rows name nobody.
See docs/adr/0030-where-mails-go.md.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

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


@dataclass(frozen=True, slots=True)
class Mailing:
    """Where mail to somebody goes, or why none goes (a `Delivery.Reason`)."""

    address: str
    reason: str = ""

    @property
    def in_words(self) -> str:
        """One sentence that is right for whoever reads it, the recipient or the office."""
        said = {
            "": _("A mail goes to %(address)s."),
            Delivery.Reason.UNWANTED: _("No mail is sent: mails are switched off."),
            Delivery.Reason.NO_ADDRESS: _("No mail is sent: no address is known."),
            Delivery.Reason.DEAD_ADDRESS: _(
                "No mail is sent: the last one to %(address)s came back."
            ),
        }
        return said[self.reason] % {"address": self.address}


def of(message: Message, preference: Preference) -> Mailing:
    """Where the mail of a message goes. `preference` is its recipient's."""
    own = next((found for ask in sources if (found := ask(message))), "")
    return mailing(message.recipient, own, preference)


def mailing(recipient: User, own: str, preference: Preference) -> Mailing:
    """Where mail goes: to `own`, that of the thing itself, else to the account's address; the
    account's, too, where mail to the other came back."""
    known = [address for address in (own, recipient.email) if address]
    if Delivery.Channel.MAIL not in preference.channels:
        return Mailing("".join(known[:1]), Delivery.Reason.UNWANTED)
    if not known:
        return Mailing("", Delivery.Reason.NO_ADDRESS)
    dead = dead_of(recipient)
    for address in known:
        if fingerprint(address) not in dead:
            return Mailing(address)
    return Mailing(known[0], Delivery.Reason.DEAD_ADDRESS)


def fingerprint(address: str) -> str:
    """64 hex digits of an address, of this municipality only."""
    salt = f"mail address:{connection.schema_name}"
    return salted_hmac(salt, address.strip().casefold(), algorithm="sha256").hexdigest()


def is_dead(user: User) -> bool:
    """Whether the account's address takes no mail, as far as is known."""
    return bool(user.email) and fingerprint(user.email) in dead_of(user)


def dead_of(user: User) -> frozenset[str]:
    """Fingerprints of the addresses at which mail to somebody came back for good."""
    return frozenset(one.address_hash for one in _dead.all(user=user.pk))


def bury(user_id: uuid.UUID, address_hash: str) -> None:
    """Write to this address no more."""
    DeadAddress.objects.get_or_create(resident_id=user_id, address_hash=address_hash)


def revive(user: User) -> None:
    """Try all addresses of the account again: the resident says that they work."""
    DeadAddress.objects.filter(resident=user).delete()
