"""What every page of the portal shares: who may open it, and how a refusal reads."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from cases import case_keys
from catalogue.models import Offering
from common.actor import GUEST, Actor
from common.errors import DomainError, NotFound
from forms.guests import Guest, get_draft
from forms.models import Draft
from identity import parked
from identity.access import (
    confirmed_strongly,
    private,
    resident_required,
    staff_required,
    to_confirmation,
)
from identity.counter import papers
from identity.counter import queries as counter
from identity.models import Helping, Role, User
from portal import guests, helped

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


def case_page(view: View) -> View:
    """For the resident whose case it is, and for whoever sent it without signing in and has it open
    in this browser.

    Any other case looks the same to both. Where a case was opened here by link, no visitor is led
    to the sign-in: what is not open any more is opened by a link again.
    """
    as_resident, as_record = resident_required(_or_into_account(view)), _of_record(view)

    @wraps(view)
    def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        record = guests.record_of(request, kwargs)
        if record is not None:
            request.record = record  # type: ignore[attr-defined]
            return as_record(request, *args, **kwargs)
        if not request.user.is_authenticated and guests.has_opened(request):
            parked.park(request)
            context = {"case_id": kwargs["case_id"]}
            return private(render(request, "portal/case_not_open.html", context, status=404))
        return as_resident(request, *args, **kwargs)

    return guarded_view


def _of_record(view: View) -> View:
    @wraps(view)
    def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
        except NotFound as missing:
            raise Http404(str(missing)) from missing
        if request.method == "POST":
            guests.keep(request)
        return private(response)

    return guarded_view


def _or_into_account(view: View) -> View:
    """What is not the resident's may be what was sent in this browser without signing in: then they
    are asked whether it goes into their account."""

    @wraps(view)
    def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except NotFound as missing:
            guest = guests.kept(request) if guests.has_opened(request) else None
            ids = {"case_id": kwargs["case_id"]}
            if guest is None or case_keys.record_of(guest, ids) is None:
                raise Http404(str(missing)) from missing
            return redirect("portal:into_account", **ids)

    return guarded_view


def helping_of(request: HttpRequest) -> Helping | None:
    """The help at the counter that this page is part of; None: the resident's own doing."""
    helping: Helping | None = getattr(request, "helping", None)
    return helping


def overview_of(request: HttpRequest) -> str:
    """Where somebody goes who leaves a form: their applications, or the counter."""
    return reverse("desk:counter" if helping_of(request) else "portal:applications")


def later_url(request: HttpRequest, draft: Draft) -> str:
    """Where somebody goes who goes on later: as `overview_of`, or how a guest comes back."""
    if draft.is_guest:
        return reverse("portal:go_on_later", args=[draft.pk])
    return overview_of(request)


def applicant_page(view: View) -> View:
    """For a signed-in resident, for a guest with the draft of their own browser, also where that
    was sent or belongs to what was, and for a member of staff who helps a resident at the counter.

    A helper sees the very pages of the resident, but nothing that is not of this session. What is
    not theirs looks the same to a guest and to a helper, be it somebody else's or nobody's.
    """
    return _for_applicants(view, resident_required(_or_adopting(view)))


def resident_or_helped_page(view: View) -> View:
    """For a signed-in resident, and for whoever helps them at the counter just now."""
    as_resident, as_helper = resident_page(view), staff_required(Role.COUNTER)(_helping(view))

    @wraps(view)
    def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        at_the_counter = user.is_authenticated and not user.is_resident
        return (as_helper if at_the_counter else as_resident)(request, *args, **kwargs)

    return guarded_view


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
    as_guest, as_helper = _of_guest(view), staff_required(Role.COUNTER)(_helping(view))
    as_record = _of_record(view)

    @wraps(view)
    def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        if user.is_authenticated and not user.is_resident:
            return as_helper(request, *args, **kwargs)
        record = guests.record_of(request, kwargs)
        if record is not None:
            request.record = record  # type: ignore[attr-defined]
            return as_record(request, *args, **kwargs)
        guest = guests.of(request)
        return (as_guest if guest is not None else as_resident)(request, *args, **kwargs)

    return guarded_view


def _of_guest(view: View) -> View:
    @wraps(view)
    def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
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
    """The signed-in resident; on an `applicant_page` also the one who is helped, on a `case_page`
    whoever sent the case without signing in."""
    helping = helping_of(request)
    if helping is not None:
        return helping.resident
    record = guests.record_here(request)
    if record is not None:
        return record
    user = request.user
    assert isinstance(user, User)  # noqa: S101  the guard let nobody else in
    return user


def resident_or_none(request: HttpRequest) -> User | None:
    """The signed-in resident, if there is one."""
    user = request.user
    return user if isinstance(user, User) and user.is_resident else None


def is_confirmed(request: HttpRequest, offering: Offering) -> bool:
    """Whether the eID was shown as surely as this service asks for; nothing is read for most.

    At the counter somebody stands there in person with a paper that has a photograph.
    """
    helping = helping_of(request)
    if helping is not None:
        return helping.representation.basis in papers.WITH_PHOTOGRAPH
    return not offering.is_sure or confirmed_strongly(request)


def confirmed_first(request: HttpRequest, offering: Offering) -> HttpResponseBase | None:
    """The way to a fresh confirmation by eID, where the service asks for one; else None."""
    return None if is_confirmed(request, offering) else to_confirmation(request)


def actor_of(request: HttpRequest) -> Actor:
    """Who does it: a guest, the resident, or whoever helps them."""
    record = guests.record_here(request)
    if record is not None:
        return case_keys.actor_of(record)
    if guests.of(request) is not None:
        return GUEST
    helping = helping_of(request)
    return Actor.of(helping.helper if helping else resident_of(request))


def refused(request: HttpRequest, refusal: DomainError, *, back: str = "") -> HttpResponse:
    """A page that says what could not be done and why; `back` is where to go on."""
    return render(
        request, "portal/refused.html", {"reason": str(refusal), "back": back}, status=409
    )


def too_often(request: HttpRequest, back: str) -> HttpResponse:
    """The answer where one of `identity.limits` is reached."""
    context = {
        "reason": _("This was done too often from here. Please try again in an hour."),
        "back": back,
    }
    return render(request, "portal/refused.html", context, status=429)
