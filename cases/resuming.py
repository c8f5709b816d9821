"""Links by mail with which a guest goes on in another browser: asked for, sent, opened once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from cases import links
from cases.links import Purpose
from common import outbox
from common.actor import GUEST
from common.database import one_or_none
from common.errors import Conflict, InvalidInput, NotFound
from forms import guests
from forms.errors import DraftClosed
from forms.guests import Guest
from forms.models import Draft, ResumeLink

LINK_LASTS = timedelta(days=7)
#: Mails about one draft in a day: nobody's mailbox is flooded by a form.
MOST_A_DAY = 5
LONGEST_ADDRESS = 254


def checked_address(given: str) -> str:
    """An address as it was written, without spaces around it. Raises `InvalidInput`."""
    address = given.strip()
    try:
        if len(address) > LONGEST_ADDRESS:
            raise ValidationError("")
        validate_email(address)
    except ValidationError as wrong:
        raise InvalidInput(
            {"address": [_("Write an e-mail address, for example name@example.jp.")]}
        ) from wrong
    return address


@transaction.atomic
def ask(*, draft: Draft, guest: Guest, address: str, language: str) -> ResumeLink:
    """Mail the guest a link to their draft; an older one is void.

    Whether anybody uses the address here is not looked at. Raises `InvalidInput`, `DraftClosed`
    for what is no open draft of this guest (any more), and `Conflict` after too many.
    """
    address = checked_address(address)
    held = held_by(guest, draft)
    now = timezone.now()
    mine = ResumeLink.objects.filter(draft=held)
    if mine.filter(created_at__gt=now - timedelta(days=1)).count() >= MOST_A_DAY:
        raise Conflict(
            _("You have asked for a link %(most)s times today. Please try again tomorrow.")
            % {"most": MOST_A_DAY},
            code="too_many_links",
        )
    mine.filter(used_at=None, expires_at__gt=now).update(expires_at=now, address="")
    link = ResumeLink(draft=held, address=address, language=language, expires_at=now + LINK_LASTS)
    link.token_hash = links.token_hash(links.new_token(Purpose.RESUME, link.pk))
    link.save(force_insert=True)
    ledger.record(
        event="draft.link_asked",
        by=GUEST,
        **guests.entry_of(held),
        data={"link": str(link.pk)},
    )
    outbox.enqueue("cases.resume_link_asked", str(link.pk), {"link_id": str(link.pk)})
    return link


def by_token(token: str) -> ResumeLink:
    """The link that can be used. Raises `NotFound`, in the same words for one that was used, has
    run out, is void, is another town's or was made up."""
    found = None
    if 0 < len(token) <= links.LONGEST_TOKEN:
        found = one_or_none(
            ResumeLink.objects.select_related("draft").filter(token_hash=links.token_hash(token))
        )
    if found is None or not _works(found, found.draft):
        raise _dead()
    return found


@transaction.atomic
def redeem(*, token: str, guest: Guest) -> Draft:
    """Use a link up: the draft is this guest's now, and whoever had it before has it no more.

    Raises `NotFound` as `by_token`, and `Conflict` (the link still works) as `guests.pass_on`.
    """
    draft = _held(by_token(token).draft_id)
    if draft is None:
        raise _dead()
    link = by_token(token)  # as it is now that nobody else can use it
    guests.pass_on(draft, guest)
    link.used_at = timezone.now()
    link.save(update_fields=["used_at"])
    ledger.record(
        event="draft.resumed", by=GUEST, **guests.entry_of(draft), data={"link": str(link.pk)}
    )
    return draft


def link_to_send(link_id: str) -> ResumeLink | None:
    """The link whose mail is still to be sent, with its row locked."""
    link = one_or_none(
        ResumeLink.objects.select_for_update(of=("self",))
        .select_related("draft")
        .filter(pk=UUID(link_id))
        .exclude(address="")
    )
    return link if link is not None and _works(link, link.draft) else None


def forget_address(link: ResumeLink) -> None:
    """The mail is on its way: where to is not needed any more."""
    link.address = ""
    link.save(update_fields=["address"])


def held_by(guest: Guest, draft: Draft) -> Draft:
    """An open draft of this guest, its row locked. Raises `DraftClosed` for any other."""
    held = _held(draft.pk)
    if held is None or held.guest != guest.digest:
        raise DraftClosed
    return held


def _held(draft_id: UUID) -> Draft | None:
    """An open draft of a guest, its row locked."""
    return one_or_none(
        Draft.objects.select_for_update().filter(pk=draft_id, resident=None, state=Draft.State.OPEN)
    )


def _works(link: ResumeLink, draft: Draft) -> bool:
    return (
        link.used_at is None
        and link.expires_at > timezone.now()
        and draft.is_open
        and draft.is_guest
    )


def _dead() -> NotFound:
    return NotFound(_("This link does not work any more."), code="no_link")
