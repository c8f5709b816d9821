"""The case page: facts, and what can be done."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from backoffice import filters
from backoffice.facts import CaseFacts
from backoffice.panels import Typed, ground_panel, opinion_panels, panels
from backoffice.views.inbox import frame
from backoffice.views.reader import reader_of, with_case
from cases import actions, policies, presence, queries, showing
from cases.models import Case
from common import maps
from common.actor import Actor
from common.errors import Conflict, NotFound

NOTHING_TYPED = Typed()


@require_safe
@with_case
def case(request: HttpRequest, case: Case) -> HttpResponse:
    """A case; reading it is written to the ledger."""
    return case_page(request, case)


@require_POST
@with_case
def show(request: HttpRequest, case: Case) -> HttpResponse:
    """The page with one sensitive answer in plain words, this once; written to the ledger."""
    if not policies.may_process(case, reader_of(request)):
        raise NotFound(_("There is no such case."), code="no_case")
    place, status = request.POST.get("place", ""), 200
    try:
        said = showing.show_answer(case=case, place=place, by=reader_of(request))
    except Conflict as refusal:
        said, status = str(refusal), 409
    response = case_page(request, case, shown=(place, said), status=status)
    response["Cache-Control"] = "private, no-store"
    return response


def case_page(
    request: HttpRequest,
    case: Case,
    *,
    typed: Typed = NOTHING_TYPED,
    opened: str = "",
    shown: tuple[str, str] = ("", ""),
    status: int = 200,
) -> HttpResponse:
    """The page of a case, with one panel open or with what was typed and refused.

    `shown`: the place of a sensitive answer, and the answer.
    """
    reader, today = reader_of(request), timezone.localdate()
    facts = CaseFacts(case, reader, today)
    actions.open_case(case=case, by=Actor.of(reader), purpose=facts.purpose)
    chosen = filters.from_address(request.GET, consultee_only=queries.is_consultee_only(reader))
    response = render(
        request,
        "backoffice/case.html",
        {
            **frame(request, "case"),
            "facts": facts,
            "case": case,
            "application": case.application,
            "panels": panels(facts, typed, opened=opened) if facts.may_process else [],
            "opinions": opinion_panels(facts, typed),
            "ground_panel": ground_panel(facts, typed, opened=opened),
            "typed": typed,
            # Where there is no script; else the part "Among colleagues" goes on asking.
            "others": presence.mark(case.pk, reader) if facts.may_process else [],
            "shown": shown,
            "undelivered": queries.undelivered(case) if facts.may_process else [],
            "is_undelivered": case.undelivered_at is not None and facts.may_process,
            "back": filters.address(chosen),
            "query": filters.query_of(chosen),
        },
        status=status,
    )
    return maps.allow(response) if facts.has_places else response
