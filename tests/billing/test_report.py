"""The report by day, worked out by the database, against the same counted row by row."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing import queries
from billing.models import BankLine, BankStatement, FeeDue, Payment, Refund
from common.text import Text
from identity.models import Role
from tests.factories import people

FIRST, LAST = date(2026, 4, 3), date(2026, 4, 12)


def row_by_row(first: date, last: date) -> list[queries.Day]:
    """As the report once was: everything read, and added up here."""
    found: dict[date, dict[str, int]] = {}

    def add(on: date, what: str, yen: int) -> None:
        if first <= on <= last:
            day = found.setdefault(on, {})
            day[what] = day.get(what, 0) + yen

    for payment in Payment.objects.all():
        on = payment.received_on or timezone.localdate(payment.created_at)
        if payment.outcome == "moved":
            add(on, "surplus", -payment.amount)
        elif payment.outcome in Payment.MONEY:
            extra = payment.outcome == "surplus"
            add(on, "surplus" if extra else f"from {payment.provider}", payment.amount)
    for refund in Refund.objects.filter(state="done"):
        assert refund.done_on is not None
        add(refund.done_on, "refunded", refund.amount)
    for line in BankLine.objects.select_related("statement"):
        booked = line.statement.state != "preview"
        if booked and line.state in ("suggested", "unmatched", "to_return", "matched", "returned"):
            assert line.booked_on is not None
            add(line.booked_on, "unmatched", line.amount or 0)
    return [
        queries.Day(
            on,
            tuple((k.removeprefix("from "), v) for k, v in sorted(day.items()) if k[:5] == "from "),
            day.get("surplus", 0), day.get("refunded", 0), day.get("unmatched", 0),
        )
        for on, day in sorted(found.items(), reverse=True)
    ]  # fmt: skip


@pytest.fixture
def clerk(town: Any) -> Any:
    return people.staff(Role.FINANCE, at=None)


def fill(clerk: Any, dice: random.Random, rows: int) -> None:
    """Rows of every kind, many of them at the edges of days and of the period."""
    fee = FeeDue.objects.create(reference="r", title=Text("t"), amount=1)
    days = [FIRST + timedelta(days=n) for n in range(-2, 13)]
    moments = [datetime(2026, 4, d.day, h, 59, 59, tzinfo=UTC) for d in days for h in (14, 15, 23)]
    made = Payment.objects.bulk_create(
        Payment(
            fee=fee,
            provider=dice.choice(["bank", "counter", "stripe", "moved"]),
            provider_payment_id=f"{rows}-{number}",
            outcome=dice.choice(Payment.Outcome.values),
            amount=dice.randint(1, 9_999),
            received_on=dice.choice([None, *days]),
        )
        for number in range(rows)
    )
    for payment in made:
        payment.created_at = dice.choice(moments)
    Payment.objects.bulk_update(made, ["created_at"])
    Refund.objects.bulk_create(
        Refund(
            fee=fee, amount=dice.randint(1, 99), reason="x", way="cash", asked_by=clerk,
            state=state, done_on=dice.choice(days) if state == "done" else None,
        )
        for state in dice.choices(["done", "approved", "failed"], k=rows)
    )  # fmt: skip
    for state in ("preview", "applying", "applied"):
        statement = BankStatement.objects.create(
            name="x", sha256=f"{state}{dice.random()}", format="csv", state=state, uploaded_by=clerk
        )
        BankLine.objects.bulk_create(
            BankLine(
                statement=statement, number=number, state=state, booked_on=dice.choice(days),
                amount=dice.randint(1, 99),
            )
            for number, state in enumerate(
                dice.choices([s for s in BankLine.State.values if s != "booked"], k=rows)
            )
        )  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_says_the_same_as_counting_every_row(clerk: Any, seed: int) -> None:
    fill(clerk, random.Random(seed), 120)
    for first, last in ((FIRST, LAST), (FIRST, FIRST), (date(2000, 1, 1), date(2100, 1, 1))):
        assert queries.report(first, last) == row_by_row(first, last)
    assert queries.report(LAST, FIRST) == []


def test_it_reads_days_and_no_rows_in_three_statements(clerk: Any) -> None:
    for rows in (10, 400):
        fill(clerk, random.Random(rows), rows)
        with CaptureQueriesContext(connection) as asked:
            queries.report(FIRST, LAST)
        assert len(asked) == 3
        for query in asked:
            assert "GROUP BY" in query["sql"]
