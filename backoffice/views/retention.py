"""For administrators: how long cases are kept, what is due to be deleted, and deleting it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from backoffice.views.inbox import frame
from backoffice.views.reader import reader_of
from cases.models import Case
from cases.retention import plan, runs
from cases.retention.models import Hold
from catalogue.models import Offering
from common.errors import Conflict, InvalidInput, listed
from identity.access import staff_required
from identity.models import Role

OUTCOME_NAMES = {
    "approved": gettext_lazy("approved"),
    "refused": gettext_lazy("refused"),
    "acknowledged": gettext_lazy("acknowledged"),
    "withdrawn": gettext_lazy("withdrawn"),
    "lapsed": gettext_lazy("lapsed (not paid)"),
}
_LONGEST_REASON = 500


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required(Role.ADMIN)
def retention(request: HttpRequest) -> HttpResponseBase:
    """What is due, the runs so far, what is held; posted with the number: it begins."""
    if request.method != "POST":
        return _page(request)
    typed = _line(request.POST.get("typed", ""))
    try:
        expected = int(request.POST.get("expected", ""))
    except ValueError:
        expected = -1
    try:
        runs.confirm(expected=expected, typed=typed, by=reader_of(request))
    except InvalidInput as refusal:
        return _page(request, errors=refusal.errors, typed=typed, status=422)
    except Conflict as refusal:
        return _page(request, errors={"typed": [str(refusal)]}, status=409)
    messages.success(request, _("The deletion has begun. You see here how far it is."))
    return redirect("desk:retention")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required(Role.ADMIN)
def years(request: HttpRequest, offering_id: uuid.UUID) -> HttpResponseBase:
    """The municipality's years of keeping for one service."""
    offering = get_object_or_404(Offering, pk=offering_id)
    values: dict[str, Any] = plan.rules_of(offering).model_dump()
    errors: Mapping[str, Any] = {}
    if request.method == "POST":
        values = {name: _line(request.POST.get(name, "")) for name in values}
        try:
            typed = {name: _whole(value) for name, value in values.items()}
            runs.set_years(offering=offering, years=typed, by=reader_of(request))
        except InvalidInput as refusal:
            errors = refusal.errors
        else:
            messages.success(request, _("The years are saved."))
            return redirect("desk:retention")
    context = {
        **frame(request, "retention"),
        "offering": offering,
        "fields": [
            (name, OUTCOME_NAMES[name], value, errors.get(name, ()))
            for name, value in values.items()
        ],
        "error_list": listed(errors, "retention-"),
    }
    return render(
        request, "backoffice/retention_years.html", context, status=422 if errors else 200
    )


@require_POST
@staff_required(Role.ADMIN)
def hold(request: HttpRequest) -> HttpResponseBase:
    """Keep a case beyond its time, found by its receipt number."""
    number = _line(request.POST.get("receipt_number", "")).upper()
    reason = _line(request.POST.get("reason", ""))
    held = {"receipt_number": number, "reason": reason}
    case = Case.objects.filter(application__receipt_number=number).first() if number else None
    try:
        if case is None:
            raise InvalidInput({"receipt_number": [_("There is no case with this number.")]})
        runs.place_hold(case=case, reason=reason, by=reader_of(request))
    except InvalidInput as refusal:
        return _page(request, errors=refusal.errors, held=held, status=422)
    except Conflict as refusal:
        return _page(request, errors={"receipt_number": [str(refusal)]}, held=held, status=409)
    messages.success(request, _("The case is kept until you release it."))
    return redirect("desk:retention")


@require_POST
@staff_required(Role.ADMIN)
def release(request: HttpRequest, hold_id: int) -> HttpResponseBase:
    """Let a held case go when its time is over."""
    found = get_object_or_404(Hold.objects.select_related("case"), pk=hold_id)
    runs.release_hold(case=found.case, by=reader_of(request))
    messages.success(request, _("The case is deleted again when its time is over."))
    return redirect("desk:retention")


def _page(
    request: HttpRequest,
    *,
    errors: Mapping[str, Any] | None = None,
    typed: str = "",
    held: Mapping[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    lines = plan.plan()
    offerings = {offering.slug: offering for offering in Offering.objects.all()}
    context = {
        **frame(request, "retention"),
        "lines": [
            (line, offerings[line.service], OUTCOME_NAMES.get(line.outcome, "–")) for line in lines
        ],
        "total": sum(line.due for line in lines),
        "rules": [
            (offering, [(name, value) for name, value in plan.rules_of(offering)])
            for offering in offerings.values()
        ],
        "outcomes": OUTCOME_NAMES.values(),
        "runs": runs.recent(),
        "holds": Hold.objects.select_related("case__application", "placed_by").order_by(
            "placed_at"
        ),
        "errors": errors or {},
        "error_list": listed(errors or {}, "retention-"),
        "typed": typed,
        "held": held or {},
    }
    return render(request, "backoffice/retention.html", context, status=status)


def _line(text: str) -> str:
    return " ".join(text.replace("\x00", "").split())[:_LONGEST_REASON]


def _whole(text: str) -> int:
    """The number typed, full-width digits too; -1, which no rule allows, for anything else."""
    return int(text) if text.isdecimal() and len(text) < 4 else -1
