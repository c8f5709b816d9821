"""Handing out a paper. Who may have it is the view's question."""

from __future__ import annotations

import structlog
from django.http import FileResponse
from django.utils.text import get_valid_filename
from django.utils.translation import gettext as _

from common import handing
from documents.errors import DamagedFile
from documents.models import Document

log = structlog.get_logger(__name__)


def read(document: Document) -> bytes:
    """The file's bytes, checked against what was issued. Raises `DamagedFile`."""
    content = handing.intact(document.file, document.sha256)
    if content is None:
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
    return handing.handed_out(
        read(document),
        filename=f"{get_valid_filename(filename or document.title)}.pdf",
        content_type="application/pdf",
    )
