"""The guide to the demo, with the staff's current one-time codes."""

from __future__ import annotations

import time

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from sandbox import guide as guides
from sandbox import people
from sandbox.examples import fees
from sandbox.language import spoken
from tenants.models import Municipality


def code_now(secret: str) -> str:
    """The six digits that an authenticator app would show now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


@never_cache
def guide(request: HttpRequest) -> HttpResponse:
    """Addresses, personas, and staff with password and current code. The sandbox only."""
    if not settings.SANDBOX:
        raise Http404
    towns = [
        (
            town,
            address,
            [
                (account, code_now(people.totp_secret(town.schema_name, account.username)))
                for account in people.ACCOUNTS
            ],
        )
        for town, address in guides.addresses()
    ]
    with spoken(request) as language:
        return render(
            request,
            "sandbox/guide.html",
            {
                "towns": towns,
                "personas": guides.personas(),
                "password": people.PASSWORD,
                "language": language,
            },
        )


@never_cache
def bank_file(request: HttpRequest, town: str) -> HttpResponse:
    """A file of the bank about a town's fees as they are now, to try at its finance desk."""
    found = Municipality.objects.filter(schema_name=town, is_active=True).first()
    if not settings.SANDBOX or found is None:
        raise Http404
    name = f"bank-{town}.csv"
    return HttpResponse(
        fees.bank_file(found).encode("utf-8-sig"),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
