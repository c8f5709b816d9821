"""The clock of a case: `workflow.clock` over the case's columns and the town's closing days.

An entry of `Case.clock_log`: ``{"event": …, "on": ISO date}`` with ``due_on`` where it runs
afterwards, and for an extension ``days`` and ``reason``; `workflow.clock.Event` names the events.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from cases.models import Case, ClosingDay
from common import kept
from common.calendar import is_working_day
from workflow import clock
from workflow.clock import ClockState, Event
from workflow.definition import AfterPause, AtEnd, ClockRuns, DayUnit, StartsOn, WorkflowDefinition

#: Columns that `turn`, `extend` and `ring` change.
FIELDS = ("due_on", "days_left_when_paused", "paused_on", "alarm_on", "clock_log")

#: What happens to a clock that stands still, and leaves it so.
_PAUSE_GOES_ON = frozenset({Event.EXTENDED.value, Event.TRANSFERRED.value})


def closing_days() -> frozenset[date]:
    """The town's own closing days. A process keeps them for a moment."""
    found: frozenset[date] = kept.for_a_moment(
        "cases.closing_days",
        lambda: frozenset(ClosingDay.objects.values_list("day", flat=True)),
    )
    return found


def working_day_before(day: date, count: int) -> date:
    """The day `count` working days before `day`, by the town's calendar."""
    closed = closing_days()
    for _each in range(count):
        day -= timedelta(days=1)
        while not is_working_day(day, closed):
            day -= timedelta(days=1)
    return day


def state_of(case: Case) -> ClockState:
    """The clock as it stands."""
    return ClockState(
        # Cases from before there was a log began with their receipt.
        begun=bool(case.clock_log) or case.workflow.clock.starts is StartsOn.RECEIPT,
        due_on=case.due_on,
        days_left=case.days_left_when_paused,
        paused_on=case.paused_on,
        extended=sum(entry["days"] for entry in _extensions(case)),
        alarm_on=case.alarm_on,
    )


def foreseen(workflow: WorkflowDefinition) -> date | None:
    """The end of the period of what is sent today; None where it begins with something else."""
    if workflow.clock.starts is not StartsOn.RECEIPT:
        return None
    return clock.due_on(workflow.clock, timezone.localdate(), closing_days())


def begin(case: Case) -> None:
    """Set the clock of a case that was just received, not saved yet."""
    _turn(case, ClockState())


def turn(case: Case) -> None:
    """Bring the clock to the stage that the case has come to; saved by the caller (`FIELDS`)."""
    _turn(case, state_of(case))


def _turn(case: Case, before: ClockState) -> None:
    today = timezone.localdate()
    after, event = clock.turn(
        case.workflow.clock, before, case.stage_now.clock, today, closing_days()
    )
    if event is not None:
        _put(case, after, event, today)


def transfer(case: Case, before: ClockState, *, recount: bool) -> None:
    """Bring the clock to the workflow that the case has been brought to; saved by the caller.

    `before`: as it stood under the old one. `recount`: the period is counted anew, from its begin,
    by the new length; else the day that the resident was told stays.
    """
    today, closed, new = timezone.localdate(), closing_days(), case.workflow.clock
    state = before
    if recount and (before.due_on is not None or before.paused_on is not None):
        state = clock.replay(new, _happened(case), closed)
    after, event = clock.turn(new, state, case.stage_now.clock, today, closed)
    if after != before:
        _put(case, after, event or Event.TRANSFERRED, today)


def _happened(case: Case) -> list[tuple[Event, date, int]]:
    if not case.clock_log:  # from before there was a log
        begun = [(Event.STARTED, case.received_on, 0)]
        return begun + ([(Event.PAUSED, case.paused_on, 0)] if case.paused_on else [])
    return [
        (Event(entry["event"]), date.fromisoformat(entry["on"]), entry.get("days", 0))
        for entry in case.clock_log
    ]


def extend(case: Case, days: int, reason: str) -> None:
    """Add days to the period; saved by the caller. Raises `ValueError` for a clock that ended."""
    today = timezone.localdate()
    after = clock.extend(case.workflow.clock, state_of(case), days, today, closing_days())
    _put(case, after, Event.EXTENDED, today, days=days, reason=reason)


def _put(case: Case, state: ClockState, event: Event, today: date, **more: Any) -> None:
    case.due_on, case.days_left_when_paused = state.due_on, state.days_left
    case.paused_on, case.alarm_on = state.paused_on, state.alarm_on
    entry: dict[str, Any] = {"event": event.value, "on": today.isoformat(), **more}
    if state.due_on is not None:
        entry["due_on"] = state.due_on.isoformat()
    case.clock_log = [*case.clock_log, entry]


def _extensions(case: Case) -> list[dict[str, Any]]:
    return [entry for entry in case.clock_log if entry["event"] == Event.EXTENDED]


@dataclass(frozen=True, slots=True)
class Extended:
    """One extension of the period."""

    on: date
    days: int
    reason: str


@dataclass(frozen=True, slots=True)
class Room:
    """How much longer it may still take: `days` in all, in `times` more extensions."""

    days: int
    times: int


def room_to_extend(case: Case) -> Room:
    """What the declaration still allows; nothing where it allows none."""
    declared = case.workflow.clock.extension
    if declared is None:
        return Room(0, 0)
    done = _extensions(case)
    days = declared.days - sum(entry["days"] for entry in done)
    times = declared.times - len(done)
    return Room(days, times) if days > 0 and times > 0 else Room(0, 0)


@dataclass(frozen=True, slots=True)
class ClockNow:
    """The statutory clock in figures. `days_left` in the clock's own unit; negative: late.

    `days_not_counted` is how long it stood still until now, in the same unit; `waits_for` what it
    has not begun without.
    """

    due_on: date | None
    days_left: int | None
    paused_on: date | None
    unit: DayUnit
    days_allowed: int
    days_not_counted: int = 0
    waits_for: StartsOn | None = None
    at_end: AtEnd = AtEnd.ESCALATE
    extended: tuple[Extended, ...] = ()
    after_pause: AfterPause = AfterPause.RESUME
    # Its last day has passed; on a day off after it no working day is counted as late yet.
    over: bool = False

    @property
    def days_after_pause(self) -> int:
        """How many days there are when a clock that stands still goes on, or begins anew."""
        if self.after_pause is AfterPause.RESTART:
            return self.days_allowed
        return max(self.days_left or 0, 0)

    @property
    def late(self) -> bool:
        return self.days_left is not None and self.days_left < 0

    @property
    def used_percent(self) -> int:
        """How much of the period is used, 0 to 100, for the bar on the desk."""
        left = max(0, min(self.days_left or 0, self.days_allowed))
        return round(100 * (self.days_allowed - left) / self.days_allowed)


def now(case: Case, today: date | None = None) -> ClockNow:
    """The clock of a case as of `today` (the town's date).

    Reads no more than lists read; only what `clock_log` tells is left out there (`briefly`).
    """
    today = today or timezone.localdate()
    workflow = case.workflow
    waits = workflow.stage(case.stage).clock is ClockRuns.WAITING
    extended = tuple(
        Extended(date.fromisoformat(entry["on"]), entry["days"], entry["reason"])
        for entry in _extensions(case)
    )
    return ClockNow(
        case.due_on,
        _days_left(case, workflow, today),
        case.paused_on,
        workflow.clock.unit,
        workflow.clock.days + sum(each.days for each in extended),
        _not_counted(case, workflow, today),
        workflow.clock.starts if waits else None,
        workflow.clock.at_end,
        extended,
        workflow.clock.after_pause,
        case.due_on is not None and today > case.due_on,
    )


def deemed_refused_on(case: Case, today: date) -> date | None:
    """From when an undecided case may be treated as refused; None: it may not (yet)."""
    if case.workflow.clock.at_end is not AtEnd.DEEMED_REFUSAL or case.due_on is None:
        return None
    return case.due_on + timedelta(days=1) if today > case.due_on else None


def briefly(case: Case, today: date) -> ClockNow:
    """The same for a list, which does not read the log."""
    workflow = case.workflow
    return ClockNow(
        case.due_on,
        _days_left(case, workflow, today),
        case.paused_on,
        workflow.clock.unit,
        workflow.clock.days,
        after_pause=workflow.clock.after_pause,
    )


def _days_left(case: Case, workflow: WorkflowDefinition, today: date) -> int | None:
    if case.due_on is None:
        return case.days_left_when_paused
    return clock.between(workflow.clock, today, case.due_on, closing_days())


def _not_counted(case: Case, workflow: WorkflowDefinition, today: date) -> int:
    """Days of all pauses, the one of now included."""
    days, since = 0, None
    for entry in case.clock_log:
        on = date.fromisoformat(entry["on"])
        if entry["event"] == Event.PAUSED:
            since = on
        elif since is not None and entry["event"] not in _PAUSE_GOES_ON:
            days += clock.between(workflow.clock, since, on, closing_days())
            since = None
    if since is not None:
        days += clock.between(workflow.clock, since, today, closing_days())
    return days
