"""Reports for the office: backlog, what came and went, the clock, the time in each stage."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from backoffice import charts
from backoffice.views.inbox import frame
from backoffice.views.reader import reader_of
from cases.policies import DESK_ROLES
from cases.reports import counting, reading
from common.tables import CsvFiles, Writer, XlsxFile
from identity.access import staff_required


@require_safe
@staff_required(*DESK_ROLES)
def reports(request: HttpRequest) -> HttpResponse:
    """The figures of one's departments: charts, each with its table."""
    report = reading.report(reader_of(request))
    names = [f"{month.month}" for month in report.months]
    received, closed = report.by_month("received"), report.by_month("closed")
    decided, in_time = report.total("decided"), report.total("in_time")
    context: dict[str, Any] = {
        **frame(request, "reports"),
        "report": report,
        "open": report.total("open"),
        "overdue": report.total("overdue"),
        "unassigned": report.total("unassigned"),
        "in_time_percent": round(100 * in_time / decided) if decided else None,
        "ages": list(zip(reading.age_labels(), report.ages, strict=True)),
        "ages_chart": charts.rows(list(zip(reading.age_labels(), report.ages, strict=True))),
        "in_time_chart": _in_time(report),
        "stage_charts": _stages(report),
        "months": list(zip(report.months, received, closed, strict=True)),
        "months_chart": charts.pairs(names, received, closed),
    }
    return render(request, "backoffice/reports.html", context)


def _in_time(report: reading.Report) -> charts.Chart:
    """How much of each service's decisions came within the period."""
    return charts.shares(
        [
            (
                f"{one.title} · {one.department}",
                one.in_time_percent,
                _("%(percent)s %% (%(part)s of %(all)s)")
                % {
                    "percent": one.in_time_percent,
                    "part": one.figures.in_time,
                    "all": one.figures.decided,
                },
            )
            for one in report.services
            if one.in_time_percent is not None
        ]
    )


def _stages(report: reading.Report) -> list[dict[str, Any]]:
    """A chart of the time in each stage for each service, all on one scale."""
    most = max((days for one in report.services for *_stage, days in one.stages), default=0)
    return [
        {
            "id": f"stage-{number}",
            "title": f"{one.title} · {one.department}",
            "chart": charts.rows(
                [(stage, days) for stage, _cases, days in one.stages],
                words=[
                    _("%(days)s days") % {"days": formats.localize(round(days, 1))}
                    for _stage, _cases, days in one.stages
                ],
                most=most,
            ),
        }
        for number, one in enumerate(report.services, 1)
        if one.stages
    ]


@require_POST
@staff_required(*DESK_ROLES)
def count(request: HttpRequest) -> HttpResponseBase:
    """Have the worker count anew."""
    counting.request()
    messages.success(request, _("The figures are being counted. Load this page again in a moment."))
    return redirect("desk:reports")


@require_safe
@staff_required(*DESK_ROLES)
def download(request: HttpRequest, ending: str) -> HttpResponseBase:
    """The figures as a spreadsheet; they name nobody."""
    tables = reading.tables(reading.report(reader_of(request)))
    writer: Writer
    if ending == "xlsx":
        writer = XlsxFile([table for table, _rows in tables])
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    elif ending == "zip":
        writer = CsvFiles([table for table, _rows in tables])
        content_type = "application/zip"
    else:
        raise Http404
    with writer:
        for number, (_table, rows) in enumerate(tables):
            for row in rows:
                writer.add(number, row)
        file = writer.finish()
    return FileResponse(
        file,
        as_attachment=True,
        filename=f"reports_{timezone.localdate():%Y%m%d}.{ending}",
        content_type=content_type,
    )
