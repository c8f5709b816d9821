"""The statutory clock: when a case is due, and what starts, stops and lengthens it. Pure functions.

Days are dates of the town's own calendar, never moments: a change to daylight-saving time makes no
day longer or shorter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from common.calendar import add_working_days, is_working_day, working_days_between
from workflow.definition import AfterPause, Clock, ClockRuns, DayUnit

_NONE: frozenset[date] = frozenset()


class Event(StrEnum):
    """What happened to a clock."""

    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    RESTARTED = "restarted"
    STOPPED = "stopped"
    EXTENDED = "extended"
    # Counted anew by another version of the workflow, or brought to how it runs there.
    TRANSFERRED = "transferred"


class Alarm(StrEnum):
    """What a clock says by itself."""

    SOON = "soon"
    LATE = "late"


_RUNS_AFTER = {
    Event.STARTED: ClockRuns.RUNNING,
    Event.RESUMED: ClockRuns.RUNNING,
    Event.RESTARTED: ClockRuns.RUNNING,
    Event.PAUSED: ClockRuns.PAUSED,
    Event.STOPPED: ClockRuns.STOPPED,
}


@dataclass(frozen=True, slots=True)
class ClockState:
    """A clock as it stands. Runs: `due_on`. Paused: `days_left`, `paused_on`. Else none of them.

    `begun` and `extended` (days, in the clock's unit) stay for good; `alarm_on` is the next day on
    which it says something by itself.
    """

    begun: bool = False
    due_on: date | None = None
    days_left: int | None = None
    paused_on: date | None = None
    extended: int = 0
    alarm_on: date | None = None


def due_on(clock: Clock, received: date, closed: Collection[date] = _NONE) -> date:
    """The last day of the period. The day of receipt does not count (民法140条).

    A calendar period that ends on a day the office is closed ends on the next open day (142条).
    """
    return _after(clock, received, clock.days, closed)


def remaining(clock: Clock, due: date, paused_on: date, closed: Collection[date] = _NONE) -> int:
    """Days left when the clock stops on `paused_on`; negative when it was late already."""
    return between(clock, paused_on, due, closed)


def resume(
    clock: Clock, days_left: int, resumed_on: date, closed: Collection[date] = _NONE
) -> date:
    """The new due date when the clock goes on with `days_left`. A late case stays due at once."""
    return _after(clock, resumed_on, max(days_left, 0), closed)


def between(clock: Clock, start: date, end: date, closed: Collection[date] = _NONE) -> int:
    """Days of the clock's unit after `start` up to and including `end`; negative backwards."""
    if clock.unit is DayUnit.WORKING:
        return working_days_between(start, end, closed)
    return (end - start).days


def turn(
    clock: Clock,
    state: ClockState,
    runs: ClockRuns,
    today: date,
    closed: Collection[date] = _NONE,
) -> tuple[ClockState, Event | None]:
    """The clock after the case came to a stage where it `runs` so; what happened to it, if at all.

    A clock begins once, on the first stage where it runs. After a pause it goes on or begins anew,
    as declared; what was extended stays extended.
    """
    if runs is ClockRuns.RUNNING:
        return _let_run(clock, state, today, closed)
    if runs is ClockRuns.PAUSED and state.due_on is not None:
        left = remaining(clock, state.due_on, today, closed)
        paused = replace(state, due_on=None, days_left=left, paused_on=today, alarm_on=None)
        return paused, Event.PAUSED
    if runs is ClockRuns.STOPPED and (state.due_on or state.paused_on):
        stopped = ClockState(begun=True, extended=state.extended)
        return stopped, Event.STOPPED
    return state, None


def _let_run(
    clock: Clock, state: ClockState, today: date, closed: Collection[date]
) -> tuple[ClockState, Event | None]:
    if state.due_on is not None:
        return state, None
    whole = clock.days + state.extended
    if state.days_left is None:
        # It begins, or a case whose clock had ended is taken up again.
        days, event = whole, Event.RESTARTED if state.begun else Event.STARTED
    elif clock.after_pause is AfterPause.RESTART:
        days, event = whole, Event.RESTARTED
    else:
        days, event = max(state.days_left, 0), Event.RESUMED
    due = _after(clock, today, days, closed)
    running = ClockState(begun=True, due_on=due, extended=state.extended)
    return replace(running, alarm_on=_first_alarm(clock, due, today, closed)), event


def extend(
    clock: Clock, state: ClockState, days: int, today: date, closed: Collection[date] = _NONE
) -> ClockState:
    """The clock with `days` more; a paused one has them when it goes on.

    Counted from the end of the period, also where that has passed. Raises `ValueError` for a clock
    that neither runs nor is paused.
    """
    extended = state.extended + days
    if state.due_on is not None:
        due = _after(clock, state.due_on, days, closed)
        alarm = _first_alarm(clock, due, today, closed)
        return replace(state, due_on=due, extended=extended, alarm_on=alarm)
    if state.days_left is None:
        raise ValueError("a clock that does not run cannot be extended")
    return replace(state, days_left=state.days_left + days, extended=extended)


def replay(
    clock: Clock,
    log: Iterable[tuple[Event, date, int]],
    closed: Collection[date] = _NONE,
) -> ClockState:
    """The clock as it would stand, had it been this one all along.

    `log`: what happened, on which day, and for an extension by how many days; oldest first.
    """
    state = ClockState()
    for event, on, days in log:
        if event is Event.EXTENDED:
            if state.due_on is not None or state.days_left is not None:
                state = extend(clock, state, days, on, closed)
        elif (runs := _RUNS_AFTER.get(event)) is not None:
            state, _event = turn(clock, state, runs, on, closed)
    return state


def alarm(state: ClockState, today: date) -> tuple[Alarm | None, date | None]:
    """What the clock says today, and the day on which it says something next."""
    if state.due_on is None:
        return None, None
    if state.alarm_on is None or today < state.alarm_on:
        return None, state.alarm_on
    if today > state.due_on:
        return Alarm.LATE, None
    return Alarm.SOON, state.due_on + timedelta(days=1)


def _first_alarm(clock: Clock, due: date, today: date, closed: Collection[date]) -> date:
    """The day of the reminder, `remind` days before the end; never before tomorrow."""
    day, left = due, clock.remind
    while left:
        day -= timedelta(days=1)
        left -= clock.unit is DayUnit.CALENDAR or is_working_day(day, closed)
    return max(day, today + timedelta(days=1))


def _after(clock: Clock, start: date, days: int, closed: Collection[date]) -> date:
    if clock.unit is DayUnit.WORKING:
        return add_working_days(start, days, closed)
    day = start + timedelta(days=days)
    while not is_working_day(day, closed):
        day += timedelta(days=1)
    return day
