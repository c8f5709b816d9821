"""Handing out a paper. Who may have it is the view's question."""

from __future__ import annotations

import hashlib
import hmac
import io

import structlog
from django.http import FileResponse
from django.utils.text import get_valid_filename
from django.utils.translation import gettext as _

from documents.errors import DamagedFile
from documents.models import Document

log = structlog.get_logger(__name__)


def read(document: Document) -> bytes:
    """The file's bytes, checked against what was issued. Raises `DamagedFile`."""
    try:
        with document.file.open("rb") as file:
            content: bytes = file.read(document.size + 1)
    except OSError:
        content = b""
    if not hmac.compare_digest(hashlib.sha256(content).hexdigest(), document.sha256):
        log.error("document.damaged", document=str(document.pk))
        raise DamagedFile(
            _("The file of this document is damaged. Please contact us; we can issue it again."),
            code="damaged_file",
        )
    return content


def download(document: Document, *, filename: str = "") -> FileResponse:
    """The paper as an answer that no cache keeps and no browser runs.

    `filename` (without ending) is for the reader's disk; the title when left out. Raises
    `DamagedFile` before a byte is sent.
    """
    response = FileResponse(
        io.BytesIO(read(document)),
        as_attachment=True,
        filename=f"{get_valid_filename(filename or document.title)}.pdf",
        content_type="application/pdf",
    )
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
