"""The outbox: saved with the change, retried, never silent."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from common import outbox
from common.models import OutboxRow


class Work:
    """A handler that notes its payloads and fails as often as it is told."""

    def __init__(self) -> None:
        self.done: list[dict[str, Any]] = []
        self.failures = 0

    def __call__(self, payload: dict[str, Any]) -> None:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the mail server is away: 山田太郎")
        self.done.append(payload)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Iterator[Work]:
    work = Work()
    monkeypatch.setitem(outbox.handlers._items, "test.work", work)
    return work


def test_enqueue_outside_a_transaction_is_refused() -> None:
    assert not connection.in_atomic_block
    with pytest.raises(RuntimeError, match="transaction"):
        outbox.enqueue("test.work", "1", {})


def test_enqueue_of_an_unknown_kind_is_refused(town: Any) -> None:
    with pytest.raises(LookupError, match=r"test\.nobody"):
        outbox.enqueue("test.nobody", "1", {})


def test_the_same_key_is_worked_off_once(town: Any, work: Work) -> None:
    outbox.enqueue("test.work", "1", {"n": 1})
    outbox.enqueue("test.work", "1", {"n": 2})
    outbox.enqueue("test.work", "2", {"n": 3})
    assert outbox.drain() == outbox.Drained(done=2)
    assert work.done == [{"n": 1}, {"n": 3}]
    assert outbox.drain() == outbox.Drained()


def test_a_row_that_is_rolled_back_is_never_done(town: Any, work: Work) -> None:
    with transaction.atomic():
        outbox.enqueue("test.work", "1", {})
        transaction.set_rollback(True)
    assert outbox.drain() == outbox.Drained()


def test_a_failing_row_waits_longer_each_time_and_then_is_dead(town: Any, work: Work) -> None:
    work.failures = 99
    outbox.enqueue("test.work", "1", {})
    waits = []
    now = timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        for _ in range(outbox.MAX_ATTEMPTS):
            result = outbox.drain()
            row = OutboxRow.objects.get()
            waits.append(int((row.next_at - timezone.now()).total_seconds()))
            clock.move_to(row.next_at + timedelta(seconds=1))
    assert waits[:7] == [5, 15, 60, 300, 900, 3600, 10800]
    assert result == outbox.Drained(dead=1)
    assert row.state == OutboxRow.State.DEAD
    assert row.attempts == outbox.MAX_ATTEMPTS
    # The class only: a message may hold what a resident typed.
    assert row.last_error == "ConnectionError"
    assert outbox.drain() == outbox.Drained()


def test_a_dead_row_can_be_tried_again_by_an_operator(town: Any, work: Work) -> None:
    outbox.enqueue("test.work", "1", {"n": 1})
    OutboxRow.objects.update(state=OutboxRow.State.DEAD, attempts=8)
    row = OutboxRow.objects.get()
    assert outbox.retry(row.pk) is True
    assert outbox.retry(row.pk) is False
    assert outbox.drain() == outbox.Drained(done=1)


def test_a_leased_row_is_left_alone_until_the_lease_ends(town: Any, work: Work) -> None:
    outbox.enqueue("test.work", "1", {"n": 1})
    assert outbox._lease_next() is not None
    assert outbox.drain() == outbox.Drained()
    with time_machine.travel(timezone.now() + outbox.LEASE + timedelta(seconds=1)):
        assert outbox.drain() == outbox.Drained(done=1)
    assert OutboxRow.objects.get().attempts == 2


def test_rows_of_one_town_are_not_seen_by_another(
    town: Any, other_town: Any, in_town: Any, work: Work
) -> None:
    outbox.enqueue("test.work", "1", {})
    with in_town(other_town):
        assert outbox.pending() == 0
        assert outbox.drain() == outbox.Drained()
    assert outbox.pending() == 1
