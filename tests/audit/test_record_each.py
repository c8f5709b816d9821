"""Many entries of one event in one statement."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit import events, ledger
from audit.models import LedgerEntry
from common.actor import Actor

BY = Actor("staff", "7", "山本 真理")


def test_one_insert_for_all(town: Any) -> None:
    events.register("probe.each", wording="{name} did it")
    pairs = [(str(uuid.uuid4()), str(number)) for number in range(3)]
    with CaptureQueriesContext(connection) as captured:
        ledger.record_each(
            event="probe.each", by=BY, objects=pairs, object_kind="case", purpose="why",
            data={"export": "x"},
        )  # fmt: skip
    inserts = [one for one in captured.captured_queries if "INSERT" in one["sql"]]
    assert len(inserts) == 1
    found = LedgerEntry.objects.filter(event="probe.each").order_by("id")
    assert [(str(one.about), one.object_id) for one in found] == pairs
    assert {(one.actor_name, one.purpose, one.object_kind) for one in found} == {
        ("山本 真理", "why", "case")
    }


def test_nothing_is_nothing(town: Any) -> None:
    events.register("probe.each", wording="{name} did it")
    ledger.record_each(event="probe.each", by=BY, objects=[], object_kind="case")
    assert not LedgerEntry.objects.filter(event="probe.each").exists()


def test_it_takes_no_more_than_record_does(town: Any) -> None:
    with pytest.raises(LookupError):
        ledger.record_each(event="unknown", by=BY, objects=[], object_kind="case")
    events.register("probe.each", wording="{name} did it")
    with pytest.raises(ValueError, match="note"):
        ledger.record_each(
            event="probe.each", by=BY, objects=[], object_kind="case", data={"note": "x" * 201}
        )
