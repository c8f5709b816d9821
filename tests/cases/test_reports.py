"""Figures for the office: counted by the worker, right in every place they are shown."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from audit.models import LedgerEntry
from cases.models import Case
from cases.reports import counting, reading
from cases.reports.counting import Figures
from cases.reports.models import ReportRow
from common import outbox
from identity.models import User
from tests.factories import cases as make
from tests.factories import people


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


@pytest.fixture
def desk(town: Any, client_for: Callable[..., Client]) -> Callable[[User], Client]:
    """``desk(user)``: a browser of the town's staff, signed in with a second factor."""
    return lambda user: people.sign_in_staff(client_for(town), user)


def _figures(user: User | None = None) -> Figures:
    counting.count()
    (only,) = reading.report(user or people.caseworker()).services
    return only.figures


def _received(case: Case, days_ago: int, **changes: Any) -> None:
    day = timezone.localdate() - timedelta(days=days_ago)
    Case.objects.filter(pk=case.pk).update(received_on=day, **changes)


def test_backlog_by_age(town: Any) -> None:
    for days in (0, 7, 8, 30, 31, 90, 91, 400):
        _received(make.submitted_case(), days)
    figures = _figures()
    assert figures.ages == [2, 2, 2, 2]
    assert (figures.open, figures.unassigned) == (8, 8)


def test_overdue_and_waiting(town: Any) -> None:
    today = timezone.localdate()
    _received(make.submitted_case(), 20, due_on=today - timedelta(days=1))
    _received(make.submitted_case(), 20, due_on=today)
    make.correction_of(make.claimed_case())
    figures = _figures()
    assert (figures.open, figures.overdue, figures.waiting, figures.unassigned) == (3, 1, 1, 2)


def test_months(town: Any) -> None:
    assert counting.months(date(2026, 3, 31))[0] == date(2025, 4, 1)
    assert counting.months(date(2026, 1, 1))[-2:] == [date(2025, 12, 1), date(2026, 1, 1)]
    case = make.claimed_case()
    make.decision_on(case, "refused")
    first = counting.months(timezone.localdate())[0]
    # One of the first day that is shown, one of the day before.
    for day in (first, first - timedelta(days=1)):
        Case.objects.filter(pk=make.submitted_case().pk).update(received_on=day)
    figures = _figures()
    assert figures.received[0] == 1
    assert sum(figures.received) == 2
    assert figures.closed == [0] * 11 + [1]


def test_months_turn_at_midnight_in_the_town(town: Any) -> None:
    case = make.claimed_case()
    make.decision_on(case, "refused")
    month = counting.months(timezone.localdate())[-2]
    # Half past midnight in Tokyo is still the month before in UTC.
    at = datetime(month.year, month.month, 1, 0, 30, tzinfo=ZoneInfo("Asia/Tokyo"))
    Case.objects.filter(pk=case.pk).update(closed_at=at)
    assert _figures().closed == [0] * 10 + [1, 0]


def test_within_the_period(town: Any) -> None:
    late = make.claimed_case()
    Case.objects.filter(pk=late.pk).update(due_on=timezone.localdate() - timedelta(days=1))
    for case in (late, make.claimed_case(), make.claimed_case()):
        make.decision_on(Case.objects.get(pk=case.pk), "refused")
    figures = _figures()
    assert (figures.decided, figures.in_time) == (3, 2)
    assert figures.days_median == 0
    (service,) = reading.report(people.caseworker()).services
    assert service.in_time_percent == 67


def test_time_in_each_stage_comes_from_the_ledger(town: Any) -> None:
    case = make.claimed_case()
    make.decision_on(case, "refused")
    open_one = make.claimed_case()
    (service,) = _report()
    # Both left "received"; one left "review"; nobody leaves the last stage.
    assert [(stage, cases) for stage, cases, _days in service.stages] == [
        (str(case.workflow.stage("received").title), 2),
        (str(case.workflow.stage("review").title), 1),
    ]
    moves = LedgerEntry.objects.filter(object_id=str(open_one.pk), data__has_key="stage")
    assert moves.count() == 2


def _report() -> list[reading.ServiceReport]:
    counting.count()
    return reading.report(people.caseworker()).services


def test_each_sees_the_figures_of_their_own_departments(town: Any) -> None:
    make.submitted_case()
    counting.count()
    assert len(reading.report(people.caseworker()).services) == 1
    assert reading.report(people.caseworker(at="child_welfare")).services == []
    assert len(reading.report(people.admin()).services) == 1


def test_what_is_gone_is_counted_no_more(town: Any) -> None:
    case = make.submitted_case()
    counting.count()
    assert ReportRow.objects.count() == 1
    Case.objects.filter(pk=case.pk).update(
        received_on=date(2020, 1, 1), closed_at=timezone.now() - timedelta(days=900)
    )
    counting.count()
    assert reading.report(people.admin()).total("open") == 0


def test_the_page_costs_the_same_for_many_cases(
    town: Any, desk: Callable[[User], Client], django_assert_max_num_queries: Any
) -> None:
    for _each in range(3):
        make.submitted_case()
    counting.count()
    client = desk(people.caseworker())
    client.get("/en/desk/reports/")
    with django_assert_max_num_queries(15):
        page = client.get("/en/desk/reports/").content.decode()
    assert "Park use permit" in page
    assert "<svg" in page
    assert "山田" not in page


def test_counting_on_request_is_done_once_in_a_while(
    town: Any, desk: Callable[[User], Client]
) -> None:
    make.submitted_case()
    client = desk(people.caseworker())
    assert "Nothing has been counted yet" in client.get("/en/desk/reports/").content.decode()
    for _each in range(3):
        assert client.post("/en/desk/reports/count/").status_code == 302
    outbox.drain()
    assert reading.report(people.caseworker()).total("open") == 1
    from common.models import OutboxRow

    assert 1 <= OutboxRow.objects.filter(kind=counting.COUNT).count() <= 2


def test_the_file_has_what_the_page_has(town: Any, desk: Callable[[User], Client]) -> None:
    make.decision_on(make.claimed_case(), "refused")
    make.submitted_case()
    counting.count()
    client = desk(people.caseworker())
    response = client.get("/en/desk/reports/figures.xlsx")
    book = load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    backlog = list(book.worksheets[0].values)
    assert backlog[1][2] == 1
    months = list(book.worksheets[1].values)
    assert sum(row[3] for row in months[1:]) == 2
    archive = client.get("/en/desk/reports/figures.zip")
    assert b"".join(archive.streaming_content)[:2] == b"PK"
    assert client.get("/en/desk/reports/figures.exe").status_code == 404


def test_figures_are_counted_every_night(town: Any) -> None:
    from common import chores

    make.submitted_case()
    chores.run()
    assert ReportRow.objects.count() == 1


def test_stages_and_periods_have_charts_with_the_table_that_says_the_same(
    town: Any, desk: Callable[[User], Client]
) -> None:
    make.decision_on(make.claimed_case(), "refused")
    counting.count()
    page = desk(people.caseworker()).get("/en/desk/reports/").content.decode()
    assert re.findall(r'<svg[^>]* aria-labelledby="([^"]+)" aria-describedby="([^"]+)"', page) == [
        ("age-title", "age-table"), ("flow-title", "flow-table"), ("in-time-title", "clock-table"),
        ("stage-1", "stage-table"),
    ]  # fmt: skip
    for place in ("age-table", "clock-table", "stage-table", "in-time-title", "stage-1"):
        assert page.count(f'id="{place}"') == 1, place
    assert "100 % (1 of 1)" in page
    assert "0.0 days</text>" in page
    assert "style=" not in page
