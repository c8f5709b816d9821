"""Who holds a permit that can be renewed is told before it ends, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.models import LedgerEntry
from cases import endings
from cases.models import RegisterEntry
from common import outbox
from documents.models import Document
from notifications.models import Message
from tests.cases.test_linked import entry_of, free_permit, sent

TODAY = timezone.localdate


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


def night() -> int:
    """A night; how many were told in it."""
    before = Message.objects.filter(kind="permit_ends").count()
    endings.find()
    assert outbox.drain().failed == 0
    return Message.objects.filter(kind="permit_ends").count() - before


def permit(*, begun: int = 90, ends_in: int) -> RegisterEntry:
    """One that has held for so many days and ends in so many."""
    entry = entry_of(free_permit())
    entry.valid_from = TODAY() - timedelta(days=begun)
    entry.valid_until = TODAY() + timedelta(days=ends_in)
    entry.save()
    return entry


def test_the_holder_is_told_once_when_it_can_be_renewed(town: Any) -> None:
    entry = permit(ends_in=45)  # a park permit can be renewed in its last month
    assert night() == 0
    entry.valid_until = TODAY() + timedelta(days=20)
    entry.save()
    assert (night(), night()) == (1, 0)
    message = Message.objects.get(kind="permit_ends")
    assert message.recipient_id == entry.holder_id
    assert f"{entry.valid_until:%-d %B %Y}" in message.body.in_language("en")
    assert f"{entry.valid_until.year}年{entry.valid_until.month}月" in message.body.in_language(
        "ja"
    )
    assert LedgerEntry.objects.filter(event="permit.ending_told").count() == 1


def test_nobody_is_told_of_what_they_cannot_or_need_not_do(town: Any) -> None:
    permit(begun=5, ends_in=3)  # it never was longer than the time to renew it in
    permit(ends_in=-1)
    replaced, revoked = permit(ends_in=9), permit(ends_in=9)
    RegisterEntry.objects.filter(pk=replaced.pk).update(closed_on=TODAY())
    Document.objects.filter(pk=revoked.decision.letter_id).update(revoked_at=timezone.now())
    asked = permit(ends_in=9)
    first, last = (asked.valid_until + timedelta(days=n) for n in (1, 5))  # type: ignore[operator]
    sent(asked.decision.case, "renewal", use_from=first.isoformat(), use_to=last.isoformat())
    assert night() == 0
