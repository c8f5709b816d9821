"""The statutory clock over weekends, holidays, the turn of the year and leap days.

Vectors were counted on a calendar by hand: holidays of 国民の祝日に関する法律, offices closed from
29 December to 3 January.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from common.calendar import is_working_day
from workflow import clock
from workflow.clock import Alarm, ClockState, Event
from workflow.definition import AfterPause, Clock, ClockRuns, DayUnit

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


# --- The clock over the stages of a case ------------------------------------------------------

RUNNING, PAUSED, STOPPED, WAITING = (
    ClockRuns.RUNNING,
    ClockRuns.PAUSED,
    ClockRuns.STOPPED,
    ClockRuns.WAITING,
)
MONTH = Clock(days=30, unit=DayUnit.CALENDAR, remind=3)
MONTH_ANEW = Clock(days=30, unit=DayUnit.CALENDAR, after_pause=AfterPause.RESTART)


def _course(
    declared: Clock, *steps: tuple[ClockRuns, date], closed: frozenset[date] = frozenset()
) -> tuple[ClockState, list[Event | None]]:
    state, events = ClockState(), []
    for runs, day in steps:
        state, event = clock.turn(declared, state, runs, day, closed)
        events.append(event)
    return state, events


@pytest.mark.parametrize(
    ("declared", "steps", "due", "events"),
    [
        # It begins with the receipt, and another running stage changes nothing.
        (
            SIX_WORKING,
            [(RUNNING, date(2026, 6, 1)), (RUNNING, date(2026, 6, 3))],
            date(2026, 6, 9),
            [Event.STARTED, None],
        ),
        # It begins when the papers are complete, not before.
        (
            SIX_WORKING,
            [(WAITING, date(2026, 6, 1)), (RUNNING, date(2026, 6, 8))],
            date(2026, 6, 16),
            [None, Event.STARTED],
        ),
        # Complete on the last day before the New Year's closing.
        (
            SIX_WORKING,
            [(WAITING, date(2025, 12, 1)), (RUNNING, date(2025, 12, 26))],
            date(2026, 1, 13),
            [None, Event.STARTED],
        ),
        # Twenty days were left on 11 June; they are left on 15 June, too. 5 July is a Sunday.
        (
            MONTH,
            [
                (RUNNING, date(2026, 6, 1)),
                (PAUSED, date(2026, 6, 11)),
                (RUNNING, date(2026, 6, 15)),
            ],
            date(2026, 7, 6),
            [Event.STARTED, Event.PAUSED, Event.RESUMED],
        ),
        # The same, where a correction begins the period anew.
        (
            MONTH_ANEW,
            [
                (RUNNING, date(2026, 6, 1)),
                (PAUSED, date(2026, 6, 11)),
                (RUNNING, date(2026, 6, 15)),
            ],
            date(2026, 7, 15),
            [Event.STARTED, Event.PAUSED, Event.RESTARTED],
        ),
        # A pause over a leap day, and one over the same days of an ordinary year.
        (
            MONTH,
            [(RUNNING, date(2028, 2, 1)), (PAUSED, date(2028, 2, 28)), (RUNNING, date(2028, 3, 1))],
            date(2028, 3, 6),
            [Event.STARTED, Event.PAUSED, Event.RESUMED],
        ),
        (
            MONTH,
            [(RUNNING, date(2027, 2, 1)), (PAUSED, date(2027, 2, 26)), (RUNNING, date(2027, 3, 1))],
            date(2027, 3, 8),
            [Event.STARTED, Event.PAUSED, Event.RESUMED],
        ),
        # Taken up again after it was closed: the whole period.
        (
            SIX_WORKING,
            [(RUNNING, date(2026, 6, 1)), (STOPPED, date(2026, 6, 4)), (RUNNING, date(2026, 6, 8))],
            date(2026, 6, 16),
            [Event.STARTED, Event.STOPPED, Event.RESTARTED],
        ),
        # Withdrawn while it stood still: nothing is left of it.
        (
            SIX_WORKING,
            [(RUNNING, date(2026, 6, 1)), (PAUSED, date(2026, 6, 4)), (STOPPED, date(2026, 6, 8))],
            None,
            [Event.STARTED, Event.PAUSED, Event.STOPPED],
        ),
    ],
)
def test_clock_over_stages(
    declared: Clock,
    steps: list[tuple[ClockRuns, date]],
    due: date | None,
    events: list[Event | None],
) -> None:
    state, happened = _course(declared, *steps)
    assert (state.due_on, state.days_left, happened) == (due, None, events)


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize(("change", "due"), [(date(2026, 3, 27), 10), (date(2026, 10, 23), 10)])
def test_no_day_is_longer_where_the_time_changes(zone: str, change: date, due: int) -> None:
    # Summer time begins on 8 and 29 March and ends on 25 October and 1 November 2026.
    late = datetime(change.year, change.month, change.day, 23, 30, tzinfo=ZoneInfo(zone))
    received = late.date()
    found = clock.due_on(Clock(days=due, unit=DayUnit.CALENDAR), received)
    wanted = received + timedelta(days=due)
    while not is_working_day(wanted):
        wanted += timedelta(days=1)
    assert found == wanted
    assert clock.between(MONTH, received, received + timedelta(days=due)) == due


@pytest.mark.parametrize(
    ("declared", "days", "due"),
    [
        # From the end of the period, 9 June: 10, 11, 12 June.
        (SIX_WORKING, 3, date(2026, 6, 12)),
        # From 1 July on; the 11th is a Saturday.
        (MONTH, 10, date(2026, 7, 13)),
    ],
)
def test_extension_is_counted_from_the_end(declared: Clock, days: int, due: date) -> None:
    state, _events = _course(declared, (RUNNING, date(2026, 6, 1)))
    longer = clock.extend(declared, state, days, date(2026, 6, 4))
    assert (longer.due_on, longer.extended) == (due, days)


def test_extension_of_a_late_case_does_not_give_back_what_is_gone() -> None:
    state, _events = _course(SIX_WORKING, (RUNNING, date(2026, 6, 1)))
    assert clock.extend(SIX_WORKING, state, 1, date(2026, 6, 19)).due_on == date(2026, 6, 10)


def test_extension_while_it_stands_still_counts_when_it_goes_on() -> None:
    state, _events = _course(SIX_WORKING, (RUNNING, date(2026, 6, 1)), (PAUSED, date(2026, 6, 5)))
    longer = clock.extend(SIX_WORKING, state, 3, date(2026, 6, 8))
    assert (longer.due_on, longer.days_left) == (None, 5)
    going, event = clock.turn(SIX_WORKING, longer, RUNNING, date(2026, 6, 8))
    assert (going.due_on, event) == (date(2026, 6, 15), Event.RESUMED)


def test_restart_keeps_what_was_extended() -> None:
    state, _events = _course(MONTH_ANEW, (RUNNING, date(2026, 6, 1)))
    longer = clock.extend(MONTH_ANEW, state, 5, date(2026, 6, 2))
    paused, _event = clock.turn(MONTH_ANEW, longer, PAUSED, date(2026, 6, 3))
    going, event = clock.turn(MONTH_ANEW, paused, RUNNING, date(2026, 6, 8))
    assert (going.due_on, event) == (date(2026, 7, 13), Event.RESTARTED)


def test_clock_that_ended_cannot_be_extended() -> None:
    state, _events = _course(MONTH, (RUNNING, date(2026, 6, 1)), (STOPPED, date(2026, 6, 3)))
    with pytest.raises(ValueError, match="does not run"):
        clock.extend(MONTH, state, 1, date(2026, 6, 4))


@pytest.mark.parametrize(
    ("declared", "received", "alarm_on"),
    [
        (MONTH, date(2026, 6, 1), date(2026, 6, 28)),  # due 1 July, three days before
        (SIX_WORKING, date(2026, 6, 1), date(2026, 6, 8)),  # due Tuesday, the Monday
        (SIX_WORKING, date(2026, 5, 29), date(2026, 6, 5)),  # due Monday, the Friday
        (Clock(days=1, unit=DayUnit.WORKING), date(2026, 6, 1), date(2026, 6, 2)),  # not today
    ],
)
def test_day_of_the_reminder(declared: Clock, received: date, alarm_on: date) -> None:
    state, _events = _course(declared, (RUNNING, received))
    assert state.alarm_on == alarm_on


def test_clock_reminds_once_and_says_once_that_it_is_late() -> None:
    state, _events = _course(MONTH, (RUNNING, date(2026, 6, 1)))
    assert clock.alarm(state, date(2026, 6, 27)) == (None, date(2026, 6, 28))
    assert clock.alarm(state, date(2026, 6, 28)) == (Alarm.SOON, date(2026, 7, 2))
    reminded = replace(state, alarm_on=date(2026, 7, 2))
    assert clock.alarm(reminded, date(2026, 7, 1)) == (None, date(2026, 7, 2))
    assert clock.alarm(reminded, date(2026, 7, 2)) == (Alarm.LATE, None)
    assert clock.alarm(replace(state, alarm_on=None), date(2026, 7, 9)) == (None, None)
    # The night in which nothing ran: late is late, there is no reminder of what is over.
    assert clock.alarm(state, date(2026, 7, 9)) == (Alarm.LATE, None)


@pytest.mark.parametrize("runs", [PAUSED, STOPPED])
def test_clock_that_does_not_run_says_nothing(runs: ClockRuns) -> None:
    state, _events = _course(MONTH, (RUNNING, date(2026, 6, 1)), (runs, date(2026, 6, 3)))
    assert (state.alarm_on, clock.alarm(state, date(2026, 8, 1))) == (None, (None, None))


def test_towns_closing_days_lengthen_a_pause_and_an_extension() -> None:
    closed = frozenset({date(2026, 6, 9), date(2026, 6, 10)})
    state, _events = _course(SIX_WORKING, (RUNNING, date(2026, 6, 1)), closed=closed)
    assert state.due_on == date(2026, 6, 11)
    longer = clock.extend(SIX_WORKING, state, 1, date(2026, 6, 1), closed)
    assert longer.due_on == date(2026, 6, 12)
