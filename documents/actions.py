"""Issuing and revoking papers."""

from __future__ import annotations

import hashlib
import os
import tempfile
import uuid
from collections.abc import Callable
from datetime import date
from pathlib import Path

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from common.actor import Actor
from common.errors import NotFound
from documents import codes, signing
from documents.errors import RenderingError
from documents.models import Document, file_path
from documents.pdf import render_pdf


def issue(
    *,
    kind: str,
    title: str,
    language: str,
    html: str,
    code: str,
    valid_from: date | None,
    valid_until: date | None,
    document_id: uuid.UUID,
    issued_on: date | None = None,
    signed: bool = False,
) -> Document:
    """Render `html`, store the file and the row; the same `document_id` is issued only once.

    A second call answers with the first paper, whatever else it says. The file is written first,
    at a place that follows from the id: a process killed in between leaves a file without a row,
    which the next try replaces. `code` comes from `documents.codes.new_code`, because the letter
    shows it; `issued_on` is today when left out. `signed`: with the municipality's signature,
    where it has a key (`documents.signing`).
    Raises `documents.errors.RenderingError` (nothing was issued).
    """

    def render() -> bytes:
        if codes.normalise(code) != code:
            raise RenderingError("The verification code is malformed.", code="malformed_code")
        pdf = render_pdf(html, title=title, language=language)
        return signing.sign(pdf) if signed else pdf

    return keep(
        kind=kind,
        title=title,
        language=language,
        make=render,
        code=code,
        valid_from=valid_from,
        valid_until=valid_until,
        document_id=document_id,
        issued_on=issued_on,
        is_signed=signed and signing.is_configured(),
    )


@transaction.atomic
def keep(
    *,
    kind: str,
    title: str,
    language: str,
    make: Callable[[], bytes],
    code: str,
    document_id: uuid.UUID,
    valid_from: date | None = None,
    valid_until: date | None = None,
    issued_on: date | None = None,
    is_signed: bool = False,
) -> Document:
    """Store the PDF that `make` gives as `issue` does; it is asked only where none is kept."""
    _alone_with(document_id)
    if issued := Document.objects.filter(pk=document_id).first():
        return issued
    pdf = make()
    document = Document(
        id=document_id,
        kind=kind,
        title=title,
        language=language,
        size=len(pdf),
        sha256=hashlib.sha256(pdf).hexdigest(),
        code=code,
        issued_on=issued_on or timezone.localdate(),
        valid_from=valid_from,
        valid_until=valid_until,
        is_signed=is_signed,
    )
    document.file.name = file_path(document, "")
    _write(Path(document.file.path), pdf)
    document.save(force_insert=True)
    return document


@transaction.atomic
def revoke(*, document_id: uuid.UUID, by: Actor, about: str | None = None) -> Document:
    """Take a paper back: its code answers "revoked" from now on. Twice is once.

    `about` is the id of the resident whose paper it is, for the ledger. Raises `NotFound`.
    """
    try:
        document = Document.objects.select_for_update().get(pk=document_id)
    except Document.DoesNotExist:
        raise NotFound(_("There is no such document."), code="no_document") from None
    if document.revoked_at is None:
        document.revoked_at = timezone.now()
        document.save(update_fields=["revoked_at"])
        ledger.record(
            event="document.revoked",
            by=by,
            about=about,
            object_kind="document",
            object_id=str(document.pk),
        )
    return document


@transaction.atomic
def replace(*, old: Document, new: Document) -> None:
    """`new` has taken the place of `old`: whose code answers "replaced" from now on."""
    Document.objects.filter(pk=old.pk, replaced_by=None).exclude(pk=new.pk).update(replaced_by=new)


def end_on(*, document_id: uuid.UUID, day: date) -> None:
    """From `day` on the paper of another matter counts instead; the earliest such day stays."""
    Document.objects.filter(pk=document_id).filter(
        Q(replaced_on__isnull=True) | Q(replaced_on__gt=day)
    ).update(replaced_on=day)


def _alone_with(document_id: uuid.UUID) -> None:
    """Let nobody else issue this paper until the transaction ends.

    Without it two workers could write two files, and keep the checksum of the other's.
    """
    key = int.from_bytes(document_id.bytes[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, and on the disk before the row can be committed."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(part).replace(path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
