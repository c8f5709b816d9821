"""What the platform has mailed, to look at in the demo. Nothing leaves the machine."""

from __future__ import annotations

import re

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from sandbox.language import spoken
from sandbox.mail import messages

# A mail is foreign text: it runs nothing, fetches nothing, and its links open a new window.
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
_HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """All messages, newest first; on wide screens the newest is open beside the list."""
    return _page(request, None)


@require_safe
def message(request: HttpRequest, name: str) -> HttpResponse:
    """The list with one message open."""
    found = _found(name)
    return _page(request, found)


@require_safe
@xframe_options_sameorigin
def html_body(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML of one message, for the frame of the page."""
    found = _found(name)
    response = HttpResponse(_HEAD.sub(r'\g<0><base target="_blank">', found.html, count=1))
    response["Content-Security-Policy"] = _MAIL_POLICY
    response["Cache-Control"] = "no-store"
    return response


def _page(request: HttpRequest, opened: messages.KeptMail | None) -> HttpResponse:
    if not settings.SANDBOX:
        raise Http404
    kept = messages.newest()
    at_list = opened is None
    opened = opened or (kept[0] if kept else None)
    with spoken(request) as language:
        response = render(
            request,
            "sandbox/mail/inbox.html",
            {
                "kept": kept,
                "opened": opened,
                "at_list": at_list,
                # On a phone only one of the two is seen, and a page has one main heading.
                "list_heading": "h1" if at_list else "h2",
                "message_heading": "h2" if at_list else "h1",
                "as_text": "text" in request.GET,
                "language": language,
                "query": f"?lang={language}" if "lang" in request.GET else "",
            },
        )
    # The mail itself is shown in a frame of this site.
    response._csp_update = {"frame-src": ["'self'"]}  # type: ignore[attr-defined]  # noqa: SLF001
    response["Cache-Control"] = "no-store"
    return response


def _found(name: str) -> messages.KeptMail:
    found = messages.by_name(name) if settings.SANDBOX else None
    if found is None:
        raise Http404
    return found
