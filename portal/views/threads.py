"""What the resident and the office write to each other about an application."""

from __future__ import annotations

import uuid

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from cases import mailing, threads, writing
from cases.models import Case, Thread
from common.errors import NotAllowed
from forms import attachments
from forms.models import Draft
from forms.pages import StepPage
from identity import parked
from portal.http import case_page, resident_of
from portal.views.case import own_case


@require_safe
@case_page
def overview(request: HttpRequest, case_id: uuid.UUID) -> HttpResponse:
    """Everything that was written about an application, and the way to write something new."""
    case = own_case(request, case_id)
    context = {
        "case": case,
        "lines": threads.of_case(case, resident_of(request)),
        "closed": threads.why_not(case, resident_of(request)),
    }
    return render(request, "portal/threads.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@case_page
def begin(request: HttpRequest, case_id: uuid.UUID) -> HttpResponse:
    """Write about something new."""
    return _write(request, own_case(request, case_id), None)


@require_http_methods(["GET", "HEAD", "POST"])
@case_page
def thread(request: HttpRequest, case_id: uuid.UUID, thread_id: uuid.UUID) -> HttpResponse:
    """What was written, oldest first, and the answer. Opening it marks it as read."""
    case = own_case(request, case_id)
    return _write(request, case, threads.get(case, thread_id))


@require_safe
@case_page
def file(request: HttpRequest, case_id: uuid.UUID, attachment_id: uuid.UUID) -> HttpResponseBase:
    """A file that came with a message."""
    return attachments.download(threads.file_of(own_case(request, case_id), attachment_id))


def _write(request: HttpRequest, case: Case, about: Thread | None) -> HttpResponse:
    user = resident_of(request)
    if request.method == "POST":
        try:
            written = writing.take(
                case=case,
                thread=about,
                post=request.POST,
                files=request.FILES,
                by=user,
                thumbnails=Draft.thumbnails,
            )
        except NotAllowed as refusal:
            return _page(request, case, about, None, closed=str(refusal), status=409)
        if written.message is not None:
            said = _("Sent. When the office answers, you read it here.")
            flash.success(request, f"{said} {mailing.of_case(case).in_words}")
            return redirect("portal:thread", case.pk, written.message.thread_id)
        if written.left:
            flash.success(request, _("Your message is saved. It is not sent yet."))
            return redirect("portal:threads", case.pk)
        wrong = written.page is not None and written.page.errors
        return _page(request, case, about, written.page, status=422 if wrong else 200)
    closed = threads.why_not(case, user)
    if closed:
        return _page(request, case, about, None, closed=closed)
    draft = writing.draft_of(case=case, thread=about, by=user)
    page = writing.page_of(draft, parked.take(request, request.path))
    return _page(request, case, about, page)


def _page(
    request: HttpRequest,
    case: Case,
    about: Thread | None,
    page: StepPage | None,
    *,
    closed: str = "",
    status: int = 200,
) -> HttpResponse:
    user = resident_of(request)
    opened = threads.opened(about, user) if about else None
    context = {
        "case": case,
        "opened": opened,
        "page": page,
        "closed": closed,
        "typed": request.POST.get("text", "") if closed else "",
        "mailing": mailing.of_case(case) if page and about is None else None,
        "uploads": reverse("portal:uploads", args=[page.draft.pk]) if page else "",
    }
    response = render(request, "portal/thread.html", context, status=status)
    if opened is not None and opened.has_news and request.method != "HEAD":
        threads.read(thread=opened.thread, by=user)
    return response
