"""The statutory clock of a case: it stands still while the resident has the ball."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cases import actions
from cases.models import Case
from cases.queries import clock
from common.actor import Actor
from tests.factories import cases as make
from tests.factories import people

TOKYO = ZoneInfo("Asia/Tokyo")


class Today:
    """Sets the town's date for everything that asks for it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def is_now(self, day: date) -> None:
        moment = datetime(day.year, day.month, day.day, 10, 0, tzinfo=TOKYO)
        self._monkeypatch.setattr("django.utils.timezone.now", lambda: moment)


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> Today:
    return Today(monkeypatch)


def _fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def test_pause_keeps_the_days_that_are_left(town: Any, today: Today) -> None:
    today.is_now(date(2025, 12, 22))  # due 5 January: 23, 24, 25, 26 December, 5, 6 January
    case = make.claimed_case()
    assert case.due_on == date(2026, 1, 6)
    today.is_now(date(2025, 12, 25))
    correction = make.correction_of(case)
    case = _fresh(case)
    assert (case.due_on, case.days_left_when_paused, case.paused_on) == (
        None,
        3,
        date(2025, 12, 25),
    )
    today.is_now(date(2026, 1, 13))
    case = _fresh(make.answered_correction(correction, purpose="新しい目的"))
    assert (case.due_on, case.days_left_when_paused, case.paused_on) == (
        date(2026, 1, 16),
        None,
        None,
    )


def test_late_case_is_due_at_once_when_it_goes_on(town: Any, today: Today) -> None:
    today.is_now(date(2026, 6, 1))
    case = make.claimed_case()
    today.is_now(date(2026, 6, 12))
    assert clock(_fresh(case), date(2026, 6, 12)).late
    correction = make.correction_of(case)
    assert _fresh(case).days_left_when_paused == -3
    today.is_now(date(2026, 6, 20))  # a Saturday
    case = _fresh(make.answered_correction(correction, purpose="新しい目的"))
    assert case.due_on == date(2026, 6, 22)


def test_two_pauses_add_up(town: Any, today: Today) -> None:
    today.is_now(date(2026, 4, 27))
    case = make.claimed_case()
    assert case.due_on == date(2026, 5, 11)
    for asked, answered, due in (
        (date(2026, 4, 28), date(2026, 5, 7), date(2026, 5, 14)),
        (date(2026, 5, 14), date(2026, 5, 14), date(2026, 5, 14)),
    ):
        today.is_now(asked)
        correction = make.correction_of(_fresh(case), by=case.assigned_to)
        today.is_now(answered)
        case = _fresh(make.answered_correction(correction, purpose=f"目的 {asked}"))
        assert case.due_on == due


def test_decision_and_withdrawal_stop_the_clock(town: Any) -> None:
    decided = _fresh(make.decision_on(make.claimed_case()).case)
    assert (decided.due_on, decided.days_left_when_paused) == (None, None)
    other = make.claimed_case(resident=people.resident(name="佐藤 次郎"))
    make.correction_of(other)
    actions.withdraw(case=other, by=Actor.of(other.resident))
    other = _fresh(other)
    assert (other.due_on, other.days_left_when_paused, other.paused_on) == (None, None, None)


@pytest.mark.parametrize(
    ("now", "left", "percent", "late"),
    [
        (date(2026, 6, 1), 6, 0, False),
        (date(2026, 6, 4), 3, 50, False),
        (date(2026, 6, 9), 0, 100, False),
        (date(2026, 6, 13), -3, 100, True),
    ],
)
def test_clock_in_figures(
    town: Any, today: Today, now: date, left: int, percent: int, late: bool
) -> None:
    today.is_now(date(2026, 6, 1))
    found = clock(make.submitted_case(), now)
    assert (found.days_left, found.used_percent, found.late) == (left, percent, late)


def test_receipt_counts_in_the_towns_own_date(town: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # 16:00 UTC on 31 May is 01:00 on 1 June in Japan.
    moment = datetime(2026, 5, 31, 16, 0, tzinfo=ZoneInfo("UTC"))
    monkeypatch.setattr("django.utils.timezone.now", lambda: moment)
    case = make.submitted_case()
    assert case.received_on == date(2026, 6, 1)
    assert case.application.receipt_number.startswith("260601-")
