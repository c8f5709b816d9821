"""My data: what the town knows, and who saw or used it, when and why."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.events import describe
from audit.models import LedgerEntry
from cases import represented
from cases.models import Case
from cases.queries import resident_cases
from common.database import one_or_none
from forms import profile
from identity.models import EidIdentity, User
from identity.representation import queries as representations
from notifications.queries import unread_count
from portal import queries, wording
from portal.http import resident_of, resident_page
from portal.templatetags.portal import moment, plain_day

PER_PAGE = 25


@require_safe
@resident_page
def mine(request: HttpRequest) -> HttpResponse:
    user = resident_of(request)
    everything = request.GET.get("show") == "all"
    entries = queries.ledger_about(user, by_others=not everything)
    page = Paginator(entries, PER_PAGE).get_page(request.GET.get("page"))
    own = {str(case.pk): case for case in resident_cases(user)}
    cases = own | _sent_for(user, [entry for entry in page if entry.object_id not in own])
    acts_for, acting_for_me = representations.on_both_sides(user)
    services = {case.offering.slug: case.offering.title for case in cases.values()}
    context = {
        "page": page,
        "lines": _lines(
            {
                "at": entry.at,
                "by": entry.actor_id,
                "text": describe(entry),
                "purpose": wording.purpose(entry, services),
                "case": cases.get(entry.object_id) if entry.object_kind == "case" else None,
                "own": entry.object_id in own,
            }
            for entry in page
        ),
        "everything": everything,
        "profile": _profile(user),
        "kept": profile.facts_of(user),
        "representations": acts_for,
        "acting_for_me": acting_for_me,
        "services": services,
        "unread": unread_count(user),
    }
    return render(request, "portal/my_data.html", context)


def _lines(entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """What one person did over and over on a day is one line, with the first and the last time."""

    def same(entry: dict[str, Any]) -> tuple[Any, ...]:
        what = entry["text"], entry["purpose"], entry["case"]
        return *what, entry["by"], plain_day(entry["at"])

    lines = []
    for _same, group in groupby(entries, key=same):
        last, *before = group
        first = before[-1]["at"] if before else last["at"]
        long = moment(first) != moment(last["at"])
        lines.append(last | {"times": 1 + len(before), "since": first if long else None})
    return lines


def _sent_for(user: User, entries: list[LedgerEntry]) -> dict[str, Case]:
    """Cases that others sent for the reader, by id; no statement where no entry is about one."""
    ids = {entry.object_id for entry in entries if entry.object_kind == "case"}
    found = represented.sent_for(user).filter(pk__in=ids) if ids else ()
    return {str(case.pk): case for case in found}


def _profile(user: User) -> list[dict[str, object]]:
    identity = one_or_none(EidIdentity.objects.filter(user=user))
    return wording.profile(identity.claims) if identity else []


@require_safe
def data_use(request: HttpRequest) -> HttpResponse:
    """What we do with your data: for everybody, without sign-in."""
    return render(request, "portal/data_use.html")
