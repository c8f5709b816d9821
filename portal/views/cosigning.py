"""Signatures of others: the applicant asks for them, and they sign or refuse."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from cases import cosigning, policies
from cases.models import Cosignature
from catalogue import queries as catalogue
from common.errors import Conflict, DomainError, InvalidInput, NotAllowed, NotFound, listed
from forms import drafts
from forms.errors import TamperedValue
from forms.models import Draft
from portal import queries
from portal.http import (
    actor_of,
    applicant_of,
    applicant_page,
    confirmed_first,
    overview_of,
    refused,
    resident_of,
    resident_page,
)
from portal.signing import Signing, signing_of
from portal.ways import way_on

#: Fields for further addresses on the page, at least.
FIELDS = 2


@require_http_methods(["GET", "HEAD", "POST"])
@applicant_page
def cosigners(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Name who has to sign, see who has, ask again, take a request back."""
    draft = queries.own_draft(applicant_of(request), draft_id)
    if draft.is_guest:  # who has to sign with somebody, signs in first
        return redirect("portal:check", draft_id=draft.pk)
    offering = catalogue.published_one(draft.subject)
    if draft.only is not None or not draft.is_open:
        return redirect(way_on(draft))
    try:
        complete = drafts.review(draft).ok
    except TamperedValue as refusal:
        return refused(request, refusal, back=overview_of(request))
    signing = signing_of(draft, offering, complete=complete)
    if signing is None or not complete:
        return redirect("portal:check", draft_id=draft.pk)
    if request.method != "POST":
        return _naming(request, draft, signing)
    try:
        messages.success(request, _pressed(request, draft))
    except InvalidInput as refusal:
        return _naming(request, draft, signing, refusal)
    except NotFound:
        raise
    except DomainError as refusal:
        return refused(request, refusal, back=request.path)
    return redirect("portal:cosigners", draft_id=draft.pk)


def _pressed(request: HttpRequest, draft: Draft) -> str:
    """Carry out the button that was pressed; what to say about it."""
    action, _sign, which = request.POST.get("_do", "").partition(":")
    by, language = actor_of(request), get_language() or "ja"
    if action == "back":
        cosigning.take_back(draft=draft, signature_id=which, by=by)
        return _("They are not asked any more. The link in their mail does not work now.")
    if action == "again":
        cosigning.ask_again(draft=draft, signature_id=which, by=by, language=language)
        return _("We are sending them a new mail. An older link does not work any more.")
    cosigning.ask(
        draft=draft, addresses=request.POST.getlist("address")[:20], by=by, language=language
    )
    return _("We are sending each of them a mail with a link.")


def _naming(
    request: HttpRequest, draft: Draft, signing: Signing, refusal: InvalidInput | None = None
) -> HttpResponse:
    typed = request.POST.getlist("address")[:20]
    count = max(FIELDS, signing.missing, len(typed))
    errors = refusal.errors if refusal else {}
    context = {
        "draft": draft,
        "signing": signing,
        "fields": [
            {
                "id": f"address-{number}",
                "value": typed[number] if number < len(typed) else "",
                "errors": errors.get(f"address-{number}", []),
            }
            for number in range(count)
        ],
        "errors": listed(errors),
    }
    return render(request, "portal/cosigners.html", context, status=422 if refusal else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@resident_page
def cosign(request: HttpRequest, token: str) -> HttpResponseBase:
    """Read what somebody else sends, then sign it or refuse. The link is used up by either."""
    signature = cosigning.by_token(token)
    user = resident_of(request)
    try:
        policies.check_may_sign(signature, user)
        offering = catalogue.published_one(signature.draft.subject)
        first = confirmed_first(request, offering) if offering else None
        if first is not None:
            return first
        if request.method == "POST":
            return _signed(request, signature)
        return _reading(request, signature)
    except (NotAllowed, Conflict) as refusal:
        return refused(request, refusal, back="")
    except TamperedValue as refusal:
        return refused(request, refusal)


def _signed(request: HttpRequest, signature: Cosignature) -> HttpResponse:
    post, user = request.POST, resident_of(request)
    if post.get("answer") not in {"sign", "refuse"}:
        return _reading(request, signature, {"answer": [_("Choose whether you sign.")]})
    try:
        if post["answer"] == "sign":
            cosigning.sign(signature=signature, seen=post.get("seen", ""), user=user)
            said = _("Thank you. You have signed; the applicant is told when all have.")
        else:
            cosigning.refuse(signature=signature, reason=post.get("reason", ""), user=user)
            said = _("You have refused to sign. The applicant is told, with your reason.")
    except InvalidInput as refusal:
        return _reading(request, signature, refusal.errors)
    except Conflict as refusal:
        return _reading(request, signature, {"answer": [str(refusal)]})
    return render(request, "portal/cosigned.html", {"said": said})


def _reading(
    request: HttpRequest, signature: Cosignature, errors: dict[str, list[str]] | None = None
) -> HttpResponse:
    draft = signature.draft
    seen = cosigning.open_request(signature=signature, user=resident_of(request))
    offering = catalogue.published_one(draft.subject)
    context = {
        "signature": signature,
        "draft": draft,
        "rule": offering.cosign if offering else None,
        "steps": drafts.review(draft).steps,
        "seen": seen,
        "errors": errors or {},
        "error_list": listed(errors or {}),
        "typed": request.POST,
    }
    return render(request, "portal/cosign.html", context, status=422 if errors else 200)
