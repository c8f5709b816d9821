"""Reading papers: the public answer about a code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from django.utils import timezone

from documents import codes
from documents.models import Document

State = Literal["valid", "not_yet", "expired", "revoked", "replaced", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What anyone may know about a code. It has no personal data, and no way to any."""

    state: State
    code: str = ""
    kind: str = ""
    title: str = ""
    language: str = ""
    issued_on: date | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    revoked_on: date | None = None
    # Since when another paper has taken this one's place; its code is not told.
    replaced_on: date | None = None
    is_signed: bool = False

    @property
    def is_genuine(self) -> bool:
        """Whether this municipality issued such a paper at all."""
        return self.state != "unknown"


def by_code(code: str) -> Verification:
    """Whether the paper with this code, as somebody typed it, is genuine and valid today.

    A malformed code, another municipality's and one that was never given answer the same.
    """
    meant = codes.normalise(code)
    found = Document.objects.select_related("replaced_by")
    document = found.filter(code=meant).first() if meant else None
    return _verified(document)


def by_file(sha256: str) -> Verification:
    """The same for a PDF, by its checksum: any change to the file makes it unknown."""
    found = Document.objects.select_related("replaced_by")
    return _verified(found.filter(sha256=sha256).first())


def _verified(document: Document | None) -> Verification:
    if document is None:
        return Verification(state="unknown")
    return Verification(
        state=_state(document, timezone.localdate()),
        code=document.code,
        kind=document.kind,
        title=document.title,
        language=document.language,
        issued_on=document.issued_on,
        valid_from=document.valid_from,
        valid_until=document.valid_until,
        revoked_on=timezone.localdate(document.revoked_at) if document.revoked_at else None,
        is_signed=document.is_signed,
        replaced_on=document.replaced_by.issued_on
        if document.replaced_by
        else document.replaced_on,
    )


def _state(document: Document, today: date) -> State:
    if document.revoked_at is not None:
        return "revoked"
    if document.replaced_by is not None or _is_reached(document.replaced_on, today):
        return "replaced"
    if document.valid_from is not None and today < document.valid_from:
        return "not_yet"
    if document.valid_until is not None and today > document.valid_until:
        return "expired"
    return "valid"


def _is_reached(day: date | None, today: date) -> bool:
    return day is not None and today >= day
