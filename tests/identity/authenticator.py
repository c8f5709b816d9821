"""A passkey in software: makes and uses ES256 credentials as a browser and a key would."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor

from tests.identity.support import b64

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class Passkey:
    """One credential for one relying party."""

    def __init__(self, origin: str, rp_id: str) -> None:
        self.origin = origin
        self.rp_id = rp_id
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential_id = os.urandom(32)
        self.user_handle = ""
        self.counter = 0
        self.flags = PRESENT | VERIFIED

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """navigator.credentials.create, as webauthn-json hands it over."""
        asked = options["publicKey"]
        self.user_handle = asked["user"]["id"]
        numbers = self.key.public_key().public_numbers()
        cose = {
            1: 2, 3: -7, -1: 1,
            -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big"),
        }  # fmt: skip
        attested = bytes(16) + struct.pack(">H", 32) + self.credential_id + cbor.encode(cose)
        auth_data = self._auth_data(self.flags | ATTESTED) + attested
        client_data = self._client_data("webauthn.create", asked["challenge"])
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": auth_data})
        return {
            **self._common(),
            "response": {
                "clientDataJSON": b64(client_data),
                "attestationObject": b64(attestation),
                "transports": ["internal"],
            },
            "clientExtensionResults": {"credProps": {"rk": True}},
        }

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """navigator.credentials.get."""
        self.counter += 1
        auth_data = self._auth_data(self.flags)
        client_data = self._client_data("webauthn.get", options["publicKey"]["challenge"])
        message = auth_data + hashlib.sha256(client_data).digest()
        return {
            **self._common(),
            "response": {
                "clientDataJSON": b64(client_data),
                "authenticatorData": b64(auth_data),
                "signature": b64(self.key.sign(message, ec.ECDSA(hashes.SHA256()))),
                "userHandle": self.user_handle,
            },
            "clientExtensionResults": {},
        }

    def _common(self) -> dict[str, Any]:
        return {
            "type": "public-key",
            "id": b64(self.credential_id),
            "rawId": b64(self.credential_id),
            "authenticatorAttachment": "platform",
        }

    def _auth_data(self, flags: int) -> bytes:
        digest = hashlib.sha256(self.rp_id.encode()).digest()
        return digest + bytes([flags]) + struct.pack(">I", self.counter)

    def _client_data(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()
