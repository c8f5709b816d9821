"""Signing in for tests, here and in other rooms."""

from __future__ import annotations

import base64
import time
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.db.models import QuerySet

from audit.models import LedgerEntry
from identity.models import EidClient, StaffRole, User
from tests.identity.misbehaving import Provider

PASSWORD = "a long enough password"


def make_staff(username: str = "kato", *roles: str, **fields: Any) -> User:
    """Staff with `PASSWORD` and roles for the whole municipality."""
    fields.setdefault("name", "山本 真理")
    user = User.objects.create_staff(username, password=PASSWORD, **fields)
    for role in roles:
        StaffRole.objects.create(user=user, role=role)
    return user


def give_totp(user: User, secret: str = "JBSWY3DPEHPK3PXP") -> str:  # noqa: S107
    """A ready authenticator app for `user`; returns its secret."""
    TOTP.activate(user, secret)
    return secret


def totp_code(secret: str) -> str:
    """The code the app shows now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def sign_in_staff(client: Any, user: User) -> None:
    """A session of `user` that has shown a second factor, without walking through the pages."""
    client.force_login(user, backend="identity.backends.StaffBackend")
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "password", "at": time.time()},
        {"method": "mfa", "type": "totp", "at": time.time()},
    ]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()


def clear_used_codes() -> None:
    """TOTP codes work once; a test that needs the same 30 seconds twice forgets the first."""
    from django.core.cache import cache

    cache.clear()


def b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def factors_of(user: User) -> set[str]:
    return set(Authenticator.objects.filter(user=user).values_list("type", flat=True))


class Journey:
    """One sign-in of a browser at the misbehaving provider."""

    def __init__(self, browser: Any, provider: Provider, client: EidClient) -> None:
        self.browser = browser
        self.provider = provider
        self.client = client
        self.asked: dict[str, str] = {}
        # The town may have people and a past of its own.
        self._residents_before = set(User.objects.filter(kind="resident").values_list("pk"))
        self._ledger_before = set(LedgerEntry.objects.values_list("pk", flat=True))

    def leave(self, path: str = "/eid/start/", **query: str) -> dict[str, str]:
        """Go to the provider; returns what it was asked."""
        response = self.browser.get(path, query)
        assert response.status_code == 302, response.content[:500]
        parts = urlsplit(response["Location"])
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{self.provider.issuer}/auth"
        self.asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.provider.nonce = self.asked["nonce"]
        self.provider.challenge = self.asked["code_challenge"]
        self.provider.code = f"code-{time.monotonic_ns()}"
        return self.asked

    def answer(self, **query: Any) -> Any:
        """Come back with the provider's answer; `...` leaves a parameter out."""
        params = {
            "code": self.provider.code,
            "state": self.asked.get("state", ""),
            "iss": self.provider.issuer,
            **query,
        }
        kept = {name: value for name, value in params.items() if value is not ...}
        return self.browser.get(f"/eid/callback/?{urlencode(kept)}")

    def sign_in(self, **query: str) -> Any:
        self.leave(**query)
        return self.answer()

    def new_residents(self) -> int:
        """How many accounts were made since."""
        now = set(User.objects.filter(kind="resident").values_list("pk"))
        return len(now - self._residents_before)

    def ledger(self) -> QuerySet[LedgerEntry]:
        """What was written down since."""
        return LedgerEntry.objects.exclude(pk__in=self._ledger_before).order_by("pk")

    def user(self) -> User | None:
        """Who is signed in, by the session as it is stored."""
        key = self.browser.session.get("_auth_user_id")
        return User.objects.get(pk=key) if key else None
