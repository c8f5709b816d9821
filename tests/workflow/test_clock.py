"""The statutory clock over weekends, holidays, the turn of the year and leap days.

Vectors were counted on a calendar by hand: holidays of 国民の祝日に関する法律, offices closed from
29 December to 3 January.
"""

from __future__ import annotations

from datetime import date

import pytest

from workflow import clock
from workflow.definition import Clock, DayUnit

SIX_WORKING = Clock(days=6, unit=DayUnit.WORKING)
THIRTY_CALENDAR = Clock(days=30, unit=DayUnit.CALENDAR)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        # An ordinary week: Monday, then Tue-Fri, Mon, Tue.
        (date(2026, 6, 1), date(2026, 6, 9)),
        # Received on a Saturday or Sunday: the first day counted is Monday.
        (date(2026, 6, 6), date(2026, 6, 15)),
        (date(2026, 6, 7), date(2026, 6, 15)),
        # New Year's closing: 25 Dec 2025 is a Thursday; 26, then 5, 6, 7, 8, 9 January.
        (date(2025, 12, 25), date(2026, 1, 9)),
        # The last open day of the year; 12 January 2026 is Coming of Age Day.
        (date(2025, 12, 28), date(2026, 1, 13)),
        (date(2025, 12, 31), date(2026, 1, 13)),
        # Golden Week 2026: 29 Apr, 3-5 May, and 6 May as a substitute holiday.
        (date(2026, 4, 27), date(2026, 5, 11)),
        (date(2026, 4, 28), date(2026, 5, 12)),
        # Silver Week 2026: 21 and 23 September are holidays, so 22 is one too.
        (date(2026, 9, 17), date(2026, 9, 30)),
        # Leap day: 29 February 2028 is a Tuesday and counts.
        (date(2028, 2, 22), date(2028, 3, 2)),
        (date(2027, 2, 22), date(2027, 3, 3)),
        # Month ends of 30 and 31 days (Mountain Day, 11 August, comes after).
        (date(2026, 7, 31), date(2026, 8, 10)),
        (date(2026, 11, 27), date(2026, 12, 7)),
    ],
)  # fmt: skip
def test_six_working_days(received: date, due: date) -> None:
    assert clock.due_on(SIX_WORKING, received) == due


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (date(2026, 6, 1), date(2026, 7, 1)),
        # The 30th day is a Sunday: the period ends on the next open day (民法142条).
        (date(2026, 5, 1), date(2026, 6, 1)),
        # Ends on 31 December: offices open again on 4 January, a Monday.
        (date(2026, 12, 1), date(2027, 1, 4)),
        # Over a leap day and over an ordinary end of February.
        (date(2028, 2, 10), date(2028, 3, 13)),
        (date(2027, 2, 10), date(2027, 3, 12)),
        (date(2027, 1, 31), date(2027, 3, 2)),
    ],
)
def test_thirty_calendar_days(received: date, due: date) -> None:
    assert clock.due_on(THIRTY_CALENDAR, received) == due


def test_towns_own_closing_day_does_not_count() -> None:
    closed = {date(2026, 6, 2)}
    assert clock.due_on(SIX_WORKING, date(2026, 6, 1), closed) == date(2026, 6, 10)


@pytest.mark.parametrize(
    ("declared", "due", "paused_on", "left"),
    [
        (SIX_WORKING, date(2026, 6, 9), date(2026, 6, 1), 6),
        (SIX_WORKING, date(2026, 6, 9), date(2026, 6, 5), 2),
        (SIX_WORKING, date(2026, 6, 9), date(2026, 6, 9), 0),
        (SIX_WORKING, date(2026, 6, 9), date(2026, 6, 11), -2),
        # A pause on a weekend leaves what a pause on the Friday before leaves.
        (SIX_WORKING, date(2026, 6, 9), date(2026, 6, 7), 2),
        (SIX_WORKING, date(2026, 1, 9), date(2025, 12, 31), 5),
        (THIRTY_CALENDAR, date(2026, 7, 1), date(2026, 6, 11), 20),
        (THIRTY_CALENDAR, date(2026, 7, 1), date(2026, 7, 4), -3),
    ],
)
def test_days_that_remain_when_it_pauses(
    declared: Clock, due: date, paused_on: date, left: int
) -> None:
    assert clock.remaining(declared, due, paused_on) == left


@pytest.mark.parametrize(
    ("declared", "left", "resumed_on", "due"),
    [
        (SIX_WORKING, 2, date(2026, 6, 15), date(2026, 6, 17)),
        (SIX_WORKING, 2, date(2025, 12, 26), date(2026, 1, 6)),
        # Nothing left, or late already: due at once, on a day the office is open.
        (SIX_WORKING, 0, date(2026, 6, 15), date(2026, 6, 15)),
        (SIX_WORKING, -3, date(2026, 6, 20), date(2026, 6, 22)),
        (THIRTY_CALENDAR, 20, date(2026, 6, 15), date(2026, 7, 6)),
        (THIRTY_CALENDAR, -1, date(2027, 1, 1), date(2027, 1, 4)),
    ],
)
def test_due_date_when_it_goes_on(declared: Clock, left: int, resumed_on: date, due: date) -> None:
    assert clock.resume(declared, left, resumed_on) == due


@pytest.mark.parametrize("declared", [SIX_WORKING, THIRTY_CALENDAR])
def test_pause_and_resume_on_one_day_changes_nothing(declared: Clock) -> None:
    due = clock.due_on(declared, date(2026, 6, 1))
    today = date(2026, 6, 4)
    assert clock.resume(declared, clock.remaining(declared, due, today), today) == due
