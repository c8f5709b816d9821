"""Files in pieces over HTTP: tus 1.0 (core, creation, termination) for the script on a form's page.

Beyond tus there are a list of what is on its way, and `finish`, which attaches the file and answers
with the question's field as it now is. The rooms that have such pages say whose draft or upload it
is, and the name of the route of one upload.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.http.request import UnreadablePostError
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils.translation import gettext as _

from common.actor import Actor
from forms import pages, resumable, saving
from forms.errors import DraftClosed, FileRefused, WrongOffset
from forms.models import Draft, Upload

CHUNK_TYPE = "application/offset+octet-stream"
LONGEST_METADATA = 2_000


def uploads(request: HttpRequest, draft: Draft, route: str) -> HttpResponseBase:
    """What is on its way to a draft; a POST announces a file (tus: creation)."""
    if request.method != "POST":
        return JsonResponse(
            {
                "token": get_token(request),
                "words": _words(),
                "waiting": [_described(upload, route) for upload in resumable.unfinished(draft)],
            }
        )
    size = _number(request.headers.get("Upload-Length", ""))
    told = _metadata(request.headers.get("Upload-Metadata", ""))
    if size is None or told is None or "question" not in told:
        return _tus(HttpResponse(status=400))
    question_id, entry = told["question"], told.get("entry", "")
    try:
        upload = resumable.begin(
            draft=draft,
            question_id=question_id,
            name=told.get("filename", ""),
            size=size,
            sha256=told.get("sha256", ""),
            entry=entry,
        )
    except FileRefused as refused:
        path = entry.split("/") if entry else []
        return _field(draft, question_id, path, refused, told.get("filename", ""))
    except DraftClosed as closed:
        return _closed(closed)
    except LookupError:
        return _tus(HttpResponse(status=404))
    answer = _tus(HttpResponse(status=201), upload.offset)
    answer["Location"] = reverse(route, args=[upload.pk])
    return answer


def upload(request: HttpRequest, found: Upload, route: str) -> HttpResponseBase:
    """How much has arrived; PATCH adds a piece, DELETE gives it up."""
    method = request.method
    if method == "POST":  # where something on the way lets no PATCH through
        method = request.headers.get("X-HTTP-Method-Override", "PATCH").upper()
    if method == "PATCH":
        return _append(request, found)
    if method == "DELETE":
        resumable.cancel(found)
        return _tus(HttpResponse(status=204))
    body = HttpResponse() if method == "HEAD" else JsonResponse(_described(found, route))
    answer = _tus(body, found.offset)
    answer["Upload-Length"] = str(found.size)
    return answer


def finish(found: Upload, by: Actor, thumbnails: str) -> HttpResponseBase:
    """Everything has arrived: examine it and attach it. The answer is the question's field."""
    try:
        done = resumable.finish(found, by=by)
    except WrongOffset as wrong:
        return _tus(HttpResponse(status=409), wrong.offset)
    except FileRefused as refused:
        found.draft.thumbnails = thumbnails
        return _field(found.draft, found.question_id, found.path, refused, found.name)
    except DraftClosed as closed:
        return _closed(closed)
    except LookupError:
        return _tus(HttpResponse(status=404))
    draft = Draft.objects.get(pk=found.draft_id)
    draft.thumbnails = thumbnails
    answer = _field(draft, found.question_id, found.path)
    if done.sha256:  # RFC 9530, of what was sent, before it was made safe
        digest = base64.b64encode(bytes.fromhex(done.sha256)).decode()
        answer["Repr-Digest"] = f"sha-256=:{digest}:"
    return answer


def _append(request: HttpRequest, found: Upload) -> HttpResponse:
    offset = _number(request.headers.get("Upload-Offset", ""))
    if request.content_type != CHUNK_TYPE:
        return _tus(HttpResponse(status=415))
    if offset is None:
        return _tus(HttpResponse(status=400))
    try:
        data = request.read(resumable.MOST_CHUNK + 1)
    except (UnreadablePostError, OSError):
        return _tus(HttpResponse(status=400), found.offset)
    if len(data) > resumable.MOST_CHUNK:
        return _tus(HttpResponse(status=413), found.offset)
    try:
        found = resumable.append(found, offset=offset, data=data)
    except WrongOffset as wrong:
        return _tus(HttpResponse(status=409), wrong.offset)
    except LookupError:
        return _tus(HttpResponse(status=404))
    return _tus(HttpResponse(status=204), found.offset)


def _field(
    draft: Draft,
    question_id: str,
    path: Sequence[str],
    refused: FileRefused | None = None,
    name: str = "",
) -> HttpResponse:
    """The question's part of the page, with the reason of a refusal beside it."""
    reasons = [saving.about_file(name, refused)] if refused else []
    try:
        html: str = pages.field_of(draft, question_id, reasons, path)
    except LookupError:  # another answer took the question away meanwhile, or the entry is gone
        html = ""
    return _tus(HttpResponse(html, status=422 if refused else 200))


def _closed(closed: DraftClosed) -> HttpResponse:
    return _tus(HttpResponse(str(closed), status=410, content_type="text/plain; charset=utf-8"))


def _tus(answer: HttpResponse, offset: int | None = None) -> HttpResponse:
    answer["Tus-Resumable"] = "1.0.0"
    answer["Cache-Control"] = "private, no-store"
    if offset is not None:
        answer["Upload-Offset"] = str(offset)
    return answer


def _described(found: Upload, route: str) -> dict[str, Any]:
    return {
        "url": reverse(route, args=[found.pk]),
        "question": found.question_id,
        "entry": found.entry,
        "name": found.name,
        "size": found.size,
        "offset": found.offset,
    }


def _number(text: str) -> int | None:
    """A length or an offset; None when it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None


def _metadata(text: str) -> dict[str, str] | None:
    """tus's ``key base64,key base64``; None when it is none."""
    if len(text) > LONGEST_METADATA:
        return None
    found = {}
    for pair in text.split(","):
        key, _space, value = pair.strip().partition(" ")
        try:
            found[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None
    return found


def _words() -> dict[str, str]:
    """What the script says, with ``{name}`` and ``{percent}``."""
    return {
        "progress": _("{name}: sent {percent} %"),
        "checking": _("{name} has arrived and is being checked."),
        "done": _("{name} is attached."),
        "broken": _(
            "The line is interrupted. {name} goes on by itself as soon as it is back. "
            "Arrived so far: {percent} %"
        ),
        "waiting": _(
            "{name} has arrived in part ({percent} %). Choose the same file again, and it goes on "
            "from there."
        ),
        "signed_out": _(
            "You have been signed out. Sign in again, then choose the same file: it goes on from "
            "where it stopped."
        ),
        "sign_in": _("Sign in again"),
        "refused": _("{name} was not taken. The reason is beside the question."),
        "failed": _("{name} could not be sent. Please choose it once more."),
        "cancel": _("Cancel {name}"),
        "cancelled": _("{name} is not sent."),
        "held": _("The page goes on as soon as the file has arrived."),
    }
