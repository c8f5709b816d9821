"""A certificate for signing letters, for demo and tests only: made anew, trusted by nobody."""

from __future__ import annotations

import datetime as dt
import secrets
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import NameOID

DAYS = 365


def make(folder: Path, name: str) -> dict[str, str]:
    """A key and its self-signed certificate for `name`, as ``LETTER_SIGNING`` names them.

    What is there already is kept.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path, passphrase_file = folder / "letters.p12", folder / "letters.pass"
    if not (path.exists() and passphrase_file.exists()):
        _write(path, passphrase_file, name)
    return {"kind": "pkcs12", "path": str(path), "passphrase_file": str(passphrase_file)}


def _write(path: Path, passphrase_file: Path, name: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} (sandbox)")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=DAYS))
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, content_commitment=True, key_encipherment=False,
                data_encipherment=False, key_agreement=False, key_cert_sign=False, crl_sign=False,
                encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    passphrase = secrets.token_urlsafe(24).encode()
    content = pkcs12.serialize_key_and_certificates(
        b"letters", key, certificate, None, BestAvailableEncryption(passphrase)
    )
    for file, data in ((passphrase_file, passphrase), (path, content)):
        file.touch(mode=0o600)
        file.write_bytes(data)
