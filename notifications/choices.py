"""The form in which somebody chooses how they are told: what it shows, and what was typed."""

from __future__ import annotations

from datetime import time
from typing import Any

from django.http import QueryDict

from identity.models import User
from notifications import actions, addresses, queries
from notifications.channels import sms
from notifications.models import Delivery

HOURS = [time(hour) for hour in range(24)]
#: What the form offers before anything was chosen.
USUAL_QUIET = (time(21), time(8))
USUAL_DIGEST = time(18)


def shown(user: User) -> dict[str, Any]:
    """What the form shows."""
    preference = queries.preference_of(user)
    return {
        "preference": preference,
        "mail": Delivery.Channel.MAIL.value,
        "sms": Delivery.Channel.SMS.value,
        "sms_offered": sms.is_offered(),
        "mail_fails": addresses.is_dead(user),
        "hours": HOURS,
        "is_quiet": preference.quiet_from is not None,
        "quiet_from": preference.quiet_from or USUAL_QUIET[0],
        "quiet_until": preference.quiet_until or USUAL_QUIET[1],
        "digest_at": preference.digest_at or USUAL_DIGEST,
    }


def save(user: User, posted: QueryDict) -> None:
    """Keep what was posted. Raises `ValueError` for what no form of ours posts."""
    quiet = None
    if posted.get("quiet"):
        quiet = (_hour(posted.get("quiet_from", "")), _hour(posted.get("quiet_until", "")))
    actions.set_preference(
        user=user,
        language=posted.get("language", ""),
        channels=posted.getlist("channels"),
        quiet=quiet,
        digest_at=_hour(posted.get("digest_at", "")) if posted.get("digest") else None,
        by_post=bool(posted.get("by_post")),
    )


def lacks_address(user: User) -> bool:
    """Whether they want mails and their account has no address. One statement."""
    return not user.email and Delivery.Channel.MAIL in queries.preference_of(user).channels


def _hour(typed: str) -> time:
    """A full hour out of the list. Raises `ValueError`."""
    found = time.fromisoformat(typed)
    if found not in HOURS:
        raise ValueError("no full hour")
    return found
