"""Failed work is visible to administrators and can be started again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.test import Client
from django.urls import reverse

from audit.models import LedgerEntry
from common.models import OutboxRow
from identity.models import User
from tests.factories import people

Desk = Callable[[User], Client]


def _row(state: str = "dead", attempts: int = 8, **fields: Any) -> OutboxRow:
    return OutboxRow.objects.create(
        kind="cases.submitted",
        key=f"{state}-{attempts}",
        state=state,
        attempts=attempts,
        last_error=fields.pop("last_error", "RenderingError"),
        **fields,
    )


def test_nothing_failed(town: Any, desk: Desk) -> None:
    OutboxRow.objects.all().delete()
    page = desk(people.admin()).get("/en/desk/operations/").content.decode()
    assert "Everything is done" in page


def test_failed_and_dead_rows_are_shown_by_the_error_class(town: Any, desk: Desk) -> None:
    OutboxRow.objects.all().delete()
    _row(payload={"secret": "山田 花子"})
    _row("pending", 3, last_error="SMTPServerDisconnected")
    _row("pending", 0, last_error="")
    _row("done", 1, last_error="")
    page = desk(people.admin()).get("/en/desk/operations/").content.decode()
    assert "RenderingError" in page
    assert "SMTPServerDisconnected" in page
    assert "dead-8" in page
    assert "pending-3" in page
    assert "pending-0" not in page
    assert "done-1" not in page
    assert "山田" not in page
    assert page.count("Try again<") == 1


def test_dead_row_gets_fresh_tries(town: Any, desk: Desk) -> None:
    row, client = _row(), desk(people.admin())
    assert client.post(reverse("desk:retry", args=[row.pk])).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.attempts, row.times_revived) == ("pending", 0, 1)
    assert LedgerEntry.objects.filter(event="outbox.revived", object_id=str(row.pk)).count() == 1
    # A second click changes nothing and says so.
    assert client.post(reverse("desk:retry", args=[row.pk])).status_code == 302
    assert LedgerEntry.objects.filter(event="outbox.revived", object_id=str(row.pk)).count() == 1


def test_caseworker_cannot_start_anything(town: Any, desk: Desk) -> None:
    row = _row()
    assert desk(people.caseworker()).post(reverse("desk:retry", args=[row.pk])).status_code == 403
    row.refresh_from_db()
    assert row.state == "dead"
