"""What residents have begun and not gone on with: told of, then deleted, never without a word."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from audit.models import LedgerEntry
from cases import unsent as telling
from common import chores, outbox
from forms import drafts, guests, unsent
from forms.models import Attachment, Draft, Upload
from notifications.models import Message
from tenants.files import PrivateStorage
from tests.factories import cases as make
from tests.factories import people

BEGUN = "2026-04-01 10:00+09:00"


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_wake_worker", lambda: None)


@pytest.fixture
def draft(town: Any) -> Draft:
    with time_machine.travel(BEGUN, tick=False):
        made = make.draft_ready_to_send()
        Upload.objects.create(
            draft=made, owner=made.resident, question_id="site_plan", name="x", size=5
        )
        return made


def night(days: int) -> None:
    """What is done in the night, so many days after the draft was begun."""
    with time_machine.travel(BEGUN, tick=False) as clock:
        clock.shift(timedelta(days=days))
        telling.tell()
        unsent.tidy()


def there(draft: Draft) -> bool:
    return Draft.objects.filter(pk=draft.pk).exists()


def told(draft: Draft) -> list[Message]:
    found = Message.objects.filter(recipient=draft.resident, kind="draft_expires")
    return list(found.order_by("created_at"))


def test_resident_is_told_once_and_a_month_later_it_goes_with_its_files(draft: Draft) -> None:
    (file,) = Attachment.objects.filter(draft=draft)
    night(334)
    assert told(draft) == []
    night(335)
    night(336)
    (message,) = told(draft)
    assert message.context["until"] == "2027-04-01"
    assert message.path == f"/drafts/{draft.pk}/"
    night(364)
    assert there(draft)
    night(365)
    assert not there(draft)
    assert not Attachment.objects.filter(pk=file.pk).exists()
    assert not Upload.objects.filter(question_id="site_plan").exists()
    entry = LedgerEntry.objects.get(event="draft.expired")
    assert (entry.about, entry.actor_kind) == (draft.resident_id, "system")
    night(366)
    assert LedgerEntry.objects.filter(event="draft.expired").count() == 1


@pytest.mark.django_db(transaction=False)
def test_file_itself_is_removed(
    draft: Draft, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    (file,) = Attachment.objects.filter(draft=draft)
    night(335)
    with django_capture_on_commit_callbacks(execute=True):
        night(365)
    assert not PrivateStorage().exists(file.file.name)


def test_notice_names_nobody(draft: Draft) -> None:
    assert draft.resident is not None
    night(335)
    with time_machine.travel("2027-03-02 12:00+09:00", tick=False):
        outbox.drain()
    (sent,) = mail.outbox
    assert draft.resident.name not in sent.subject + str(sent.body)
    assert str(draft.form.title) not in sent.subject + str(sent.body)
    assert "2027年4月1日" in sent.subject


def test_saved_again_its_time_begins_anew(draft: Draft) -> None:
    night(335)
    with time_machine.travel("2027-03-20 10:00+09:00", tick=False):
        drafts.put(draft, {**draft.answers, "crew": 7})
    night(400)
    assert there(draft)
    night(353 + 335)
    assert len(told(draft)) == 2
    night(353 + 365)
    assert not there(draft)


def test_nothing_goes_unannounced(draft: Draft) -> None:
    """The chores did not run, or there was no such rule: the notice, a month later the end."""
    night(2_000)
    (message,) = told(draft)
    begun = date(2026, 4, 1)
    assert message.context["until"] == (begun + timedelta(days=2_030)).isoformat()
    night(2_029)
    assert there(draft)
    night(2_030)
    assert not there(draft)


def test_sent_corrections_and_discarded_are_left_alone(town: Any) -> None:
    with time_machine.travel(BEGUN, tick=False):
        correction = make.correction_of(make.claimed_case())
        thrown = make.draft_ready_to_send(resident=people.resident())
        drafts.discard(draft=thrown, by=guests.GUEST)
    before = set(Draft.objects.values_list("pk", flat=True))
    assert correction.draft_id in before
    night(335)
    night(2_000)
    assert set(Draft.objects.values_list("pk", flat=True)) == before
    assert not Message.objects.filter(kind="draft_expires").exists()


def test_one_night_does_so_much_and_no_more(draft: Draft, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unsent, "MOST_AT_ONCE", 1)
    with time_machine.travel("2026-04-02 10:00+09:00", tick=False):
        other = make.draft_ready_to_send(resident=people.resident())
    night(336)
    assert (len(told(draft)), len(told(other))) == (1, 0)
    night(337)
    assert len(told(other)) == 1


def test_town_that_keeps_them_shorter(draft: Draft, settings: Any) -> None:
    settings.DRAFT_KEPT_DAYS = 90
    night(60)
    assert len(told(draft)) == 1
    night(90)
    assert not there(draft)


def test_overview_says_how_long(draft: Draft, client_for: Callable[..., Client], town: Any) -> None:
    with time_machine.travel(BEGUN, tick=False):
        page = client_for(town, draft.resident).get("/en/applications/").content.decode()
    assert "kept until 1 April 2027" in page
    assert {"cases.unsent_drafts", "forms.unsent_drafts"} <= set(dict(chores.chores.items()))
    assert timezone.is_aware(draft.saved_at)
