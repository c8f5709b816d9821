"""Letters that go by post: choose those of a day, have one PDF made, see what was printed."""

from __future__ import annotations

import uuid
from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from backoffice.views.inbox import frame
from backoffice.views.reader import reader_of
from cases import printing
from cases.models import PrintRun
from cases.policies import DESK_ROLES
from common.errors import InvalidInput
from documents.errors import DamagedFile
from documents.files import download
from identity.access import staff_required
from identity.models import Department


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required(*DESK_ROLES)
def letters(request: HttpRequest) -> HttpResponse:
    """The letters of a department and day. Posted: print the chosen ones."""
    reader = reader_of(request)
    departments = printing.departments_of(reader)
    asked = request.POST if request.method == "POST" else request.GET
    department = _department(departments, str(asked.get("department", "")))
    day = _day(str(asked.get("day", "")))
    chosen, errors, status = set(request.POST.getlist("letters")), {}, 200
    if request.method == "POST":
        try:
            run = printing.print_letters(
                department=department, day=day, letter_ids=sorted(chosen), by=reader
            )
        except InvalidInput as refusal:
            errors, status = refusal.errors, 422
        else:
            messages.success(
                request, _("%(count)s letters are put together.") % {"count": run.letters.count()}
            )
            here = reverse("desk:printing")
            return redirect(f"{here}?department={department.key}&day={day.isoformat()}#runs")
    listed = printing.letters_of(department, day)
    context = {
        **frame(request, "printing"),
        "departments": departments,
        "department": department,
        "day": day,
        "listed": listed,
        "chosen": chosen
        if request.method == "POST"
        else {str(one.letter.pk) for one in listed if one.proposed},
        "errors": errors,
        "runs": PrintRun.objects.filter(department=department)
        .select_related("made_by", "document")
        .prefetch_related("letters")[:10],
    }
    return render(request, "backoffice/printing.html", context, status=status)


@require_safe
@staff_required(*DESK_ROLES)
def run(request: HttpRequest, run_id: uuid.UUID) -> HttpResponseBase:
    """The PDF of a print run; for those who work on the department's cases."""
    found = PrintRun.objects.select_related("department", "document").filter(pk=run_id).first()
    if found is None or not printing.may_print(reader_of(request), found.department):
        raise Http404
    if found.document is None:
        raise Http404
    try:
        return download(found.document, filename=f"print-{found.day:%Y%m%d}-{found.made_at:%H%M}")
    except DamagedFile as problem:
        context = {**frame(request, "printing"), "problem": problem, "case": None}
        return render(request, "backoffice/problem.html", context, status=410)


def _department(departments: list[Department], key: str) -> Department:
    """The chosen one, else the first. Somebody without any is refused before."""
    if not departments:
        raise Http404
    return next((one for one in departments if one.key == key), departments[0])


def _day(typed: str) -> date:
    try:
        found = parse_date(typed)
    except ValueError:
        found = None
    return found or timezone.localdate()
