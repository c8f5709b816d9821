"""Running cases on an older version, and the one way to the newest."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from cases import actions, bulk, transfers
from cases.models import BulkRun, Case
from common import outbox
from common.actor import Actor
from common.errors import InvalidInput, NotAllowed
from common.models import OutboxRow
from identity.models import User
from notifications.models import Message
from tenants.context import municipality
from tests.factories import cases as make
from tests.factories import people
from workflow import clock as clocks
from workflow.clock import Event
from workflow.definition import Clock, DayUnit


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


def longer(data: dict[str, Any]) -> None:
    data["clock"]["days"] = 10


def renamed(data: dict[str, Any]) -> None:
    """The review has another id, and another length."""
    longer(data)
    for stage in data["stages"]:
        stage["id"] = "checking" if stage["id"] == "review" else stage["id"]
    for move in data["moves"]:
        move["from"] = ["checking" if each == "review" else each for each in move["from"]]
        move["to"] = "checking" if move.get("to") == "review" else move.get("to", "")


def previewed(by: User, *, stages: dict[str, str] | None = None, clock: str = "keep") -> BulkRun:
    (behind,) = transfers.behind()
    return transfers.preview(
        offering=behind.offering, before=behind.before, stages=stages or {}, clock=clock, by=by
    )


def work() -> None:
    for row in OutboxRow.objects.filter(kind="cases.bulk").order_by("id"):
        bulk.work_off(row.payload)


def test_a_clock_is_replayed_with_another_length() -> None:
    log = [
        (Event.STARTED, date(2026, 6, 1), 0),
        (Event.PAUSED, date(2026, 6, 3), 0),
        (Event.RESUMED, date(2026, 6, 10), 0),
        (Event.EXTENDED, date(2026, 6, 11), 2),
        (Event.TRANSFERRED, date(2026, 6, 12), 0),
    ]
    ten = Clock(days=10, unit=DayUnit.CALENDAR)
    # Ten days, two used before the pause, eight after it, two more: 20 June is a Saturday.
    assert clocks.replay(ten, log).due_on == date(2026, 6, 22)
    assert clocks.replay(ten, log[:2]).days_left == 8


def test_cases_stay_on_their_version_until_they_are_moved(town: Any, ledger: Any) -> None:
    admin, worker = people.admin(), people.caseworker()
    case, closed = make.claimed_case(by=worker), make.submitted_case()
    actions.withdraw(case=closed, by=Actor.of(closed.resident))
    assert transfers.behind() == []
    of = make.offering_with(longer)
    fresh = Case.objects.get(pk=case.pk)
    assert fresh.workflow.clock.days == 6

    run = previewed(admin)
    assert run.options["summary"] == [
        {"stage": "review", "to": "review", "moves": 1, "stays": 0, "later": 0, "earlier": 0,
         "asks": 0}
    ]  # fmt: skip
    assert Case.objects.get(pk=case.pk).workflow_version_id != of.workflow_version_id
    bulk.start(run=run)
    work()
    work()
    moved = Case.objects.get(pk=case.pk)
    assert moved.workflow_version_id == of.workflow_version_id
    assert (moved.stage, moved.due_on) == ("review", fresh.due_on)
    assert moved.lock == fresh.lock + 1
    assert ledger(case).count("case.transferred") == 1
    assert Case.objects.get(pk=closed.pk).workflow_version_id != of.workflow_version_id
    assert not OutboxRow.objects.filter(kind="cases.due_later").exists()


def test_a_later_day_is_told_once_and_a_paused_clock_keeps_pausing(town: Any) -> None:
    admin, worker = people.admin(), people.caseworker()
    case, waiting = make.claimed_case(by=worker), make.claimed_case(by=worker)
    make.correction_of(waiting)
    make.offering_with(longer)
    run = previewed(admin, clock="new")
    assert [line["later"] for line in run.options["summary"]] == [1, 0]
    due_on = Case.objects.get(pk=case.pk).due_on
    bulk.start(run=run)
    outbox.drain()
    moved, paused = Case.objects.get(pk=case.pk), Case.objects.get(pk=waiting.pk)
    assert moved.due_on is not None
    assert due_on is not None
    assert moved.due_on > due_on
    assert (paused.due_on, paused.days_left_when_paused) == (None, 10)
    told = Message.objects.filter(kind="period_extended")
    assert [message.recipient_id for message in told] == [case.resident_id]
    assert moved.timeline.last().code == "due_later"  # type: ignore[union-attr]
    make.answered_correction(waiting.corrections.get(), purpose="くわしい目的")
    assert Case.objects.get(pk=waiting.pk).due_on is not None


def test_a_stage_that_is_gone_has_to_be_named(town: Any) -> None:
    admin, case = people.admin(), make.claimed_case()
    make.offering_with(renamed)
    for stages, where in (
        ({}, "stage-review"),
        ({"review": "nowhere"}, "stage-review"),
        ({"review": "issued"}, "stage-review"),  # an end
        ({"review": "payment"}, "stage-review"),  # decided already
        ({"review": "correction"}, "stage-review"),  # nothing is asked of the resident
    ):
        with pytest.raises(InvalidInput) as refused:
            previewed(admin, stages=stages)
        assert list(refused.value.errors) == [where]
    with pytest.raises(NotAllowed):
        previewed(people.caseworker(), stages={"review": "checking"})
    bulk.start(run=previewed(admin, stages={"review": "checking"}))
    work()
    assert Case.objects.get(pk=case.pk).stage == "checking"


def test_an_opinion_that_nobody_could_give_keeps_the_case(town: Any) -> None:
    admin = people.admin()
    asked, free = make.consulted_case().case, make.claimed_case()

    def without_opinions(data: dict[str, Any]) -> None:
        data["moves"] = [
            move for move in data["moves"]
            if move["verb"] not in {"request_consultation", "answer_consultation"}
        ]  # fmt: skip

    make.offering_with(without_opinions)
    run = previewed(admin)
    states = {item.case_id: item.state for item in run.items.all()}
    assert states == {asked.pk: "refused", free.pk: "waiting"}
    bulk.start(run=run)
    work()
    assert [each.count for each in transfers.behind()] == [1]


def test_killed_in_the_middle_it_goes_on_and_nothing_is_done_twice(
    town: Any, monkeypatch: pytest.MonkeyPatch, ledger: Any
) -> None:
    admin = people.admin()
    cases = [make.claimed_case() for _ in range(3)]
    make.offering_with(longer)
    monkeypatch.setattr(bulk, "CHUNK", 2)
    run = bulk.start(run=previewed(admin, clock="new"))
    OutboxRow.objects.exclude(kind="cases.bulk").delete()
    transfer, seen = transfers.transfer_case, []

    def killed(**given: Any) -> Case:
        seen.append(given["case"].pk)
        if len(seen) == 2:
            raise SystemExit
        return transfer(**given)

    monkeypatch.setattr(transfers, "transfer_case", killed)
    with pytest.raises(SystemExit):
        outbox.drain(limit=1)
    monkeypatch.setattr(transfers, "transfer_case", transfer)
    assert transfers.behind()[0].count == 3
    OutboxRow.objects.filter(kind="cases.bulk").update(leased_until=None)
    work()
    run.refresh_from_db()
    assert (run.state, transfers.behind()) == ("done", [])
    assert [ledger(case).count("case.transferred") for case in cases] == [1, 1, 1]
    assert OutboxRow.objects.filter(kind="cases.due_later").count() == 3


def test_two_runs_at_once_move_a_case_once(
    own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with municipality("shiomi"):
        admin, case = people.admin(), make.claimed_case()
        make.offering_with(longer)
        runs = [bulk.start(run=previewed(admin)) for _ in range(2)]
        payloads = [row.payload for row in OutboxRow.objects.filter(kind="cases.bulk")]

    def at_once(payload: dict[str, Any]) -> None:
        try:
            with municipality("shiomi"):
                bulk.work_off(payload)
        finally:
            connection.close()

    threads = [threading.Thread(target=at_once, args=(payload,)) for payload in payloads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with municipality("shiomi"):
        states = sorted(item.state for run in runs for item in run.items.all())
        assert states == ["done", "refused"]
        assert Case.objects.get(pk=case.pk).lock == case.lock + 1


def test_the_command_shows_and_starts(town: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from contextlib import nullcontext

    monkeypatch.setattr("tenants.context.municipality", lambda _schema: nullcontext())
    admin, case = people.admin(), make.claimed_case()
    admin.email = "kanri@shiomi.example.jp"
    admin.save(update_fields=["email"])
    make.offering_with(renamed)
    said = StringIO()
    run: Callable[..., Any] = lambda *more: call_command(  # noqa: E731
        "transfer_cases", "shiomi", case.offering.slug, "--by", admin.email, *more, stdout=said
    )
    with pytest.raises(CommandError, match="stage-review"):
        run()
    run("--stage", "review=checking")
    assert "review -> checking: 1 move" in said.getvalue()
    assert not OutboxRow.objects.filter(kind="cases.bulk").exists()
    run("--stage", "review=checking", "--start")
    work()
    assert Case.objects.get(pk=case.pk).stage == "checking"
