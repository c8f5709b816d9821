from __future__ import annotations

from typing import Any

import pytest

from audit.models import LedgerEntry
from common.models import OutboxRow


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
def own_database(own_database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """As everywhere; there is no broker to wake: tests drain by hand."""
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)
    return own_database
