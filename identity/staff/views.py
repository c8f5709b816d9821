"""The pages of staff sign-in: allauth's views, narrowed to staff, with the ledger kept.

allauth asks for a fresh proof by raising an exception that a middleware turns into a redirect. By
then the request's transaction is given up, so the proof is checked here, before the view.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account import views as account_views
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from allauth.mfa.base import views as base_views
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery_views
from allauth.mfa.totp import views as totp_views
from allauth.mfa.utils import is_mfa_enabled
from allauth.mfa.webauthn import views as webauthn_views
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from audit import ledger
from common.actor import Actor
from identity import actions, events
from identity.access import has_second_factor
from identity.safe_next import safe_next
from identity.staff.adapter import FACTORS

ViewFunction = Callable[..., HttpResponseBase]
SESSION_NEXT = "staff_next"


def staff_page(*, fresh: bool = False, without_factor: bool = True) -> Any:
    """Only signed-in staff. Whoever has a second factor must have shown it in this session.

    `fresh`: a proof of just now. `without_factor`: also for staff who have no factor yet (the
    pages where the first one is made).
    """

    def decorator(view: ViewFunction) -> ViewFunction:
        @never_cache
        @wraps(view)
        def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user = request.user
            if not user.is_authenticated:
                return _go("account_login", request)
            if user.kind != "staff":
                return render(
                    request, "identity/forbidden.html", {"reason": "staff_only"}, status=403
                )
            enrolled = is_mfa_enabled(user)
            if enrolled and not has_second_factor(request):
                return _prove(request)
            if not enrolled and not without_factor:
                return _go("mfa_index", request)
            if fresh and is_reauthentication_required(request, app="allauth.mfa"):
                return _prove(request)
            return view(request, *args, **kwargs)

        return guarded_view

    return decorator


def _go(url_name: str, request: HttpRequest) -> HttpResponseRedirect:
    # A POST cannot be repeated by a redirect; the page it came from can.
    target = request.get_full_path()
    return HttpResponseRedirect(f"{reverse(url_name)}?{urlencode({'next': target})}")


def _prove(request: HttpRequest) -> HttpResponseRedirect:
    methods = get_adapter().get_reauthentication_methods(request.user)
    target = urlencode({"next": request.get_full_path()})
    return HttpResponseRedirect(f"{methods[0]['url']}?{target}")


def _record(request: HttpRequest, event: str, factor: str) -> None:
    ledger.record(
        event=event,
        by=Actor.of(request.user),  # type: ignore[arg-type]
        object_kind="user",
        object_id=str(request.user.pk),
        data={"factor": factor},
    )


def _factor_made(request: HttpRequest, factor: Authenticator.Type) -> None:
    """The factor was shown while it was made, so it counts for this session."""
    made = Authenticator.objects.filter(user_id=request.user.pk, type=factor).latest("pk")
    record_authentication(request, request.user, "mfa", type=factor.value, id=made.pk)
    _record(request, events.STAFF_FACTOR_ADDED, factor.value)


class LoginView(account_views.LoginView):
    """User name and password, or a passkey."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and request.user.kind != "staff":
            return render(request, "identity/forbidden.html", {"reason": "staff_only"}, status=403)
        return super().dispatch(request, *args, **kwargs)


class LogoutView(account_views.LogoutView):
    """Ends the session, or a sign-in that was only half done."""

    http_method_names = ["post"]

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.request.user.is_authenticated:
            actions.signed_out(request=self.request, user=self.request.user)
        return super().post(*args, **kwargs)


@method_decorator(staff_page(), name="dispatch")
class ReauthenticateView(account_views.ReauthenticateView):
    """The password once more (only while there is no second factor)."""

    def form_valid(self, form: Any) -> HttpResponse:
        record_authentication(
            self.request,
            self.request.user,
            method="password",
            reauthenticated=True,
        )
        return _back(self.request)


@method_decorator(staff_page(fresh=True, without_factor=False), name="dispatch")
class PasswordChangeView(account_views.PasswordChangeView):
    """A new password, for whoever knows the old one."""

    success_url = reverse_lazy("mfa_index")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_usable_password():  # type: ignore[union-attr]
            messages.info(request, _("You sign in with a passkey and have no password."))
            return HttpResponseRedirect(reverse("mfa_index"))
        return super().dispatch(request, *args, **kwargs)

    def get_default_success_url(self) -> str:
        return reverse("mfa_index")

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        messages.success(self.request, _("Your password was changed."))
        return response


@method_decorator(never_cache, name="dispatch")
class MfaReauthenticateView(base_views.ReauthenticateView):
    """The second factor once more."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return _only_enrolled(request) or super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        form.save()
        return _back(self.request)


@method_decorator(never_cache, name="dispatch")
class PasskeyReauthenticateView(webauthn_views.ReauthenticateWebAuthnView):
    """The passkey once more."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return _only_enrolled(request) or super().dispatch(request, *args, **kwargs)

    def form_invalid(self, form: Any) -> HttpResponse:
        messages.error(self.request, _("The passkey was not accepted. Please try again."))
        return HttpResponseRedirect(self.request.get_full_path())

    def form_valid(self, form: Any) -> HttpResponse:
        form.save()
        return _back(self.request)


def _only_enrolled(request: HttpRequest) -> HttpResponseBase | None:
    if not request.user.is_authenticated:
        return _go("account_login", request)
    if request.user.kind != "staff":
        return render(request, "identity/forbidden.html", {"reason": "staff_only"}, status=403)
    if not is_mfa_enabled(request.user):
        return HttpResponseRedirect(reverse("mfa_index"))
    return None


def _back(request: HttpRequest) -> HttpResponseRedirect:
    target = safe_next(request.POST.get("next") or request.GET.get("next"))
    return HttpResponseRedirect(target or get_adapter().get_login_redirect_url(request))


@method_decorator(staff_page(), name="dispatch")
class IndexView(base_views.IndexView):
    """My second factors; for new staff the place where the first one is made."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        target = safe_next(self.request.GET.get("next"))
        if target:
            self.request.session[SESSION_NEXT] = target
        context["go_on"] = safe_next(self.request.session.get(SESSION_NEXT)) or (
            get_adapter().get_login_redirect_url(self.request)
        )
        recovery = context["authenticators"].get(Authenticator.Type.RECOVERY_CODES)
        context["codes_left"] = len(recovery.get_unused_codes()) if recovery else 0
        return context


@method_decorator(staff_page(fresh=True), name="dispatch")
class ActivateTotpView(totp_views.ActivateTOTPView):
    """Set up an authenticator app."""

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        _factor_made(self.request, Authenticator.Type.TOTP)
        return response


@method_decorator(staff_page(fresh=True, without_factor=False), name="dispatch")
class DeactivateTotpView(totp_views.DeactivateTOTPView):
    """Remove the authenticator app, when another factor remains."""

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        _record(self.request, events.STAFF_FACTOR_REMOVED, Authenticator.Type.TOTP.value)
        return response


@method_decorator(staff_page(fresh=True), name="dispatch")
class AddPasskeyView(webauthn_views.AddWebAuthnView):
    """Register a passkey or security key."""

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        _factor_made(self.request, Authenticator.Type.WEBAUTHN)
        return response


@method_decorator(staff_page(fresh=True, without_factor=False), name="dispatch")
class RemovePasskeyView(webauthn_views.RemoveWebAuthnView):
    """Remove a passkey, when another factor remains."""

    success_url = reverse_lazy("mfa_index")

    def form_valid(self, form: Any) -> HttpResponse:
        remaining = Authenticator.objects.filter(
            user_id=self.request.user.pk, type__in=FACTORS
        ).exclude(pk=self.get_object().pk)
        if not remaining.exists():
            messages.error(
                self.request,
                _("This is your only second factor. Add another one before you remove it."),
            )
            return HttpResponseRedirect(reverse("mfa_index"))
        response = super().form_valid(form)
        _record(self.request, events.STAFF_FACTOR_REMOVED, Authenticator.Type.WEBAUTHN.value)
        return response


@method_decorator(staff_page(fresh=True, without_factor=False), name="dispatch")
class EditPasskeyView(webauthn_views.EditWebAuthnView):
    """Give a passkey another name."""

    success_url = reverse_lazy("mfa_index")


class PasskeyLoginView(webauthn_views.LoginWebAuthnView):
    """Sign in with nothing but a passkey (which checks finger, face or PIN itself)."""

    def form_invalid(self, form: Any) -> HttpResponse:
        messages.error(self.request, _("The passkey was not accepted. Please try again."))
        return HttpResponseRedirect(reverse("account_login"))


@method_decorator(staff_page(fresh=True, without_factor=False), name="dispatch")
class RecoveryCodesView(recovery_views.ViewRecoveryCodesView):
    """The recovery codes that are left."""


@method_decorator(staff_page(fresh=True, without_factor=False), name="dispatch")
class GenerateRecoveryCodesView(recovery_views.GenerateRecoveryCodesView):
    """New recovery codes; the old ones stop working."""


@method_decorator(staff_page(fresh=True, without_factor=False), name="dispatch")
class DownloadRecoveryCodesView(recovery_views.DownloadRecoveryCodesView):
    """The recovery codes as a text file."""
