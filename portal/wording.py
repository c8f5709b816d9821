"""States and clocks in a resident's words."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audit.models import LedgerEntry
from cases.clocks import ClockNow
from cases.queries import Progress
from common.text import Text
from forms import autofill
from identity.claims import ADDRESS, CONCEPTS, DATE_OF_BIRTH, SEX
from portal.templatetags.portal import day, plain_day
from workflow.definition import AfterPause, AtEnd, Ball, Clock, DayUnit, Outcome, Stage, StartsOn

Tone = Literal["", "info", "ok", "warn", "bad"]


def tone_of(stage: Stage) -> Tone:
    """The colour of a stage's badge; the words beside it say the same."""
    if stage.ball is Ball.RESIDENT:
        return "warn"
    if stage.outcome in (Outcome.APPROVED, Outcome.ACKNOWLEDGED):
        return "ok"
    if stage.outcome is Outcome.REFUSED:
        return "bad"
    return "" if stage.outcome is Outcome.WITHDRAWN else "info"


def days(count: int, unit: DayUnit) -> str:
    """``6 working days``, ``15 days``."""
    if unit is DayUnit.WORKING:
        text = ngettext("%(count)s working day", "%(count)s working days", count)
    else:
        text = ngettext("%(count)s day", "%(count)s days", count)
    return text % {"count": count}


def period_of(clock: Clock) -> str:
    """How long the office may take."""
    return _("within %(days)s") % {"days": days(clock.days, clock.unit)}


def whose_turn(progress: Progress) -> str:
    """Who has the ball."""
    if progress.ball is Ball.RESIDENT:
        return _("It is your turn")
    if progress.ball is Ball.OFFICE:
        return _("It is our turn. You need to do nothing at the moment")
    return _("Nothing is left to do")


def clock_in_words(clock: ClockNow, *, notified: bool = False) -> str:
    """The statutory clock, for somebody who has never heard of one. Empty when it has ended.

    It names the day until which the office has time, which is no promise; days that do not count
    and days that were added are named with it. `notified`: it is about a notification, which is
    not decided.
    """
    if clock.waits_for is not None:
        return _waiting(clock)
    if clock.paused_on is not None:
        values = {
            "since": day(clock.paused_on), "left": days(clock.days_after_pause, clock.unit)
        }  # fmt: skip
        if clock.after_pause is AfterPause.RESTART:
            return (
                _(
                    "The clock has stood still since %(since)s. With your answer our period begins "
                    "anew: we have %(left)s then."
                )
                % values
            )
        return (
            _("The clock has stood still since %(since)s. After your answer we have %(left)s left.")
            % values
        )
    if clock.due_on is None:
        return ""
    said = [_acknowledged_by(clock) if notified else _decided_by(clock)]
    said += _not_counted(clock)
    return " ".join(said)


def _waiting(clock: ClockNow) -> str:
    allowed = days(clock.days_allowed, clock.unit)
    if clock.waits_for is StartsOn.FEE:
        return _("Our period of %(days)s begins when you have paid the fee.") % {"days": allowed}
    return _("Our period of %(days)s begins when everything we need is here.") % {"days": allowed}


def _decided_by(clock: ClockNow) -> str:
    values = {"due": day(clock.due_on), "left": days(clock.days_left or 0, clock.unit)}
    if clock.over:
        if clock.at_end is AtEnd.DEEMED_REFUSAL:
            return (
                _(
                    "We should have decided by %(due)s. We are sorry for the delay. "
                    "You may wait for the decision, or treat the application as refused and appeal."
                )
                % values
            )
        return (
            _(
                "We should have decided by %(due)s. We are sorry for the delay. "
                "You are welcome to ask the office."
            )
            % values
        )
    if clock.days_left == 0:
        return _("Our period for the decision ends today, %(due)s.") % values
    return (
        _(
            "We have until %(due)s to decide: %(left)s are left. "
            "This is our aim: we cannot promise a day."
        )
        % values
    )


def _not_counted(clock: ClockNow) -> list[str]:
    said = []
    if clock.days_not_counted and clock.after_pause is AfterPause.RESTART:
        said.append(_("Our period began anew after we had waited for you."))
    elif clock.days_not_counted:
        said.append(
            _("%(days)s are not counted, because we waited for you.")
            % {"days": days(clock.days_not_counted, clock.unit)}
        )
    if clock.extended:
        added = sum(each.days for each in clock.extended)
        said.append(_("We extended the period by %(days)s.") % {"days": days(added, clock.unit)})
    return said


def _acknowledged_by(clock: ClockNow) -> str:
    if clock.over:
        return _(
            "We should have answered by %(due)s. We are sorry for the delay. "
            "You are welcome to ask the office."
        ) % {"due": day(clock.due_on)}
    return _("We have until %(due)s to check that it is complete.") % {"due": day(clock.due_on)}


def purpose(entry: LedgerEntry, services: dict[str, Text]) -> str:
    """Why the data was used. `services`: titles by slug."""
    if entry.event == "application.exported":
        # Somebody's own words: never taken for one of the codes below.
        return _("The municipality used it for: %(purpose)s") % {"purpose": entry.purpose}
    kind, _sign, rest = entry.purpose.partition(":")
    if kind == "service" and rest in services:
        return _("Application: %(service)s") % {"service": services[rest]}
    return {
        "": "",
        "processing": _("Work on your application"),
        "consultation": _("Opinion of another department"),
        "sign_in": _("Sign-in"),
        "counter": _("Help at the counter"),
    }.get(entry.purpose, entry.purpose)


def profile(claims: dict[str, Any]) -> list[dict[str, Any]]:
    """What the town knows from the eID, each with its source."""
    rows = []
    for key, concept in CONCEPTS.items():
        entry = claims.get(key)
        if not isinstance(entry, dict):
            continue
        label = str(concept.label)
        rows.append(
            {
                "label": label[:1].upper() + label[1:],
                "value": _claim_value(key, entry["value"]),
                "issuer": entry.get("issuer", ""),
                "verified": autofill.is_verified(key, entry),
                "asserted_at": datetime.fromisoformat(entry["asserted_at"]),
            }
        )
    return rows


def _claim_value(key: str, value: Any) -> str:
    if key == ADDRESS and isinstance(value, dict):
        parts = [value.get(part, "") for part in ("prefecture", "city", "streetAddress")]
        address = "".join(part for part in parts if part)
        building = value.get("building")
        code = value.get("postalCode") or ""
        if len(code) == 7 and code.isdigit():
            code = f"{code[:3]}-{code[3:]}"
        return f"{f'〒{code} ' if code else ''}{address}{f' {building}' if building else ''}"
    if key == DATE_OF_BIRTH:
        return plain_day(date.fromisoformat(str(value)))
    if key == SEX:
        return {"male": _("male"), "female": _("female"), "other": _("Other")}.get(
            str(value), str(value)
        )
    return str(value)
