"""Handing out the paper of a representation. Who may have it is the view's question."""

from __future__ import annotations

from django.http import FileResponse
from django.utils.translation import gettext as _

from common import handing
from common.errors import NotFound
from identity.representation.models import Representation


def download(representation: Representation) -> FileResponse:
    """The paper, to be kept, never to be run by the browser. Raises `NotFound`.

    A file that is not the one that was examined any more is not handed out.
    """
    content = handing.intact(representation.document, representation.document_sha256)
    if not content:
        raise NotFound(_("There is no such file."), code="no_file")
    return handing.handed_out(
        content,
        filename=representation.document_name,
        content_type=representation.document_type,
    )
