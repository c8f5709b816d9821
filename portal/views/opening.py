"""What was sent without signing in: a link by mail opens it in one browser, or it is put into an
account. Nobody is told whether there is such an application."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from cases import case_keys, queries, resuming, taking_over
from common.errors import InvalidInput, NotAllowed, NotFound
from identity import limits
from identity.access import forbidden
from portal import guests
from portal.http import case_page, refused, resident_of, resident_or_none, resident_page, too_often
from portal.views.case import own_case

LONGEST_NUMBER = 40


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def case_link(request: HttpRequest) -> HttpResponse:
    """Ask for a link by receipt number and address."""
    if request.method != "POST":
        return _link_page(request)
    number = request.POST.get("number", "").strip()[:LONGEST_NUMBER]
    errors: dict[str, str] = {}
    if not number:
        errors["number"] = _("Write the receipt number. It is in the mail that you got.")
    try:
        address = resuming.checked_address(request.POST.get("address", ""))
    except InvalidInput as refusal:
        errors["address"] = refusal.errors["address"][0]
    if errors:
        return _link_page(request, errors)
    if not _allows(request, number.upper(), address.lower()):
        return too_often(request, request.path)
    case_keys.ask(receipt_number=number, address=address)
    _told(request)
    return redirect(request.path)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def case_by_mail(request: HttpRequest, case_id: uuid.UUID) -> HttpResponse:
    """Where the mails about such an application lead. Only the button has a link sent."""
    if _can_read(request, case_id):
        return redirect("portal:case", case_id=case_id)
    if request.method != "POST":
        return render(request, "portal/case_by_mail.html")
    if not _allows(request, str(case_id)):
        return too_often(request, request.path)
    case_keys.ask_for(case_id)
    _told(request)
    return redirect(request.path)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def open_case(request: HttpRequest, case_key: str) -> HttpResponseBase:
    """Where the mailed link leads. Only the button uses it up: programs open links, too."""
    if request.user.is_authenticated and resident_or_none(request) is None:
        return forbidden(request, "residents_only")
    try:
        found = case_keys.by_token(case_key)
        if request.method != "POST":
            context = {"number": found.case.application.receipt_number}
            return render(request, "portal/open_case.html", context)
        case = case_keys.redeem(token=case_key, guest=guests.become(request))
    except NotFound:
        return render(request, "portal/open_case_dead.html", status=404)
    guests.open_case(request)
    signed_in = request.user.is_authenticated
    return redirect("portal:into_account" if signed_in else "portal:case", case_id=case.pk)


@require_POST
@case_page
def close(request: HttpRequest, case_id: uuid.UUID) -> HttpResponse:
    """This browser shows the application no more; somebody signed in signs out instead."""
    case = own_case(request, case_id)
    guest = guests.kept(request)
    if guests.record_here(request) is None or guest is None:
        return redirect("portal:case", case_id=case.pk)
    case_keys.close(case, guest)
    messages.success(request, _("The application is not open in this browser any more."))
    return redirect("portal:case_by_mail", case_id=case.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@resident_page
def into_account(request: HttpRequest, case_id: uuid.UUID) -> HttpResponse:
    """Whoever has signed in puts what they have open in this browser into their account, once."""
    user, guest = resident_of(request), guests.kept(request)
    back = reverse("portal:case", args=[case_id])
    record = case_keys.record_of(guest, {"case_id": case_id}) if guest is not None else None
    if guest is None or record is None:
        return redirect("portal:case", case_id=queries.case_for_resident(user, case_id).pk)
    case = queries.case_for_resident(record, case_id)
    if request.method != "POST":
        context = {
            "case": case,
            "application": case.application,
            "fits": taking_over.fits(case, user),
        }
        return render(request, "portal/into_account.html", context)
    try:
        taking_over.put_into_account(case=case, user=user, guest=guest)
    except NotAllowed as refusal:
        return refused(request, refusal, back=reverse("portal:applications"))
    messages.success(request, _("The application is in your account now."))
    return redirect(back)


def _can_read(request: HttpRequest, case_id: uuid.UUID) -> bool:
    user = resident_or_none(request) or guests.record_of(request, {"case_id": case_id})
    try:
        return user is not None and queries.case_for_resident(user, case_id) is not None
    except NotFound:
        return False


def _allows(request: HttpRequest, *keys: str) -> bool:
    return limits.allows(request, limits.CASE_LINK) and all(
        limits.allows(request, limits.CASE_LINK_TO, key=key) for key in keys
    )


def _told(request: HttpRequest) -> None:
    messages.success(
        request,
        _(
            "If there is such an application, a mail with a link is on its way to its address. "
            "Only the newest link works, once, within two hours."
        ),
    )


def _link_page(request: HttpRequest, errors: dict[str, str] | None = None) -> HttpResponse:
    context = {
        "number": request.POST.get("number", "")[:LONGEST_NUMBER],
        "address": request.POST.get("address", "")[:254],
        "errors": errors or {},
        "error_list": [
            {"message": message, "anchor": name} for name, message in (errors or {}).items()
        ],
    }
    return render(request, "portal/case_link.html", context, status=422 if errors else 200)
