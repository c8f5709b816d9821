"""One's own absences, and for whom one stands in."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from backoffice.views.inbox import frame
from backoffice.views.reader import reader_of
from cases import desk_actions, people, policies
from cases.models_desk import Absence
from common.errors import InvalidInput, listed
from identity.access import staff_required
from identity.models import User


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required(*policies.DESK_ROLES)
def absences(request: HttpRequest) -> HttpResponse:
    """The page, and a new entry."""
    reader = reader_of(request)
    if request.method != "POST":
        return _page(request)
    try:
        found = _read(request.POST, people.colleagues_of(reader))
        desk_actions.enter_absence(substitute=found[0], first=found[1], last=found[2], by=reader)
    except InvalidInput as refusal:
        return _page(request, errors=refusal.errors, status=422)
    messages.success(request, _("Your absence is entered. Your colleague is told."))
    return HttpResponseRedirect(reverse("desk:absences"))


@require_POST
@staff_required(*policies.DESK_ROLES)
def remove(request: HttpRequest, absence_id: uuid.UUID) -> HttpResponse:
    """Take one's own entry back."""
    absence = Absence.objects.filter(pk=absence_id, absent=reader_of(request)).first()
    if absence is None:
        raise Http404
    desk_actions.remove_absence(absence=absence, by=reader_of(request))
    messages.success(request, _("The entry is taken back."))
    return HttpResponseRedirect(reverse("desk:absences"))


def _read(post: Mapping[str, str], colleagues: Iterable[User]) -> tuple[User, date, date]:
    errors: dict[str, list[str]] = {}
    days: dict[str, date] = {}
    for name in ("first", "last"):
        try:
            days[name] = date.fromisoformat(post.get(name, "").strip())
        except ValueError:
            errors[name] = [_("Write the date as year-month-day, for example 2026-04-01.")]
    try:
        wanted: uuid.UUID | None = uuid.UUID(post.get("substitute", ""))
    except ValueError:
        wanted = None
    person = next((one for one in colleagues if one.pk == wanted), None)
    if person is None:
        errors["substitute"] = [_("Choose a colleague who works on cases.")]
    if errors or person is None:
        raise InvalidInput(errors)
    return person, days["first"], days["last"]


def _page(
    request: HttpRequest, *, errors: Mapping[str, Sequence[str]] | None = None, status: int = 200
) -> HttpResponse:
    reader = reader_of(request)
    coming = Absence.objects.filter(last__gte=timezone.localdate())
    return render(
        request,
        "backoffice/absences.html",
        {
            **frame(request, "absences"),
            "mine": coming.filter(absent=reader).select_related("substitute"),
            "theirs": coming.filter(substitute=reader).select_related("absent"),
            "colleagues": [one for one in people.colleagues_of(reader) if one.pk != reader.pk],
            "typed": request.POST if errors else {},
            "errors": errors or {},
            "error_list": listed(errors or {}, "absence-"),
        },
        status=status,
    )
