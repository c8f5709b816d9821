"""What a service page says about an offering, in the active language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from catalogue.fees import yen
from catalogue.models import Offering
from catalogue.overlay import OwnClock
from catalogue.template import Kind
from workflow.definition import Clock, DayUnit

#: In the order of the home page.
KIND_TITLES: dict[str, Any] = {
    Kind.PERMIT.value: _("Permits"),
    Kind.BENEFIT.value: _("Benefits"),
    Kind.NOTIFICATION.value: _("Notifications"),
}


@dataclass(frozen=True, slots=True)
class FeeTable:
    """`rows` of (for what, amount, unit). `free`: nothing is charged."""

    rows: tuple[tuple[str, str, str], ...]
    free: bool
    explanation: str
    legal_basis: str


def fee_table(offering: Offering, rows: Iterable[Mapping[str, str]]) -> FeeTable:
    """The town's own amounts for `rows` of (label, rate, unit).

    A row whose rate the service does not know is left out: a wrong amount would be worse.
    """
    schedule = offering.fees
    amounts = schedule.rates
    known = (row for row in rows if row["rate"] in amounts)
    return FeeTable(
        rows=tuple((row["label"], yen(amounts[row["rate"]]), row["unit"]) for row in known),
        free=not schedule.items,
        explanation=str(schedule.explanation or ""),
        legal_basis=str(schedule.legal_basis or ""),
    )


def clock_words(clock: Clock | OwnClock) -> str:
    """``6 working days``."""
    return days_words(clock.days, clock.unit)


def days_words(days: int, unit: DayUnit) -> str:
    """``6 working days``."""
    if unit is DayUnit.WORKING:
        words = ngettext("%(days)d working day", "%(days)d working days", days)
    else:
        words = ngettext("%(days)d day", "%(days)d days", days)
    return words % {"days": days}


def minutes_words(minutes: int) -> str:
    """``about 15 minutes``."""
    return ngettext("about %(minutes)d minute", "about %(minutes)d minutes", minutes) % {
        "minutes": minutes
    }
