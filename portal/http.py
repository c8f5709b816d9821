"""What every page of the portal shares: who may open it, and how a refusal reads."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from catalogue.models import Offering
from catalogue.template import Assurance
from common.actor import Actor
from common.errors import DomainError, NotFound
from identity.access import (
    confirmed_strongly,
    resident_required,
    staff_required,
    to_confirmation,
)
from identity.counter import papers
from identity.counter import queries as counter
from identity.models import Helping, Role, User
from portal import helped

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


def applicant_page(view: View) -> View:
    """For a signed-in resident, or for a member of staff who helps one at the counter just now.

    A helper sees the very pages of the resident, but nothing that is not of this session: any other
    draft or file of the resident does not exist.
    """
    for_resident, for_helper = resident_page(view), staff_required(Role.COUNTER)(_helping(view))

    @wraps(view)
    def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        staff = user.is_authenticated and not user.is_resident
        return (for_helper if staff else for_resident)(request, *args, **kwargs)

    return guarded_view


def _helping(view: View) -> View:
    @wraps(view)
    def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        helper = request.user
        assert isinstance(helper, User)  # noqa: S101  the guard let nobody else in
        helping = counter.open_of(helper)
        if helping is None:
            sent = helped.sent_by(helper, kwargs.get("draft_id"))
            if sent is not None:  # a second "send", or the way back
                return redirect("desk:counter_done", case_id=sent.pk)
            return render(request, "portal/help_ended.html", status=403)
        if not helped.belongs(helping, kwargs):
            raise Http404
        request.helping = helping  # type: ignore[attr-defined]
        try:
            return view(request, *args, **kwargs)
        except NotFound as missing:
            raise Http404(str(missing)) from missing

    return guarded_view


def helping_of(request: HttpRequest) -> Helping | None:
    """The help at the counter that this page is part of; None: the resident's own doing."""
    helping: Helping | None = getattr(request, "helping", None)
    return helping


def overview_of(request: HttpRequest) -> str:
    """Where somebody goes who leaves a form: their applications, or the counter."""
    return reverse("desk:counter" if helping_of(request) else "portal:applications")


def applicant_call(view: View) -> View:
    """As `applicant_page`, for a script: without a session 401, as it can follow no redirect."""
    guarded = applicant_page(view)

    @wraps(view)
    def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return HttpResponse(status=401)
        return guarded(request, *args, **kwargs)

    return guarded_view


def resident_of(request: HttpRequest) -> User:
    """The signed-in resident; on an `applicant_page` also the one who is helped."""
    helping = helping_of(request)
    if helping is not None:
        return helping.resident
    user = request.user
    assert isinstance(user, User)  # noqa: S101  the guard let nobody else in
    return user


def is_confirmed(request: HttpRequest, offering: Offering) -> bool:
    """Whether the eID was shown as surely as this service asks for; nothing is read for most.

    At the counter somebody stands there in person with a paper that has a photograph.
    """
    helping = helping_of(request)
    if helping is not None:
        return helping.representation.basis in papers.WITH_PHOTOGRAPH
    return offering.template.service.assurance is not Assurance.HIGH or confirmed_strongly(request)


def confirmed_first(request: HttpRequest, offering: Offering) -> HttpResponseBase | None:
    """The way to a fresh confirmation by eID, where the service asks for one; else None."""
    return None if is_confirmed(request, offering) else to_confirmation(request)


def actor_of(request: HttpRequest) -> Actor:
    """Who does it: the resident, or whoever helps them."""
    helping = helping_of(request)
    return Actor.of(helping.helper if helping else resident_of(request))


def refused(request: HttpRequest, refusal: DomainError, *, back: str = "") -> HttpResponse:
    """A page that says what could not be done and why; `back` is where to go on."""
    return render(
        request, "portal/refused.html", {"reason": str(refusal), "back": back}, status=409
    )
