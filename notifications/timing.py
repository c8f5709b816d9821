"""When something may go out: quiet hours and the hour of the digest. Pure functions.

All times of day are the municipality's; `now` carries its time zone, and so do the answers.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

#: A digest is closed this long before it goes. It must be longer than a task may run
#: (CELERY_TASK_TIME_LIMIT), so that nothing joins a digest that has left.
CLOSES_BEFORE = timedelta(minutes=10)


def quiet_until(now: datetime, start: time | None, end: time | None) -> datetime | None:
    """When the quiet hours around `now` end; None when it is not quiet.

    ``start > end`` runs over midnight. Equal ones are no hours at all.
    """
    if start is None or end is None or start == end:
        return None
    clock = now.time()
    if start < end:
        return _at(now, end) if start <= clock < end else None
    if clock >= start:
        return _at(now + timedelta(days=1), end)
    return _at(now, end) if clock < end else None


def next_digest(now: datetime, at: time) -> datetime:
    """When the digest goes that something of `now` can still join."""
    today = _at(now, at)
    return today if today - CLOSES_BEFORE >= now else _at(now + timedelta(days=1), at)


def _at(day: datetime, clock: time) -> datetime:
    return day.replace(
        hour=clock.hour, minute=clock.minute, second=clock.second, microsecond=0, fold=0
    )
