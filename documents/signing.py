"""Signing letters: PAdES B-B by the municipality's own key, after the PDF is made.

``LETTER_SIGNING`` maps a municipality's schema to its key: a PKCS#12 file with the file of its
passphrase. Who is not named there signs nothing.
The signature is an addition to the file: every byte of the rendered letter stays, tags included.
"""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import structlog
from django.conf import settings
from django.utils import timezone
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from common.database import connection
from documents.errors import RenderingError

FIELD = "MunicipalSeal"

log = structlog.get_logger(__name__)


class CertificateNotValid(ValueError):
    """Its time is over, or has not come: nobody who checks the letter would believe it."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Pkcs12(_Strict):
    """A key in a file. The passphrase is read from a file of its own, never from the settings."""

    kind: Literal["pkcs12"]
    path: str
    passphrase_file: str = ""


_KEYS: TypeAdapter[dict[str, Pkcs12]] = TypeAdapter(dict[str, Pkcs12])


def keys() -> dict[str, Pkcs12]:
    """The keys by schema. Raises `ValueError` for settings that cannot be understood."""
    try:
        return _KEYS.validate_python(getattr(settings, "LETTER_SIGNING", None) or {})
    except ValidationError as error:
        places = ", ".join(".".join(str(part) for part in one["loc"]) for one in error.errors())
        raise ValueError(f"LETTER_SIGNING: {places}") from None


def is_configured() -> bool:
    """Whether the active municipality signs its letters."""
    return connection.schema_name in keys()


def sign(pdf: bytes) -> bytes:
    """`pdf` with the municipality's signature; the same bytes where it has no key.

    Raises `RenderingError`: a town that signs issues nothing unsigned.
    """
    key = keys().get(connection.schema_name)
    if key is None:
        return pdf
    try:
        return _signed(pdf, key)
    except Exception as error:
        # The reason may name files and tokens: for the log, not for a page.
        log.error("pdf.not_signed", error=type(error).__name__)
        raise RenderingError("The document could not be signed.", code="not_signed") from error


def _signed(pdf: bytes, key: Pkcs12) -> bytes:
    # Inside: half a second that only who signs need spend.
    from pyhanko.sign import signers  # noqa: PLC0415
    from pyhanko.sign.fields import SigSeedSubFilter  # noqa: PLC0415

    about = signers.PdfSignatureMetadata(
        field_name=FIELD, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES
    )
    signer = _signer_of_file(key, Path(key.path).stat().st_mtime_ns)
    certificate = signer.signing_cert
    if not certificate.not_valid_before <= timezone.now() <= certificate.not_valid_after:
        raise CertificateNotValid
    return _written(signers, pdf, about, signer)


def _written(signers: Any, pdf: bytes, about: Any, signer: Any) -> bytes:
    from pyhanko.pdf_utils.incremental_writer import (  # noqa: PLC0415
        IncrementalPdfFileWriter,
    )

    out = signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), about, signer=signer)
    signed: bytes = out.getvalue()
    return signed


@lru_cache(maxsize=64)
def _signer_of_file(key: Pkcs12, changed: int) -> Any:
    """The key in memory, read anew when its file was changed."""
    from pyhanko.sign import signers  # noqa: PLC0415

    passphrase = Path(key.passphrase_file).read_bytes().strip() if key.passphrase_file else None
    signer = signers.SimpleSigner.load_pkcs12(key.path, passphrase=passphrase)  # type: ignore[no-untyped-call]
    if signer is None:
        raise ValueError("the PKCS#12 file cannot be read with this passphrase")
    return signer
