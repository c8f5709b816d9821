"""Handing out the paper of a representation. Who may have it is the view's question."""

from __future__ import annotations

import hashlib
import hmac
import io

from django.http import FileResponse
from django.utils.text import get_valid_filename
from django.utils.translation import gettext as _

from common.errors import NotFound
from identity.representation.models import Representation


def download(representation: Representation) -> FileResponse:
    """The paper, to be kept, never to be run by the browser. Raises `NotFound`.

    A file that is not the one that was examined any more is not handed out.
    """
    try:
        with representation.document.open("rb") as file:
            content = file.read()
    except (OSError, ValueError):  # ValueError: there is none
        content = b""
    if not content or not hmac.compare_digest(
        hashlib.sha256(content).hexdigest(), representation.document_sha256
    ):
        raise NotFound(_("There is no such file."), code="no_file")
    response = FileResponse(
        io.BytesIO(content),
        as_attachment=True,
        filename=get_valid_filename(representation.document_name),
        content_type=representation.document_type,
    )
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
