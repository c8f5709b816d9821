"""Exporting applications: choose, confirm, download."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from backoffice import exporting
from backoffice.exporting import ExportForm
from backoffice.views.inbox import frame
from backoffice.views.reader import reader_of
from cases import exports
from cases.policies import DESK_ROLES
from common import handing
from common.errors import InvalidInput
from identity.access import staff_required


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required(*DESK_ROLES)
def export(request: HttpRequest) -> HttpResponseBase:
    """The page; posted once: how many there are and what it means; confirmed: the file."""
    reader = reader_of(request)
    offerings = list(exports.offerings_for(reader))
    context: dict[str, Any] = {
        **frame(request, "export"),
        "offerings": offerings,
        "stages": exporting.stages_of(offerings),
        "most": exports.LONGEST_PURPOSE,
    }
    if request.method != "POST":
        return _page(request, context, ExportForm())
    values = exporting.typed(request.POST)
    if request.POST.get("change"):
        return _page(request, context, ExportForm(values))
    try:
        selection, as_format, purpose = exporting.read(values, offerings)
        count = exports.check(selection, purpose, reader)
        if count and request.POST.get("confirmed"):
            return _download(
                exports.export(
                    selection,
                    as_format=as_format,
                    purpose=purpose,
                    by=reader,
                    language=get_language() or "ja",
                )
            )
    except InvalidInput as refusal:
        return _page(request, context, ExportForm(values, refusal.errors), status=422)
    context |= {
        "selection": selection,
        "count": count,
        "purpose": purpose,
        "format": as_format.value,
        "stage": _stage(selection),
        "posted": values.items(),
    }
    return render(request, "backoffice/export_confirm.html", context)


def _page(
    request: HttpRequest, context: dict[str, Any], form: ExportForm, status: int = 200
) -> HttpResponse:
    context = {**context, "form": form, "values": form.values, "errors": form.errors}
    return render(request, "backoffice/export.html", context, status=status)


def _stage(selection: exports.Selection) -> str:
    if not selection.stage:
        return ""
    return str(selection.offering.workflow.stage(selection.stage).for_staff)


def _download(made: exports.Exported) -> FileResponse:
    """The file, kept by no cache and run by no browser."""
    response = FileResponse(
        made.file, as_attachment=True, filename=made.filename, content_type=made.content_type
    )
    handing.private_file(response)
    return response
