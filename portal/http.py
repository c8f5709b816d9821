"""What every page of the portal shares: who may open it, and how a refusal reads."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from catalogue.models import Offering
from catalogue.template import Assurance
from common.actor import Actor
from common.errors import DomainError, NotFound
from identity.access import confirmed_strongly, resident_required, to_confirmation
from identity.models import User

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


def resident_of(request: HttpRequest) -> User:
    """The signed-in resident of a `resident_page`."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101  the guard let nobody else in
    return user


def is_confirmed(request: HttpRequest, offering: Offering) -> bool:
    """Whether the eID was shown as surely as this service asks for; nothing is read for most."""
    return offering.template.service.assurance is not Assurance.HIGH or confirmed_strongly(request)


def confirmed_first(request: HttpRequest, offering: Offering) -> HttpResponseBase | None:
    """The way to a fresh confirmation by eID, where the service asks for one; else None."""
    return None if is_confirmed(request, offering) else to_confirmation(request)


def actor_of(request: HttpRequest) -> Actor:
    return Actor.of(resident_of(request))


def refused(request: HttpRequest, refusal: DomainError, *, back: str = "") -> HttpResponse:
    """A page that says what could not be done and why; `back` is where to go on."""
    return render(
        request, "portal/refused.html", {"reason": str(refusal), "back": back}, status=409
    )


def private(response: HttpResponseBase) -> HttpResponseBase:
    """A file for one reader: kept by nobody on the way, never run by the browser."""
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
