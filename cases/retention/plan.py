"""Which cases need not be kept any longer: the dry run.

The years are counted as Japanese offices do (文書管理規程): from the 1 April that follows the day
on which the case was closed, or the permit's last day where that is later. Only whole fiscal years
become due, so a plan made in April holds all year.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from billing.models import FeeDue
from cases.models import Case, Decision, RegisterEntry
from cases.retention.models import Hold
from catalogue.models import Offering, WorkflowVersion, workflow_of
from catalogue.template import Retention
from common.calendar import fiscal_year
from workflow.definition import Outcome

#: In the order of the page.
OUTCOMES = (
    Outcome.APPROVED,
    Outcome.REFUSED,
    Outcome.ACKNOWLEDGED,
    Outcome.WITHDRAWN,
    Outcome.LAPSED,
)


@dataclass(frozen=True, slots=True)
class Line:
    """What of one service and outcome is due. `held` and `unpaid` stay for now."""

    service: str
    outcome: str
    years: int
    closed_before: date
    due: int
    held: int
    unpaid: int
    oldest: date | None

    def as_json(self) -> dict[str, Any]:
        dates = {"closed_before": self.closed_before.isoformat()}
        dates["oldest"] = self.oldest.isoformat() if self.oldest else ""
        return asdict(self) | dates


def rules_of(offering: Offering) -> Retention:
    """The municipality's own years, else the template's."""
    own: Mapping[str, int] = offering.settings.get("retention", {})
    return offering.template.service.retention.model_copy(update=dict(own))


def years_of(rules: Retention, outcome: str | None) -> int:
    """For an outcome; one that the rules do not name is kept as long as the longest."""
    named = rules.model_dump()
    return int(named[outcome] if outcome in named else max(named.values()))


def deletable_on(closed: date, years: int) -> date:
    """The first day on which a case that was closed on `closed` need not be kept any longer."""
    return date(fiscal_year(closed) + 1 + years, 4, 1)


def closed_before(today: date, years: int) -> date:
    """Everything that was closed before this day need not be kept today."""
    return date(fiscal_year(today) - years, 4, 1)


def due_cases(offering: Offering, today: date | None = None) -> QuerySet[Case]:
    """The cases of a service that may be deleted now, the oldest first."""
    today = today or timezone.localdate()
    due = Q(pk__in=[])
    for _outcome, _years, over in _groups(offering, today):
        due |= over
    over_cases = Case.objects.filter(due, offering=offering)
    return over_cases.filter(~_held(), ~_unpaid(), ~_contested()).order_by("closed_at", "pk")


def plan(today: date | None = None) -> list[Line]:
    """A line for each service and outcome with cases that are over: what would be deleted."""
    today = today or timezone.localdate()
    lines = []
    for offering in Offering.objects.all():
        found: dict[str, Line] = {}
        for outcome, years, over in _groups(offering, today):
            counted = Case.objects.filter(over, offering=offering).aggregate(
                due=Count("pk", filter=Q(~_held(), ~_unpaid(), ~_contested())),
                held=Count("pk", filter=_held()),
                unpaid=Count("pk", filter=~_held() & _unpaid()),
                oldest=Min("closed_at"),
            )
            oldest = counted.pop("oldest")
            day = timezone.localdate(oldest) if oldest else None
            line = Line(
                offering.slug, outcome, years, closed_before(today, years), **counted, oldest=day
            )
            found[outcome] = _sum(found[outcome], line) if outcome in found else line
        lines += [line for line in found.values() if line.due or line.held or line.unpaid]
    return lines


def _groups(offering: Offering, today: date) -> list[tuple[str, int, Q]]:
    """For each workflow version: outcome, years, and the cases whose time is over."""
    rules = rules_of(offering)
    versions = WorkflowVersion.objects.filter(key=offering.template_key).values_list(
        "pk", flat=True
    )
    groups = []
    for version_id in versions.values_list("pk", flat=True):
        stages: dict[str, list[str]] = {}
        for stage in workflow_of(version_id).stages:
            if stage.final:
                stages.setdefault(stage.outcome or "", []).append(stage.id)
        for outcome, ids in stages.items():
            years = years_of(rules, outcome)
            end = closed_before(today, years)
            over = Q(workflow_version=version_id, stage__in=ids, closed_at__lt=_midnight(end))
            if outcome == Outcome.APPROVED:
                over &= Q(~_valid_from(end))
            groups.append((outcome, years, over))
    return groups


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _valid_from(day: date) -> Exists:
    """The permit ran, or runs, on `day` or later; without an end the decision's day counts."""
    return Exists(RegisterEntry.objects.filter(decision__case=OuterRef("pk"), valid_until__gte=day))


def _held() -> Exists:
    return Exists(Hold.objects.filter(case=OuterRef("pk")))


def _unpaid() -> Exists:
    """A part of its fee is still due: it may yet be paid, waived or collected."""
    due = FeeDue.objects.filter(state=FeeDue.State.DUE)
    decided = Decision.objects.filter(case=OuterRef("pk"))
    return Exists(decided.filter(Q(fee__in=due) | Exists(due.filter(series=OuterRef("pk")))))


def _contested() -> Exists:
    """Something that came of it is not decided yet: whoever decides that needs it."""
    return Exists(Case.objects.filter(origin=OuterRef("pk"), closed_at__isnull=True))


def _sum(one: Line, other: Line) -> Line:
    """The same service and outcome under two versions of the workflow."""
    days = [day for day in (one.oldest, other.oldest) if day]
    return Line(
        one.service,
        one.outcome,
        one.years,
        one.closed_before,
        one.due + other.due,
        one.held + other.held,
        one.unpaid + other.unpaid,
        min(days) if days else None,
    )
