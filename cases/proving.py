"""A guest shows that an address for mail is theirs: a code goes there, and is typed here once.

Nobody is told whether the address is known; it is not looked at.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from cases import links, policies, resuming
from cases.links import CodeFor
from cases.models import SendingAddress
from catalogue.queries import published_one
from common import outbox
from common.actor import GUEST
from common.database import one_or_none
from common.errors import Conflict, NotAllowed
from forms import guests
from forms.guests import Guest
from forms.models import Draft

CODE_LASTS = timedelta(minutes=10)
#: Between the code and "send".
SHOWN_FOR = timedelta(days=1)
#: Wrong codes for one code sent, and codes for one draft: of 10⁸ codes a guesser tries fifty.
MOST_WRONG = 5
MOST_CODES = 10


@transaction.atomic
def ask(*, draft: Draft, guest: Guest, address: str, language: str) -> SendingAddress:
    """Mail a code to `address`. An earlier code counts no more, nor does an address shown before.

    Raises `InvalidInput`, `NotAllowed` where a sign-in is needed, `Conflict` after too many, and
    `DraftClosed` for what is no open draft of this guest (any more).
    """
    address = resuming.checked_address(address)
    held = resuming.held_by(guest, draft)
    _check_service(held)
    row = _row(held) or SendingAddress(draft=held)
    if row.number >= MOST_CODES:
        raise Conflict(
            _("Too many codes were asked for. Please sign in with your eID, or begin again."),
            code="too_many_codes",
        )
    row.guest, row.address, row.language = guest.digest, address, language
    row.number, row.sent_at = row.number + 1, timezone.now()
    row.wrong, row.shown_at = 0, None
    row.save()
    ledger.record(event="draft.code_asked", by=GUEST, **guests.entry_of(held))
    outbox.enqueue(
        "cases.sending_code",
        f"{held.pk}:{row.number}",
        {"draft_id": str(held.pk), "number": row.number},
    )
    return row


def waiting(draft: Draft) -> SendingAddress | None:
    """The address whose code can be typed just now."""
    row = _row(draft)
    if row is None or row.guest != draft.guest or row.shown_at is not None:
        return None
    live = row.wrong < MOST_WRONG and timezone.now() - row.sent_at < CODE_LASTS
    return row if live else None


@transaction.atomic
def confirm(*, draft: Draft, guest: Guest, code: str) -> bool:
    """Whether it was the right code; then the draft can be sent with its address. Tries count.

    Raises `NotAllowed` when no code is waited for (any more), and `DraftClosed` as `ask`.
    """
    held = resuming.held_by(guest, draft)
    row = waiting(held)
    if row is None:
        raise NotAllowed(
            _("This code has run out or was wrong too often. Please ask for a new one."),
            code="no_code",
        )
    if not links.is_code(code, CodeFor.ADDRESS, _key(row)):
        row.wrong += 1
        row.save(update_fields=["wrong"])
        return False
    row.shown_at = timezone.now()
    row.save(update_fields=["shown_at"])
    ledger.record(event="draft.address_shown", by=GUEST, **guests.entry_of(held))
    return True


def shown(draft: Draft) -> str:
    """The address that this draft can be sent with; empty: none was shown, or long ago."""
    row = _row(draft)
    if row is None or row.guest != draft.guest or row.shown_at is None:
        return ""
    return row.address if timezone.now() - row.shown_at < SHOWN_FOR else ""


def code_to_send(draft_id: str, number: int) -> tuple[SendingAddress, str] | None:
    """The code whose mail is still to be sent; None when a newer one was asked for meanwhile."""
    row = one_or_none(
        SendingAddress.objects.filter(draft=UUID(draft_id), number=number, shown_at__isnull=True)
    )
    return (row, links.codes_of(CodeFor.ADDRESS, _key(row))[0]) if row is not None else None


def _check_service(draft: Draft) -> None:
    offering = published_one(draft.subject)
    if offering is None:
        raise NotAllowed(
            _("This service is not offered online at the moment. Your draft is kept."),
            code="not_offered",
        )
    policies.check_sends_without_sign_in(offering)


def _row(draft: Draft) -> SendingAddress | None:
    return one_or_none(SendingAddress.objects.filter(draft=draft))


def _key(row: SendingAddress) -> str:
    return f"{row.draft_id}:{row.number}:{row.address}"
