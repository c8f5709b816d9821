"""Checking what the provider signed, and signing what we send.

Sources: OpenID Connect Core 1.0 (3.1.3.7 ID token, 5.3.2 userinfo), Back-Channel Logout 1.0 (2.6),
RFC 7523 (private_key_jwt), RFC 8725 (JWT best current practices).
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from typing import Any

import jwt
from django.conf import settings
from jwcrypto import jwe, jwk
from jwcrypto.common import JWException

from identity.eid import keys
from identity.eid.problems import EidRefused
from identity.models import EidClient

MAX_TOKEN = 100_000
ASSERTION_SECONDS = 60
# An ID token is read seconds after it was made; an old one was kept by somebody.
MAX_AGE_SECONDS = 600
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_ENCRYPTION = ["ECDH-ES", "ECDH-ES+A256KW", "ECDH-ES+A128KW", "RSA-OAEP-256"]
_CONTENT_ENCRYPTION = ["A256GCM", "A128GCM", "A256CBC-HS512", "A128CBC-HS256"]


def is_plain(value: Any) -> bool:
    """A short printable ASCII text, as subjects and session ids are."""
    return (
        isinstance(value, str) and 0 < len(value) <= 255 and value.isascii() and value.isprintable()
    )


def _header(token: Any, alg: str, problem: str) -> dict[str, Any]:
    if not isinstance(token, str) or not token or len(token) > MAX_TOKEN:
        raise EidRefused(problem, "no token")
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise EidRefused(problem, "not a token") from None
    if header.get("alg") != alg:
        raise EidRefused(problem, "algorithm is not the registered one")
    if not isinstance(header.get("kid"), str) or not header["kid"]:
        raise EidRefused(problem, "no key id")
    return header


def verify(
    token: Any, client: EidClient, *, alg: str, problem: str, require: list[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token that this provider signed for this client.

    Checks signature, algorithm, key, issuer, audience, expiry, time of issue and that every claim
    in `require` is there. Raises `EidRefused(problem)`.
    """
    header = _header(token, alg, problem)
    key = keys.signing_key(client.jwks_uri, header["kid"], alg, problem)
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[alg],
            audience=client.client_id,
            issuer=client.issuer,
            leeway=settings.EID_LEEWAY_SECONDS,
            options={"require": require},
        )
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError, OverflowError) as error:
        raise EidRefused(problem, type(error).__name__) from None
    return header, claims


def _moment(claims: dict[str, Any], name: str, problem: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise EidRefused(problem, f"{name} is no time")
    return float(value)


def _check_audience(claims: dict[str, Any], client: EidClient, problem: str) -> None:
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    # We trust no other audience, so a token that is also for somebody else is refused.
    if audience != [client.client_id]:
        raise EidRefused(problem, "audience holds others")
    if "azp" in claims and claims["azp"] != client.client_id:
        raise EidRefused(problem, "authorized party is another")


def verify_id_token(
    token: Any, client: EidClient, *, nonce: str | None, access_token: str
) -> dict[str, Any]:
    """The claims of an ID token that answers this very sign-in. Raises `EidRefused`."""
    problem = "token_invalid"
    header, claims = verify(
        token,
        client,
        alg=client.id_token_alg,
        problem=problem,
        require=["iss", "aud", "exp", "iat", "sub", "nonce"],
    )
    _check_audience(claims, client, problem)
    if not is_plain(claims["sub"]):
        raise EidRefused(problem, "subject is no text")
    sent = claims["nonce"]
    if (
        not nonce
        or not isinstance(sent, str)
        or not secrets.compare_digest(sent.encode(), nonce.encode())
    ):
        raise EidRefused(problem, "nonce")
    issued = _moment(claims, "iat", problem)
    if time.time() - issued > MAX_AGE_SECONDS + settings.EID_LEEWAY_SECONDS:
        raise EidRefused(problem, "issued long ago")
    if str(header.get("typ", "JWT")).lower() not in {"jwt", "id_token+jwt"} or "events" in claims:
        raise EidRefused(problem, "another kind of token")
    if "at_hash" in claims and claims["at_hash"] != half_hash(access_token, client.id_token_alg):
        raise EidRefused(problem, "access token belongs to another sign-in")
    return claims


def half_hash(value: str, alg: str) -> str:
    """OpenID's at_hash: left half of the hash that the algorithm uses, base64url."""
    digest = hashlib.new(f"sha{alg[2:]}", value.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def decrypt(token: str, client: EidClient) -> str:
    """The signed token inside an encrypted one. Raises `EidRefused`."""
    private = client.private_key("enc")
    if private is None:
        raise EidRefused("userinfo_invalid", "no key to decrypt")
    envelope = jwe.JWE(algs=[*_ENCRYPTION, *_CONTENT_ENCRYPTION])
    try:
        envelope.deserialize(token, key=jwk.JWK(**private))
        inner: str = envelope.payload.decode()
    except (JWException, ValueError, UnicodeDecodeError):
        raise EidRefused("userinfo_invalid", "cannot be decrypted") from None
    return inner


def verify_userinfo(body: bytes, client: EidClient) -> dict[str, Any]:
    """The claims of a signed (and, where registered so, encrypted) userinfo answer."""
    problem = "userinfo_invalid"
    try:
        token = body.decode("ascii").strip()
    except UnicodeDecodeError:
        raise EidRefused(problem, "not a token") from None
    if client.userinfo_encrypted:
        token = decrypt(token, client)
    _header_unused, claims = verify(
        token, client, alg=client.userinfo_alg, problem=problem, require=["iss", "aud", "sub"]
    )
    _check_audience(claims, client, problem)
    return claims


def verify_logout_token(token: Any, client: EidClient) -> dict[str, Any]:
    """The claims of a back-channel logout token. Raises `EidRefused`."""
    problem = "token_invalid"
    header, claims = verify(
        token,
        client,
        alg=client.id_token_alg,
        problem=problem,
        require=["iss", "aud", "iat", "exp", "jti", "events"],
    )
    _check_audience(claims, client, problem)
    if str(header.get("typ", "logout+jwt")).lower() not in {"logout+jwt", "jwt"}:
        raise EidRefused(problem, "another kind of token")
    if time.time() - _moment(claims, "iat", problem) > MAX_AGE_SECONDS:
        raise EidRefused(problem, "issued long ago")
    events = claims["events"]
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        raise EidRefused(problem, "no logout event")
    if "nonce" in claims:
        raise EidRefused(problem, "a logout token has no nonce")
    named = [claims.get(name) for name in ("sid", "sub") if name in claims]
    if not named or not all(is_plain(name) for name in named):
        raise EidRefused(problem, "names neither session nor subject")
    if not is_plain(claims["jti"]):
        raise EidRefused(problem, "no token id")
    return claims


def client_assertion(client: EidClient) -> str:
    """Our proof of being the registered client (private_key_jwt)."""
    private = client.private_key("sig")
    if private is None:
        raise EidRefused("not_set_up", "no key to sign")
    now = int(time.time())
    return jwt.encode(
        {
            "iss": client.client_id,
            "sub": client.client_id,
            "aud": client.issuer,
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
            "jti": secrets.token_urlsafe(24),
        },
        jwt.PyJWK(private, algorithm=client.signing_alg).key,
        algorithm=client.signing_alg,
        headers={"kid": private["kid"]},
    )
