"""The sign-in pages of residents: choose, leave for the eID, come back, sign out."""

from __future__ import annotations

import json
import logging
import time
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.conf import settings
from django.contrib import auth
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.crypto import get_random_string
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from django.views.generic import View
from mozilla_django_oidc.views import (
    OIDCAuthenticationCallbackView,
    OIDCAuthenticationRequestView,
)

from identity import actions, claims, parked
from identity.backends import EidBackend
from identity.eid import attempts, config, tokens
from identity.eid.attempts import Attempt
from identity.eid.problems import PROBLEMS, EidRefused, new_reference
from identity.models import EidClient
from identity.safe_next import home, safe_next

logger = logging.getLogger("identity.eid")

BACKEND = "identity.backends.EidBackend"
SESSION_AUTH = "eid_auth"
SESSION_PROBLEM = "eid_problem"
SESSION_LOGOUT = "eid_logout"
SESSION_ID_TOKEN = "oidc_id_token"  # noqa: S105  a session key


@require_GET
@never_cache
def sign_in(request: HttpRequest) -> HttpResponse:
    """Where anybody chooses how to sign in, and reads what the eID will be asked and why."""
    target = safe_next(request.GET.get("next"))
    if request.user.is_authenticated and request.user.is_resident:
        return HttpResponseRedirect(target or home(_language()))
    form = request.GET.get("form", "")[:100]
    passed_on = {name: value for name, value in (("next", target), ("form", form)) if value}
    query = f"?{urlencode(passed_on)}" if passed_on else ""
    context = {
        "start_url": reverse("identity:eid_start") + query,
        "concepts": claims.labels(claims.requested_concepts(request, form)),
        "next": target or "",
        "parked": parked.state(request, urlsplit(target).path) if target else "",
    }
    return render(request, "identity/sign_in.html", context)


@method_decorator(never_cache, name="dispatch")
class EidStartView(OIDCAuthenticationRequestView):
    """Leaves for the eID provider: code flow with PKCE, state, nonce, and the claims needed.

    ``?next=`` path to return to, ``?form=`` service whose form is about to be filled,
    ``?step_up=1`` confirm again now and strongly, ``?by_form=1`` see `access.to_confirmation`.
    """

    get_settings = staticmethod(config.get_settings)

    def __init__(self, **kwargs: Any) -> None:
        # The library reads its settings here; ours belong to the request's municipality.
        View.__init__(self, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        language = _language()
        if "by_form" in request.GET:
            query = request.GET.copy()
            del query["by_form"]
            context = {"onwards": f"{request.path}?{query.urlencode()}"}
            return render(request, "identity/to_eid.html", context)
        try:
            with config.using(config.load()) as client:
                return self._leave(request, client, language)
        except EidRefused as refused:
            return _refuse(request, refused, language=language)

    def _leave(self, request: HttpRequest, client: EidClient, language: str) -> HttpResponse:
        self.OIDC_OP_AUTH_ENDPOINT = client.authorization_endpoint
        self.OIDC_RP_CLIENT_ID = client.client_id
        form = request.GET.get("form", "")[:100]
        self.concepts = claims.requested_concepts(request, form)
        self.client = client
        self.step_up = "step_up" in request.GET and request.user.is_authenticated
        response = super().get(request)
        request.session.pop("oidc_login_next", None)
        request.session.pop(claims.SESSION_KEY, None)
        state = parse_qs(urlsplit(response.url).query)["state"][0]
        attempts.remember(
            request,
            state,
            {
                "next": safe_next(request.GET.get("next")) or "",
                "language": language,
                "concepts": sorted(self.concepts),
                "step_up": self.step_up,
                "user_id": str(request.user.pk) if self.step_up else "",
            },
        )
        return response

    def get_extra_params(self, request: HttpRequest) -> dict[str, str]:
        """Scopes or the claims parameter, the language of the pages, and the assurance level."""
        client = self.client
        params = {"ui_locales": _language()}
        if client.ask_by == EidClient.AskBy.CLAIMS:
            params["claims"] = json.dumps(claims.claims_parameter(self.concepts))
        else:
            params["scope"] = claims.scopes(self.concepts)
        acr = client.acr_step_up if self.step_up else client.acr_required
        if acr:
            params["acr_values"] = acr
        if self.step_up:
            params["prompt"] = "login"
            params["max_age"] = "0"
        return params


@method_decorator(never_cache, name="dispatch")
class EidCallbackView(OIDCAuthenticationCallbackView):
    """The provider's answer. Signs in, or leads to a page that says what happened."""

    get_settings = staticmethod(config.get_settings)

    def get(self, request: HttpRequest) -> HttpResponse:
        attempt: Attempt | None = None
        try:
            attempt = attempts.claim(request)
            with config.using(config.load()) as client:
                self._check_sender(request, client)
                # What a refused sign-in began to write is undone; the refusal itself is kept.
                with transaction.atomic():
                    return self._accept(request, attempt, client)
        except EidRefused as refused:
            language = attempt.language if attempt else _language()
            return _refuse(request, refused, language=language, attempt=attempt)

    @staticmethod
    def _check_sender(request: HttpRequest, client: EidClient) -> None:
        """RFC 9207 first: an answer of another provider must not even be read."""
        sender = request.GET.get("iss")
        if sender != client.issuer and (sender is not None or client.requires_iss):
            raise EidRefused("mixed_up", "iss of the answer")
        error = request.GET.get("error")
        if error:
            raise _provider_error(error, request.GET.get("error_description", ""))
        if not request.GET.get("code"):
            raise EidRefused("provider_answer", "neither code nor error")

    def _accept(self, request: HttpRequest, attempt: Attempt, client: EidClient) -> HttpResponse:
        backend = EidBackend(attempt)
        user = backend.authenticate(request)
        assert user is not None  # noqa: S101  authenticate raises instead, with an attempt
        before = request.session.session_key
        # A new session key, and an empty session when another person was signed in.
        auth.login(request, user, backend=BACKEND)
        parked.settle(request, user)
        # However long the visitor's session was to last: who is signed in gets the usual time.
        request.session.set_expiry(None)
        payload = backend.payload
        request.session[SESSION_ID_TOKEN] = backend.id_token
        request.session[SESSION_AUTH] = {
            "acr": payload.get("acr") or "",
            "auth_time": payload.get("auth_time") or int(time.time()),
            "at": int(time.time()),
            "step_up": attempt.step_up,
        }
        request.session.pop(SESSION_PROBLEM, None)
        if request.session.session_key is None:  # emptied because another person was signed in
            request.session.save()
        actions.session_opened(
            request=request,
            user=user,
            issuer=client.issuer,
            payload=payload,
            step_up=attempt.step_up,
            replaces=before,
        )
        return HttpResponseRedirect(safe_next(attempt.next) or home(attempt.language))


def _provider_error(error: str, description: str) -> EidRefused:
    """The provider's own refusal (RFC 6749 4.1.2.1). Its text is never shown."""
    if error == "access_denied" and "expired" in description.lower():
        return EidRefused("card_expired", "certificate expired")
    code = {
        "access_denied": "cancelled",
        "temporarily_unavailable": "provider_down",
        "server_error": "provider_down",
        "unmet_authentication_requirements": "acr_too_low",
        "login_required": "auth_too_old",
    }.get(error, "provider_refused")
    return EidRefused(code, "error of the provider")


def _refuse(
    request: HttpRequest,
    refused: EidRefused,
    *,
    language: str,
    attempt: Attempt | None = None,
) -> HttpResponse:
    """Remember what happened, write it down, and lead to the page about it."""
    reference = new_reference()
    logger.warning(
        "eid_refused code=%s reference=%s detail=%s", refused.code, reference, refused.detail
    )
    # Without an attempt of ours anybody could fill the ledger by calling the address.
    if attempt is not None:
        actions.sign_in_refused(code=refused.code, reference=reference)
    request.session[SESSION_PROBLEM] = {
        "code": refused.code,
        "reference": reference,
        "next": attempt.next if attempt else "",
        "step_up": attempt.step_up if attempt else False,
    }
    with translation.override(language):
        return HttpResponseRedirect(reverse("identity:eid_problem"))


@require_GET
@never_cache
def eid_problem(request: HttpRequest) -> HttpResponse:
    """What happened at the sign-in, how to go on, and a reference number."""
    kept = request.session.get(SESSION_PROBLEM)
    if not isinstance(kept, dict) or kept.get("code") not in PROBLEMS:
        return HttpResponseRedirect(reverse("identity:sign_in"))
    problem = PROBLEMS[kept["code"]]
    passed_on = {"next": kept["next"]} if safe_next(kept.get("next")) else {}
    if kept.get("step_up"):
        passed_on["step_up"] = "1"
    query = f"?{urlencode(passed_on)}" if passed_on else ""
    context = {
        "problem": problem,
        "code": kept["code"],
        "reference": kept["reference"],
        "again_url": reverse("identity:eid_start") + query,
        "home_url": home(_language()),
    }
    return render(request, "identity/eid_problem.html", context, status=problem.status)


@require_POST
@never_cache
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session here; the next page offers to end the one at the eID provider too."""
    user = request.user
    if user.is_authenticated:
        hint = request.session.get(SESSION_ID_TOKEN) if user.is_resident else None
        actions.signed_out(request=request, user=user)
        auth.logout(request)
        if hint:
            request.session[SESSION_LOGOUT] = {"id_token": hint, "at": time.time()}
            request.session.set_expiry(600)
    return HttpResponseRedirect(reverse("identity:signed_out"))


@require_GET
@never_cache
def signed_out(request: HttpRequest) -> HttpResponse:
    """You are signed out (and, coming back from there, at the provider too)."""
    context = {
        "at_provider": bool(request.session.get(SESSION_LOGOUT)) and "state" not in request.GET,
        "home_url": home(_language()),
    }
    return render(request, "identity/signed_out.html", context)


@require_GET
@never_cache
def eid_sign_out(request: HttpRequest) -> HttpResponse:
    """Leave for the provider to sign out there (RP-Initiated Logout 1.0)."""
    kept = request.session.pop(SESSION_LOGOUT, None)
    try:
        client = config.load()
    except EidRefused:
        kept = None
    if not kept or not client.end_session_endpoint:
        return HttpResponseRedirect(reverse("identity:signed_out"))
    with translation.override(settings.LANGUAGE_CODE):
        back = request.build_absolute_uri(reverse("identity:signed_out"))
    params = {
        "id_token_hint": kept["id_token"],
        "client_id": client.client_id,
        "post_logout_redirect_uri": back,
        "state": get_random_string(16),
        "ui_locales": _language(),
    }
    return HttpResponseRedirect(f"{client.end_session_endpoint}?{urlencode(params)}")


@csrf_exempt
@require_POST
@never_cache
def backchannel_logout(request: HttpRequest) -> HttpResponse:
    """The provider ends sessions of its own accord (Back-Channel Logout 1.0).

    Called by the provider's server; what it says is signed, so no CSRF token is needed.
    """
    try:
        client = config.load()
        said = tokens.verify_logout_token(request.POST.get("logout_token"), client)
        actions.end_eid_sessions(
            issuer=client.issuer,
            subject=said.get("sub"),
            sid=said.get("sid"),
            jti=said["jti"],
        )
    except EidRefused as refused:
        logger.warning("eid_logout_refused code=%s detail=%s", refused.code, refused.detail)
        return JsonResponse({"error": "invalid_request"}, status=400)
    return HttpResponse(status=200)


def _language() -> str:
    """The language of this page, one of ours."""
    active = (translation.get_language() or settings.LANGUAGE_CODE).split("-")[0]
    return active if active in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
