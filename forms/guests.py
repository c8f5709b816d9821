"""Drafts of somebody who has not signed in yet: begun, passed on by a link, forgotten.

A guest is known by a secret in the session of their browser; the draft holds its hash, so that the
session's key may change at any time, and a copy of the database opens nobody's draft. What becomes
of the draft once they sign in: `forms.adoption`. See docs/adr/0013-guests.md.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from common.actor import GUEST, SYSTEM
from common.database import one_or_none
from common.errors import Conflict
from common.lookup import Lookup
from forms import attachments, pieces
from forms.models import Draft, FormVersion, ResumeLink

#: A guest's draft that nobody has saved for so long is deleted; the session is kept as long.
KEPT = timedelta(days=7)
#: Open at a time in one browser.
MOST_DRAFTS = 5
#: Deleted in one night; the rest the night after.
MOST_AT_ONCE = 1_000

_draft: Lookup[Draft] = Lookup(
    lambda pk, guest: Draft.objects.filter(pk=pk, guest=guest, resident__isnull=True),
    pk=UUID,
    guest=str,
)


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who has not signed in, by the hash of their session's secret."""

    digest: str

    @classmethod
    def of(cls, secret: str) -> Guest:
        """Raises `ValueError` for an empty secret, whose hash everybody knows."""
        if not secret:
            raise ValueError("a guest without a secret")
        return cls(hashlib.sha256(secret.encode()).hexdigest())


def theirs(guest: Guest, prefix: str = "") -> Q:
    """What belongs to this guest; `prefix` leads to the draft (``draft__``)."""
    return Q(**{f"{prefix}guest": guest.digest, f"{prefix}resident": None})


def get_draft(*, guest: Guest, draft_id: Any) -> Draft | None:
    """The guest's own draft, in whatever state. None for anybody else's."""
    return _draft.one(pk=draft_id, guest=guest.digest)


def open_drafts(guest: Guest) -> list[Draft]:
    """What the guest has begun, last saved first."""
    found = Draft.objects.filter(theirs(guest), state=Draft.State.OPEN)
    return list(found.order_by("-saved_at"))


def open_draft_of(guest: Guest, subject: str) -> Draft | None:
    """What the guest has begun for this service, if anything."""
    return one_or_none(Draft.objects.filter(theirs(guest), subject=subject, state="open"))


@transaction.atomic
def begin(*, guest: Guest, version: FormVersion, subject: str) -> Draft:
    """The guest's open draft for `subject`, or a new, empty one. Raises `Conflict` at the limit."""
    begun = open_drafts(guest)
    for draft in begun:
        if draft.subject == subject:
            return draft
    if len(begun) >= MOST_DRAFTS:
        raise too_many()
    draft = Draft(guest=guest.digest, version=version, subject=subject)
    try:
        with transaction.atomic():
            draft.save(force_insert=True)
    except IntegrityError:  # a double click opened it a moment ago
        found = open_draft_of(guest, subject)
        if found is None:
            raise
        return found
    ledger.record(event="draft.guest_begun", by=GUEST, **entry_of(draft))
    return draft


def too_many() -> Conflict:
    return Conflict(
        _(
            "You have begun %(most)s applications in this browser without signing in. Sign in, or "
            "delete one of them first."
        )
        % {"most": MOST_DRAFTS},
        code="too_many_drafts",
    )


def pass_on(draft: Draft, guest: Guest) -> None:
    """From now on the draft is this guest's, in their browser, and nobody else's.

    The caller holds the row's lock. Raises `Conflict` when they have another one for the same
    service, or as many as there may be.
    """
    if draft.guest == guest.digest:
        return
    others = open_drafts(guest)
    if any(other.subject == draft.subject for other in others):
        raise Conflict(
            _(
                "In this browser you have begun another application for the same service. Send or "
                "delete that one first, or open the link in another browser. The link still works."
            ),
            code="other_begun",
        )
    if len(others) >= MOST_DRAFTS:
        raise too_many()
    draft.guest = guest.digest
    draft.save(update_fields=["guest"])


def entry_of(draft: Draft) -> dict[str, Any]:
    """What every entry in the ledger about a draft says: arguments of `ledger.record`."""
    return {
        "about": draft.about,
        "object_kind": "draft",
        "object_id": str(draft.pk),
        "purpose": f"service:{draft.subject}"[:200],
    }


def tidy() -> None:
    """Nightly: delete with its files what no guest has saved for `KEPT`.

    A draft whose link still works, or was opened a short while ago, is waited for.
    """
    limit = timezone.now() - KEPT
    awaited = ResumeLink.objects.filter(
        Q(expires_at__gt=timezone.now()) | Q(used_at__gt=limit), draft=OuterRef("pk")
    )
    expired = (
        Draft.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(~Exists(awaited), resident=None, saved_at__lt=limit)
        .order_by("saved_at")
    )
    for draft in expired[:MOST_AT_ONCE]:
        if draft.is_open:
            ledger.record(event="draft.guest_expired", by=SYSTEM, **entry_of(draft))
        forget(draft)


def forget(draft: Draft) -> None:
    """Delete a draft with its files and what has arrived of others."""
    attachments.discard(draft, list(attachments.of_draft(draft)))
    pieces.drop_all_of(draft)
    draft.delete()
