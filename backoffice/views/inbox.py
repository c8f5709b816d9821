"""The inbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from backoffice import filters
from backoffice.due import Due, due
from backoffice.naming import Names, names_for
from backoffice.views.reader import DESK_ROLES, at_the_desk, reader_of
from cases import bulk, desk, paging, policies, queries, saved, search
from cases.desk import InboxFilter
from cases.models import Case
from cases.models_desk import SavedFilter
from identity.access import staff_required
from identity.models import Role, User
from identity.roles import any_role, has_role

#: Sections that are reached from the page "Office".
IN_OFFICE = frozenset(
    {"waivers", "printing", "absences", "templates", "export", "forms", "bodies", "closing",
     "retention", "notices", "operations", "transfers", "rules", "prepared"}
)  # fmt: skip
PER_PAGE = 25
#: Saved lists beside the views; the others are on the page of the lists.
MOST_BESIDE = 20
NOTHING: Mapping[str, Any] = MappingProxyType({})
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
    undelivered: bool = False
    # Whether the key "c" takes it: the reader works on it and does not have it yet.
    claimable: bool = False
    # Sent without signing in: nothing about the applicant is verified.
    unproven: bool = False


def lines(reader: User, cases: list[Case], chosen: InboxFilter, today: date) -> list[Line]:
    """Cases with their words; each link keeps the list that it was opened from."""
    query = filters.query_of(chosen)
    found = []
    for case in cases:
        processed = policies.may_process(case, reader)
        found.append(
            Line(
                case,
                reverse("desk:case", args=[case.pk]) + (f"?{query}" if query else ""),
                str(case.stage_now.for_staff),
                due(case, today),
                case.applicant_name if processed else "",
                undelivered=processed and case.undelivered_at is not None,
                claimable=processed and case.closed_at is None and case.assigned_to_id != reader.pk,
                unproven=processed and case.application.without_sign_in,
            )
        )
    return found


def frame(request: HttpRequest, section: str) -> dict[str, Any]:
    """What the bar of every desk page needs."""
    reader = reader_of(request)
    return {
        "section": section,
        "in_office": section in IN_OFFICE,
        "is_admin": has_role(reader, Role.ADMIN),
        "is_lead": has_role(reader, Role.LEAD),
        "may_export": policies.may_export(reader),
        "may_help": has_role(reader, Role.COUNTER),
        "has_inbox": any_role(reader, DESK_ROLES),
        "may_finance": has_role(reader, Role.FINANCE),
    }


@require_safe
@staff_required(*DESK_ROLES, Role.COUNTER, Role.FINANCE)
def keys(request: HttpRequest) -> HttpResponse:
    """What the keys of the desk do, and how to turn them off."""
    return render(request, "backoffice/keys.html", frame(request, "keys"))


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
    reader = reader_of(request)
    if not any_role(reader, DESK_ROLES):
        return redirect("desk:counter" if has_role(reader, Role.COUNTER) else "desk:fees")
    if not request.GET:
        kept = saved.visible_to(reader)
        first = next((one for one in kept if one.is_first), None)
        if first is not None:
            return redirect(filters.address(saved.chosen_of(first)))
        return inbox_page(request, kept=kept)
    return inbox_page(request)


def inbox_page(
    request: HttpRequest,
    *,
    kept: list[SavedFilter] | None = None,
    problem: str = "",
    keeping: Mapping[str, Any] = NOTHING,
    status: int = 200,
) -> HttpResponse:
    """The list of the address, with why nothing was done with it.

    `kept`: the reader's saved lists where they were read before; `keeping`: what was typed to save
    another one, and its `errors`.
    """
    reader = reader_of(request)
    consultee_only = queries.is_consultee_only(reader)
    kept = saved.visible_to(reader) if kept is None else kept
    asked_for = filters.from_address(request.GET, consultee_only=consultee_only)
    lists = {one.pk.hex: saved.chosen_of(one) for one in kept[:MOST_BESIDE]}
    names = names_for(reader, [asked_for, *lists.values()], with_people=not consultee_only)
    chosen, gone = names.without_gone(asked_for)
    views = filters.views_for(
        consultee_only=consultee_only,
        consultee=has_role(reader, Role.CONSULTEE),
        four_eyes=chosen.view == "second" or names.four_eyes,
    )
    closed = chosen.view == "closed"
    at = paging.cursor_of(request.GET.get("at", ""), closed=closed)
    words = search.found(chosen.text) if chosen.text else None
    page = paging.page(desk.inbox(reader, chosen, words), at, PER_PAGE, closed=closed)
    chips = names.chips(chosen)
    elsewhere: Mapping[str, int] = NOTHING
    if chips and not page.cases and at is None:
        elsewhere = desk.elsewhere(reader, chosen, views, words)
    query = filters.query_of(chosen)
    counts = desk.inbox_counts(reader, _counted(names, lists))
    return render(
        request,
        "backoffice/inbox.html",
        {
            **frame(request, "inbox"),
            "chosen": chosen,
            "gone": gone,
            "consultee_only": consultee_only,
            "tabs": filters.tabs(chosen, counts, views),
            "kept": [
                filters.Tab(
                    one.name, filters.address(chosen_then), chosen_then == asked_for,
                    counts.get(one.pk.hex),
                )
                for one, chosen_then in zip(kept, lists.values(), strict=False)
            ],
            "offices": [] if consultee_only else saved.offices_led_by(reader),
            "for_everybody": saved.may_share_with_all(reader),
            "keeping": keeping,
            "chips": chips,
            # Words are beside the filters; whatever else is set stands among them.
            "filters_set": len(chips) - bool(chosen.text),
            "elsewhere": filters.elsewhere(chosen, elsewhere),
            "services": names.services,
            "stages": names.stages_of(chosen.offering),
            "people": names.people,
            "departments": names.departments,
            "page": page,
            # What was refused is shown at another address than the list has.
            "base": "" if request.method == "GET" else reverse("desk:inbox"),
            "query": f"{query}&" if query else "",
            "lines": lines(reader, page.cases, chosen, timezone.localdate()),
            "problem": problem,
            "many": bulk.MOST,
        },
        status=status,
    )  # fmt: skip


def _counted(names: Names, lists: Mapping[str, InboxFilter]) -> dict[str, InboxFilter]:
    """What is counted of the saved lists: what each shows when it is opened.

    As with the views, nobody counts what is closed; nor what is found by words, which costs as much
    as the words are common.
    """
    return {
        key: names.without_gone(chosen)[0]
        for key, chosen in lists.items()
        if chosen.view != "closed" and not chosen.text
    }
