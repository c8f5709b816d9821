from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import environ
import psycopg
import pytest
from django.db import connection

from audit.models import LedgerEntry
from common.models import OutboxRow
from sandbox.servers import APP
from tests.conftest import create_database, server_url

_numbers = itertools.count(1)


@pytest.fixture
def ledger(town: Any) -> Any:
    """``ledger(case)``: the events about a case, oldest first."""

    def events(case: Any) -> list[str]:
        found = LedgerEntry.objects.filter(object_kind="case", object_id=str(case.pk))
        return list(found.order_by("id").values_list("event", flat=True))

    return events


@pytest.fixture
def outbox(town: Any) -> Any:
    """``outbox("cases.")``: kinds of the rows, oldest first."""

    def kinds(prefix: str = "cases.") -> list[str]:
        rows = OutboxRow.objects.filter(kind__startswith=prefix).order_by("id")
        return list(rows.values_list("kind", flat=True))

    return kinds


@pytest.fixture
def own_database(
    database_name: str,
    django_db_setup: None,
    django_db_blocker: Any,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    """A database of this test alone, in which transactions really commit."""
    name = f"{database_name}_cases{next(_numbers)}"
    create_database(name)
    with django_db_blocker.unblock():
        connection.close()
        kept = dict(connection.settings_dict)
        connection.settings_dict.update(
            environ.Env.db_url_config(server_url(APP, name), engine="tenants.postgresql")
        )
        connection.set_schema_to_public()
        # There is no broker to wake: tests drain by hand.
        monkeypatch.setattr("common.outbox._wake_worker", lambda: None)
        try:
            yield name
        finally:
            connection.close()
            connection.settings_dict.clear()
            connection.settings_dict.update(kept)
            connection.set_schema_to_public()
    with psycopg.connect(server_url("postgres", "postgres"), autocommit=True) as conn:
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)")
