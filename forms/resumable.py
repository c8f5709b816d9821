"""Files that come in pieces over a bad line: announce, add at the offset, finish.

The state is what tus 1.0 keeps (length, offset); `portal.views.uploads` speaks its requests. See
``docs/adr/0010-resumable-uploads.md``.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from django.utils.translation import gettext as _

from common.actor import Actor
from common.database import one_or_none
from forms import attachments, drafts, guests, pieces
from forms.errors import FileRefused, WrongOffset
from forms.guests import Guest
from forms.models import Attachment, Draft, Upload
from forms.questions import MEGABYTE, FileQuestion
from forms.uploads.examine import empty, too_large
from forms.validation import too_many_files

#: One piece; a browser sends half of it at most.
MOST_CHUNK = MEGABYTE
#: On their way at a time, and the bytes that they announce.
MOST_PER_DRAFT = 10
MOST_PER_RESIDENT = 20
MOST_BYTES_PER_RESIDENT = 200 * MEGABYTE
#: What nobody has added to for so long makes room for something new.
STALE = timedelta(minutes=15)
#: What nobody has added to for so long is deleted at night.
KEPT = timedelta(hours=48)
#: Refusals that say nothing about the file: it need not be sent a second time.
_LATER = frozenset({"scanner_down"})
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of an upload; `sha256` is of the bytes as they arrived, before anything is done
    to them, and empty when it had been finished before."""

    attachment: Attachment
    sha256: str


def begin(
    *, draft: Draft, question_id: str, name: str, size: int, sha256: str = "", entry: str = ""
) -> Upload:
    """Announce a file of `size` bytes. The same file (by `sha256`) goes on where it stopped.

    `entry`: the keys of the entries of groups that the question is asked in, joined by "/". Raises
    `FileRefused` for what could not be taken anyway, `DraftClosed`, `LookupError`.
    """
    node = drafts.file_node(draft, question_id)
    question = cast("FileQuestion", node.question)
    sha256 = sha256 if _SHA256.match(sha256) else ""
    path = entry.split("/") if entry else []
    _check_question(question, size, len(drafts.files_of(draft, node, path)))
    waiting = _waiting_of_sender(draft)
    for known in waiting:
        same = (known.draft_id, known.question_id, known.entry, known.size, known.sha256)
        if sha256 and same == (draft.pk, question.id, entry, size, sha256):
            return known
    _make_room(draft, waiting, size)
    return Upload.objects.create(
        owner_id=draft.resident_id,
        draft=draft,
        question_id=question.id,
        entry=entry,
        name=name.replace("\0", "")[-255:],
        size=size,
        sha256=sha256,
    )


def _waiting_of_sender(draft: Draft) -> list[Upload]:
    """What the sender has on its way, in any draft.

    One at a time for a resident or guest, so that two windows cannot both take the last place.
    """
    waiting = Upload.objects.filter(owner_id=draft.resident_id, attachment=None)
    if draft.resident_id is not None:
        get_user_model().objects.select_for_update(no_key=True).get(pk=draft.resident_id)
        return list(waiting)
    mine = guests.theirs(Guest(draft.guest))
    held = Draft.objects.select_for_update(no_key=True).filter(mine).order_by("pk")
    if draft.pk not in {one.pk for one in held}:
        raise LookupError("the draft is somebody else's now")
    return list(waiting.filter(draft__guest=draft.guest))


def _check_question(question: FileQuestion, size: int, held: int) -> None:
    most = question.max_size_mb * MEGABYTE
    if size <= 0:
        raise empty()
    if size > most:
        raise too_large(most)
    if held >= question.max_files:
        raise FileRefused(too_many_files(question.max_files), code="too_many_files")


def _make_room(draft: Draft, waiting: list[Upload], size: int) -> None:
    """Raises `FileRefused` when too much is on its way, stale parts dropped."""
    limit = timezone.now() - STALE
    stale = sorted((u for u in waiting if u.touched_at < limit), key=lambda u: u.touched_at)
    while not _has_room(draft, waiting, size):
        if not stale:
            raise attachments.draft_full()
        oldest = stale.pop(0)
        pieces.drop([oldest])
        waiting.remove(oldest)


def _has_room(draft: Draft, waiting: list[Upload], size: int) -> bool:
    here = [upload.size for upload in waiting if upload.draft_id == draft.pk]
    return (
        len(here) < MOST_PER_DRAFT
        and len(waiting) < MOST_PER_RESIDENT
        and sum(upload.size for upload in waiting) + size <= MOST_BYTES_PER_RESIDENT
        and attachments.fits(draft, size + sum(here), len(here))
    )


def get(*, resident_id: Any, upload_id: UUID) -> Upload | None:
    """The resident's own upload. None for anybody else's."""
    return one_or_none(Upload.objects.filter(pk=upload_id, owner_id=resident_id))


def get_of_guest(*, guest: Guest, upload_id: UUID) -> Upload | None:
    """An upload to a draft of this guest. None for anybody else's."""
    return one_or_none(Upload.objects.filter(guests.theirs(guest, "draft__"), pk=upload_id))


def unfinished(draft: Draft) -> list[Upload]:
    """What was begun and has not come to an end, oldest first."""
    return list(Upload.objects.filter(draft=draft, attachment=None).order_by("created_at"))


def append(upload: Upload, *, offset: int, data: bytes) -> Upload:
    """Add `data`, which begins at `offset`. Sent twice, it counts once.

    Raises `WrongOffset`, which knows where to go on, and `LookupError` when it is gone.
    """
    upload = _locked(upload)
    if offset != upload.offset or offset + len(data) > upload.size:
        raise WrongOffset(upload.offset)
    if not data:
        return upload
    try:
        pieces.write(upload, offset, data)
    except FileNotFoundError as missing:  # what had arrived is lost: it begins anew
        pieces.drop([upload])
        raise LookupError("the upload is gone") from missing
    upload.offset += len(data)
    upload.touched_at = timezone.now()
    upload.save(update_fields=["offset", "touched_at"])
    return upload


def finish(upload: Upload, *, by: Actor) -> Finished:
    """Examine what arrived as any file, and attach it to the draft. Finishing twice is the same.

    Raises `WrongOffset` before everything has arrived, `FileRefused`, `DraftClosed`, `LookupError`.
    """
    upload = _locked(upload)
    if upload.attachment is not None:
        return Finished(upload.attachment, "")
    if not upload.is_complete:
        raise WrongOffset(upload.offset)
    try:
        data = pieces.read(upload)
    except OSError:
        data = b""
    sha256 = hashlib.sha256(data).hexdigest()
    if len(data) != upload.size or (upload.sha256 and upload.sha256 != sha256):
        pieces.drop([upload])
        raise FileRefused(
            _("This file was damaged on its way. Please send it once more."), code="damaged_on_way"
        )
    try:
        upload.attachment = drafts.add_file(
            draft=upload.draft,
            question_id=upload.question_id,
            upload=_File(upload.name, data),
            by=by,
            path=upload.path,
        )
    except FileRefused as refused:
        if refused.code not in _LATER:
            pieces.drop([upload])
        raise
    upload.save(update_fields=["attachment"])
    pieces.free(upload)
    return Finished(upload.attachment, sha256)


def cancel(upload: Upload) -> None:
    """The sender does not want it any more. What is attached already stays."""
    if upload.attachment_id is None:
        pieces.drop([upload])


def tidy() -> None:
    """Nightly: forget what nobody has added to for `KEPT`, and bytes without a row."""
    pieces.drop(Upload.objects.filter(touched_at__lt=timezone.now() - KEPT))
    pieces.sweep()


def _locked(upload: Upload) -> Upload:
    """The row as it is now, ours until the end of the transaction."""
    found = one_or_none(Upload.objects.select_for_update().filter(pk=upload.pk))
    if found is None:
        raise LookupError("the upload is gone")
    return found


class _File(SimpleUploadedFile):
    """Bytes in memory under the name that the sender gave, which `names.safe_name` cleans."""

    def __init__(self, name: str, content: bytes) -> None:
        super().__init__("file", content)
        self._name = name
