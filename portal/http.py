"""What every page of the portal shares: who may open it, and how a refusal reads."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from catalogue.models import Offering
from catalogue.template import Assurance
from common.actor import GUEST, Actor
from common.errors import DomainError, NotFound
from forms.guests import Guest, get_draft
from identity import parked
from identity.access import confirmed_strongly, private, resident_required, to_confirmation
from identity.models import User
from portal import guests

View = Callable[..., HttpResponseBase]


def resident_page(view: View) -> View:
    """Only for a signed-in resident. What is not theirs does not exist: 404."""

    @resident_required
    @wraps(view)
    def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except NotFound as missing:
            raise Http404(str(missing)) from missing

    return guarded_view


def resident_call(view: View) -> View:
    """As `resident_page`, for a script: without a session 401, as it can follow no redirect."""
    guarded = resident_page(view)

    @wraps(view)
    def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return HttpResponse(status=401)
        return guarded(request, *args, **kwargs)

    return guarded_view


def applicant_page(view: View) -> View:
    """For a signed-in resident, and for a guest with the draft of their own browser.

    To a guest everything else looks the same, be it somebody else's or nobody's.
    """
    return _for_applicants(view, resident_required(_or_adopting(view)))


def applicant_call(view: View) -> View:
    """As `applicant_page`, for a script: without a session 401, as it can follow no redirect."""
    guarded = _for_applicants(view, resident_page(view))

    @wraps(view)
    def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated and guests.kept(request) is None:
            return HttpResponse(status=401)
        return guarded(request, *args, **kwargs)

    return guarded_view


def _for_applicants(view: View, as_resident: View) -> View:
    @wraps(view)
    def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if guests.of(request) is None:
            return as_resident(request, *args, **kwargs)
        try:
            response = view(request, *args, **kwargs)
        except NotFound:
            response = render(request, "portal/guest_gone.html", status=404)
        else:
            if request.method == "POST":
                guests.keep(request)
        return private(response)

    return guarded_view


def _or_adopting(view: View) -> View:
    """What is not the resident's may be what they began in this browser before they signed in: then
    that comes first, and back. What they had typed meanwhile is kept."""

    @wraps(view)
    def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except NotFound as missing:
            guest, draft_id = guests.kept(request), kwargs.get("draft_id")
            if guest is None or draft_id is None or not _begun_by(guest, draft_id):
                raise Http404(str(missing)) from missing
            parked.park(request)
            query = urlencode({"to": request.path})
            return redirect(f"{reverse('portal:take_over', args=[draft_id])}?{query}")

    return guarded_view


def _begun_by(guest: Guest, draft_id: Any) -> bool:
    found = get_draft(guest=guest, draft_id=draft_id)
    return found is not None and found.is_open


def applicant_of(request: HttpRequest) -> User | Guest:
    """The resident or the guest of an `applicant_page`."""
    return guests.of(request) or resident_of(request)


def resident_of(request: HttpRequest) -> User:
    """The signed-in resident of a `resident_page`."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101  the guard let nobody else in
    return user


def resident_or_none(request: HttpRequest) -> User | None:
    """The signed-in resident, if there is one."""
    user = request.user
    return user if isinstance(user, User) and user.is_resident else None


def is_confirmed(request: HttpRequest, offering: Offering) -> bool:
    """Whether the eID was shown as surely as this service asks for; nothing is read for most."""
    return offering.template.service.assurance is not Assurance.HIGH or confirmed_strongly(request)


def confirmed_first(request: HttpRequest, offering: Offering) -> HttpResponseBase | None:
    """The way to a fresh confirmation by eID, where the service asks for one; else None."""
    return None if is_confirmed(request, offering) else to_confirmation(request)


def actor_of(request: HttpRequest) -> Actor:
    return GUEST if guests.of(request) is not None else Actor.of(resident_of(request))


def refused(request: HttpRequest, refusal: DomainError, *, back: str = "") -> HttpResponse:
    """A page that says what could not be done and why; `back` is where to go on."""
    return render(
        request, "portal/refused.html", {"reason": str(refusal), "back": back}, status=409
    )
