"""Registers the demo's municipalities at the sandbox eID: one client each, with its own keys."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from identity.eid import registration
from tenants import context
from tenants.models import Municipality

PROVIDER = Path(__file__).with_name("provider.mjs")


def personas() -> list[dict[str, Any]]:
    """The people of the sandbox: ``{"id", "title": {"ja", "en"}, "claims" or "error"}``."""
    found: list[dict[str, Any]] = json.loads(PROVIDER.with_name("personas.json").read_text("utf-8"))
    return found


def client_id_of(town: Municipality) -> str:
    """The municipality's name at the provider."""
    return f"madoguchi-{town.schema_name}"


def document_of(issuer: str) -> dict[str, Any]:
    """The sandbox provider's discovery document, known without asking it: it need not run yet."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/auth",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/me",
        "jwks_uri": f"{issuer}/jwks",
        "end_session_endpoint": f"{issuer}/session/end",
        "claims_parameter_supported": True,
        "authorization_response_iss_parameter_supported": True,
    }


def register_towns(
    towns: Iterable[tuple[Municipality, str]], issuer: str, config_path: str | os.PathLike[str]
) -> list[str]:
    """Store each town's registration and write the provider's configuration file.

    `towns` pairs a municipality with its base address (``http://shiomi.localhost:8000``). Keys that
    exist are kept, so a running session survives; the file is private, for it holds the provider's
    own keys. Returns the client ids.
    """
    path = Path(config_path)
    config = _config(path, issuer)
    clients = {client["client_id"]: client for client in config["clients"]}
    for town, base_url in towns:
        with context.municipality(town):
            client, public = registration.register(
                client_id=client_id_of(town), document=document_of(issuer)
            )
        clients[client.client_id] = _entry(town, base_url, public)
    config["clients"] = list(clients.values())
    _write(path, config)
    return list(clients)


def _entry(town: Municipality, base_url: str, public: registration.Jwks) -> dict[str, Any]:
    base = base_url.rstrip("/")
    with translation.override(settings.LANGUAGE_CODE):
        signed_out = reverse("identity:signed_out")
    return {
        "client_id": client_id_of(town),
        "client_name": town.name.in_language("ja"),
        "client_name#en": town.name.in_language("en"),
        "redirect_uris": [base + reverse("eid_callback")],
        "post_logout_redirect_uris": [base + signed_out],
        "backchannel_logout_uri": base + reverse("eid_backchannel_logout"),
        "jwks": public,
    }


def _config(path: Path, issuer: str) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    if kept.get("issuer") != issuer:
        kept["clients"] = []
    kept["issuer"] = issuer
    port = issuer.rsplit(":", 1)[-1]
    kept["port"] = int(port) if port.isdigit() else 9400
    kept.setdefault("salt", secrets.token_hex(16))
    kept.setdefault("cookie_keys", [secrets.token_hex(24)])
    if "jwks" not in kept:
        kept["jwks"] = {
            "keys": [
                key for alg in ("ES256", "PS256") for key in registration.new_keys(alg=alg)["keys"]
            ]
        }
    return kept


def _write(path: Path, config: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(config, file, ensure_ascii=False, indent=1)
    draft.replace(path)
