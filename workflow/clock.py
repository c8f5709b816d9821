"""The statutory clock: when a case is due, and what a pause does to it. Pure functions."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from common.calendar import add_working_days, is_working_day, working_days_between
from workflow.definition import Clock, DayUnit


def due_on(clock: Clock, received: date, closed: Collection[date] = frozenset()) -> date:
    """The last day of the period. The day of receipt does not count (民法140条).

    A calendar period that ends on a day the office is closed ends on the next open day (142条).
    """
    if clock.unit is DayUnit.WORKING:
        return add_working_days(received, clock.days, closed)
    return _next_open(received + timedelta(days=clock.days), closed)


def remaining(
    clock: Clock, due: date, paused_on: date, closed: Collection[date] = frozenset()
) -> int:
    """Days left when the clock stops on `paused_on`; negative when it was late already."""
    if clock.unit is DayUnit.WORKING:
        return working_days_between(paused_on, due, closed)
    return (due - paused_on).days


def resume(
    clock: Clock, days_left: int, resumed_on: date, closed: Collection[date] = frozenset()
) -> date:
    """The new due date when the clock goes on with `days_left`. A late case stays due at once."""
    days = max(days_left, 0)
    if clock.unit is DayUnit.WORKING:
        return add_working_days(resumed_on, days, closed)
    return _next_open(resumed_on + timedelta(days=days), closed)


def _next_open(day: date, closed: Collection[date]) -> date:
    while not is_working_day(day, closed):
        day += timedelta(days=1)
    return day
