"""Handing out a file: whole, to one reader, kept by nobody on the way, never run by the browser."""

from __future__ import annotations

import hashlib
import hmac
import io

from django.db.models.fields.files import FieldFile
from django.http import FileResponse, HttpResponseBase
from django.utils.text import get_valid_filename


def intact(file: FieldFile, sha256: str) -> bytes | None:
    """The content of a stored file; None when it is gone, or is not what was once examined."""
    try:
        with file.open("rb") as opened:
            content: bytes = opened.read()
    except (OSError, ValueError):  # ValueError: the row has none
        return None
    found = hashlib.sha256(content).hexdigest()
    return content if hmac.compare_digest(found, sha256) else None


def handed_out(content: bytes, *, filename: str, content_type: str) -> FileResponse:
    """To be kept by the reader under that name, or one like it."""
    response = FileResponse(
        io.BytesIO(content),
        as_attachment=True,
        filename=get_valid_filename(filename),
        content_type=content_type,
    )
    private_file(response)
    return response


def private_file(response: HttpResponseBase) -> HttpResponseBase:
    """`response`, so that no cache keeps it and no browser runs it."""
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
