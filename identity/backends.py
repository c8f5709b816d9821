"""The users of sessions, and authentication by eID.

The eID: mozilla-django-oidc with every check that it leaves to its user. Closed here:
per-municipality settings, private_key_jwt, iss, aud, azp, exp, iat, nonce, algorithm and key id,
signed (and encrypted) userinfo with the same subject, assurance level, and accounts that are
linked by issuer and subject and never by e-mail address.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from common.lookup import Lookup
from identity import actions
from identity.eid import assurance, config, http, tokens
from identity.eid.attempts import Attempt
from identity.eid.problems import EidRefused
from identity.models import EidClient, User
from identity.sessions import offered_owner

_user: Lookup[User] = Lookup(lambda pk: User.objects.filter(pk=pk), pk=UUID)


def _active(pk: UUID, kind: str) -> User | None:
    """The user of a session, unless the account was blocked meanwhile."""
    user = offered_owner(pk) or _user.one(pk=pk)
    return user if user is not None and user.kind == kind and user.is_active else None


class StaffBackend(AuthenticationBackend):
    """Signs staff in by password; second factors are allauth's."""

    def get_user(self, user_id: Any) -> User | None:
        """The member of staff of a session, unless the account was blocked meanwhile."""
        return _active(user_id, User.Kind.STAFF)


class EidBackend(OIDCAuthenticationBackend):
    """Signs residents in. Every refusal is an `EidRefused`, never None and never a crash."""

    get_settings = staticmethod(config.get_settings)

    def __init__(self, attempt: Attempt | None = None) -> None:
        # Django makes a backend for every request that has a user, so nothing is read here.
        self.UserModel = get_user_model()
        self.attempt = attempt
        self.id_token: str = ""
        self.payload: dict[str, Any] = {}

    @property
    def client(self) -> EidClient:
        return config.current()

    @property
    def OIDC_RP_CLIENT_ID(self) -> str:  # noqa: N802  the library reads these names
        return self.client.client_id

    @property
    def OIDC_RP_CLIENT_SECRET(self) -> None:  # noqa: N802
        return None

    def authenticate(self, request: HttpRequest | None, **kwargs: Any) -> User | None:
        """None for what is not an eID answer (Django asks every backend). Raises `EidRefused`."""
        if self.attempt is None:
            return None
        user: User | None = super().authenticate(
            request, nonce=self.attempt.nonce, code_verifier=self.attempt.code_verifier
        )
        if user is None:
            raise EidRefused("token_invalid", "no user")
        return user

    def get_token(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Exchange the code, proving who we are by our key."""
        payload.pop("client_secret", None)
        payload["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        payload["client_assertion"] = tokens.client_assertion(self.client)
        answer = http.call("POST", self.client.token_endpoint, data=payload)
        if answer.status != 200:
            raise self._token_error(answer)
        token_info = answer.json()
        for name in ("id_token", "access_token"):
            if not isinstance(token_info.get(name), str) or not token_info[name]:
                raise EidRefused("provider_answer", f"no {name}")
        if str(token_info.get("token_type", "")).lower() != "bearer":
            raise EidRefused("provider_answer", "token type")
        self._access_token: str = token_info["access_token"]
        return token_info

    @staticmethod
    def _token_error(answer: http.Answer) -> EidRefused:
        error = answer.json().get("error")
        if error == "invalid_grant":
            return EidRefused("code_refused", "invalid_grant")
        if error == "invalid_client":
            return EidRefused("not_set_up", "the provider does not accept our key")
        return EidRefused("provider_answer", f"token endpoint: status {answer.status}")

    def verify_token(self, token: str, **kwargs: Any) -> dict[str, Any]:
        """The ID token's claims, every check of OpenID Connect Core 3.1.3.7 passed."""
        claims = tokens.verify_id_token(
            token, self.client, nonce=kwargs.get("nonce"), access_token=self._access_token
        )
        attempt = self._attempt()
        needed = self.client.acr_step_up if attempt.step_up else self.client.acr_required
        assurance.check(
            claims, needed=needed, since=attempt.started_at if attempt.step_up else None
        )
        self.payload = claims
        return claims

    def store_tokens(self, access_token: str, id_token: str) -> None:
        """Kept for the session that begins after sign-in; the access token is not kept at all."""
        self.id_token = id_token

    def get_userinfo(
        self, access_token: str, id_token: str, payload: dict[str, Any]
    ) -> dict[str, Any]:
        """What the provider tells about the very person of the ID token."""
        client = self.client
        answer = http.call(
            "GET", client.userinfo_endpoint, headers={"Authorization": f"Bearer {access_token}"}
        )
        if answer.status != 200:
            raise EidRefused("provider_answer", f"userinfo: status {answer.status}")
        if client.userinfo_alg:
            if answer.media_type != "application/jwt":
                raise EidRefused("userinfo_invalid", "not signed")
            info = tokens.verify_userinfo(answer.body, client)
        else:
            info = answer.json("userinfo_invalid")
        if info.get("sub") != payload["sub"]:
            raise EidRefused("userinfo_invalid", "another subject")
        return info

    def get_or_create_user(self, access_token: str, id_token: str, payload: dict[str, Any]) -> User:
        """The resident of this issuer and subject, with what the eID told now."""
        attempt = self._attempt()
        info = self.get_userinfo(access_token, id_token, payload)
        return actions.link_resident(
            issuer=self.client.issuer,
            subject=payload["sub"],
            userinfo=info,
            acr=payload["acr"] if tokens.is_plain(payload.get("acr")) else "",
            concepts=frozenset(attempt.concepts),
            language=attempt.language,
            expected_user=attempt.user_id if attempt.step_up else None,
        )

    def filter_users_by_claims(self, claims: dict[str, Any]) -> QuerySet[User]:
        """By issuer and subject only; the library's own way would be the e-mail address."""
        return User.objects.filter(
            eid__issuer=self.client.issuer, eid__subject=claims.get("sub", "")
        )

    def get_user(self, user_id: Any) -> User | None:
        """The resident of a session, unless the account was blocked meanwhile."""
        return _active(user_id, User.Kind.RESIDENT)

    def _attempt(self) -> Attempt:
        if self.attempt is None:
            raise EidRefused("state_unknown", "no attempt")
        return self.attempt
