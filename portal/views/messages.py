"""The resident's inbox, and how they want to be told."""

from __future__ import annotations

import uuid

from django.contrib import messages as flash
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cases import threads
from common.errors import DomainError, InvalidInput
from identity.models import User
from identity.safe_next import home
from notifications import actions, addresses, choices, contacts, queries
from notifications.channels import sms
from portal.http import resident_of, resident_page

PER_PAGE = 20
#: Conversations that stand above the notices; all of them are at their applications.
MOST_THREADS = 10


@require_safe
@resident_page
def inbox(request: HttpRequest) -> HttpResponse:
    user = resident_of(request)
    page = Paginator(queries.inbox(user), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "threads": threads.of_resident(user, MOST_THREADS) if page.number == 1 else [],
        "unread": queries.unread_count(user),
        "mail_fails": addresses.is_dead(user),
    }
    return render(request, "portal/messages.html", context)


@require_safe
@resident_page
def message(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """One message; opening it marks it as read."""
    found = queries.message_for(resident_of(request), message_id)
    if request.method == "GET":
        actions.mark_read(found)
    link = home(get_language() or "ja").rstrip("/") + found.path if found.path else ""
    label = _("How we tell you") if found.kind == "mail_undelivered" else _("Open the application")
    context = {"message": found, "link": link, "link_label": label}
    return render(request, "portal/message.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@resident_page
def settings(request: HttpRequest) -> HttpResponse:
    """By mail, SMS or only here, in which language, when."""
    user = resident_of(request)
    if request.method == "POST":
        try:
            choices.save(user, request.POST)
        except ValueError:
            return HttpResponseBadRequest()
        if choices.lacks_address(user):
            flash.warning(
                request, _("Saved. No mail can come as long as you add no e-mail address.")
            )
        else:
            flash.success(request, _("Saved. We will tell you in this way from now on."))
        return redirect("portal:message_settings")
    return render(request, "portal/message_settings.html", choices.shown(user))


@require_POST
@resident_page
def mail_again(request: HttpRequest) -> HttpResponse:
    """The resident says that the address works: the next notice goes there again."""
    addresses.revive(resident_of(request))
    flash.success(request, _("We will send the next message to this address again."))
    return redirect("portal:message_settings")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@resident_page
def phone(request: HttpRequest) -> HttpResponse:
    """A number for SMS: write it, get a code there, type the code here; or delete it."""
    user = resident_of(request)
    if request.method == "POST" and "remove" in request.POST:
        contacts.remove(resident=user)
        flash.success(request, _("The number is deleted. No more SMS will come."))
        return redirect("portal:message_settings")
    return _contact(request, user, contacts.SMS, _("Saved. From now on you also get an SMS."))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@resident_page
def address(request: HttpRequest) -> HttpResponse:
    """Another address for mail, in the same way."""
    return _contact(
        request,
        resident_of(request),
        contacts.MAIL,
        _("Saved. Mails go to this address, unless you gave another one in an application."),
    )


def _contact(request: HttpRequest, user: User, channel: str, done: str) -> HttpResponse:
    problem, field = "", ""
    if request.method == "POST":
        field = "code" if "code" in request.POST else "contact"
        try:
            if field == "contact":
                typed = request.POST.get("contact", "")
                contacts.ask(resident=user, channel=channel, typed=typed)
                return redirect(request.path)
            if contacts.confirm(resident=user, channel=channel, code=request.POST["code"]):
                flash.success(request, done)
                return redirect("portal:message_settings")
            problem = _("This is not the code. Please look at the newest one.")
        except InvalidInput as refusal:
            problem = refusal.errors["contact"][0]
        except DomainError as refusal:
            problem = str(refusal)
    check = contacts.waiting(user, channel)
    context = {
        "is_sms": channel == contacts.SMS,
        "offered": channel != contacts.SMS or sms.is_offered(),
        "check": check,
        "asks_code": check is not None and "new" not in request.GET and field != "contact",
        "phone": queries.preference_of(user).phone_shown,
        "problem": problem,
        "typed": request.POST.get("contact", "")[:254],
        "minutes": int(contacts.LASTS.total_seconds() // 60),
    }
    return render(request, "portal/message_contact.html", context, status=422 if problem else 200)
