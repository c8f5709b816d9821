"""Registering a municipality at an eID provider: its keys, the provider's addresses."""

from __future__ import annotations

import secrets
from typing import Any

from django.utils import timezone
from jwcrypto import jwk

from identity.eid import http
from identity.eid.problems import EidRefused
from identity.models import EidClient

Jwks = dict[str, list[dict[str, Any]]]
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}


def new_keys(*, alg: str = "ES256", encryption: bool = False) -> Jwks:
    """A private JWK set: one key to sign with `alg` and, when asked for, one to decrypt with."""
    keys = [_new_key(alg, "sig")]
    if encryption:
        keys.append(_new_key("ECDH-ES+A256KW", "enc"))
    return {"keys": keys}


def _new_key(alg: str, use: str) -> dict[str, Any]:
    shape: dict[str, Any] = (
        {"kty": "RSA", "size": 3072}
        if alg[:2] in {"RS", "PS"}
        else {"kty": "EC", "crv": _CURVES.get(alg, "P-256")}
    )
    made = jwk.JWK.generate(**shape, kid=f"{use}-{secrets.token_hex(8)}", use=use, alg=alg)
    private: dict[str, Any] = made.export_private(as_dict=True)
    return private


def public_part(jwks: Jwks) -> Jwks:
    """What the provider gets: the same keys without their secrets."""
    return {"keys": [jwk.JWK(**key).export_public(as_dict=True) for key in jwks["keys"]]}


def discover(issuer: str) -> dict[str, Any]:
    """The provider's discovery document, its issuer checked. Raises `EidRefused`."""
    answer = http.call("GET", issuer.rstrip("/") + "/.well-known/openid-configuration")
    if answer.status != 200:
        raise EidRefused("provider_answer", f"discovery: status {answer.status}")
    document = answer.json()
    if document.get("issuer") != issuer:
        raise EidRefused("mixed_up", "discovery names another issuer")
    return document


def register(
    *,
    client_id: str,
    document: dict[str, Any],
    jwks: Jwks | None = None,
    userinfo_alg: str = "ES256",
    userinfo_encrypted: bool = False,
    acr_required: str = "aal2",
    acr_step_up: str = "aal3",
) -> tuple[EidClient, Jwks]:
    """Make or renew this municipality's registration; returns it with the public keys to hand in.

    `document` is the provider's discovery document. Keys that are there already are kept, unless
    `jwks` brings new ones. Any other registration stops being the active one.
    """
    issuer = document["issuer"]
    client = EidClient.objects.filter(issuer=issuer, client_id=client_id).first()
    if client is None:
        client = EidClient(issuer=issuer, client_id=client_id)
        jwks = jwks or new_keys(encryption=userinfo_encrypted)
    if jwks is None:
        kept = [client.private_key("sig"), client.private_key("enc")]
        jwks = {"keys": [key for key in kept if key is not None]}
    client.seal_keys(jwks)
    client.authorization_endpoint = document["authorization_endpoint"]
    client.token_endpoint = document["token_endpoint"]
    client.userinfo_endpoint = document["userinfo_endpoint"]
    client.jwks_uri = document["jwks_uri"]
    client.end_session_endpoint = document.get("end_session_endpoint", "")
    client.discovery = document
    client.discovered_at = timezone.now()
    client.userinfo_alg = userinfo_alg
    client.userinfo_encrypted = userinfo_encrypted
    client.acr_required = acr_required
    client.acr_step_up = acr_step_up
    # Providers that do not announce RFC 9207 do not name themselves in the answer.
    client.requires_iss = bool(document.get("authorization_response_iss_parameter_supported"))
    client.ask_by = (
        EidClient.AskBy.CLAIMS
        if document.get("claims_parameter_supported")
        else EidClient.AskBy.SCOPE
    )
    EidClient.objects.exclude(pk=client.pk).filter(is_active=True).update(is_active=False)
    client.is_active = True
    client.save()
    return client, public_part(jwks)
