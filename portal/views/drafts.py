"""Filling in: the steps of a form, the check page, sending."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from types import MappingProxyType

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
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from cases import actions as cases
from cases import checked, clocks, cosigning, guest_sending, mailing, once, policies, proving
from cases.linked import opening as linked
from cases.models import Case
from cases.prepared_letters import answering, matching
from catalogue import queries as catalogue
from catalogue.models import Offering
from common import maps, marks
from common.errors import Conflict, InvalidInput, NotAllowed
from forms import adoption, drafts, news, pages, profile, rebase
from forms.errors import DraftClosed, TamperedValue
from forms.guests import Guest
from forms.models import Draft, FormVersion
from forms.outcome import Review, StepOutcome
from forms.pages import StepPage
from forms.saving import ACTION, VERSION
from identity import parked
from identity.access import to_confirmation
from identity.models import Representation
from portal import eid_again, guests, prepared, queries, wording
from portal.http import (
    actor_of,
    applicant_of,
    applicant_page,
    helping_of,
    is_confirmed,
    later_url,
    overview_of,
    refused,
    resident_of,
    too_often,
)
from portal.signing import signing_of
from portal.steps import CHECK, steps_of
from portal.views.screening import context_of, is_told_after
from portal.ways import way_on


def up_to_date(request: HttpRequest, draft: Draft) -> FormVersion | None:
    """Bring the draft to the form that is offered now. The version it had before, if that changed.

    A service that is not offered at the moment leaves its drafts as they are.
    """
    if not draft.is_open or draft.only is not None:
        return None
    offering = catalogue.offered(draft.subject)
    before = draft.version
    if offering is not None and offering.form_version_id != draft.version_id:
        # What another process keeps may be older than the draft: it is never brought back.
        offering = catalogue.published_one(draft.subject)
    if offering is not None:
        rebase.rebase_draft(draft=draft, version=offering.form_version, by=actor_of(request))
    return before if draft.version_id != before.pk else None


@require_safe
@applicant_page
def resume(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponseRedirect:
    draft = queries.own_draft(applicant_of(request), draft_id)
    up_to_date(request, draft)
    return redirect(way_on(draft))


@require_http_methods(["GET", "HEAD", "POST"])
@applicant_page
def step(request: HttpRequest, draft_id: uuid.UUID, step_id: str) -> HttpResponse:
    """One step of the form."""
    draft = queries.own_draft(applicant_of(request), draft_id)
    before = up_to_date(request, draft)
    if not draft.is_open or draft.only is not None:
        return redirect(way_on(draft))
    here = request.path
    try:
        if request.method == "POST":
            return _save(request, draft, step_id, before)
        typed = parked.take(request, here)
        page = _unparked(request, draft, step_id, typed, before) if typed else None
        if page is None and step_id not in draft.prepared.steps and draft.rebased is not None:
            return redirect(way_on(draft))  # a step of the version that the draft had before
        page = page or pages.step_page(draft, step_id)
        if not page.shown:
            return redirect(way_on(draft))  # other answers have left the step without a question
        return _step_response(request, draft, page)
    except LookupError as missing:
        raise Http404(str(missing)) from missing
    except TamperedValue as refusal:
        return refused(request, refusal, back=here)
    except DraftClosed:
        return redirect(reverse("portal:draft", args=[draft.pk]))


def _save(
    request: HttpRequest, draft: Draft, step_id: str, before: FormVersion | None
) -> HttpResponse:
    outcome = drafts.save_step(
        draft=draft,
        step_id=step_id,
        post=request.POST,
        files=request.FILES,
        by=actor_of(request),
        page_version=before,
    )
    void = _void_signatures(request, draft)
    if void:
        messages.warning(request, void)
    if outcome.leave:
        messages.success(request, _("Your application is saved. You can go on at any time."))
        return redirect(later_url(request, draft))
    if outcome.form_changed:
        again = _step_of(draft, step_id)
        htmx = getattr(request, "htmx", False)
        return HttpResponseClientRedirect(again) if htmx else redirect(again)
    if outcome.ok:
        return redirect(_after(draft, step_id, outcome))
    assert outcome.page is not None  # noqa: S101  a step that is not done is shown again
    return _step_response(request, draft, outcome.page, wrong=bool(outcome.errors))


def _step_of(draft: Draft, step_id: str) -> str:
    """The step again, in the form as it is now; where the draft goes on if it has gone."""
    if step_id in draft.prepared.steps:
        return reverse("portal:step", args=[draft.pk, step_id])
    return way_on(draft)


def _void_signatures(request: HttpRequest, draft: Draft) -> str:
    """What to say when signatures of others do not count any more; empty when none is concerned."""
    offering = catalogue.offered(draft.subject)
    if offering is None or offering.cosign is None:
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


def _after(draft: Draft, step_id: str, outcome: StepOutcome) -> str:
    if is_told_after(draft, step_id):
        return reverse("portal:screening", args=[draft.pk])
    if outcome.next_step_id is None:
        return reverse("portal:check", args=[draft.pk])
    return reverse("portal:step", args=[draft.pk, outcome.next_step_id])


def _unparked(
    request: HttpRequest,
    draft: Draft,
    step_id: str,
    typed: QueryDict,
    before: FormVersion | None,
) -> StepPage | None:
    """What was sent when the session had just ended is saved now, and shown."""
    if typed.get(ACTION) == "refresh":  # by a script, of a step that is not finished
        typed = typed.copy()
        typed[ACTION] = "leave"
    outcome = drafts.save_step(
        draft=draft, step_id=step_id, post=typed, by=actor_of(request), page_version=before
    )
    if outcome.form_changed and step_id not in draft.prepared.steps:
        return None
    page = outcome.page or pages.step_page(draft, step_id)
    if not page.conflict:
        page.notice = _("You had been signed out. What you typed last is here again and saved.")
    return page


def _step_response(
    request: HttpRequest, draft: Draft, page: StepPage, *, wrong: bool = False
) -> HttpResponse:
    if getattr(request, "htmx", False):
        return render(request, "forms/step.html", {"page": page})
    offering = catalogue.offered(draft.subject)
    letter = matching.of_draft(draft, offering)
    context = {
        "page": page,
        "draft": draft,
        "letter": prepared.panel_on(draft, offering, letter, page.step_id),
        "news": news.of_draft(draft),
        "steps": steps_of(draft, page.steps, page.step_id),
        "back_url": _back_url(request, draft, page),
        "guest": guests.notice_of(draft),
        "replaced": adoption.replaced_of(draft, page.step_id),
    }
    response = render(request, "portal/step.html", context, status=422 if wrong else 200)
    return maps.allow(response) if page.takes_place else response


def _back_url(request: HttpRequest, draft: Draft, page: StepPage) -> str:
    if page.previous_step_id:
        return reverse("portal:step", args=[draft.pk, page.previous_step_id])
    if helping_of(request):
        return overview_of(request)
    if draft.origin is not None:
        return reverse("portal:case", args=[draft.origin])
    return reverse("portal:start", args=[draft.subject])


@require_http_methods(["GET", "HEAD", "POST"])
@applicant_page
def check(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponseBase:
    """Everything once more, the fee, what happens next; then send, once."""
    draft = queries.own_draft(applicant_of(request), draft_id)
    if draft.only is not None:
        return redirect(way_on(draft))
    changed = up_to_date(request, draft) is not None
    if request.method == "POST":
        if draft.is_guest and not proving.shown(draft):
            return redirect(guests.sign_in_url(draft))
        if changed or not _has_seen(request, draft):
            return _check_page(request, draft, status=409)
        return _send(request, draft)
    if not draft.is_open:
        return redirect(way_on(draft))
    return _check_page(request, draft)


def _has_seen(request: HttpRequest, draft: Draft) -> bool:
    """Was "send" pressed on a page that showed the form, and the news about it, as they are?"""
    shown = request.POST.get(VERSION)
    if shown is None:
        return not rebase.is_unread(draft)
    return not draft.is_open or shown == str(draft.version_id)


def _send(request: HttpRequest, draft: Draft) -> HttpResponseBase:
    offering = catalogue.offered(draft.subject)
    confirmed = offering is None or is_confirmed(request, offering)
    if not confirmed and draft.is_open and not helping_of(request):
        return to_confirmation(request)
    typed = prepared.typed_number(draft, offering) if draft.is_open else ""
    if typed and not prepared.may_try(request, typed):
        return too_often(request, request.path)
    try:
        case = _submitted(request, draft, confirmed=confirmed)
        if request.POST.get("keep") == "yes" and not helping_of(request):
            profile.keep(draft, by=actor_of(request))
    except InvalidInput as refusal:
        read_back = refusal.errors.pop("read_back", [])
        known = {
            name: said for name, said in refusal.errors.items() if name in draft.prepared.nodes
        }
        return _check_page(
            request, draft, status=422, read_back_errors=read_back, refused_answers=known
        )
    except Conflict as refusal:  # another window changed it, or the town the form, in this moment
        draft.refresh_from_db()
        up_to_date(request, draft)
        changed = refusal.labels if isinstance(refusal, marks.Changed) else ()
        return _check_page(request, draft, status=409, changed=changed)
    except DraftClosed:  # a guest's, passed on or deleted in another window
        return redirect("portal:draft", draft_id=draft.pk)
    except NotAllowed as refusal:
        if refusal.code == once.CODE:  # the page says so, with the way to the earlier one
            return _check_page(request, draft, status=409)
        if refusal.code == "no_address":
            return redirect("portal:send_by_mail", draft_id=draft.pk)
        back = "portal:cosigners" if refusal.code == "not_signed" else ""
        return refused(
            request,
            refusal,
            back=reverse(back, args=[draft.pk]) if back else later_url(request, draft),
        )
    except TamperedValue as refusal:
        _note_tampering(request, draft)
        return refused(request, refusal, back=reverse("portal:check", args=[draft.pk]))
    if helping_of(request):
        return redirect("desk:counter_done", case_id=case.pk)
    return redirect("portal:receipt", case_id=case.pk)


def _submitted(request: HttpRequest, draft: Draft, *, confirmed: bool) -> Case:
    language, mark = get_language() or "ja", request.POST.get(marks.FIELD, "")
    applicant = applicant_of(request)
    if isinstance(applicant, Guest):
        case = guest_sending.send(draft=draft, guest=applicant, language=language, mark=mark)
        guests.open_case(request)
        return case
    return cases.submit_application(
        draft=draft,
        by=actor_of(request),
        language=language,
        confirmed=confirmed,
        read_back=request.POST.get("read_back", ""),
        mark=mark,
    )


def _note_tampering(request: HttpRequest, draft: Draft) -> None:
    """The refused submission was undone, and its ledger row with it: write it again."""
    try:
        drafts.check_seals(draft, actor_of(request))
    except TamperedValue:
        return


def _check_page(
    request: HttpRequest,
    draft: Draft,
    *,
    status: int = 200,
    changed: Sequence[str] = (),
    read_back_errors: Sequence[str] = (),
    refused_answers: Mapping[str, list[str]] = MappingProxyType({}),
) -> HttpResponse:
    try:
        review = drafts.review(draft)
    except TamperedValue as refusal:
        return refused(request, refusal, back=later_url(request, draft))
    # What was refused a moment ago is shown as it is, not as it was.
    offered = catalogue.published_one if status == 409 else catalogue.offered
    offering = offered(draft.subject)
    screening = context_of(draft, complete=review.ok)
    earlier = once.earlier(draft, offering, review.answers) if offering else None
    letter = matching.of_draft(draft, offering)
    address = _shown_address(draft, offering)
    fee = catalogue.fee_of(offering, draft.form, review.answers) if offering and review.ok else None
    found = {problem.question_id for problem in review.problems}
    wrong = {
        **(linked.wrong_days(draft, offering) if offering else {}),
        **answering.in_the_way(offering, letter),
        **{name: said for name, said in refused_answers.items() if name not in found},
    }
    context = {
        "draft": draft,
        "earlier": earlier,
        "sent_before": once.refusal(earlier) if earlier else "",
        "actor": request.user,
        "guest": guests.notice_of(draft),
        "may_send_by_mail": draft.is_guest and offering and offering.sends_without_sign_in,
        "shown_address": address,
        "replaced": adoption.replaced_of(draft),
        "confirmed_on": eid_again.confirmed_on(draft) if draft.origin is None else None,
        "eid_again_url": eid_again.sign_in_url(draft),
        "later_url": later_url(request, draft),
        "in_the_way": _in_the_way(request, draft, offering),
        # Only a resident asks others for their signature.
        "signing": None if draft.is_guest else signing_of(draft, offering, complete=review.ok),
        "offering": offering,
        "review": review,
        "news": news.of_draft(draft),
        "letter": prepared.panel_of(draft, offering, letter),
        "errors": _errors(draft, review, wrong),
        "steps": steps_of(draft, pages.step_links(draft), CHECK),
        "fee": fee,
        "mark": marks.mark_of(
            checked.application(
                draft, review.answers, offering=offering, fee=fee, letter=letter, address=address
            )
        )
        if offering and fee
        else "",
        "changed": changed,
        "mailing": mailing.of_draft(draft, review.answers, address),
        "due_on": _due_on(offering),
        "period": wording.period_of(offering.workflow.clock) if offering else "",
        "keepable": profile.keepable(draft)
        if review.ok and not draft.is_guest and not helping_of(request)
        else [],
        "read_back_errors": read_back_errors,
        "screening": screening,
        "may_send": screening.get("may_send", True),
    }
    return render(request, "portal/check.html", context, status=status)


def _shown_address(draft: Draft, offering: Offering | None) -> str:
    """The address that a guest who can send it has shown; no query for others."""
    may = draft.is_guest and offering is not None and offering.sends_without_sign_in
    return proving.shown(draft) if may else ""


def _in_the_way(request: HttpRequest, draft: Draft, offering: Offering | None) -> str:
    """Why the resident may not send this for somebody else (any more); empty: they may."""
    representation = draft.representation
    if representation is None or offering is None:
        return ""
    try:
        if representation.kind == Representation.Kind.COUNTER:
            policies.check_helps(
                representation, offering, resident=draft.applicant, by=actor_of(request)
            )
            if draft.on_behalf is not None:
                policies.check_represents(draft.on_behalf, offering, draft.applicant)
        else:
            policies.check_represents(representation, offering, resident_of(request))
    except NotAllowed as refusal:
        return str(refusal)
    return ""


def _due_on(offering: Offering | None) -> object:
    return clocks.foreseen(offering.workflow) if offering else None


def _errors(
    draft: Draft, review: Review, wrong: Mapping[str, Sequence[str]]
) -> list[dict[str, str]]:
    """What stands in the way; `wrong`: what the form does not know, by question."""
    nodes = draft.prepared.nodes
    return [
        {
            "label": str(draft.form.question(name).label),
            "message": message,
            "url": f"{reverse('portal:step', args=[draft.pk, nodes[name].step_id])}#f-{name}",
        }
        for name, messages in wrong.items()
        for message in messages
    ] + [
        {
            "label": pages.field_label(
                nodes[problem.question_id], problem.field, get_language() or "ja"
            ),
            "message": problem.message,
            "url": f"{reverse('portal:step', args=[draft.pk, problem.step_id])}#f-{problem.field}",
        }
        for problem in review.problems
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@applicant_page
def discard(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Ask once, then delete what was begun."""
    draft = queries.own_draft(applicant_of(request), draft_id)
    if not draft.is_open or draft.only is not None:
        return redirect(way_on(draft))
    changed: Sequence[str] = ()
    if request.method == "POST":
        try:
            mark = request.POST.get(marks.FIELD, "")
            drafts.discard(draft=draft, by=actor_of(request), mark=mark)
        except marks.Changed as refusal:
            changed = refusal.labels
        except DraftClosed:  # in another window, a moment ago
            return redirect("portal:draft", draft_id=draft.pk)
        else:
            messages.success(request, _("The application you had begun is deleted."))
            if draft.is_guest:
                return redirect("portal:start", slug=draft.subject)
            return redirect(overview_of(request))
    context = {
        "draft": draft,
        "back_url": later_url(request, draft),
        "mark": marks.mark_of(drafts.saved(draft)),
        "changed": changed,
    }
    return render(request, "portal/discard.html", context, status=409 if changed else 200)
