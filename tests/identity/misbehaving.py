"""An eID provider that really signs, on loopback, and misbehaves as a test asks it to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import jwt
from jwcrypto import jwe, jwk

from identity.eid.tokens import half_hash

Claims = dict[str, Any]

PERSON: Claims = {
    "sub": "pairwise-adult",
    "name": "佐藤 恵",
    "name#ja-Kana-JP": "サトウ メグミ",
    "birthdate": "1986-05-14",
    "gender": "female",
    "address": {"formatted": "〒248-0012 神奈川県鎌倉市御成町12-40 コーポ潮風"},
    "email": "megumi.sato@example.test",
}


ES_KEY = jwk.JWK.generate(kty="EC", crv="P-256", kid="es-1", use="sig", alg="ES256")
STRANGER = jwk.JWK.generate(kty="EC", crv="P-256", kid="es-1", use="sig", alg="ES256")
RSA_KEY = jwk.JWK.generate(kty="RSA", size=2048, kid="rs-1", use="sig", alg="RS256")


class Provider:
    """Everything a test may bend is an attribute or a hook."""

    def __init__(self) -> None:
        self.es_key = ES_KEY
        self.stranger = STRANGER
        self.rsa_key = RSA_KEY
        self.person: Claims = dict(PERSON)
        self.code = "code-1"
        self.nonce = ""
        self.challenge = ""
        self.client_id = ""
        self.client_keys: dict[str, Any] = {"keys": []}
        self.acr: Any = "aal3 crl"
        self.auth_time: Any = None
        self.sid = "sid-1"
        self.calls: list[str] = []
        self.bend_id_token: Callable[[Claims], None] = lambda claims: None
        self.bend_header: Callable[[Claims], None] = lambda header: None
        self.sign_id_token: Callable[[Claims, Claims], str] = self._sign
        self.bend_userinfo: Callable[[Claims], None] = lambda claims: None
        self.sign_userinfo: Callable[[Claims], tuple[str, bytes]] = self._userinfo_jwt
        self.bend_token_answer: Callable[[Claims], Any] = lambda answer: answer
        self.raw: dict[str, tuple[int, str, bytes]] = {}
        self.slow: dict[str, float] = {}
        self.drip: set[str] = set()
        self.published: list[Any] | None = None
        self._jtis: set[str] = set()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        self.server.daemon_threads = True
        self._thread = threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()
        self.issuer = f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join(5)

    @property
    def document(self) -> Claims:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "end_session_endpoint": f"{self.issuer}/end",
            "claims_parameter_supported": True,
            "authorization_response_iss_parameter_supported": True,
        }

    # --- What it says when it behaves ---

    def jwks(self) -> Claims:
        keys = self.published if self.published is not None else [self.es_key, self.rsa_key]
        return {"keys": [key.export_public(as_dict=True) for key in keys]}

    def id_token_claims(self, access_token: str) -> Claims:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": self.person["sub"],
            "aud": self.client_id,
            "exp": now + 300,
            "iat": now,
            "nonce": self.nonce,
            "acr": self.acr,
            "auth_time": now if self.auth_time is None else self.auth_time,
            "sid": self.sid,
            "at_hash": half_hash(access_token, "ES256"),
        }
        return {name: value for name, value in claims.items() if value is not ...}

    def _sign(self, claims: Claims, header: Claims) -> str:
        return sign(claims, self.es_key, header)

    def _userinfo_jwt(self, claims: Claims) -> tuple[str, bytes]:
        token = sign(claims, self.es_key, {"alg": "ES256", "kid": "es-1"})
        return "application/jwt", token.encode()

    def token(self, form: dict[str, str]) -> tuple[int, Any]:
        error = self._client_error(form)
        if error:
            return 401, {"error": error}
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if form.get("code") != self.code or challenge != self.challenge:
            return 400, {"error": "invalid_grant"}
        self.code = ""
        access_token = "access-1"
        claims = self.id_token_claims(access_token)
        self.bend_id_token(claims)
        header: Claims = {"alg": "ES256", "kid": "es-1", "typ": "JWT"}
        self.bend_header(header)
        answer = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": self.sign_id_token(claims, header),
        }
        return 200, self.bend_token_answer(answer)

    def _client_error(self, form: dict[str, str]) -> str:
        """private_key_jwt, checked as a strict provider does."""
        try:
            assertion = form["client_assertion"]
            kid = jwt.get_unverified_header(assertion)["kid"]
            key = next(key for key in self.client_keys["keys"] if key["kid"] == kid)
            said = jwt.decode(
                assertion,
                jwt.PyJWK(key),
                algorithms=["ES256"],
                audience=self.issuer,
                issuer=self.client_id,
                options={"require": ["exp", "iat", "jti", "sub", "iss", "aud"]},
            )
        except (KeyError, StopIteration, jwt.PyJWTError):
            return "invalid_client"
        if said["jti"] in self._jtis or "client_secret" in form or said["sub"] != self.client_id:
            return "invalid_client"
        self._jtis.add(said["jti"])
        return ""

    def userinfo(self) -> tuple[str, bytes]:
        claims = {**self.person, "iss": self.issuer, "aud": self.client_id}
        self.bend_userinfo(claims)
        return self.sign_userinfo(claims)

    def logout_token(self, **bent: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": self.client_id,
            "iat": now,
            "exp": now + 120,
            "jti": f"jti-{time.monotonic_ns()}",
            "sid": self.sid,
            "sub": self.person["sub"],
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        }
        key = bent.pop("key", self.es_key)
        header = {"alg": "ES256", "kid": "es-1", "typ": "logout+jwt", **bent.pop("header", {})}
        claims.update(bent)
        return sign({k: v for k, v in claims.items() if v is not ...}, key, header)


def sign(claims: Claims, key: jwk.JWK, header: Claims) -> str:
    """A JWT exactly as told, also where a library would object."""

    def part(value: Claims) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    message = part(header) + b"." + part(claims)
    alg = header.get("alg", "none")
    if str(alg).lower() == "none":
        return (message + b".").decode()
    if alg.startswith("HS"):  # with the public key as the secret: the classic swap
        signature = hmac.new(key.export_to_pem(), message, f"sha{alg[2:]}").digest()
    else:
        # A header may claim what the key cannot do; it is signed with what the key can.
        own = alg if (key["kty"] == "RSA") == (alg[:2] in {"RS", "PS"}) else key["alg"]
        algorithm = jwt.get_algorithm_by_name(own)
        signature = algorithm.sign(message, jwt.PyJWK(_private(key), own).key)
    return (message + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


def _private(key: jwk.JWK) -> Claims:
    private = key.export_private(as_dict=True)
    private.pop("alg", None)
    return private


def encrypted(token: str, public: Claims) -> bytes:
    """`token` in a JWE for the client's encryption key."""
    envelope = jwe.JWE(
        token.encode(),
        protected={"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "cty": "JWT", "kid": public["kid"]},
        recipient=jwk.JWK(**public),
    )
    return envelope.serialize(compact=True).encode()


def _handler_for(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            form = parse_qs(self.rfile.read(length).decode())
            self._answer({name: values[0] for name, values in form.items()})

        def _answer(self, form: dict[str, str]) -> None:
            path = self.path.split("?")[0]
            provider.calls.append(path)
            time.sleep(provider.slow.get(path, 0))
            if path in provider.raw:
                self._send(*provider.raw[path])
            elif path == "/jwks":
                self._send_json(200, provider.jwks())
            elif path == "/token":
                self._send_json(*provider.token(form))
            elif path == "/userinfo":
                if self.headers.get("authorization") != "Bearer access-1":
                    self._send_json(401, {"error": "invalid_token"})
                else:
                    media_type, body = provider.userinfo()
                    self._send(200, media_type, body)
            elif path == "/.well-known/openid-configuration":
                self._send_json(200, provider.document)
            else:
                self._send_json(404, {})

        def _send_json(self, status: int, value: Any) -> None:
            self._send(status, "application/json", json.dumps(value).encode())

        def _send(self, status: int, media_type: str, body: bytes) -> None:
            try:
                self.send_response(status)
                self.send_header("content-type", media_type)
                self.send_header("content-length", str(len(body)))
                if status in {301, 302, 307}:
                    self.send_header("location", body.decode())
                self.end_headers()
                if self.path in provider.drip:
                    for byte in body:
                        self.wfile.write(bytes([byte]))
                        self.wfile.flush()
                        time.sleep(0.05)
                else:
                    self.wfile.write(body)
            except (BrokenPipeError, ConnectionResetError):
                pass  # the client gave up, as it should

        def log_message(self, *args: Any) -> None:
            pass

    return Handler
