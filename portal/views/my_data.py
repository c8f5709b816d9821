"""My data: what the town knows, and who saw or used it, when and why."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.events import describe
from cases.queries import resident_cases
from common.database import one_or_none
from forms import profile
from identity.models import EidIdentity, User
from identity.representation import queries as representations
from notifications.queries import unread_count
from portal import queries, wording
from portal.http import resident_of, resident_page

PER_PAGE = 25


@require_safe
@resident_page
def mine(request: HttpRequest) -> HttpResponse:
    user = resident_of(request)
    everything = request.GET.get("show") == "all"
    entries = queries.ledger_about(user, by_staff=not everything)
    page = Paginator(entries, PER_PAGE).get_page(request.GET.get("page"))
    cases = {str(case.pk): case for case in resident_cases(user)}
    services = {case.offering.slug: case.offering.title for case in cases.values()}
    context = {
        "page": page,
        "entries": [
            {
                "at": entry.at,
                "text": describe(entry),
                "purpose": wording.purpose(entry, services),
                "case": cases.get(entry.object_id) if entry.object_kind == "case" else None,
            }
            for entry in page
        ],
        "everything": everything,
        "profile": _profile(user),
        "kept": profile.facts_of(user),
        "representations": representations.of_owner(user),
        "services": services,
        "unread": unread_count(user),
    }
    return render(request, "portal/my_data.html", context)


def _profile(user: User) -> list[dict[str, object]]:
    identity = one_or_none(EidIdentity.objects.filter(user=user))
    return wording.profile(identity.claims) if identity else []


@require_safe
def data_use(request: HttpRequest) -> HttpResponse:
    """What we do with your data: for everybody, without sign-in."""
    return render(request, "portal/data_use.html")
