"""Files in pieces that staff send with a message: `forms.tus` for what is their own."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backoffice.views.reader import at_the_desk, reader_of
from backoffice.views.threads import THUMBNAILS
from common import handing
from common.actor import Actor
from common.database import one_or_none
from forms import drafts, resumable, tus
from forms.models import Attachment, Draft, Upload
from forms.uploads import images

ROUTE = "desk:upload"


def _call(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """For a script: without a session 401, as it can follow no redirect."""
    guarded = at_the_desk(view)

    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return HttpResponse(status=401)
        return guarded(request, *args, **kwargs)

    return asked


def _draft(request: HttpRequest, draft_id: uuid.UUID) -> Draft:
    found = drafts.get_draft(resident_id=reader_of(request).pk, draft_id=draft_id)
    if found is None:
        raise Http404
    found.thumbnails = THUMBNAILS
    return found


def _upload(request: HttpRequest, upload_id: uuid.UUID) -> Upload:
    found = resumable.get(resident_id=reader_of(request).pk, upload_id=upload_id)
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@_call
def uploads(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponseBase:
    """What is on its way to a draft; a POST announces a file."""
    return tus.uploads(request, _draft(request, draft_id), ROUTE)


@require_http_methods(["GET", "HEAD", "PATCH", "POST", "DELETE"])
@_call
def upload(request: HttpRequest, upload_id: uuid.UUID) -> HttpResponseBase:
    """How much has arrived; PATCH adds a piece, DELETE gives it up."""
    return tus.upload(request, _upload(request, upload_id), ROUTE)


@require_POST
@_call
def finish(request: HttpRequest, upload_id: uuid.UUID) -> HttpResponseBase:
    """Everything has arrived: examine it and attach it."""
    by = Actor.of(reader_of(request))
    return tus.finish(_upload(request, upload_id), by, THUMBNAILS)


@require_safe
@at_the_desk
def own_thumbnail(request: HttpRequest, attachment_id: uuid.UUID) -> HttpResponseBase:
    """A small picture of a picture that the reader attached."""
    mine = Attachment.objects.filter(owner=reader_of(request), content_type__startswith="image/")
    found = one_or_none(mine.filter(pk=attachment_id))
    if found is None:
        raise Http404
    try:
        with found.file.open("rb") as file:
            small = images.thumbnail(file)
    except OSError as broken:
        raise Http404 from broken
    return handing.private_file(FileResponse(io.BytesIO(small), content_type="image/jpeg"))
