"""The figures that a member of staff may see: of the services their departments work on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise

from django.utils import timezone
from django.utils.translation import gettext as _

from cases import queries
from cases.reports.counting import AGES, Figures, months
from cases.reports.models import ReportRow
from catalogue.models import Offering
from common.tables import Cell, Column, Table
from identity.models import User


@dataclass(frozen=True, slots=True)
class ServiceReport:
    """One service in one department. `stages` in the order of the workflow."""

    offering: Offering
    department: str
    figures: Figures
    stages: list[tuple[str, int, float]]

    @property
    def title(self) -> str:
        return str(self.offering.title)

    @property
    def in_time_percent(self) -> int | None:
        decided = self.figures.decided
        return round(100 * self.figures.in_time / decided) if decided else None


@dataclass(frozen=True, slots=True)
class Report:
    """Everything of a page. `counted_at` None: nothing has been counted yet."""

    services: list[ServiceReport]
    counted_at: datetime | None
    months: list[date]

    def total(self, name: str) -> int:
        return sum(getattr(each.figures, name) for each in self.services)

    def by_month(self, name: str) -> list[int]:
        """Sums of "received" or "closed" over the services, by month."""
        columns = [getattr(each.figures, name) for each in self.services]
        return [sum(column) for column in zip(*columns, strict=True)] or [0] * len(self.months)

    @property
    def ages(self) -> list[int]:
        columns = [each.figures.ages for each in self.services]
        return [sum(column) for column in zip(*columns, strict=True)] or [0] * (len(AGES) + 1)


def report(user: User) -> Report:
    """What was counted last. Two statements."""
    rows = list(
        ReportRow.objects.filter(queries.at_desk_of(user))
        .select_related("offering__workflow_version", "department")
        .order_by("offering__slug", "department__key")
    )
    services = [
        ServiceReport(row.offering, str(row.department.name), figures, _stages(row, figures))
        for row in rows
        for figures in (Figures.from_json(row.figures),)
    ]
    counted = min((row.counted_at for row in rows), default=None)
    day = timezone.localdate(counted) if counted else timezone.localdate()
    return Report(services, counted, months(day))


def _stages(row: ReportRow, figures: Figures) -> list[tuple[str, int, float]]:
    """Titles instead of ids; a stage that the workflow has no more keeps its id, at the end."""
    known = {stage.id: str(stage.for_staff) for stage in row.offering.workflow.stages}
    order = list(known)
    found = sorted(
        figures.stages, key=lambda each: order.index(each[0]) if each[0] in known else len(order)
    )
    return [(known.get(stage, stage), cases, days) for stage, cases, days in found]


def age_labels() -> list[str]:
    """The bands of age in words."""
    labels = [_("up to %(days)s days") % {"days": AGES[0]}]
    for start, end in pairwise(AGES):
        labels.append(_("%(first)s to %(last)s days") % {"first": start + 1, "last": end})
    return [*labels, _("over %(days)s days") % {"days": AGES[-1]}]


def tables(shown: Report) -> list[tuple[Table, Iterator[Sequence[Cell]]]]:
    """The same as files: backlog, months, stages."""
    service, department = Column(_("Service")), Column(_("Department"))
    backlog = Table(
        _("Backlog"),
        [
            service, department, Column(_("Open")), Column(_("Unassigned")), Column(_("Waiting")),
            Column(_("Overdue")), *map(Column, age_labels()), Column(_("Decided in a year")),
            Column(_("Within the period")), Column(_("Days to a decision, median")),
            Column(_("Days to a decision, nine of ten")),
        ],
    )  # fmt: skip
    flow = Table(
        _("By month"),
        [
            service,
            department,
            Column(_("Month")),
            Column(_("Received cases")),
            Column(_("Completed cases")),
        ],
    )
    stages = Table(
        _("By stage"),
        [service, department, Column(_("Stage")), Column(_("Cases")), Column(_("Days, median"))],
    )
    return [
        (backlog, map(_backlog_row, shown.services)),
        (flow, _month_rows(shown)),
        (stages, _stage_rows(shown)),
    ]


def _backlog_row(one: ServiceReport) -> list[Cell]:
    figures = one.figures
    return [
        one.title, one.department, figures.open, figures.unassigned, figures.waiting,
        figures.overdue, *figures.ages, figures.decided, figures.in_time,
        _decimal(figures.days_median), _decimal(figures.days_most),
    ]  # fmt: skip


def _month_rows(shown: Report) -> Iterator[list[Cell]]:
    for one in shown.services:
        for month, received, closed in zip(
            shown.months, one.figures.received, one.figures.closed, strict=True
        ):
            yield [one.title, one.department, f"{month:%Y-%m}", received, closed]


def _stage_rows(shown: Report) -> Iterator[list[Cell]]:
    for one in shown.services:
        for stage, cases, days in one.stages:
            yield [one.title, one.department, stage, cases, _decimal(days)]


def _decimal(days: float | None) -> Cell:
    return None if days is None else Decimal(str(round(days, 1)))
