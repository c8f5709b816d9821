"""The payment page of the sandbox provider: pays, declines or gives up, as the visitor likes.

It is a stranger to the towns: all it knows is in the signed request, and its signed answer is all
it says. No money moves.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from billing.providers import signing
from billing.providers.sandbox import ANSWER, PARAMETER, REQUEST, REQUEST_SECONDS
from common.text import Text
from sandbox.language import spoken

OUTCOMES = ("paid", "declined", "cancelled")


@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest) -> HttpResponse:
    """GET shows the payment that the signed request asks for; POST answers it and goes back."""
    if not settings.SANDBOX:
        raise Http404
    message = request.GET.get(PARAMETER, "")
    try:
        order = signing.read(settings.SANDBOX_PAY_SECRET, REQUEST, message, max_age=REQUEST_SECONDS)
    except signing.BadMessage as error:
        return _refused(request, str(error))
    outcome = request.POST.get("outcome", "") if request.method == "POST" else ""
    if outcome in OUTCOMES:
        return HttpResponseRedirect(_return_address(order, outcome), status=303)
    return _page(request, order, message)


def _page(request: HttpRequest, order: dict[str, Any], message: str) -> HttpResponse:
    with spoken(request, order["language"]) as language:
        response = render(
            request,
            "sandbox/pay/pay.html",
            {
                "payee": str(Text(order["payee"])),
                "title": str(Text(order["title"])),
                "reference": order["reference"],
                "amount": order["amount"],
                "language": language,
                "same_page": urlencode({PARAMETER: message}),
            },
        )
    # The form's answer leads back to the town, and browsers ask the page's policy about that too.
    town = urlsplit(order["return_url"])
    origin = f"{town.scheme}://{town.netloc}"
    response._csp_update = {"form-action": [origin]}  # type: ignore[attr-defined]  # noqa: SLF001
    response["Cache-Control"] = "no-store"
    return response


def _refused(request: HttpRequest, why: str) -> HttpResponse:
    with spoken(request) as language:
        return render(
            request,
            "sandbox/pay/refused.html",
            {"expired": why == "expired", "language": language},
            status=400,
        )


def _return_address(order: dict[str, Any], outcome: str) -> str:
    """Where the payer goes back to, with the signed answer."""
    answer = signing.sign(
        settings.SANDBOX_PAY_SECRET,
        ANSWER,
        {
            "town": order["town"],
            "fee": order["fee"],
            "reference": order["reference"],
            "amount": order["amount"],
            "outcome": outcome,
            "try": order["try"],
            "payment_id": _payment_id(order["try"], outcome),
        },
    )
    joint = "&" if urlsplit(order["return_url"]).query else "?"
    return f"{order['return_url']}{joint}{urlencode({PARAMETER: answer})}"


def _payment_id(attempt: str, outcome: str) -> str:
    """The provider's number of a payment: pressing "pay" twice on one page gives the same."""
    digest = hmac.new(
        settings.SANDBOX_PAY_SECRET.encode(), f"{attempt}:{outcome}".encode(), hashlib.sha256
    )
    return f"sandbox-{outcome}-{digest.hexdigest()[:24]}"
