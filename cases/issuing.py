"""Issuing letters: the paper, and what it says as data. And when its reader opened it first."""

from __future__ import annotations

import uuid
from datetime import date

from django.utils import timezone

from audit import ledger
from cases.letters import Composed
from cases.models import Case, Decision, IssuedLetter
from common.actor import Actor
from documents import actions as documents
from documents.models import Document


def issue(
    decision: Decision,
    letter: Composed,
    *,
    document_kind: str,
    document_id: uuid.UUID,
    kind: str = IssuedLetter.Kind.DECISION,
    edition: int = 1,
    valid_from: date | None = None,
    valid_until: date | None = None,
) -> Document:
    """Make the PDF and keep it with what it says; a second time changes nothing.

    Inside the caller's transaction. Raises `RenderingError`.
    """
    document = documents.issue(
        kind=document_kind,
        title=letter.title,
        language=letter.language,
        html=letter.html,
        code=letter.code,
        valid_from=valid_from,
        valid_until=valid_until,
        document_id=document_id,
        signed=True,
    )
    IssuedLetter.objects.get_or_create(
        document=document,
        defaults={
            "decision": decision,
            "kind": kind,
            "edition": edition,
            "content": letter.content,
        },
    )
    return document


def note_received(*, case: Case, document: Document, by: Actor, way: str) -> None:
    """The recipient has opened a letter: the first time is the proof that it has arrived.

    `way`: ``"page"`` or ``"pdf"``. Nothing is written from the second time on.
    """
    if document.opened_at is not None:
        return
    now = timezone.now()
    # Two tabs at once: one of them is the first.
    if not Document.objects.filter(pk=document.pk, opened_at=None).update(opened_at=now):
        return
    document.opened_at = now
    ledger.record(
        event="letter.received",
        by=by,
        about=str(case.resident_id),
        object_kind="case",
        object_id=str(case.pk),
        purpose="processing",
        data={"document": str(document.pk), "way": way},
    )
