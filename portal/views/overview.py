"""My applications: what was begun, what was sent."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cases.queries import resident_cases
from notifications.queries import unread_count
from portal import guests, queries, wording
from portal.http import resident_of, resident_page

PER_PAGE = 20


@require_safe
@resident_page
def applications(request: HttpRequest) -> HttpResponse:
    user = resident_of(request)
    page = Paginator(resident_cases(user), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "here": "applications",
        "page": page,
        "cases": [
            {"case": case, "stage": case.stage_now, "tone": wording.tone_of(case.stage_now)}
            for case in page
        ],
        "begun_as_guest": guests.waiting(request),
        "drafts": queries.open_drafts(user)[:PER_PAGE],
        "unread": unread_count(user),
    }
    return render(request, "portal/applications.html", context)
