"""Files of a draft: stored after examination, removed, read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

import structlog
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.http import FileResponse
from django.utils.translation import gettext as _

from common import handing
from common.errors import NotFound
from common.lookup import Lookup
from forms.errors import FileRefused
from forms.models import Attachment, Draft
from forms.prepared import Prepared
from forms.questions import MEGABYTE, FileQuestion
from forms.uploads.examine import examine, too_large
from forms.validation import is_uuid
from tenants.files import PrivateStorage

log = structlog.get_logger(__name__)

MOST_PER_DRAFT = 40
MOST_BYTES_PER_DRAFT = 100 * MEGABYTE
#: Of somebody who has not said who they are.
MOST_PER_GUEST_DRAFT = 20
MOST_BYTES_PER_GUEST_DRAFT = 30 * MEGABYTE
_of_draft: Lookup[Attachment] = Lookup(
    lambda draft: Attachment.objects.filter(draft=draft), draft=UUID
)
_by_ids: Lookup[Attachment] = Lookup(
    lambda ids: Attachment.objects.filter(pk__any_of=ids), ids=list
)


def store(draft: Draft, question: FileQuestion, upload: UploadedFile) -> Attachment:
    """Examine an upload and keep it with the draft. Raises `FileRefused` with the reason."""
    most = question.max_size_mb * MEGABYTE
    if (upload.size or 0) > most:
        raise too_large(most)
    safe = examine(
        upload.read(most + 1), upload.name or "", accept=question.accept, most_bytes=most
    )
    # From here on one window after the other, so that two cannot both take the last place.
    # Whose it is may have changed since the caller read it: a guest has signed in.
    held = Draft.objects.select_for_update(no_key=True).only("pk", "resident_id").get(pk=draft.pk)
    if not fits(draft, len(safe.data)):
        raise draft_full()
    attachment = Attachment(
        owner_id=held.resident_id,
        draft=draft,
        question_id=question.id,
        filename=safe.filename,
        content_type=safe.content_type,
        size=len(safe.data),
        sha256=safe.sha256,
    )
    attachment.file.save(safe.filename, ContentFile(safe.data), save=False)
    try:
        attachment.save(force_insert=True)
    except BaseException:
        attachment.file.delete(save=False)
        raise
    return attachment


def fits(draft: Draft, size: int, others: int = 0) -> bool:
    """Is there room in the draft for `size` bytes more, in one file and `others`?"""
    kept = [item.size for item in _of_draft.all(draft=draft.pk)]
    most, most_bytes = MOST_PER_DRAFT, MOST_BYTES_PER_DRAFT
    if draft.is_guest:
        most, most_bytes = MOST_PER_GUEST_DRAFT, MOST_BYTES_PER_GUEST_DRAFT
    return len(kept) + others < most and sum(kept) + size <= most_bytes


def draft_full() -> FileRefused:
    return FileRefused(
        _("There are too many or too large files in this application. Remove some first."),
        code="draft_full",
    )


def copy(original: Attachment, draft: Draft, question: FileQuestion) -> Attachment:
    """The same file once more, for another draft: each can be removed without the other.

    It was examined when it was stored. Raises `FileRefused` when the question does not take it.
    """
    kinds = {"application/pdf": "pdf"}
    if kinds.get(original.content_type, "image") not in question.accept or (
        original.size > question.max_size_mb * MEGABYTE
    ):
        raise FileRefused(_("This file does not fit here."), code="does_not_fit")
    twin = Attachment(
        owner_id=draft.resident_id,
        draft=draft,
        question_id=question.id,
        filename=original.filename,
        content_type=original.content_type,
        size=original.size,
        sha256=original.sha256,
    )
    with original.file.open("rb") as content:
        twin.file.save(original.filename, content, save=False)
    try:
        twin.save(force_insert=True)
    except BaseException:
        twin.file.delete(save=False)
        raise
    return twin


def of_draft(draft: Draft) -> dict[str, Attachment]:
    """The draft's files by id: one query."""
    return {str(item.pk): item for item in _of_draft.all(draft=draft.pk)}


def shown(draft: Draft) -> dict[str, Attachment]:
    """What a page of the draft names files by: its own, and on a correction's draft those that were
    sent with the application. One query, there two."""
    files = of_draft(draft)
    if draft.only is None:
        return files
    sent = by_ids(referenced(draft.prepared, draft.answers) - files.keys())
    return files | {name: item for name, item in sent.items() if belongs(item, draft)}


def belongs(attachment: Attachment, draft: Draft) -> bool:
    """Is the file of whoever the draft is of? A guest has no files but those of the draft."""
    if draft.is_guest:
        return attachment.owner_id is None and attachment.draft_id == draft.pk
    return attachment.owner_id == draft.resident_id


def by_ids(ids: Iterable[str]) -> dict[str, Attachment]:
    """Files by id, for answers of a submitted application. The caller has checked who may."""
    wanted = [UUID(str(item)) for item in ids]
    if not wanted:
        return {}
    return {str(item.pk): item for item in _by_ids.all(ids=wanted)}


def discard(draft: Draft, ids: Collection[str]) -> None:
    """Delete files of the draft, rows now and contents once that is certain."""
    ids = [item for item in ids if is_uuid(item)]
    if not ids:
        return
    remove(Attachment.objects.filter(draft=draft, owner_id=draft.resident_id, pk__in=ids))


def remove(files: QuerySet[Attachment]) -> None:
    """Delete files, rows now and contents once that is certain."""
    doomed = list(files)
    names = [item.file.name for item in doomed]
    Attachment.objects.filter(pk__in=[item.pk for item in doomed]).delete()
    storage = PrivateStorage()

    def remove_contents() -> None:
        for name in names:
            if name:
                storage.delete(name)

    transaction.on_commit(remove_contents)


def referenced(prepared: Prepared, answers: Mapping[str, Any]) -> set[str]:
    """Every attachment id that `answers` hold, in groups too."""
    found: set[str] = set()
    for node in prepared.nodes.values():
        if node.question.type != "file":
            continue
        found |= {item for value in node.values(answers) for item in ids_in(value)}
    return found


def ids_in(value: Any) -> set[str]:
    """Every attachment id in a file answer or in the entries of a group."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, list):
        return {found for item in value for found in ids_in(item)}
    return set()


def download(found: Attachment) -> FileResponse:
    """The file, to be kept by its reader. Raises `NotFound` for one that is not intact any more."""
    content = handing.intact(found.file, found.sha256)
    if content is None:
        log.error("attachment.damaged", attachment=str(found.pk))
        raise NotFound(_("There is no such file."), code="no_file")
    return handing.handed_out(content, filename=found.filename, content_type=found.content_type)
