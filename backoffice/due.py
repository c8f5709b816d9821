"""The statutory clock as a bar and a word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases import clocks
from cases.clocks import ClockNow
from cases.models import Case
from workflow.definition import AfterPause, ClockRuns, DayUnit

# Days left from which a case is marked as urgent.
_SOON = 1


@dataclass(frozen=True, slots=True)
class Due:
    """How far the period is used (0 to 100) and what that means. `tone` is "" for calm."""

    percent: int
    word: str
    tone: str
    on: date | None


def due(case: Case, today: date) -> Due | None:
    """What the desk shows of a case's clock; None for a closed case."""
    if case.closed_at is not None:
        return None
    now = clocks.briefly(case, today)
    if now.days_left is None and case.workflow.fee_first and _waits(case):
        return Due(100, _("Waits for the fee"), "paused", None)
    if now.days_left is None:
        return Due(100, _("Clock stopped"), "paused", None)
    if now.due_on is None:
        return Due(now.used_percent, _stopped(now), "paused", None)
    if now.late:
        return Due(100, _late(now), "late", now.due_on)
    tone = "soon" if now.days_left <= _SOON else ""
    return Due(now.used_percent, _left(now), tone, now.due_on)


def _waits(case: Case) -> bool:
    return case.stage_now.clock is ClockRuns.WAITING


def _left(now: ClockNow) -> str:
    days = now.days_left or 0
    if days == 0:
        return _("today")
    if now.unit is DayUnit.WORKING:
        return ngettext("in %(days)d working day", "in %(days)d working days", days) % {
            "days": days
        }
    return ngettext("in %(days)d day", "in %(days)d days", days) % {"days": days}


def _late(now: ClockNow) -> str:
    days = -(now.days_left or 0)
    if now.unit is DayUnit.WORKING:
        return ngettext("%(days)d working day late", "%(days)d working days late", days) % {
            "days": days
        }
    return ngettext("%(days)d day late", "%(days)d days late", days) % {"days": days}


def _stopped(now: ClockNow) -> str:
    if now.after_pause is AfterPause.RESTART:
        return _("stopped, then begins anew")
    days = max(now.days_left or 0, 0)
    if now.unit is DayUnit.WORKING:
        return ngettext("stopped, %(days)d working day", "stopped, %(days)d working days", days) % {
            "days": days
        }
    return ngettext("stopped, %(days)d day", "stopped, %(days)d days", days) % {"days": days}
