"""Counting: backlog and its age, what came and went, the clock, and the time in each stage.

Done by the worker, at night and on request: the statements read every open case and a year of the
ledger. What a page shows is a row for each service and department, so it costs the same with
a hundred cases and with a hundred thousand.

Times come from the ledger: each move says the stage it led to. Medians, because one case that
waited a year says nothing about the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, F, Q
from django.db.models.functions import TruncMonth
from django.utils import timezone

from cases.models import Case
from cases.reports.models import ReportRow
from common import outbox

COUNT = "cases.count"
#: How many days of work the reports look back on, and as how many months they show it.
DAYS, MONTHS = 365, 12
#: Upper ends of the bands of age, in days since receipt; the last band has none.
AGES = (7, 30, 90)
#: On request at most once in so many minutes.
EVERY = 5

Key = tuple[Any, Any]


@dataclass(slots=True)
class Figures:
    """Of one service in one department. Days are calendar days."""

    open: int = 0
    unassigned: int = 0
    waiting: int = 0
    overdue: int = 0
    # By band of age, as `AGES` and one more.
    ages: list[int] = field(default_factory=lambda: [0] * (len(AGES) + 1))
    # By month, as `months`.
    received: list[int] = field(default_factory=lambda: [0] * MONTHS)
    closed: list[int] = field(default_factory=lambda: [0] * MONTHS)
    decided: int = 0
    in_time: int = 0
    days_median: float | None = None
    days_most: float | None = None  # nine of ten take no longer
    # (stage, cases that left it, median days in it)
    stages: list[tuple[str, int, float]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Figures:
        return cls(**data)


def months(today: date) -> list[date]:
    """The first days of the last `MONTHS` months, the current one last."""
    number = today.year * 12 + today.month - 1
    return [date(n // 12, n % 12 + 1, 1) for n in range(number - MONTHS + 1, number + 1)]


@transaction.atomic
def request() -> None:
    """Have everything counted anew by the worker; often asked, it is done once in a while."""
    now = timezone.now()
    outbox.enqueue(COUNT, f"{now:%Y%m%d%H}{now.minute // EVERY}", {})


@outbox.handler(COUNT)
def _count_on_request(payload: dict[str, Any]) -> None:
    count()


def count() -> None:
    """Count the current municipality and keep the result."""
    now = timezone.now()
    found: dict[Key, Figures] = {}
    for read in (_backlog, _flow, _decided, _stages):
        read(found, now)
    for (offering, department), figures in found.items():
        ReportRow.objects.update_or_create(
            offering_id=offering,
            department_id=department,
            defaults={"figures": figures.as_json(), "counted_at": now},
        )
    ReportRow.objects.filter(counted_at__lt=now).delete()


def _backlog(found: dict[Key, Figures], now: Any) -> None:
    today = timezone.localdate(now)
    ends = [today - timedelta(days=days) for days in AGES]
    bands = [Q(received_on__gte=ends[0])]
    bands += [Q(received_on__lt=newer, received_on__gte=older) for newer, older in pairwise(ends)]
    bands.append(Q(received_on__lt=ends[-1]))
    rows: Any = (
        Case.objects.filter(closed_at__isnull=True)
        .values("offering", "department")
        .annotate(
            open=Count("pk"),
            unassigned=Count("pk", filter=Q(assigned_to__isnull=True)),
            waiting=Count("pk", filter=Q(due_on__isnull=True)),
            overdue=Count("pk", filter=Q(due_on__lt=today)),
            **{f"age_{place}": Count("pk", filter=band) for place, band in enumerate(bands)},
        )
        .order_by()
    )
    for row in rows:
        figures = _of(found, row)
        figures.open, figures.unassigned = row["open"], row["unassigned"]
        figures.waiting, figures.overdue = row["waiting"], row["overdue"]
        figures.ages = [row[f"age_{place}"] for place in range(len(bands))]


def _flow(found: dict[Key, Figures], now: Any) -> None:
    shown = months(timezone.localdate(now))
    place = {month: number for number, month in enumerate(shown)}
    # What is decided anew after an appeal was received once.
    received = (
        Case.objects.filter(received_on__gte=shown[0])
        .exclude(origin_kind=Case.Origin.ANEW)
        .annotate(month=TruncMonth("received_on"))
    )
    closed = Case.objects.filter(closed_at__date__gte=shown[0]).annotate(
        month=TruncMonth(F("closed_at__date"))
    )
    for name, cases in (("received", received), ("closed", closed)):
        grouped = cases.values("offering", "department", "month").annotate(n=Count("pk"))
        rows: Any = grouped.order_by()
        for row in rows:
            if row["month"] in place:
                getattr(_of(found, row), name)[place[row["month"]]] = row["n"]


def _decided(found: dict[Key, Figures], now: Any) -> None:
    rows = _rows(
        """
        SELECT c.offering_id AS offering, c.department_id AS department,
               count(*) AS decided,
               count(*) FILTER (WHERE e.data->'in_time' = 'true'::jsonb) AS in_time,
               percentile_cont(0.5) WITHIN GROUP (
                   ORDER BY (e.at AT TIME ZONE %s)::date - c.received_on) AS median,
               percentile_cont(0.9) WITHIN GROUP (
                   ORDER BY (e.at AT TIME ZONE %s)::date - c.received_on) AS most
          FROM audit_ledgerentry e
          JOIN cases_case c ON c.id = e.object_id::uuid
         WHERE e.object_kind = 'case' AND e.at >= %s AND e.data ? 'in_time'
         GROUP BY 1, 2
        """,
        [_zone(), _zone(), now - timedelta(days=DAYS)],
    )
    for row in rows:
        figures = _of(found, row)
        figures.decided, figures.in_time = row["decided"], row["in_time"]
        figures.days_median, figures.days_most = float(row["median"]), float(row["most"])


def _stages(found: dict[Key, Figures], now: Any) -> None:
    rows = _rows(
        """
        WITH steps AS (
            SELECT object_id, data->>'stage' AS stage, at,
                   lead(at) OVER (PARTITION BY object_id ORDER BY id) AS until
              FROM audit_ledgerentry
             WHERE object_kind = 'case' AND at >= %s AND data ? 'stage'
        ), spells AS (
            SELECT object_id, stage, sum(until - at) AS spent
              FROM steps GROUP BY 1, 2 HAVING bool_or(until IS NOT NULL)
        )
        SELECT c.offering_id AS offering, c.department_id AS department, s.stage AS stage,
               count(*) AS n,
               percentile_cont(0.5) WITHIN GROUP (
                   ORDER BY extract(epoch FROM s.spent)) / 86400 AS days
          FROM spells s JOIN cases_case c ON c.id = s.object_id::uuid
         WHERE s.stage <> c.stage
         GROUP BY 1, 2, 3
        """,
        [now - timedelta(days=DAYS)],
    )
    for row in rows:
        _of(found, row).stages.append((row["stage"], row["n"], round(float(row["days"]), 2)))


def _of(found: dict[Key, Figures], row: Mapping[str, Any]) -> Figures:
    return found.setdefault((row["offering"], row["department"]), Figures())


def _rows(statement: str, parameters: list[Any]) -> Iterator[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        names = [column.name for column in cursor.description]
        for row in cursor.fetchall():
            yield dict(zip(names, row, strict=True))


def _zone() -> str:
    return timezone.get_current_timezone_name()
