"""Quiet hours, the digest, and a worker that is killed: each message goes out once, in time."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail as outgoing

from common import outbox
from common.models import OutboxRow
from common.text import Text
from identity.models import User
from notifications import actions, bounces, timing
from notifications.actions import send
from notifications.channels.by_mail import MailChannel
from notifications.dsn import Report
from notifications.models import Delivery, Message
from notifications.notices import ApplicationReceived, CorrectionRequested, DecisionMade

TOKYO = ZoneInfo("Asia/Tokyo")
EVENING = datetime(2026, 4, 1, 22, 30, tzinfo=TOKYO)
NOON = datetime(2026, 4, 1, 12, 0, tzinfo=TOKYO)
NIGHT = (time(21), time(8))


def decided(reader: User, number: str = "260401-7K3F9QXM") -> Message:
    context = {"receipt_number": number, "service": Text({"ja": "カナリア給付金", "en": "Canary"})}
    return send(DecisionMade, resident=reader, context=context, key=number)


def drain_due() -> None:
    """What the worker does; the rows' own times decide."""
    due = OutboxRow.objects.filter(state="pending", next_at__lte=datetime.now(TOKYO))
    for row in due.order_by("next_at", "pk"):
        outbox.handlers.get(row.kind)(row.payload)
        OutboxRow.objects.filter(pk=row.pk).update(state="done")


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 4, 1, hour, minute, tzinfo=TOKYO)


@pytest.mark.parametrize(
    ("now", "start", "end", "expected"),
    [
        (at(20, 59), 21, 8, None),
        (at(21), 21, 8, datetime(2026, 4, 2, 8, tzinfo=TOKYO)),
        (at(23, 59), 21, 8, datetime(2026, 4, 2, 8, tzinfo=TOKYO)),
        (at(0), 21, 8, at(8)),
        (at(7, 59), 21, 8, at(8)),
        (at(8), 21, 8, None),
        (at(13), 12, 14, at(14)),
        (at(14), 12, 14, None),
        (at(11, 59), 12, 14, None),
        (at(12), 12, 12, None),
    ],
)
def test_quiet_hours_end(now: datetime, start: int, end: int, expected: datetime | None) -> None:
    assert timing.quiet_until(now, time(start), time(end)) == expected


def test_quiet_hours_that_were_not_chosen_never_are() -> None:
    assert timing.quiet_until(at(3), None, None) is None


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (at(7), at(8)),
        (at(7, 50), at(8)),
        (at(7, 51), datetime(2026, 4, 2, 8, tzinfo=TOKYO)),
        (at(8), datetime(2026, 4, 2, 8, tzinfo=TOKYO)),
    ],
)
def test_a_digest_closes_before_it_goes(now: datetime, expected: datetime) -> None:
    assert timing.next_digest(now, time(8)) == expected


def test_a_digest_closes_longer_before_than_a_task_may_run(settings: Any) -> None:
    assert timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT) * 2 < timing.CLOSES_BEFORE


class TestQuietHours:
    def test_a_mail_waits_until_the_morning(self, reader: User) -> None:
        actions.set_preference(user=reader, channels=["mail"], quiet=NIGHT)
        with time_machine.travel(EVENING, tick=False) as clock:
            message = decided(reader)
            drain_due()
            delivery = message.deliveries.get()
            assert (delivery.state, outgoing.outbox) == (Delivery.State.PENDING, [])
            assert delivery.held_until == datetime(2026, 4, 2, 8, tzinfo=TOKYO)
            clock.move_to(datetime(2026, 4, 2, 7, 59, tzinfo=TOKYO))
            drain_due()
            assert outgoing.outbox == []
            clock.move_to(datetime(2026, 4, 2, 8, 0, tzinfo=TOKYO))
            drain_due()
        delivery.refresh_from_db()
        assert (delivery.state, delivery.held_until) == (Delivery.State.SENT, None)
        assert len(outgoing.outbox) == 1

    def test_the_inbox_has_it_at_once(self, reader: User) -> None:
        actions.set_preference(user=reader, channels=["mail"], quiet=NIGHT)
        with time_machine.travel(EVENING, tick=False):
            message = decided(reader)
        assert Message.objects.get() == message

    def test_the_same_task_twice_puts_it_off_once(self, reader: User) -> None:
        actions.set_preference(user=reader, channels=["mail"], quiet=NIGHT)
        with time_machine.travel(EVENING, tick=False):
            message = decided(reader)
            payload = {"message": str(message.pk)}
            outbox.handlers.get(actions.MAIL)(payload)
            outbox.handlers.get(actions.MAIL)(payload)
        assert OutboxRow.objects.filter(kind=actions.MAIL).count() == 2

    def test_what_is_urgent_goes_at_once(self, reader: User) -> None:
        actions.set_preference(user=reader, channels=["mail"], quiet=NIGHT, digest_at=time(8))
        with time_machine.travel(EVENING, tick=False):
            context = {"receipt_number": "1"}
            send(CorrectionRequested, resident=reader, context=context, key="k")
            drain_due()
        assert len(outgoing.outbox) == 1

    def test_it_is_the_towns_night(self, reader: User) -> None:
        """Eleven at night in London is eight in Tokyo: nothing waits."""
        actions.set_preference(user=reader, channels=["mail"], quiet=NIGHT)
        with time_machine.travel(datetime(2026, 4, 1, 23, tzinfo=ZoneInfo("UTC")), tick=False):
            decided(reader)
            drain_due()
        assert len(outgoing.outbox) == 1


class TestDigest:
    def test_one_mail_names_the_numbers_and_nobody(self, reader: User) -> None:
        actions.set_preference(user=reader, channels=["mail"], digest_at=time(18))
        with time_machine.travel(NOON, tick=False) as clock:
            for number in ("260401-AAAAAAAA", "260401-BBBBBBBB"):
                decided(reader, number)
            drain_due()
            assert outgoing.outbox == []
            clock.move_to(at(18))
            drain_due()
        (mail,) = outgoing.outbox
        everything = mail.subject + mail.body + str(mail.alternatives[0][0])
        assert "260401-AAAAAAAA" in everything
        assert "260401-BBBBBBBB" in everything
        for private in ("カナリア", "髙橋", "𠮷彦"):
            assert private not in everything
        assert "http://shiomi.localhost:8000/messages/" in mail.body
        assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}
        assert Message.objects.count() == 2

    def test_it_keeps_its_message_id(self, reader: User) -> None:
        actions.set_preference(user=reader, channels=["mail"], digest_at=time(18))
        with time_machine.travel(NOON, tick=False) as clock:
            decided(reader)
            drain_due()
            clock.move_to(at(18))
            row = OutboxRow.objects.get(kind=actions.DIGEST)
            outbox.handlers.get(row.kind)(row.payload)
            Delivery.objects.update(state="pending")  # sent, but the commit was lost
            outbox.handlers.get(row.kind)(row.payload)
        first, second = (mail.message()["Message-ID"] for mail in outgoing.outbox)
        assert first == second == Delivery.objects.get().rfc_message_id

    def test_a_later_one_goes_the_next_day(self, reader: User) -> None:
        actions.set_preference(user=reader, channels=["mail"], digest_at=time(18))
        with time_machine.travel(at(17), tick=False) as clock:
            decided(reader, "1")
            drain_due()
            clock.move_to(at(18, 1))
            decided(reader, "2")
            drain_due()
            assert len(outgoing.outbox) == 1
            clock.move_to(datetime(2026, 4, 2, 18, tzinfo=TOKYO))
            drain_due()
        assert len(outgoing.outbox) == 2
        ids = {mail.message()["Message-ID"] for mail in outgoing.outbox}
        assert len(ids) == 2

    def test_it_respects_quiet_hours(self, reader: User) -> None:
        actions.set_preference(user=reader, channels=["mail"], quiet=NIGHT, digest_at=time(6))
        with time_machine.travel(NOON, tick=False):
            decided(reader)
            drain_due()
        assert Delivery.objects.get().held_until == datetime(2026, 4, 2, 8, tzinfo=TOKYO)

    def test_one_that_came_back_for_now_goes_again_as_mails_of_their_own(
        self, reader: User
    ) -> None:
        actions.set_preference(user=reader, channels=["mail"], digest_at=time(18))
        with time_machine.travel(NOON, tick=False) as clock:
            for number in ("1", "2"):
                decided(reader, number)
            drain_due()
            clock.move_to(at(18))
            drain_due()
            digest_id = outgoing.outbox[0].message()["Message-ID"]
            assert bounces.take(Report("soft", digest_id, None)) == "tried again"
            clock.move_to(at(18) + bounces.TRY_AGAIN_AFTER)
            drain_due()
        ids = [mail.message()["Message-ID"] for mail in outgoing.outbox]
        assert len(set(ids)) == len(ids) == 3
        assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}

    def test_whoever_wants_no_mail_meanwhile_gets_none(self, reader: User) -> None:
        actions.set_preference(user=reader, channels=["mail"], digest_at=time(18))
        with time_machine.travel(NOON, tick=False) as clock:
            decided(reader)
            drain_due()
            actions.set_preference(user=reader, channels=[])
            clock.move_to(at(18))
            drain_due()
        delivery = Delivery.objects.get()
        assert (delivery.state, delivery.reason) == ("skipped", "unwanted")
        assert outgoing.outbox == []


class Killed(BaseException):
    """What a process that is killed looks like from within."""


class TestKilledWorker:
    """The rows are there, the lease is counted; the worker dies with the mail half done."""

    def test_between_the_inbox_and_the_mail_each_exists_once_at_the_end(
        self, reader: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        context = {"receipt_number": "1", "received_on": date(2026, 4, 1)}
        message = send(ApplicationReceived, resident=reader, context=context, key="k")
        real = MailChannel.deliver
        tries = []

        def die_first(self: MailChannel, *arguments: Any) -> Any:
            tries.append(1)
            if len(tries) == 1:
                raise Killed  # before it is sent
            outcome = real(self, *arguments)
            if len(tries) == 2:
                raise Killed  # sent, not committed
            return outcome

        monkeypatch.setattr(MailChannel, "deliver", die_first)
        for _try in range(2):
            with pytest.raises(Killed):
                outbox.drain()
            # What the lease's end does two minutes later.
            OutboxRow.objects.update(leased_until=None)
            assert message.deliveries.get().state == Delivery.State.PENDING
        outbox.drain()
        assert (Message.objects.count(), Delivery.objects.count()) == (1, 1)
        assert message.deliveries.get().state == Delivery.State.SENT
        ids = [mail.message()["Message-ID"] for mail in outgoing.outbox]
        # Twice at most, and a mail program shows the second as the first.
        assert len(ids) == 2
        assert len(set(ids)) == 1
