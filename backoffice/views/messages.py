"""What the platform told a member of staff, and how they want to be told."""

from __future__ import annotations

import uuid

from django.contrib import messages as flash
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from backoffice.views.inbox import frame
from backoffice.views.reader import DESK_ROLES, reader_of
from cases import telling
from common.errors import NotFound
from identity.access import staff_required
from identity.models import Role
from identity.safe_next import home
from notifications import actions, addresses, choices, queries
from notifications.notice import notices

PER_PAGE = 25
_GET_OR_POST = require_http_methods(["GET", "HEAD", "POST"])
#: Everybody who has the desk's bar.
_at_work = staff_required(*DESK_ROLES, Role.COUNTER, Role.FINANCE)


@_GET_OR_POST
@_at_work
def inbox(request: HttpRequest) -> HttpResponse:
    """One's own messages, unread ones first; posted, all of them count as read."""
    reader = reader_of(request)
    if request.method == "POST":
        actions.mark_all_read(reader)
        flash.success(request, _("All messages are marked as read."))
        return redirect("desk:messages")
    page = Paginator(queries.unread_first(reader), PER_PAGE).get_page(request.GET.get("page"))
    context = {**frame(request, "messages"), "page": page, "unread": queries.unread_count(reader)}
    return render(request, "backoffice/messages.html", context)


@require_safe
@_at_work
def message(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """One of them; opening it marks it as read."""
    try:
        found = queries.message_for(reader_of(request), message_id)
    except NotFound as error:
        raise Http404 from error
    if request.method == "GET":
        actions.mark_read(found)
    context = {
        **frame(request, "messages"),
        "message": found,
        "link": home(get_language() or "ja").rstrip("/") + found.path if found.path else "",
        "link_label": notices.get(found.kind).link_label,
    }
    return render(request, "backoffice/message.html", context)


@require_safe
@_at_work
def unread(request: HttpRequest) -> HttpResponse:
    """What stands in the bar, with how many are unread. Every page of the desk asks for it.

    Whoever has a case open (`case`) need not be told any more what happened to it.
    """
    reader = reader_of(request)
    try:
        case_id = uuid.UUID(request.GET.get("case", ""))
    except ValueError:
        pass
    else:
        actions.mark_told(recipient=reader, about=telling.key_of(case_id))
    return render(
        request, "backoffice/messages_short.html", {"unread": queries.unread_count(reader)}
    )


@_GET_OR_POST
@_at_work
def settings(request: HttpRequest) -> HttpResponse:
    """By mail or only here, how often, when not, in which language."""
    reader = reader_of(request)
    if request.method == "POST":
        if "again" in request.POST:
            addresses.revive(reader)
            flash.success(request, _("We will send the next message to this address again."))
            return redirect("desk:message_settings")
        try:
            choices.save(reader, request.POST)
        except ValueError:
            return HttpResponseBadRequest()
        flash.success(request, _("Saved. We will tell you in this way from now on."))
        return redirect("desk:message_settings")
    context = {**frame(request, "messages"), **choices.shown(reader)}
    return render(request, "backoffice/message_settings.html", context)
