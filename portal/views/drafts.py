"""Filling in: the steps of a form, the check page, sending."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    QueryDict,
)
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from cases import actions as cases
from cases import cosigning, policies
from cases.queries import case_of_draft
from catalogue import queries as catalogue
from catalogue.models import Offering
from common.errors import InvalidInput, NotAllowed
from forms import drafts, pages, profile
from forms.errors import DraftClosed, TamperedValue
from forms.models import Draft
from forms.outcome import Review, StepOutcome
from forms.pages import StepPage
from forms.saving import ACTION
from identity import parked
from identity.access import to_confirmation
from portal import queries
from portal.http import actor_of, is_confirmed, refused, resident_of, resident_page
from portal.signing import signing_of
from portal.steps import CHECK, steps_of
from workflow import clock


def way_on(draft: Draft) -> str:
    """Where this draft goes on: its first incomplete step, the check page, or what came of it."""
    if draft.only is not None:
        return reverse("portal:applications")
    if not draft.is_open:
        case = case_of_draft(draft.pk)
        return reverse("portal:receipt", args=[case.pk]) if case else reverse("portal:applications")
    step_id = pages.first_open_step(draft)
    if step_id is None:
        return reverse("portal:check", args=[draft.pk])
    return reverse("portal:step", args=[draft.pk, step_id])


@require_safe
@resident_page
def resume(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponseRedirect:
    return redirect(way_on(queries.own_draft(resident_of(request), draft_id)))


@require_http_methods(["GET", "HEAD", "POST"])
@resident_page
def step(request: HttpRequest, draft_id: uuid.UUID, step_id: str) -> HttpResponse:
    """One step of the form."""
    draft = queries.own_draft(resident_of(request), draft_id)
    if not draft.is_open or draft.only is not None:
        return redirect(way_on(draft))
    here = request.path
    try:
        if request.method == "POST":
            return _save(request, draft, step_id)
        typed = parked.take(request, here)
        page = _unparked(request, draft, step_id, typed) if typed else None
        return _step_response(request, draft, page or pages.step_page(draft, step_id))
    except LookupError as missing:
        raise Http404(str(missing)) from missing
    except TamperedValue as refusal:
        return refused(request, refusal, back=here)
    except DraftClosed:
        return redirect(reverse("portal:draft", args=[draft.pk]))


def _save(request: HttpRequest, draft: Draft, step_id: str) -> HttpResponse:
    outcome = drafts.save_step(
        draft=draft, step_id=step_id, post=request.POST, files=request.FILES, by=actor_of(request)
    )
    void = _void_signatures(request, draft)
    if void:
        messages.warning(request, void)
    if outcome.leave:
        messages.success(request, _("Your application is saved. You can go on at any time."))
        return redirect("portal:applications")
    if outcome.ok:
        return redirect(_after(draft, outcome))
    assert outcome.page is not None  # noqa: S101  a step that is not done is shown again
    return _step_response(request, draft, outcome.page, wrong=bool(outcome.errors))


def _void_signatures(request: HttpRequest, draft: Draft) -> str:
    """What to say when signatures of others do not count any more; empty when none is concerned."""
    offering = catalogue.published_one(draft.subject)
    if offering is None or offering.template.service.cosign is None:
        return ""
    count = cosigning.void_outdated(draft=draft, offering=offering, by=actor_of(request))
    if not count:
        return ""
    return ngettext(
        "You changed the answers, so %(count)s signature does not count any more. Ask for it again "
        "when you are done.",
        "You changed the answers, so %(count)s signatures do not count any more. Ask for them "
        "again when you are done.",
        count,
    ) % {"count": count}


def _after(draft: Draft, outcome: StepOutcome) -> str:
    if outcome.next_step_id is None:
        return reverse("portal:check", args=[draft.pk])
    return reverse("portal:step", args=[draft.pk, outcome.next_step_id])


def _unparked(
    request: HttpRequest, draft: Draft, step_id: str, typed: QueryDict
) -> StepPage | None:
    """What was sent when the session had just ended is saved now, and shown."""
    if typed.get(ACTION) == "refresh":  # by a script, of a step that is not finished
        typed = typed.copy()
        typed[ACTION] = "leave"
    outcome = drafts.save_step(draft=draft, step_id=step_id, post=typed, by=actor_of(request))
    page = outcome.page or pages.step_page(draft, step_id)
    if not page.conflict:
        page.notice = _("You had been signed out. What you typed last is here again and saved.")
    return page


def _step_response(
    request: HttpRequest, draft: Draft, page: StepPage, *, wrong: bool = False
) -> HttpResponse:
    if getattr(request, "htmx", False):
        return render(request, "forms/step.html", {"page": page})
    context = {
        "page": page,
        "draft": draft,
        "steps": steps_of(draft, page.steps, page.step_id),
        "back_url": _back_url(draft, page),
    }
    return render(request, "portal/step.html", context, status=422 if wrong else 200)


def _back_url(draft: Draft, page: StepPage) -> str:
    if page.previous_step_id:
        return reverse("portal:step", args=[draft.pk, page.previous_step_id])
    return reverse("portal:start", args=[draft.subject])


@require_http_methods(["GET", "HEAD", "POST"])
@resident_page
def check(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponseBase:
    """Everything once more, the fee, what happens next; then send, once."""
    draft = queries.own_draft(resident_of(request), draft_id)
    if draft.only is not None:
        return redirect(way_on(draft))
    if request.method == "POST":
        return _send(request, draft)
    if not draft.is_open:
        return redirect(way_on(draft))
    return _check_page(request, draft)


def _send(request: HttpRequest, draft: Draft) -> HttpResponseBase:
    offering = catalogue.published_one(draft.subject)
    confirmed = offering is None or is_confirmed(request, offering)
    if not confirmed and draft.is_open:
        return to_confirmation(request)
    try:
        case = cases.submit_application(
            draft=draft,
            by=actor_of(request),
            language=get_language() or "ja",
            confirmed=confirmed,
        )
        if request.POST.get("keep") == "yes":
            profile.keep(draft, by=actor_of(request))
    except InvalidInput:
        return _check_page(request, draft, status=422)
    except NotAllowed as refusal:
        back = "portal:cosigners" if refusal.code == "not_signed" else ""
        return refused(
            request,
            refusal,
            back=reverse(back, args=[draft.pk]) if back else reverse("portal:applications"),
        )
    except TamperedValue as refusal:
        _note_tampering(request, draft)
        return refused(request, refusal, back=reverse("portal:check", args=[draft.pk]))
    return redirect("portal:receipt", case_id=case.pk)


def _note_tampering(request: HttpRequest, draft: Draft) -> None:
    """The refused submission was undone, and its ledger row with it: write it again."""
    try:
        drafts.check_seals(draft, actor_of(request))
    except TamperedValue:
        return


def _check_page(request: HttpRequest, draft: Draft, *, status: int = 200) -> HttpResponse:
    try:
        review = drafts.review(draft)
    except TamperedValue as refusal:
        return refused(request, refusal, back=reverse("portal:applications"))
    offering = catalogue.published_one(draft.subject)
    context = {
        "draft": draft,
        "actor": resident_of(request),
        "in_the_way": _in_the_way(request, draft, offering),
        "signing": signing_of(draft, offering, complete=review.ok),
        "offering": offering,
        "review": review,
        "errors": _errors(draft, review),
        "steps": steps_of(draft, pages.step_links(draft), CHECK),
        "fee": catalogue.fee_of(offering, draft.form, drafts.snapshot(draft)[1])
        if offering and review.ok
        else None,
        "due_on": _due_on(offering),
        "keepable": profile.keepable(draft) if review.ok else [],
    }
    return render(request, "portal/check.html", context, status=status)


def _in_the_way(request: HttpRequest, draft: Draft, offering: Offering | None) -> str:
    """Why the resident may not send this for somebody else (any more); empty: they may."""
    if draft.representation is None or offering is None:
        return ""
    try:
        policies.check_represents(draft.representation, offering, resident_of(request))
    except NotAllowed as refusal:
        return str(refusal)
    return ""


def _due_on(offering: Offering | None) -> object:
    return clock.due_on(offering.workflow.clock, timezone.localdate()) if offering else None


def _errors(draft: Draft, review: Review) -> list[dict[str, str]]:
    return [
        {
            "label": str(draft.form.question(problem.question_id).label),
            "message": problem.message,
            "url": f"{reverse('portal:step', args=[draft.pk, problem.step_id])}#f-{problem.field}",
        }
        for problem in review.problems
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@resident_page
def discard(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Ask once, then delete what was begun."""
    draft = queries.own_draft(resident_of(request), draft_id)
    if not draft.is_open or draft.only is not None:
        return redirect(way_on(draft))
    if request.method == "POST":
        drafts.discard(draft=draft, by=actor_of(request))
        messages.success(request, _("The application you had begun is deleted."))
        return redirect("portal:applications")
    return render(request, "portal/discard.html", {"draft": draft})
