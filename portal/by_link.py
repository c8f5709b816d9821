"""What the page of a case says besides, to whoever opened it without an account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from audit import queries as audit
from audit.events import describe
from cases.models import Case
from notifications import queries as notifications
from notifications.models import Message
from portal import wording

#: The newest; a case seldom has more.
MOST = 50


@dataclass(frozen=True, slots=True)
class Reading:
    """Somebody of the office saw or used what was sent."""

    at: datetime
    text: str
    purpose: str


@dataclass(frozen=True, slots=True)
class ByLink:
    """In place of the inbox and of "My data", for this case alone."""

    address: str
    messages: Sequence[Message]
    readings: Sequence[Reading]


def shown_with(case: Case) -> ByLink:
    """Two statements."""
    services = {case.offering.slug: case.offering.title}
    entries = audit.of_object("case", case.pk).filter(actor_kind="staff")[:MOST]
    return ByLink(
        address=case.resident.email,
        messages=list(notifications.inbox(case.resident)[:MOST]),
        readings=[
            Reading(entry.at, describe(entry), wording.purpose(entry, services))
            for entry in entries
        ],
    )
