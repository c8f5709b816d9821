"""The inbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from backoffice import filters
from backoffice.due import Due, due
from backoffice.views.reader import DESK_ROLES, at_the_desk, reader_of
from cases import bulk, desk, paging, policies, queries
from cases.desk import InboxFilter
from cases.models import Case
from catalogue.models import Offering
from identity.access import staff_required
from identity.models import Role, User
from identity.roles import any_role, has_role

#: Sections that are reached from the page "Office".
IN_OFFICE = frozenset(
    {"waivers", "printing", "absences", "export", "forms", "bodies", "closing", "retention",
     "notices", "operations"}
)  # fmt: skip
PER_PAGE = 25
#: How many cases stand beside an open one on a wide screen.
BESIDE = 20


@dataclass(frozen=True, slots=True)
class Line:
    """One case of the list."""

    case: Case
    url: str
    stage: str
    due: Due | None
    # Empty for a consulted office: its opinion is about the matter, not the person.
    applicant: str
    # Sent without signing in: nothing about the applicant is verified.
    unproven: bool


def lines(reader: User, cases: list[Case], chosen: InboxFilter, today: date) -> list[Line]:
    """Cases with their words; each link keeps the list that it was opened from."""
    query = filters.query_of(chosen)
    return [
        Line(
            case,
            reverse("desk:case", args=[case.pk]) + (f"?{query}" if query else ""),
            str(case.stage_now.title),
            due(case, today),
            case.applicant_name if may_process else "",
            may_process and case.application.without_sign_in,
        )
        for case in cases
        for may_process in [policies.may_process(case, reader)]
    ]


def frame(request: HttpRequest, section: str) -> dict[str, Any]:
    """What the bar of every desk page needs."""
    reader = reader_of(request)
    return {
        "section": section,
        "in_office": section in IN_OFFICE,
        "is_admin": has_role(reader, Role.ADMIN),
        "may_export": policies.may_export(reader),
        "may_help": has_role(reader, Role.COUNTER),
        "has_inbox": any_role(reader, DESK_ROLES),
        "may_finance": has_role(reader, Role.FINANCE),
    }


@require_safe
@at_the_desk
def beside(request: HttpRequest) -> HttpResponse:
    """The same list, short: it stands beside an open case where a screen has room for it.

    A case's page asks for it when it can be seen, so that no other page waits for it.
    """
    reader = reader_of(request)
    chosen = filters.from_address(request.GET, consultee_only=queries.is_consultee_only(reader))
    cases = list(desk.inbox(reader, chosen)[:BESIDE])
    return render(
        request,
        "backoffice/beside.html",
        {
            "lines": lines(reader, cases, chosen, timezone.localdate()),
            "open_here": filters.case_of(request.GET),
        },
    )


@require_safe
@staff_required(*DESK_ROLES, Role.COUNTER, Role.FINANCE)
def inbox(request: HttpRequest) -> HttpResponse:
    """Cases of one's departments by urgency. Who works elsewhere, goes there: counter, fees."""
    return inbox_page(request)


def inbox_page(request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    """The list of the address, with why nothing was done with it."""
    reader = reader_of(request)
    if not any_role(reader, DESK_ROLES):
        return redirect("desk:counter" if has_role(reader, Role.COUNTER) else "desk:fees")
    consultee_only = queries.is_consultee_only(reader)
    chosen = filters.from_address(request.GET, consultee_only=consultee_only)
    offerings = list(Offering.objects.only("slug", "title", "workflow_version_id"))
    services = {offering.slug: str(offering.title) for offering in offerings}
    stages = {
        stage.id: str(stage.title)
        for offering in offerings
        if not chosen.offering or offering.slug == chosen.offering
        for stage in offering.workflow.stages
    }
    views = filters.views_for(
        consultee_only=consultee_only, consultee=has_role(reader, Role.CONSULTEE)
    )
    at = paging.cursor_of(request.GET.get("at", ""), closed=chosen.view == "closed")
    page = paging.page(desk.inbox(reader, chosen), at, PER_PAGE)
    query = filters.query_of(chosen)
    return render(
        request,
        "backoffice/inbox.html",
        {
            **frame(request, "inbox"),
            "chosen": chosen,
            "consultee_only": consultee_only,
            "tabs": filters.tabs(chosen, desk.inbox_counts(reader), views),
            "chips": filters.chips(chosen, services, stages),
            "services": services,
            "stages": stages,
            "page": page,
            "query": f"{query}&" if query else "",
            "lines": lines(reader, page.cases, chosen, timezone.localdate()),
            "problem": problem,
            "many": bulk.MOST,
        },
        status=status,
    )
