"""Looking closely: the checklist of a case, and decisions that wait for a second person."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from backoffice import consequences, deciding, reaching
from backoffice.views.acting import lock_of, refused, with_list
from backoffice.views.inbox import frame
from backoffice.views.reader import reader_of, with_case
from cases import checking, partial, policies, proposals, queries, second_look
from cases.models import Case, Proposal
from common.errors import Conflict, DomainError, InvalidInput, NotFound, listed


@require_POST
@with_case
def checklist(request: HttpRequest, case: Case) -> HttpResponse:
    """Tick a line of the checklist, take the tick off, add a line or take one out."""
    post, reader = request.POST, reader_of(request)
    if not policies.may_process(case, reader):
        raise NotFound(_("There is no such case."), code="no_case")
    text = post.get("check", "")
    try:
        for name, act in (
            ("tick", checking.tick),
            ("untick", checking.untick),
            ("take_out", checking.take_out),
        ):
            if name in post:
                act(case=case, key=post[name], by=reader)
                break
        else:
            checking.add(case=case, text=text, by=reader)
    except NotFound:
        raise
    except DomainError as refusal:
        fresh = queries.case_for_staff(reader, case.pk)
        return refused(request, fresh, "checklist", {"check": text}, refusal)
    back = with_list(request, reverse("desk:case", args=[case.pk]))
    return HttpResponseRedirect(f"{back}#checklist")


@require_http_methods(["GET", "HEAD", "POST"])
@with_case
def proposal(request: HttpRequest, case: Case, proposal_id: uuid.UUID) -> HttpResponse:
    """A proposed decision: the second person confirms it or sends it back."""
    reader = reader_of(request)
    found = case.proposals.select_related("proposed_by", "closed_by").filter(pk=proposal_id).first()
    if found is None or not policies.may_process(case, reader):
        raise NotFound(_("There is no such proposal."), code="no_proposal")
    found.case = case
    if request.method != "POST":
        return _page(request, found)
    note = request.POST.get("note", "")
    given: dict[str, Any] = {
        "case": case, "proposal_id": found.pk, "by": reader, "lock": lock_of(request.POST),
    }  # fmt: skip
    do: Callable[[], object] = lambda: proposals.confirm(**given)  # noqa: E731
    done = _("The decision is made. Letter and notice follow by themselves.")
    if "send_back" in request.POST:
        do = lambda: proposals.send_back(note=note, **given)  # noqa: E731
        done = _("The proposal is sent back.")
    elif "take_back" in request.POST:
        do = lambda: proposals.take_back(**given)  # noqa: E731
        done = _("You have taken the proposal back.")
    try:
        do()
    except NotFound:
        raise
    except DomainError as refusal:
        fresh = case.proposals.select_related("proposed_by", "closed_by").get(pk=proposal_id)
        fresh.case = queries.case_for_staff(reader, case.pk)
        return _page(request, fresh, refusal)
    messages.success(request, done)
    return HttpResponseRedirect(with_list(request, reverse("desk:case", args=[case.pk])))


def _page(
    request: HttpRequest, found: Proposal, refusal: DomainError | None = None
) -> HttpResponse:
    case, reader = found.case, reader_of(request)
    made = deciding.Decided(outcome=found.outcome, **found.content)
    panel = deciding.panel_of(found.outcome)
    errors = refusal.errors if isinstance(refusal, InvalidInput) else {}
    waits = found.state == second_look.State.WAITING
    draft = deciding.draft_of(case, made) if waits else None
    said, in_the_way = _consequences(found, draft, reader) if waits else ([], "")
    status = 200
    if refusal is not None:
        status = 409 if isinstance(refusal, Conflict) else 422
    return render(
        request,
        "backoffice/proposal.html",
        {
            **frame(request, "case"),
            "case": case,
            "proposal": found,
            "panel": panel,
            "waits": waits,
            "is_mine": found.proposed_by_id == reader.pk,
            "decision": draft,
            "made": made,
            "consequences": said,
            "in_the_way": in_the_way,
            "typed": request.POST,
            "errors": errors,
            "error_list": listed(errors, "proposal-"),
            "problem": "" if refusal is None or errors else str(refusal),
            "preview_url": reverse("desk:letter_preview", args=[case.pk, panel]),
            "posted": deciding.as_posted(made),
            "back": with_list(request, reverse("desk:case", args=[case.pk])),
        },
        status=status,
    )


def _consequences(found: Proposal, draft: Any, reader: Any) -> tuple[list[str], str]:
    """What confirming brings about; or why the reader cannot confirm it now."""
    case = found.case
    try:
        proposals.check_second(found, reader)
        policies.check_not_entered(case, reader)
        move = policies.check_decision(
            case,
            outcome=found.outcome,
            reason=found.content["reason"],
            waive_fee=found.content["waive_fee"],
            roles=policies.roles_on(case, reader),
            fee=partial.fee_for(case, draft.refused_parts).total,
            by=reader,
            proposal=found,
        )
    except DomainError as refusal:
        return [], str(refusal)
    return [*consequences.of_decision(case, move, draft), reaching.of(case).in_words], ""
