"""Sending without signing in: show an address for mail, then send on the check page."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from cases import links, mailing, proving
from catalogue import queries as catalogue
from common.errors import Conflict, InvalidInput, NotAllowed
from forms.errors import DraftClosed
from forms.guests import Guest
from forms.models import Draft
from identity import limits
from portal import guests, queries
from portal.http import applicant_of, applicant_page, refused, too_often
from portal.ways import way_on


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@applicant_page
def send_by_mail(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponseBase:
    """Write an address, get a code there, type it here."""
    draft = queries.own_draft(applicant_of(request), draft_id)
    offering = catalogue.published_one(draft.subject)
    may = offering is not None and offering.sends_without_sign_in
    if not (draft.is_guest and draft.is_open and may):
        return redirect(way_on(draft))
    if request.method != "POST":
        return _page(request, draft)
    try:
        if "code" in request.POST:
            return _confirmed(request, draft)
        return _asked(request, draft)
    except DraftClosed:
        return redirect("portal:draft", draft_id=draft.pk)
    except Conflict as refusal:
        return refused(request, refusal, back=reverse("portal:check", args=[draft.pk]))


def _asked(request: HttpRequest, draft: Draft) -> HttpResponseBase:
    address = request.POST.get("address", "")
    if not limits.allows(request, limits.GUEST_CODE) or not limits.allows(
        request, limits.GUEST_CODE_TO, key=address.strip().lower()
    ):
        return too_often(request, request.path)
    try:
        proving.ask(
            draft=draft,
            guest=Guest(draft.guest),
            address=address,
            language=get_language() or "ja",
        )
    except InvalidInput as refusal:
        return _page(request, draft, "address", refusal.errors["address"][0])
    return redirect(request.path)


def _confirmed(request: HttpRequest, draft: Draft) -> HttpResponseBase:
    try:
        right = proving.confirm(
            draft=draft, guest=Guest(draft.guest), code=request.POST.get("code", "")
        )
    except NotAllowed as refusal:
        return _page(request, draft, "address", str(refusal))
    if not right:
        wrong = _("This is not the code. Please look at the newest mail.")
        return _page(request, draft, "code", wrong)
    messages.success(request, _("The address is yours. Look at everything once more, then send."))
    return redirect("portal:check", draft_id=draft.pk)


def _page(request: HttpRequest, draft: Draft, field: str = "", problem: str = "") -> HttpResponse:
    check = proving.waiting(draft)
    context = {
        "draft": draft,
        "guest": guests.notice_of(draft),
        "check": check,
        "asks_code": check is not None and "new" not in request.GET and field != "address",
        "typed": request.POST.get("address", mailing.written(draft.form, draft.answers))[:254],
        "problem": problem,
        "error_list": [{"message": problem, "anchor": field}] if problem else [],
        "minutes": int(proving.CODE_LASTS.total_seconds() // 60),
        "digits": links.CODE_DIGITS,
    }
    return render(request, "portal/send_by_mail.html", context, status=422 if problem else 200)
