"""The resident's inbox, and how they want to be told."""

from __future__ import annotations

import uuid

from django.contrib import messages as flash
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from identity.safe_next import home
from notifications import actions, queries
from notifications.models import Delivery
from portal.http import resident_of, resident_page

PER_PAGE = 20


@require_safe
@resident_page
def inbox(request: HttpRequest) -> HttpResponse:
    user = resident_of(request)
    page = Paginator(queries.inbox(user), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "unread": queries.unread_count(user)}
    return render(request, "portal/messages.html", context)


@require_safe
@resident_page
def message(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """One message; opening it marks it as read."""
    found = queries.message_for(resident_of(request), message_id)
    if request.method == "GET":
        actions.mark_read(found)
    link = home(get_language() or "ja").rstrip("/") + found.path if found.path else ""
    return render(request, "portal/message.html", {"message": found, "link": link})


@require_http_methods(["GET", "HEAD", "POST"])
@resident_page
def settings(request: HttpRequest) -> HttpResponse:
    """By mail or only here, and in which language."""
    user = resident_of(request)
    if request.method == "POST":
        try:
            actions.set_preference(
                user=user,
                language=request.POST.get("language", ""),
                channels=request.POST.getlist("channels"),
                by_post=bool(request.POST.get("by_post")),
            )
        except ValueError:
            return HttpResponseBadRequest()
        flash.success(request, _("Saved. We will tell you in this way from now on."))
        return redirect("portal:message_settings")
    context = {"preference": queries.preference_of(user), "mail": Delivery.Channel.MAIL.value}
    return render(request, "portal/message_settings.html", context)
