"""Drafts of residents that nobody goes on with: how long they are kept, and that they go.

Not of corrections and messages (`Draft.only`): those end with what they answer. Guests' drafts go
sooner (`forms.guests`). Nothing is deleted that its resident was not told of `NOTICE` before, so a
draft from before there was such a rule waits as long as any other.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from audit import ledger
from common.actor import SYSTEM
from forms import guests
from forms.models import Draft

#: Between the notice and the deletion.
NOTICE = timedelta(days=30)
#: In one night; the rest the night after.
MOST_AT_ONCE = 1_000


def lifetime() -> timedelta:
    """How long a draft is kept after it was last saved."""
    return timedelta(days=settings.DRAFT_KEPT_DAYS)


def kept_until(draft: Draft) -> date:
    """The last day on which the draft is there, if nobody saves it again."""
    told = draft.warned_at if is_told(draft) and draft.warned_at else timezone.now()
    return timezone.localdate(max(draft.saved_at + lifetime(), told + NOTICE))


def is_told(draft: Draft) -> bool:
    """Whether its resident knows that it goes; saved again, they will be told again."""
    return draft.warned_at is not None and draft.warned_at > draft.saved_at


def to_tell(now: datetime | None = None) -> QuerySet[Draft]:
    """Drafts whose residents are to be told now, the oldest first; locked."""
    before = (now or timezone.now()) - lifetime() + NOTICE
    return _old(before).filter(Q(warned_at__isnull=True) | Q(warned_at__lte=F("saved_at")))


def tidy() -> None:
    """Nightly: delete with its files what was told of and not saved since."""
    now = timezone.now()
    told = _old(now - lifetime()).filter(warned_at__gt=F("saved_at"), warned_at__lte=now - NOTICE)
    for draft in told[:MOST_AT_ONCE]:
        ledger.record(event="draft.expired", by=SYSTEM, **guests.entry_of(draft))
        guests.forget(draft)


def _old(before: datetime) -> QuerySet[Draft]:
    return (
        Draft.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(
            resident__isnull=False,
            state=Draft.State.OPEN,
            only__isnull=True,
            saved_at__lte=before,
        )
        .select_related("resident")
        .order_by("saved_at")
    )
