"""What a caseworker does to a case: each view parses, makes one domain call, and redirects."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from backoffice import consequences, deciding, reaching
from backoffice.panels import OUTSIDE, Typed
from backoffice.views.acting import act as _act
from backoffice.views.acting import lock_of as _lock
from backoffice.views.acting import opened as _opened
from backoffice.views.acting import refused as _refused
from backoffice.views.acting import with_list as _with_list
from backoffice.views.case import case_page
from backoffice.views.inbox import frame
from backoffice.views.reader import reader_of, with_case
from cases import (
    actions,
    corrections,
    desk_actions,
    message_templates,
    partial,
    policies,
    proposals,
    second_look,
)
from cases.models import Case, Consultation, ConsultedBody, Decision, Proposal
from common.errors import DomainError, InvalidInput, NotFound
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


@require_POST
@with_case
def told(request: HttpRequest, case: Case) -> HttpResponse:
    """Note that the applicant was told what no mail could tell them."""
    if not policies.may_process(case, reader_of(request)):
        raise NotFound(_("There is no such case."), code="no_case")
    way = request.POST.get("way", "")
    return _act(
        request,
        case,
        "told",
        {"way": way},
        lambda: desk_actions.note_told(case=case, way=way, by=reader_of(request)),
        _("Noted. The case is not among the undelivered ones any more."),
    )


@_GET_OR_POST
@with_case
def consult(request: HttpRequest, case: Case) -> HttpResponse:
    """Ask another department, or a body outside the town, for its opinion."""
    if request.method != "POST":
        return _opened(request, case, "consult")
    post = request.POST
    values = {name: post.get(name, "") for name in ("department", "question", "due_on")}

    def ask() -> object:
        return actions.request_consultation(
            case=case,
            **_office(values["department"]),
            question=values["question"],
            due_on=corrections.day(values["due_on"]),
            by=reader_of(request),
            lock=_lock(post),
        )

    return _act(request, case, "consult", values, ask, _("The question is on its way."))


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
        "due_on": post.get("due_on", ""),
        "remarks": {
            name.removeprefix(corrections.REMARK): text
            for name, text in post.items()
            if name.startswith(corrections.REMARK) and str(text).strip()
        },
    }
    if post.get("put_in"):
        values["message"] = message_templates.put_in(
            case, "correction", post.get("template", ""), values["message"]
        )
        return case_page(request, case, typed=Typed("correct", values))

    def ask() -> object:
        return actions.request_correction(
            case=case,
            question_ids=values["question_ids"],
            message=values["message"],
            due_on=corrections.day(values["due_on"]),
            remarks=values["remarks"],
            by=reader_of(request),
            lock=_lock(post),
        )

    return _act(
        request,
        case,
        "correct",
        values,
        ask,
        lambda _made: _asked(case),
    )


def _asked(case: Case) -> str:
    said = _("The resident has been asked for a correction. The clock is stopped.")
    return f"{said} {reaching.of(case).in_words}"


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
    return _decide(request, case, "approve")


@_GET_OR_POST
@with_case
def refuse(request: HttpRequest, case: Case) -> HttpResponse:
    """Refuse with a reason, after a page that says what will happen."""
    return _decide(request, case, "refuse")


@_GET_OR_POST
@with_case
def acknowledge(request: HttpRequest, case: Case) -> HttpResponse:
    """Acknowledge a notification, after a page that says what will happen."""
    return _decide(request, case, "acknowledge")


def _decide(request: HttpRequest, case: Case, panel: str) -> HttpResponse:
    if request.method != "POST":
        return _opened(request, case, panel)
    values = deciding.typed(panel, request.POST)
    made = deciding.decided(case, panel, values)
    reader, lock = reader_of(request), _lock(request.POST)
    if request.POST.get("confirmed"):
        return _act(
            request,
            case,
            panel,
            values,
            lambda: proposals.decide_or_propose(
                case=case, by=reader, lock=lock, **made.as_keywords()
            ),
            _decided_in_words,
        )
    if request.POST.get("change"):
        return case_page(request, case, typed=Typed(panel, values))
    if request.POST.get("put_in"):
        return case_page(request, case, typed=Typed(panel, deciding.put_in(case, panel, values)))
    try:
        policies.check_unchanged(case, lock)
        draft = deciding.draft_of(case, made)
        fee = partial.fee_for(case, draft.refused_parts).total
        move = policies.check_decision(
            case,
            outcome=made.outcome,
            reason=made.reason,
            waive_fee=made.waive_fee,
            roles=policies.roles_on(case, reader),
            fee=fee,
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
            "preview_url": reverse("desk:letter_preview", args=[case.pk, panel]),
            "posted": _hidden(request.POST),
            "decision": draft,
            "consequences": [
                *consequences.of_decision(case, move, draft),
                reaching.of(case).in_words,
            ],
            "second": second_look.is_needed(case, move, fee=fee, waive_fee=made.waive_fee),
            "back": _with_list(request, reverse("desk:case", args=[case.pk])),
        },
    )


def _decided_in_words(made: Decision | Proposal) -> str:
    if isinstance(made, Proposal):
        return _("The decision is proposed. A second person has to confirm it.")
    if made.outcome == Decision.Outcome.ACKNOWLEDGED:
        return _("The notification is acknowledged. Letter and notice follow by themselves.")
    return _("The decision is made. Letter and notice follow by themselves.")


def _office(name: str) -> dict[str, Any]:
    """The department or the body that was chosen, as `request_consultation` takes it."""
    if name.startswith(OUTSIDE):
        key = name.removeprefix(OUTSIDE)
        found: dict[str, Any] = {"body": ConsultedBody.objects.filter(key=key).first()}
    else:
        found = {"department": Department.objects.filter(key=name).first()}
    if None in found.values():
        raise InvalidInput({"department": [_("Choose whom you want to ask.")]})
    return found


def _hidden(post: QueryDict) -> list[tuple[str, str]]:
    """What was posted, to be posted again with the confirmation."""
    left_out = {"csrfmiddlewaretoken", "confirmed", "change", "put_in"}
    return [
        (name, str(value))
        for name, values in post.lists()
        if name not in left_out
        for value in values
    ]
