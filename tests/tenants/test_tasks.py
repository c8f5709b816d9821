"""A task belongs to a municipality, or says that it is the platform's, or is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from celery import shared_task
from django.db import connection
from kombu import Connection

from config.celery import app
from tenants import context, provisioning
from tenants.errors import OutsideTenant, UnknownMunicipality

ran: list[tuple[str, str]] = []


@shared_task(name="tests.where")
def where() -> None:
    with context.municipality(connection.tenant), connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        ran.append((connection.schema_name, cursor.fetchone()[0]))


@shared_task(name="tests.platform", platform_wide=True)
def platform() -> None:
    ran.append((connection.schema_name, ""))


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    from tenant_schemas_celery import task

    ran.clear()
    task._shared_storage.clear()
    yield
    connection.set_schema_to_public()


def _apply(task: Any, **headers: str) -> None:
    task.apply(headers=headers, throw=True)


def test_runs_in_its_town_with_its_role(own_database: str) -> None:
    _apply(where, _schema_name="shiomi")
    _apply(where, _schema_name="suginosawa")
    assert ran == [("shiomi", "madoguchi.shiomi"), ("suginosawa", "madoguchi.suginosawa")]


@pytest.mark.parametrize("schema", ["", "public"])
def test_without_a_town_is_refused(own_database: str, schema: str) -> None:
    with pytest.raises(OutsideTenant, match="without a municipality"):
        _apply(where, _schema_name=schema)
    assert ran == []


def test_sent_from_nowhere_is_refused(own_database: str) -> None:
    with pytest.raises(OutsideTenant, match="without a municipality"):
        where.apply(throw=True)
    assert ran == []


def test_unknown_or_inactive_town_is_refused(own_database: str) -> None:
    # Celery logs what a signal handler raises and goes on: the task then finds nobody current.
    with pytest.raises((OutsideTenant, UnknownMunicipality)):
        _apply(where, _schema_name="nowhere")
    provisioning.deactivate("shiomi")
    with pytest.raises((OutsideTenant, UnknownMunicipality)):
        _apply(where, _schema_name="shiomi")
    assert ran == []


def test_platform_wide_task_is_nobodys(own_database: str) -> None:
    _apply(platform)
    assert ran == [("public", "")]
    with pytest.raises(OutsideTenant, match="platform-wide"):
        _apply(platform, _schema_name="shiomi")


def test_message_carries_the_town(own_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real message through a broker (kombu's in memory) names the town of its sender."""
    with Connection("memory://") as broker:
        with context.municipality("shiomi"):
            where.apply_async(connection=broker, queue="tests", retry=False)
        where.apply_async(connection=broker, queue="tests", retry=False)
        queue = broker.SimpleQueue("tests")
        messages = [queue.get(timeout=5) for _ in range(2)]
        for message in messages:
            message.ack()
        queue.close()
    assert [message.headers["_schema_name"] for message in messages] == ["shiomi", "public"]
    assert [json.loads(message.body)[:2] for message in messages] == [[[], {}], [[], {}]]


def test_every_task_of_ours_is_a_town_task() -> None:
    from tenants.tasks import TownTask

    app.loader.import_default_modules()
    ours = [task for name, task in app.tasks.items() if not name.startswith("celery.")]
    assert ours
    assert all(isinstance(task, TownTask) for task in ours)


def test_sweep_wakes_towns_with_due_rows_only(
    own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from common import outbox, tasks
    from tenants.tasks import sweep_outboxes

    outbox.handlers.register("tests.sweep", lambda payload: None)
    monkeypatch.setattr(outbox, "_wake_worker", lambda: None)
    with context.municipality("suginosawa"):
        outbox.enqueue("tests.sweep", "1", {})
    sent: list[str] = []
    monkeypatch.setattr(
        tasks.drain_outbox,
        "apply_async",
        lambda **options: sent.append(options["headers"]["_schema_name"]),
    )
    provisioning.deactivate("shiomi")
    _apply(sweep_outboxes)
    assert sent == ["suginosawa"]


def test_chores_are_begun_for_active_towns(
    own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from common import tasks
    from tenants.tasks import begin_chores

    sent: list[str] = []
    monkeypatch.setattr(
        tasks.run_chores,
        "apply_async",
        lambda **options: sent.append(options["headers"]["_schema_name"]),
    )
    provisioning.deactivate("shiomi")
    _apply(begin_chores)
    assert "suginosawa" in sent
    assert "shiomi" not in sent


def test_a_failing_chore_stops_no_other(own_database: str, log_lines: Any) -> None:
    from common import chores
    from common.tasks import run_chores
    from identity.models import Session

    def fails() -> None:
        _session("of the failing one")
        raise ValueError("secret 090-1234-5678")

    for name in list(chores.chores):
        chores.chores._items.pop(name)
    chores.chores.register("tests.fails", fails)
    chores.chores.register("tests.works", lambda: _session("of the other"))
    _apply(run_chores, _schema_name="suginosawa")
    with context.municipality("suginosawa"):
        assert [row.session_key for row in Session.objects.all()] == ["of the other"]
    (line,) = [line for line in log_lines() if line["event"] == "chore.failed"]
    assert (line["chore"], line["level"]) == ("tests.fails", "error")
    assert "090-1234-5678" not in json.dumps(line)


def _session(key: str) -> None:
    from django.utils import timezone

    from identity.models import Session

    Session.objects.create(session_key=key, session_data="", expire_date=timezone.now())


def test_expired_sessions_are_cleared_at_night(own_database: str) -> None:
    from common.tasks import run_chores
    from identity.models import Session
    from identity.sessions import SessionStore

    with context.municipality("suginosawa"):
        kept = SessionStore()
        kept["kept"] = "x"
        kept.create()
        _session("expired")
    _apply(run_chores, _schema_name="suginosawa")
    with context.municipality("suginosawa"):
        assert [row.session_key for row in Session.objects.all()] == [kept.session_key]
