"""What the office and the resident write to each other about a case, for the case's own office."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from backoffice import reaching
from backoffice.views import files
from backoffice.views.inbox import frame
from backoffice.views.reader import reader_of, with_case
from cases import actions, message_templates, policies, threads, writing
from cases.models import Case, Thread
from common.actor import Actor
from common.errors import NotAllowed, NotFound
from documents.errors import DamagedFile
from forms.pages import StepPage
from identity import parked

THUMBNAILS = "desk:own_thumbnail"


def _of_office(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """An office that was only asked is told nothing of this."""

    @with_case
    @wraps(view)
    def guarded(request: HttpRequest, case: Case, **kwargs: Any) -> HttpResponseBase:
        if not policies.may_process(case, reader_of(request)):
            raise NotFound(_("There is no such case."), code="no_case")
        return view(request, case, **kwargs)

    return guarded


@require_safe
@_of_office
def overview(request: HttpRequest, case: Case) -> HttpResponse:
    """Every conversation of a case."""
    actions.open_case(case=case, by=Actor.of(reader_of(request)))
    return render(
        request, "backoffice/threads.html", {**frame(request, "case"), **_context(request, case)}
    )


@require_safe
@_of_office
def beside_case(request: HttpRequest, case: Case) -> HttpResponse:
    """The same in short, for the case's page."""
    context = {**_context(request, case), "reach": reaching.of(case)}
    return render(request, "backoffice/threads_short.html", context)


def _context(request: HttpRequest, case: Case) -> dict[str, Any]:
    reader = reader_of(request)
    return {
        "case": case,
        "lines": threads.of_case(case, reader),
        "closed": threads.why_not(case, reader),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@_of_office
def begin(request: HttpRequest, case: Case) -> HttpResponse:
    """Write to the resident about something new."""
    return _write(request, case, None)


@require_http_methods(["GET", "HEAD", "POST"])
@_of_office
def thread(request: HttpRequest, case: Case, thread_id: uuid.UUID) -> HttpResponse:
    """What was written, who of the office has read it, and the answer."""
    return _write(request, case, threads.get(case, thread_id))


@require_safe
@_of_office
def file(request: HttpRequest, case: Case, attachment_id: uuid.UUID) -> HttpResponseBase:
    """A file that came with a message; each reading is in the ledger."""
    found = threads.file_of(case, attachment_id)
    try:
        response = files.handed_out(found)
    except DamagedFile as problem:
        return files.damaged(request, case, problem)
    actions.open_attachment(case=case, attachment_id=found.pk, by=Actor.of(reader_of(request)))
    return response


def _write(request: HttpRequest, case: Case, about: Thread | None) -> HttpResponse:
    reader = reader_of(request)
    if request.method == "POST":
        try:
            written = writing.take(
                case=case,
                thread=about,
                post=_with_picked(request, case),
                files=request.FILES,
                by=reader,
                thumbnails=THUMBNAILS,
            )
        except NotAllowed as refusal:
            return _page(request, case, about, None, closed=str(refusal), status=409)
        if written.message is not None:
            said, told = _("Sent."), reaching.of(case)
            say = flash.success if told.is_sure else flash.warning
            say(request, f"{said} {told.in_words}")
            return redirect("desk:thread", case.pk, written.message.thread_id)
        if written.left:
            flash.success(request, _("Your message is saved. It is not sent yet."))
            return redirect("desk:threads", case.pk)
        wrong = written.page is not None and written.page.errors
        return _page(request, case, about, written.page, status=422 if wrong else 200)
    closed = threads.why_not(case, reader)
    if closed:
        return _page(request, case, about, None, closed=closed)
    draft = writing.draft_of(case=case, thread=about, by=reader)
    draft.thumbnails = THUMBNAILS
    page = writing.page_of(draft, parked.take(request, request.path))
    return _page(request, case, about, page)


def _with_picked(request: HttpRequest, case: Case) -> QueryDict:
    """What was posted, with the text that was picked put into the field."""
    if writing.PUT_IN not in request.POST:
        return request.POST
    post = request.POST.copy()
    post["text"] = message_templates.put_in(
        case, "message", post.get("template", ""), post.get("text", "")
    )
    # Kept with its files, or only shown again: in either case nothing is complained about.
    post["_do"] = "leave" if request.FILES else "refresh"
    return post


def _page(
    request: HttpRequest,
    case: Case,
    about: Thread | None,
    page: StepPage | None,
    *,
    closed: str = "",
    status: int = 200,
) -> HttpResponse:
    reader = reader_of(request)
    actions.open_case(case=case, by=Actor.of(reader))
    opened = threads.opened(about, reader) if about else None
    context = {
        **frame(request, "case"),
        "case": case,
        "opened": opened,
        "page": page,
        "closed": closed,
        "typed": request.POST.get("text", "") if closed else "",
        "reach": reaching.of(case) if page else None,
        "prepared": message_templates.for_case(case, "message") if page else [],
        "uploads": reverse("desk:uploads", args=[page.draft.pk]) if page else "",
    }
    response = render(request, "backoffice/thread.html", context, status=status)
    if opened is not None and opened.has_news and request.method != "HEAD":
        threads.read(thread=opened.thread, by=reader)
    return response
