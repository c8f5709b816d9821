"""Letters at the desk: the preview, every edition, issuing anew, taking the decision back."""

from __future__ import annotations

import io
import uuid
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backoffice import deciding
from backoffice.facts import CaseFacts
from backoffice.panels import Typed
from backoffice.views.case import case_page
from backoffice.views.files import damaged
from backoffice.views.inbox import frame
from backoffice.views.reader import reader_of, with_case
from cases import actions, letters, policies, reading, replacing, revocation
from cases.models import Case, Decision, Replacement
from common.actor import Actor
from common.errors import DomainError, InvalidInput, NotFound, listed
from documents.errors import DamagedFile
from documents.files import download

_GET_OR_POST = require_http_methods(["GET", "HEAD", "POST"])


@require_POST
@with_case
def preview(request: HttpRequest, case: Case, panel: str) -> HttpResponseBase:
    """The letter as it would be, as PDF, marked as a preview on every page. Nothing is kept.

    Made here and not by the worker: whoever decides waits for it.
    """
    reader = reader_of(request)
    if panel not in deciding.OUTCOMES or not policies.may_process(case, reader):
        raise NotFound(_("There is no such letter."), code="no_letter")
    # From the page that decides several cases the fields come with the case's id before them.
    post = deciding.of_case(case, request.POST) if request.GET.get("together") else request.POST
    values = deciding.typed(panel, post)
    try:
        letter = letters.preview(deciding.draft_of(case, deciding.decided(case, panel, values)))
    except LookupError as missing:
        raise NotFound(_("There is no such letter."), code="no_letter") from missing
    except InvalidInput as refusal:
        typed = Typed.refused(panel, values, refusal)
        return case_page(request, case, typed=typed, status=422)
    return shown_pdf(letter.as_pdf())


def shown_pdf(pdf: bytes) -> FileResponse:
    """A preview, for the browser's own viewer."""
    response = FileResponse(io.BytesIO(pdf), filename="preview.pdf", content_type="application/pdf")
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


@require_safe
@with_case
def editions(request: HttpRequest, case: Case) -> HttpResponse:
    """Every letter that was issued on this case: delivered when, printed how often."""
    decision = _decision_of(request, case)
    context = {
        **frame(request, "case"),
        "case": case,
        "decision": decision,
        "issued": reading.editions(decision),
        "may_replace": _may(replacing.check_may_replace, request, case, decision),
        "may_revoke": _may(revocation.check_may_revoke, request, case, decision),
    }
    return render(request, "backoffice/letters.html", context)


@require_safe
@with_case
def edition(request: HttpRequest, case: Case, document_id: uuid.UUID) -> HttpResponseBase:
    """One of them, exactly as it was issued."""
    decision = _decision_of(request, case)
    reader = reader_of(request)
    found = reading.edition(decision, document_id)
    try:
        response = download(found.document, filename=f"{found.content['number']}-{found.edition}")
    except DamagedFile as problem:
        return damaged(request, case, problem)
    facts = CaseFacts(case, reader, timezone.localdate())
    actions.open_letter(case=case, by=Actor.of(reader), purpose=facts.purpose)
    return response


@_GET_OR_POST
@with_case
def replace(request: HttpRequest, case: Case) -> HttpResponse:
    """Have the letter issued anew."""
    decision = _decision_of(request, case)
    post = request.POST
    values: dict[str, Any] = {
        "kind": post.get("kind", ""),
        "note": post.get("note", ""),
        "conditions": post.get("conditions", "\n".join(decision.conditions)),
        "reason": post.get("reason", decision.reason),
    }
    context = {"decision": decision, "values": values, "kinds": Replacement.Kind.choices}

    def act() -> None:
        replacing.replace_letter(
            case=case,
            kind=values["kind"],
            note=values["note"],
            conditions=values["conditions"].splitlines() if "conditions" in post else None,
            reason=values["reason"] if "reason" in post else None,
            by=reader_of(request),
            lock=lock_of(request),
        )

    check = replacing.check_may_replace
    done = _("The new letter is being made. The old one’s code says that it was replaced.")
    return _page(request, case, "backoffice/letter_replace.html", context, check, act, done)


@_GET_OR_POST
@with_case
def revoke(request: HttpRequest, case: Case) -> HttpResponse:
    """Take the decision back."""
    decision = _decision_of(request, case)
    today = timezone.localdate().isoformat()
    values = {
        "grounds": request.POST.get("grounds", ""),
        "effective_on": request.POST.get("effective_on", today),
    }
    context = {"decision": decision, "values": values, "today": today}

    def act() -> None:
        revocation.revoke_decision(
            case=case,
            grounds=values["grounds"],
            effective_on=_day(values["effective_on"]),
            by=reader_of(request),
            lock=lock_of(request),
        )

    check = revocation.check_may_revoke
    done = _("The decision is revoked. Letter and notice follow by themselves.")
    return _page(request, case, "backoffice/letter_revoke.html", context, check, act, done)


def _page(
    request: HttpRequest,
    case: Case,
    template: str,
    context: dict[str, Any],
    check: Any,
    act: Any,
    done: str,
) -> HttpResponse:
    """The form; posted: do it, or say what is wrong with everything still in its place."""
    status = 200
    errors: dict[str, list[str]] = {}
    try:
        check(case, context["decision"], reader_of(request))
        if request.method == "POST":
            act()
            messages.success(request, done)
            return redirect("desk:letters", case.pk)
    except InvalidInput as refusal:
        errors, status = dict(refusal.errors), 422
    except NotFound:
        raise
    except DomainError as refusal:
        context, status = {**context, "problem": str(refusal)}, 409
    shown = listed(errors)
    context = {**frame(request, "case"), "case": case, **context}
    context |= {"errors": errors, "error_list": shown, "lock": lock_of(request) or case.lock}
    return render(request, template, context, status=status)


def lock_of(request: HttpRequest) -> int:
    """The state of the case that the posted page was made from; 0 never fits."""
    given = request.POST.get("lock", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0


def _day(typed: str) -> date:
    try:
        found = parse_date(typed.strip())
    except ValueError:
        found = None
    if found is None:
        raise InvalidInput({"effective_on": [_("Write a day like 2026-04-01.")]})
    return found


def _may(check: Any, request: HttpRequest, case: Case, decision: Decision) -> bool:
    try:
        check(case, decision, reader_of(request))
    except DomainError:
        return False
    return True


def _decision_of(request: HttpRequest, case: Case) -> Decision:
    """The decision, for the case's own office."""
    decision: Decision | None = getattr(case, "decision", None)
    if decision is None or not policies.may_process(case, reader_of(request)):
        raise Http404
    return decision
