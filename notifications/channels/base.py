"""What a channel is: it says what it may carry, and delivers one message at a time.

=========  =================================================================================
mail       name and receipt number; what a notice marks as private stays in the inbox
sms        that there is a message, of which town, where: no name, no number, no service
webhook    ids and the kind of notice, signed, to the one address an administrator has set
=========  =================================================================================

`deliver` runs in the worker, in the transaction of the outbox row. Whatever it raises is tried
again by the outbox, with the same key; a process killed in the middle delivers again, with the same
key. So the outside world sees each delivery at least once, and can tell a second one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from notifications.models import Delivery, Preference


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a delivery: a `Delivery.State`, and why where it was not sent."""

    state: str
    reason: str = ""
    #: Where it went, as `notifications.addresses.fingerprint`.
    address_hash: str = ""


SENT = Outcome(Delivery.State.SENT)


def skipped(reason: str) -> Outcome:
    """Not sent for a `Delivery.Reason`."""
    return Outcome(Delivery.State.SKIPPED, reason)


class Channel(Protocol):
    """One way outside."""

    #: Reaches a person, so it keeps their quiet hours.
    disturbs: bool

    def refusal(self, delivery: Delivery, preference: Preference) -> Outcome | None:
        """Why this is not sent at all; None when it is. Sends nothing."""
        ...

    def deliver(self, delivery: Delivery, preference: Preference) -> Outcome:
        """Send it. Asked only when nothing refuses it; raises for what shall be tried again."""
        ...
