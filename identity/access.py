"""Who may open a page: residents by eID, staff with a second factor and the right role."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ParamSpec
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, include, reverse
from django.utils.cache import patch_cache_control
from django.utils.decorators import method_decorator
from django_htmx.http import HttpResponseClientRedirect

from identity import parked, roles
from identity.eid import assurance, config
from identity.eid.problems import EidRefused

P = ParamSpec("P")
ViewFunction = Callable[..., HttpResponseBase]


def _go(request: HttpRequest, url_name: str, **query: str) -> HttpResponseBase:
    """Redirect there; for htmx the whole page goes, not the fragment."""
    target = f"{reverse(url_name)}?{urlencode(query)}"
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(target)
    return HttpResponseRedirect(target)


def _here(request: HttpRequest) -> str:
    """Where to come back to. A fragment or an action cannot be opened by itself."""
    return request.get_full_path()


def private(response: HttpResponseBase) -> HttpResponseBase:
    """No shared cache keeps the page of somebody who is signed in."""
    if isinstance(response, HttpResponse) and not response.has_header("Cache-Control"):
        patch_cache_control(response, private=True, no_store=True)
    return response


def forbidden(request: HttpRequest, reason: str) -> HttpResponse:
    return render(request, "identity/forbidden.html", {"reason": reason}, status=403)


# --- Residents --------------------------------------------------------------------------------


def resident_required(view: ViewFunction) -> ViewFunction:
    """Only a signed-in resident. A visitor is led to the sign-in and back.

    What a visitor had typed (a POST whose session has ended) is kept for them: see
    `identity.parked`.
    """

    @wraps(view)
    def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        if not user.is_authenticated:
            parked.park(request)
            return _go(request, "identity:sign_in", next=_here(request))
        if not user.is_resident:
            return forbidden(request, "residents_only")
        return private(view(request, *args, **kwargs))

    return guarded_view


class ResidentRequired:
    """`resident_required` for a class-based view."""

    @method_decorator(resident_required)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]


def stepped_up(request: HttpRequest, *, max_age: int = 600, acr: str = "") -> bool:
    """Did this resident confirm by eID within `max_age` seconds, as strongly as `acr`?"""
    kept = request.session.get("eid_auth")
    if not isinstance(kept, dict) or not request.user.is_authenticated:
        return False
    recent = time.time() - float(kept.get("auth_time") or 0) <= max_age
    return recent and assurance.satisfies(kept.get("acr"), acr)


def step_up_required(
    *, max_age: int = 600, acr: str = ""
) -> Callable[[ViewFunction], ViewFunction]:
    """Only after a fresh eID confirmation; otherwise the resident is sent for one and back."""

    def decorator(view: ViewFunction) -> ViewFunction:
        @resident_required
        @wraps(view)
        def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if stepped_up(request, max_age=max_age, acr=acr):
                return view(request, *args, **kwargs)
            parked.park(request)
            return to_confirmation(request)

        return guarded_view

    return decorator


def confirmed_strongly(request: HttpRequest) -> bool:
    """Did this resident show the eID within ten minutes, as strongly as this town asks for?

    One statement. False where the town has no eID set up.
    """
    if not isinstance(request.session.get("eid_auth"), dict):
        return False
    try:
        needed = config.load().acr_step_up
    except EidRefused:
        return False
    return stepped_up(request, acr=needed)


def to_confirmation(request: HttpRequest) -> HttpResponseBase:
    """To the eID for a fresh and strong confirmation, and back to this page.

    A form may be sent to the town alone (``form-action``), and browsers hold its redirects to that:
    from a form the way leads over a page of ours that goes on by itself.
    """
    by_form = {"by_form": "1"} if request.method == "POST" else {}
    return _go(request, "identity:eid_start", next=_here(request), step_up="1", **by_form)


# --- Staff ------------------------------------------------------------------------------------


def has_second_factor(request: HttpRequest) -> bool:
    """Was a second factor shown in this session (code, passkey, recovery code)? No query."""
    return any(
        record.get("method") == "mfa"
        for record in get_authentication_records(request, request.user)
    )


def _staff_barrier(request: HttpRequest, wanted: Sequence[str]) -> HttpResponseBase | None:
    """What stands between this visitor and a staff page; None when nothing does."""
    user = request.user
    if not user.is_authenticated:
        return _go(request, "account_login", next=_here(request))
    if user.kind != "staff":
        return forbidden(request, "staff_only")
    if not has_second_factor(request):
        from allauth.mfa.utils import is_mfa_enabled  # noqa: PLC0415  needs loaded models

        page = "mfa_reauthenticate" if is_mfa_enabled(user) else "mfa_index"
        return _go(request, page, next=_here(request))
    if wanted and not roles.any_role(user, wanted):
        return forbidden(request, "role_missing")
    return None


def staff_required(*wanted: Any) -> Any:
    """Only staff with a second factor in this session, and with one of the roles `wanted`.

    ``@staff_required`` (any role, even none) or ``@staff_required(Role.CASEWORKER, Role.LEAD)``.
    """

    def decorator(view: ViewFunction) -> ViewFunction:
        @wraps(view)
        def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            barrier = _staff_barrier(request, names)
            if barrier is not None:
                return barrier
            return private(view(request, *args, **kwargs))

        return guarded_view

    if len(wanted) == 1 and callable(wanted[0]) and not isinstance(wanted[0], str):
        names: tuple[str, ...] = ()
        return decorator(wanted[0])
    names = tuple(str(name) for name in wanted)
    return decorator


class StaffRequired:
    """`staff_required` for a class-based view; `roles_required` names the roles."""

    roles_required: Sequence[str] = ()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        barrier = _staff_barrier(request, [str(role) for role in self.roles_required])
        if barrier is not None:
            return barrier
        response: HttpResponseBase = super().dispatch(  # type: ignore[misc]
            request, *args, **kwargs
        )
        return private(response)


def require_staff_mfa(view: ViewFunction) -> ViewFunction:
    """For Wagtail's administration: staff with a second factor who may use it (`is_staff`)."""

    @wraps(view)
    def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        barrier = _staff_barrier(request, ())
        if barrier is not None:
            return barrier
        if not request.user.is_staff:
            return forbidden(request, "administration_only")
        return view(request, *args, **kwargs)

    return guarded_view


def guard_patterns(
    patterns: Sequence[URLPattern | URLResolver], guard: Callable[[ViewFunction], ViewFunction]
) -> Sequence[URLPattern | URLResolver]:
    """Put `guard` around every view of `patterns`, also of those included below."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            guard_patterns(pattern.url_patterns, guard)
        elif getattr(pattern.callback, "_guarded_by", None) is not guard:
            pattern.callback = guard(pattern.callback)
            pattern.callback._guarded_by = guard  # type: ignore[attr-defined]  # noqa: SLF001  our own mark
    return patterns


def guarded(urlconf_module: Any) -> Any:
    """``path("admin/", guarded(wagtailadmin_urls))``: the same pages behind the second factor."""
    included = include(urlconf_module)
    patterns = getattr(included[0], "urlpatterns", included[0])
    guard_patterns(patterns, require_staff_mfa)
    return included
