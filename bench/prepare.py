# ruff: noqa: PLC0415  models can be imported after django.setup() only
"""Residents, a caseworker and their sessions in one pilot municipality; printed as JSON.

Run as ``python -m bench.prepare RESIDENTS`` with the settings of the servers that are measured.
Signing in is measured elsewhere: here its result is made, a session row as the eID or the second
factor would leave it.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import django

ISSUER = "https://eid.bench.invalid"
SERVICE = "park-use"


def main() -> None:
    django.setup()
    from django.conf import settings

    from catalogue.queries import published
    from tenants.context import municipality

    domain = town_domain()
    with municipality(domain.tenant):
        from cases.models import Case

        offering = published().get(slug=SERVICE)
        people = {
            "host": domain.domain,
            "schema": domain.tenant.schema_name,
            "cookie": settings.SESSION_COOKIE_NAME,
            "slug": offering.slug,
            "cases_before": Case.objects.count(),
            "staff": _caseworker(),
            "residents": [_resident(number) for number in range(int(sys.argv[1]))],
        }
    print(json.dumps(people))


def town_domain() -> Any:
    """The address of the municipality that is walked: the first by code."""
    from tenants.context import public
    from tenants.models import Domain

    with public():
        return (
            Domain.objects.select_related("tenant")
            .filter(is_primary=True, tenant__is_active=True)
            .order_by("tenant__code")[0]
        )


def _resident(number: int) -> str:
    """A resident known by eID; returns the session's key."""
    from identity import actions, claims

    user = actions.link_resident(
        issuer=ISSUER,
        subject=f"bench-{number}",
        userinfo={
            "name": f"公園 花子{number}",
            "name#ja-Kana-JP": "コウエン ハナコ",
            "birthdate": "1985-04-12",
            "gender": "2",
            "address": {
                "postal_code": "1000001", "region": "東京都", "locality": "千代田区",
                "street_address": "千代田1-1",
            },
            "email": f"hanako{number}@example.jp",
            "phone_number": "090-0000-0000",
        },
        acr="aal3",
        concepts=frozenset(claims.CONCEPTS),
        language="ja",
    )  # fmt: skip
    return _session(user, "identity.backends.EidBackend")


def _caseworker() -> str:
    """A caseworker of the whole municipality; returns the session's key."""
    from identity.models import Role, StaffRole, User

    user = User.objects.create_staff("bench-caseworker", name="測定 太郎")
    StaffRole.objects.create(user=user, role=Role.CASEWORKER)
    record = {"method": "mfa", "type": "totp", "at": time.time()}
    return _session(
        user,
        "identity.backends.StaffBackend",
        account_authentication_methods=[record],
        account_authentication_methods_user=str(user.pk),
    )


def _session(user: Any, backend: str, **values: Any) -> str:
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from identity.sessions import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = backend
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    for name, value in values.items():
        session[name] = value
    session.save()
    return str(session.session_key)


if __name__ == "__main__":
    main()
