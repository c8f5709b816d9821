"""A body outside the town is asked for its opinion: a link, a code, the question, an answer."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from cases import guests, opinions
from cases.models import Consultation, GuestLink
from common.errors import InvalidInput, NotAllowed, NotFound, listed
from forms import attachments, display
from forms.models import Attachment
from portal.http import refused

_SESSION = "guest_links"
#: How long a code lets somebody in, in seconds.
_STAY = 2 * 60 * 60

View = Callable[..., HttpResponseBase]


def _with_link(view: View) -> View:
    """Hand the link of the address to the view; one that is not known is a 404."""

    @never_cache
    @wraps(view)
    def guarded(
        request: HttpRequest, guest_token: str, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        try:
            return view(request, guests.by_token(guest_token), *args, **kwargs)
        except NotFound as missing:
            raise Http404(str(missing)) from missing

    return guarded


@require_http_methods(["GET", "HEAD", "POST"])
@_with_link
def consulted(request: HttpRequest, link: GuestLink) -> HttpResponseBase:
    """Sign in with a code, read the matter, give the opinion."""
    try:
        guests.check_open(link)
        if not _is_in(request, link):
            return _door(request, link)
        if request.method == "POST":
            return _answered(request, link)
        return _matter(request, link)
    except NotAllowed as refusal:
        return refused(request, refusal, back="")


def _is_in(request: HttpRequest, link: GuestLink) -> bool:
    number, until = request.session.get(_SESSION, {}).get(str(link.pk), (0, 0))
    return bool(until > time.time() and guests.is_signed_in(link, number))


def _door(request: HttpRequest, link: GuestLink) -> HttpResponseBase:
    if request.method != "POST":
        return _code_page(request, link)
    if request.POST.get("_do") == "send":
        try:
            guests.send_code(link=link)
        except NotAllowed as refusal:
            if refusal.code not in {"too_soon", "too_many"}:
                raise
            return _code_page(request, link, str(refusal))
        messages.success(request, _("We have sent you a code by e-mail. It works for 10 minutes."))
        return redirect(request.path)
    number = guests.enter(link=link, code=request.POST.get("code", "")[:40])
    if number is None:
        wrong = _("The code is wrong, has run out or was used already. Ask for a new one.")
        return _code_page(request, link, wrong)
    request.session.cycle_key()
    request.session[_SESSION] = {
        **request.session.get(_SESSION, {}),
        str(link.pk): [number, int(time.time()) + _STAY],
    }
    return redirect(request.path)


def _code_page(request: HttpRequest, link: GuestLink, problem: str = "") -> HttpResponse:
    context = {"link": link, "body": link.consultation.body, "problem": problem}
    return render(request, "portal/consulted_code.html", context, status=422 if problem else 200)


def _answered(request: HttpRequest, link: GuestLink) -> HttpResponse:
    post = request.POST
    try:
        guests.answer(
            link=link,
            opinion=post.get("opinion", ""),
            text=post.get("text", "")[:4000],
            name=post.get("name", ""),
        )
    except InvalidInput as refusal:
        return _matter(request, link, refusal.errors)
    said = _("Thank you. Your opinion has been sent to the office that asked.")
    return render(request, "portal/cosigned.html", {"said": said})


def _matter(
    request: HttpRequest, link: GuestLink, errors: dict[str, list[str]] | None = None
) -> HttpResponse:
    consultation = link.consultation
    case = consultation.case
    seen = opinions.seen(case, consultation)
    guests.open_question(link=link)
    given = {name: value for name, value in case.answers.items() if name in seen}
    steps = [
        {"title": step.title, "rows": [row for row in step.rows if row.question_id in seen]}
        for step in display.rows(
            case.application.version.form, given, {}, get_language() or "ja", _files(consultation)
        )
    ]
    context = {
        "link": link,
        "consultation": consultation,
        "case": case,
        "steps": [step for step in steps if step["rows"]],
        "choices": Consultation.Opinion.choices,
        "errors": errors or {},
        "error_list": listed(errors or {}),
        "typed": request.POST,
    }
    return render(request, "portal/consulted.html", context, status=422 if errors else 200)


def _files(consultation: Consultation) -> dict[str, Attachment]:
    case = consultation.case
    seen = opinions.seen(case, consultation)
    given = {name: value for name, value in case.answers.items() if name in seen}
    named = attachments.referenced(case.application.version.prepared, given)
    return {
        key: file
        for key, file in attachments.by_ids(named).items()
        if file.owner_id == case.resident_id
    }


@require_safe
@_with_link
def attachment(request: HttpRequest, link: GuestLink, attachment_id: uuid.UUID) -> HttpResponseBase:
    """A file among the answers that the body may read."""
    found = None
    try:
        guests.check_open(link)
        if _is_in(request, link):
            found = _files(link.consultation).get(str(attachment_id))
    except NotAllowed as refusal:
        raise Http404 from refusal
    if found is None:
        raise Http404
    response = attachments.download(found)
    guests.open_file(link=link, attachment_id=found.pk)
    return response
