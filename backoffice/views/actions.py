"""What a caseworker does to a case: each view parses, makes one domain call, and redirects."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from backoffice import consequences, filters
from backoffice.panels import Typed
from backoffice.views.case import case_page
from backoffice.views.inbox import frame
from backoffice.views.reader import reader_of, with_case
from cases import actions, letters, policies, queries
from cases.models import Case, Consultation, Decision
from common.errors import Conflict, DomainError, InvalidInput, NotFound
from identity.models import Department

_GET_OR_POST = require_http_methods(["GET", "HEAD", "POST"])


@require_POST
@with_case
def claim(request: HttpRequest, case: Case) -> HttpResponse:
    """Take a case onto one's own desk."""
    return _act(
        request,
        case,
        "claim",
        {},
        lambda: actions.claim_case(case=case, by=reader_of(request), lock=_lock(request.POST)),
        _("The case is on your desk."),
    )


@_GET_OR_POST
@with_case
def consult(request: HttpRequest, case: Case) -> HttpResponse:
    """Ask another department for its opinion."""
    if request.method != "POST":
        return _opened(request, case, "consult")
    post = request.POST
    values = {"department": post.get("department", ""), "question": post.get("question", "")}

    def ask() -> object:
        return actions.request_consultation(
            case=case,
            department=_department(values["department"]),
            question=values["question"],
            by=reader_of(request),
            lock=_lock(post),
        )

    return _act(request, case, "consult", values, ask, _("The department has been asked."))


@_GET_OR_POST
@with_case
def correct(request: HttpRequest, case: Case) -> HttpResponse:
    """Ask the resident to answer some questions again."""
    if request.method != "POST":
        return _opened(request, case, "correct")
    post = request.POST
    values: dict[str, Any] = {
        "question_ids": post.getlist("question_ids"),
        "message": post.get("message", ""),
    }

    def ask() -> object:
        return actions.request_correction(
            case=case,
            question_ids=values["question_ids"],
            message=values["message"],
            by=reader_of(request),
            lock=_lock(post),
        )

    return _act(
        request,
        case,
        "correct",
        values,
        ask,
        _("The resident has been asked for a correction. The clock is stopped."),
    )


@_GET_OR_POST
@with_case
def opinion(request: HttpRequest, case: Case, consultation_id: uuid.UUID) -> HttpResponse:
    """Give the opinion of the department that was asked."""
    if request.method != "POST":
        return _opened(request, case, "opinion")
    consultation = case.consultations.filter(pk=consultation_id).first()
    if consultation is None or not policies.may_answer(consultation, reader_of(request)):
        raise NotFound(_("There is no such question."), code="no_consultation")
    values = {"opinion": request.POST.get("opinion", ""), "text": request.POST.get("text", "")}

    def answer() -> Consultation:
        return actions.answer_consultation(
            consultation=consultation, by=reader_of(request), **values
        )

    return _act(
        request,
        case,
        f"opinion-{consultation.pk}",
        values,
        answer,
        _("Your opinion has been sent to the office that asked."),
    )


@_GET_OR_POST
@with_case
def representation(request: HttpRequest, case: Case) -> HttpResponse:
    """Confirm or doubt that the sender may act for the applicant."""
    if case.represented is None or not policies.may_process(case, reader_of(request)):
        raise NotFound(_("Nobody is represented in this case."), code="no_representation")
    if request.method != "POST":
        return _opened(request, case, "representation")
    post = request.POST
    values = {"verdict": post.get("verdict", ""), "reason": post.get("reason", "")}

    def check() -> object:
        return actions.check_representation(
            case=case, by=reader_of(request), lock=_lock(post), **values
        )

    return _act(request, case, "representation", values, check, _("Noted."))


@_GET_OR_POST
@with_case
def approve(request: HttpRequest, case: Case) -> HttpResponse:
    """Approve, after a page that says what will happen."""
    if request.method != "POST":
        return _opened(request, case, "approve")
    post = request.POST
    values = {
        "standard": post.getlist("standard"),
        "own": post.get("own", ""),
        "waive_fee": bool(post.get("waive_fee")),
    }
    return _decide(
        request,
        case,
        "approve",
        values,
        {
            "outcome": Decision.Outcome.APPROVED,
            "conditions": _conditions(case, post),
            "reason": "",
            "waive_fee": values["waive_fee"],
        },
    )


@_GET_OR_POST
@with_case
def refuse(request: HttpRequest, case: Case) -> HttpResponse:
    """Refuse with a reason, after a page that says what will happen."""
    if request.method != "POST":
        return _opened(request, case, "refuse")
    values = {"reason": request.POST.get("reason", "")}
    return _decide(
        request,
        case,
        "refuse",
        values,
        {
            "outcome": Decision.Outcome.REFUSED,
            "conditions": [],
            "reason": values["reason"],
            "waive_fee": False,
        },
    )


@_GET_OR_POST
@with_case
def acknowledge(request: HttpRequest, case: Case) -> HttpResponse:
    """Acknowledge a notification, after a page that says what will happen."""
    if request.method != "POST":
        return _opened(request, case, "acknowledge")
    return _decide(
        request,
        case,
        "acknowledge",
        {},
        {
            "outcome": Decision.Outcome.ACKNOWLEDGED,
            "conditions": [],
            "reason": "",
            "waive_fee": False,
        },
    )


def _decide(
    request: HttpRequest, case: Case, panel: str, values: dict[str, Any], decision: dict[str, Any]
) -> HttpResponse:
    reader, lock = reader_of(request), _lock(request.POST)
    if request.POST.get("confirmed"):
        return _act(
            request,
            case,
            panel,
            values,
            lambda: actions.decide(case=case, by=reader, lock=lock, **decision),
            _("The notification is acknowledged. Letter and notice follow by themselves.")
            if panel == "acknowledge"
            else _("The decision is made. Letter and notice follow by themselves."),
        )
    if request.POST.get("change"):
        return case_page(request, case, typed=Typed(panel, values))
    try:
        policies.check_unchanged(case, lock)
        move = policies.check_decision(
            case,
            outcome=decision["outcome"],
            reason=decision["reason"],
            waive_fee=decision["waive_fee"],
            roles=policies.roles_on(case, reader),
            by=reader,
        )
    except DomainError as refusal:
        return _refused(request, case, panel, values, refusal)
    return render(
        request,
        "backoffice/confirm.html",
        {
            **frame(request, "case"),
            "case": case,
            "panel": panel,
            "url": _with_list(request, reverse(f"desk:{panel}", args=[case.pk])),
            "posted": _hidden(request.POST),
            "decision": decision,
            "consequences": consequences.of_decision(case, move, **decision),
            "back": _with_list(request, reverse("desk:case", args=[case.pk])),
        },
    )


def _act(
    request: HttpRequest,
    case: Case,
    panel: str,
    values: dict[str, Any],
    action: Callable[[], object],
    done: str,
) -> HttpResponse:
    """Do it; on refusal show the case as it is now with everything that was typed."""
    try:
        action()
    except NotFound:
        raise
    except DomainError as refusal:
        fresh = queries.case_for_staff(reader_of(request), case.pk)
        return _refused(request, fresh, panel, values, refusal)
    messages.success(request, done)
    return HttpResponseRedirect(_with_list(request, reverse("desk:case", args=[case.pk])))


def _refused(
    request: HttpRequest, case: Case, panel: str, values: dict[str, Any], refusal: DomainError
) -> HttpResponse:
    status = 409 if isinstance(refusal, Conflict) else 422
    return case_page(request, case, typed=Typed.refused(panel, values, refusal), status=status)


def _opened(request: HttpRequest, case: Case, panel: str) -> HttpResponse:
    return case_page(request, case, opened=panel)


def _with_list(request: HttpRequest, url: str) -> str:
    """The address with the list that the case was opened from."""
    consultee_only = queries.is_consultee_only(reader_of(request))
    query = filters.query_of(filters.from_address(request.GET, consultee_only=consultee_only))
    return f"{url}?{query}" if query else url


def _lock(post: QueryDict) -> int:
    """The state of the case that the page was made from. Without it nobody knows: 0 never fits."""
    given = post.get("lock", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0


def _department(key: str) -> Department:
    found = Department.objects.filter(key=key).first()
    if found is None:
        raise InvalidInput({"department": [_("Choose a department.")]})
    return found


def _conditions(case: Case, post: QueryDict) -> list[str]:
    """Standard conditions in the letter's language, then the caseworker's own, one a line."""
    standard = case.offering.template.service.standard_conditions
    picked = set(post.getlist("standard"))
    chosen = [
        text.in_language(letters.LANGUAGE)
        for number, text in enumerate(standard)
        if str(number) in picked
    ]
    own = [line.strip() for line in post.get("own", "").splitlines() if line.strip()]
    return [*chosen, *own]


def _hidden(post: QueryDict) -> list[tuple[str, str]]:
    """What was posted, to be posted again with the confirmation."""
    left_out = {"csrfmiddlewaretoken", "confirmed", "change"}
    return [
        (name, str(value))
        for name, values in post.lists()
        if name not in left_out
        for value in values
    ]
