"""The ledger as its owner reaches it, rolled back after each test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from audit import events, export, ledger, verify
from common.actor import Actor

STAFF = Actor("staff", "5f0c2f7e-0000-4000-8000-000000000001", "田中 花子")
RESIDENT = "5f0c2f7e-0000-4000-8000-00000000000a"


@pytest.fixture(autouse=True)
def _event(registries_as_they_were: None) -> None:
    events.register("test.looked_at", wording="{name} looked at it: {purpose}")


@pytest.fixture
def as_owner(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Shiomi, where nothing has happened yet, as the owner, who may do more than the town."""
    from tenants import owner

    with django_db_blocker.unblock(), owner.owner_connection("shiomi"), transaction.atomic():
        sql("DELETE FROM audit_ledgerentry")
        sql("DELETE FROM audit_ledgerseal")
        sql("UPDATE audit_ledgerhead SET seq = 0, hash = decode(repeat('00', 32), 'hex')")
        yield
        transaction.set_rollback(True)


def write(count: int = 1, **fields: Any) -> None:
    """Entries, sealed as a commit would."""
    for number in range(count):
        ledger.record(
            **{
                "event": "test.looked_at",
                "by": STAFF,
                "about": RESIDENT,
                "object_kind": "case",
                "object_id": f"case-{number}",
                "purpose": "審査のため, 1:2,3",
                "data": {"stage": "審査", "fields": ["name", "address"], "n": number, "none": None},
                **fields,
            }
        )
    seal()


def seal() -> None:
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("SET CONSTRAINTS ALL DEFERRED")


def sql(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


def report(*roots: verify.Root) -> verify.Report:
    head, rows = export.ledger()
    return verify.verify(rows, head, roots)


def faults(*roots: verify.Root) -> list[str]:
    return [str(fault) for fault in report(*roots).faults]
