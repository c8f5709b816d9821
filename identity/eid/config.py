"""The municipality's registration as the settings that mozilla-django-oidc asks for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.db import connection
from mozilla_django_oidc.utils import import_from_settings

from identity.eid.problems import EidRefused
from identity.models import EidClient

ALLOWED_ALGORITHMS = frozenset(
    {"ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"}
)

_current: ContextVar[tuple[str, EidClient] | None] = ContextVar("eid_client", default=None)


def schema_name() -> str:
    """The municipality of this request."""
    return str(connection.schema_name)  # type: ignore[attr-defined]


def load() -> EidClient:
    """The active registration of this municipality. Raises `EidRefused` when there is none."""
    client = EidClient.objects.filter(is_active=True).first()
    if client is None:
        raise EidRefused("not_set_up", "no registration")
    algorithms = {client.signing_alg, client.id_token_alg}
    if client.userinfo_alg:
        algorithms.add(client.userinfo_alg)
    if not algorithms <= ALLOWED_ALGORITHMS:
        raise EidRefused("not_set_up", "registration names an algorithm that is not allowed")
    return client


@contextmanager
def using(client: EidClient) -> Iterator[EidClient]:
    """Keep the registration for one request, so it is read once."""
    token = _current.set((schema_name(), client))
    try:
        yield client
    finally:
        _current.reset(token)


def current() -> EidClient:
    """The registration in use; never another municipality's."""
    kept = _current.get()
    if kept is not None and kept[0] == schema_name():
        return kept[1]
    return load()


_FROM_CLIENT = {
    "OIDC_OP_ISSUER": "issuer",
    "OIDC_OP_AUTHORIZATION_ENDPOINT": "authorization_endpoint",
    "OIDC_OP_TOKEN_ENDPOINT": "token_endpoint",
    "OIDC_OP_USER_ENDPOINT": "userinfo_endpoint",
    "OIDC_OP_JWKS_ENDPOINT": "jwks_uri",
    "OIDC_RP_CLIENT_ID": "client_id",
    "OIDC_RP_SIGN_ALGO": "id_token_alg",
}
_FIXED: dict[str, Any] = {
    "OIDC_RP_CLIENT_SECRET": None,  # private_key_jwt
    "OIDC_RP_IDP_SIGN_KEY": None,
    "OIDC_RP_SCOPES": "openid",
    "OIDC_USE_PKCE": True,
    "OIDC_PKCE_CODE_CHALLENGE_METHOD": "S256",
    "OIDC_PKCE_CODE_VERIFIER_SIZE": 64,
    "OIDC_USE_NONCE": True,
    "OIDC_STATE_SIZE": 43,
    "OIDC_NONCE_SIZE": 43,
    "OIDC_MAX_STATES": 10,
    "OIDC_VERIFY_SSL": True,
    "OIDC_VERIFY_KID": True,
    "OIDC_ALLOW_UNSECURED_JWT": False,
    "OIDC_TOKEN_USE_BASIC_AUTH": False,
    "OIDC_STORE_ACCESS_TOKEN": False,
    "OIDC_STORE_ID_TOKEN": True,  # the hint for signing out at the provider
    "OIDC_CREATE_USER": True,
    "OIDC_AUTHENTICATION_CALLBACK_URL": "eid_callback",
    "OIDC_REDIRECT_FIELD_NAME": "next",
    "OIDC_REDIRECT_ALLOWED_HOSTS": [],
}


def get_settings(attr: str, *default: Any) -> Any:
    """mozilla-django-oidc's way of asking; read for the municipality of the moment each time."""
    if attr in _FROM_CLIENT:
        return getattr(current(), _FROM_CLIENT[attr])
    if attr in _FIXED:
        return _FIXED[attr]
    if attr == "OIDC_TIMEOUT":
        return (settings.EID_CONNECT_TIMEOUT, settings.EID_READ_TIMEOUT)
    return import_from_settings(attr, *default)
