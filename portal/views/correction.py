"""Answering a correction request: only the questions that were asked again."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cases import actions, checked
from cases.models import Case, CorrectionRequest
from common import maps, marks
from common.errors import Conflict, InvalidInput, NotAllowed
from forms import drafts, pages
from forms.errors import DraftClosed, TamperedValue
from forms.models import Draft
from forms.outcome import StepOutcome
from forms.pages import StepPage
from identity import parked
from portal import prepared
from portal.http import actor_of, case_page, refused, too_often
from portal.views.case import own_case


def _open_correction(case: Case) -> tuple[CorrectionRequest, Draft]:
    """The correction that waits for an answer. 404 when none does."""
    found = case.corrections.filter(answered_at__isnull=True).select_related("draft").first()
    if found is None or found.draft is None:
        raise Http404
    return found, found.draft


@require_http_methods(["GET", "HEAD", "POST"])
@case_page
def answer(request: HttpRequest, case_id: uuid.UUID) -> HttpResponse:
    """The questions again. What is complete leads to the page that sends it."""
    case = own_case(request, case_id)
    try:
        correction, draft = _open_correction(case)
    except Http404:
        return redirect("portal:case", case_id=case.pk)
    here = request.path
    typed = request.POST if request.method == "POST" else parked.take(request, here)
    try:
        if typed is None:
            return _page(request, case, correction, pages.step_page(draft, ""))
        outcome = drafts.save_step(
            draft=draft, step_id="", post=typed, files=request.FILES, by=actor_of(request)
        )
    except TamperedValue as refusal:
        return refused(request, refusal, back=here)
    except DraftClosed:
        return redirect("portal:case", case_id=case.pk)
    if outcome.leave:
        messages.success(request, _("Your correction is saved. It is not sent yet."))
        return redirect("portal:case", case_id=case.pk)
    if outcome.ok:
        return redirect("portal:correction_send", case_id=case.pk)
    page = outcome.page or pages.step_page(draft, "")
    return _page(request, case, correction, page, wrong=bool(outcome.errors))


def _page(
    request: HttpRequest,
    case: Case,
    correction: CorrectionRequest,
    page: StepPage,
    *,
    wrong: bool = False,
) -> HttpResponse:
    if getattr(request, "htmx", False):
        return render(request, "forms/step.html", {"page": page})
    context = {"case": case, "correction": correction, "page": page}
    response = render(request, "portal/correction.html", context, status=422 if wrong else 200)
    return maps.allow(response) if page.takes_place else response


@require_http_methods(["GET", "HEAD", "POST"])
@case_page
def send(request: HttpRequest, case_id: uuid.UUID) -> HttpResponse:
    """The corrected answers once more, then send."""
    case = own_case(request, case_id)
    try:
        correction, draft = _open_correction(case)
    except Http404:
        return redirect("portal:case", case_id=case.pk)
    if request.method == "POST":
        return _send(request, case, correction, draft)
    return _check(request, case, correction, draft)


def _check(
    request: HttpRequest,
    case: Case,
    correction: CorrectionRequest,
    draft: Draft,
    changed: Sequence[str] = (),
) -> HttpResponse:
    try:
        review = drafts.review(draft)
    except TamperedValue as refusal:
        return refused(request, refusal, back=reverse("portal:case", args=[case.pk]))
    if review.problems:
        return redirect("portal:correction", case_id=case.pk)
    shown = set(correction.question_ids) | draft.prepared.dependents(correction.question_ids)
    # What follows from today's date is sent with the rest, so it is shown, too.
    shown |= {name for name, value in review.answers.items() if case.answers.get(name) != value}
    context = {
        "case": case,
        "correction": correction,
        "rows": [row for step in review.steps for row in step.rows if row.question_id in shown],
        "mark": marks.mark_of(checked.correction(correction, draft, review.answers)),
        "changed": changed,
    }
    status = 409 if changed else 200
    return render(request, "portal/correction_send.html", context, status=status)


def _send(
    request: HttpRequest, case: Case, correction: CorrectionRequest, draft: Draft
) -> HttpResponse:
    back = reverse("portal:case", args=[case.pk])
    typed = prepared.typed_number(draft, case.offering)
    if typed and not prepared.may_try(request, typed):
        return too_often(request, back)
    try:
        mark = request.POST.get(marks.FIELD, "")
        actions.answer_correction(correction=correction, by=actor_of(request), mark=mark)
    except InvalidInput as refusal:
        outcome = StepOutcome(ok=False, errors=refusal.errors)
        page = pages.step_page(draft, "", outcome)
        return _page(request, case, correction, page, wrong=True)
    except marks.Changed as refusal:  # in another window, or on another device
        return _check(request, case, *_open_correction(case), changed=refusal.labels)
    except (NotAllowed, Conflict, TamperedValue) as refusal:
        return refused(request, refusal, back=back)
    messages.success(request, _("We have your correction. The clock runs again."))
    return redirect(back)
