"""Letters for whoever reads them: as a page, every edition, and what became of each."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max
from django.utils.translation import gettext as _

from cases import letter_words, letters
from cases.letters import LANGUAGE
from cases.models import Decision, IssuedLetter
from common.errors import NotFound
from documents import wordings
from documents.letters import Letter
from documents.models import Document


@dataclass(frozen=True, slots=True)
class Readable:
    """A letter as a page shows it. `content` is `cases.letters.as_content`; `is_translation`: in
    another language than the paper."""

    document: Document
    content: dict[str, Any]
    language: str
    is_translation: bool


def editions(decision: Decision) -> list[IssuedLetter]:
    """Every letter of a decision with its paper, newest first; how often printed and when last."""
    found = IssuedLetter.objects.filter(decision=decision).select_related("document__replaced_by")
    return list(
        found.annotate(times=Count("printed"), last=Max("printed__run__made_at")).order_by(
            "-issued_at", "-edition"
        )
    )


def edition(decision: Decision, document_id: uuid.UUID) -> IssuedLetter:
    """One of them. Raises `NotFound`."""
    found = (
        IssuedLetter.objects.filter(decision=decision, document=document_id)
        .select_related("document")
        .first()
    )
    if found is None:
        raise NotFound(_("There is no such letter."), code="no_letter")
    return found


def readable(decision: Decision, language: str) -> Readable:
    """The letter in force, to be read as a page: the revocation where there is one.

    In Japanese as it was issued; in another language worded from the same version of the texts, as
    a translation. Raises `NotFound` while there is no letter.
    """
    issued = _in_force(decision)
    document = _document(decision, issued)
    if issued is not None and language == LANGUAGE:
        return Readable(document, issued.content, LANGUAGE, is_translation=False)
    letter = _worded(decision, issued, language)
    content = letters.as_content(letter)
    kept = issued.content if issued else {"issued_on": document.issued_on.isoformat()}
    content |= {name: kept[name] for name in ("issued_on", "number") if name in kept}
    return Readable(document, content, language, is_translation=language != LANGUAGE)


def in_force(decision: Decision) -> Document:
    """The letter in force as a paper. Raises `NotFound` while there is none."""
    return _document(decision, _in_force(decision))


def _document(decision: Decision, issued: IssuedLetter | None) -> Document:
    document = issued.document if issued else decision.letter
    if document is None:
        raise NotFound(_("There is no letter yet."), code="no_letter")
    return document


def _in_force(decision: Decision) -> IssuedLetter | None:
    found = IssuedLetter.objects.filter(decision=decision).select_related("document")
    revoked = decision.letter is not None and decision.letter.revoked_at is not None
    if revoked:
        taken_back = found.filter(kind=IssuedLetter.Kind.REVOCATION).first()
        if taken_back is not None:
            return taken_back
    return found.filter(document=decision.letter_id).first()


def _worded(decision: Decision, issued: IssuedLetter | None, language: str) -> Letter:
    offering = decision.case.offering
    if issued is not None and issued.kind == IssuedLetter.Kind.REVOCATION:
        own = wordings.current(letter_words.key_of(offering, letter_words.REVOKED))
        words = letter_words.words_of(offering, letter_words.REVOKED, own)
        return letters.revocation_of(decision.revocation, words, language=language)
    words = letter_words.words_of(offering, decision.outcome, decision.wording)
    anew = None
    if issued is not None and issued.kind == IssuedLetter.Kind.REPLACEMENT:
        anew = decision.replacements.filter(letter=issued.document).first()
    entry = getattr(decision, "entry", None)
    return letters.letter_of(decision, words, entry, language=language, anew=anew)
