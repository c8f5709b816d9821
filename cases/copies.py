"""The resident's copy of an application (控え): a PDF of what was sent, as it was sent.

The worker makes it after the submission, not the web process on demand. Measured on one core of a
busy machine, park use (two pages): 0.08 to 0.10 s of a processor; the first copy of a process 1.4 s
and 81 MB more (child allowance, four pages), for WeasyPrint and its fonts, which no web process
otherwise loads. Made once it is kept: an application never changes. Applications from before there
were copies get theirs when asked for.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import groupby

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from cases.models import Application
from common import outbox
from common.lookup import Lookup
from common.models import OutboxRow
from documents import actions as documents
from documents import brand, codes
from documents.models import Document
from forms import attachments, display
from forms.display import Row
from forms.models import Attachment
from forms.validation import is_uuid

KIND = "cases.copy"
#: In a rush the notices of those who applied meanwhile go first.
_AFTER_THE_NOTICE = timedelta(seconds=5)
#: Characters of a file's SHA-256 that are printed: enough to tell two files apart.
_CHECKSUM = 16

# A copy has the id of its application, so there can be only one.
_copy: Lookup[Document] = Lookup(lambda pk: Document.objects.filter(pk=pk, kind=KIND), pk=uuid.UUID)


class Making(StrEnum):
    """What is known of a copy that is not there."""

    NOT_ASKED = "not_asked"
    COMING = "coming"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer with its files as they are printed: name, size and the checksum's beginning."""

    row: Row
    files: list[tuple[str, str, str]]


def document_of(application: Application) -> Document | None:
    """The copy, if it has been made. One statement."""
    return _copy.one(pk=application.pk)


def making(application: Application) -> Making:
    """How far a copy is that `document_of` does not find. One statement."""
    row = OutboxRow.objects.filter(kind=KIND, key=str(application.pk)).first()
    if row is None:
        return Making.NOT_ASKED
    return Making.FAILED if row.state == OutboxRow.State.DEAD else Making.COMING


def request(application: Application, *, after_the_notice: bool = False) -> None:
    """Have the copy made; a second time changes nothing. Inside a transaction."""
    soon = timezone.now() + _AFTER_THE_NOTICE if after_the_notice else None
    payload = {"application_id": str(application.pk)}
    outbox.enqueue(KIND, str(application.pk), payload, not_before=soon)


def make(application: Application) -> Document:
    """Render and keep the copy; the one there is when there is one. Raises `RenderingError`."""
    found = document_of(application)
    if found is not None:
        return found
    language = application.language
    with translation.override(language):
        title = _("Copy of the application: %(service)s") % {"service": application.offering.title}
        html = render_to_string("cases/copy.html", _context(application, title[:200], language))
    return documents.issue(
        kind=KIND,
        title=title[:200],
        language=language,
        html=html,
        code=codes.new_code(),  # not printed: nobody relies on a copy
        valid_from=None,
        valid_until=None,
        document_id=application.pk,
        issued_on=timezone.localdate(application.submitted_at),
    )


def _context(application: Application, title: str, language: str) -> dict[str, object]:
    form = application.version.form
    named = attachments.referenced(application.version.prepared, application.answers)
    files = {
        item: file
        for item, file in attachments.by_ids(filter(is_uuid, named)).items()
        # Whoever sent it without signing in may have put it into an account since.
        if file.owner_id in {application.resident_id, application.case.resident_id}
    }
    steps = display.rows(form, application.answers, application.provenance, language, files)
    return {
        "title": title,
        "language": language,
        "brand": brand.current(),
        "application": application,
        "submitted_at": timezone.localtime(application.submitted_at),
        "fee": application.computed_fee,
        "steps": [
            (step.title, [[_answer(row, files) for row in block] for block in _blocks(step.rows)])
            for step in steps
        ],
    }


def _blocks(rows: Sequence[Row]) -> list[list[Row]]:
    """The rows of an entry together, so that a page is not turned within a child or a stall."""
    by_entry = groupby(rows, key=lambda row: (row.entry, row.entry and row.anchor.split("-")[0]))
    return [list(block) for _entry, block in by_entry]


def _answer(row: Row, files: Mapping[str, Attachment]) -> _Answer:
    return _Answer(
        row,
        [
            (
                file.filename,
                f"{max(1, round(file.size / 1024)):,} kB",
                files[file.id].sha256[:_CHECKSUM] if file.id in files else "",
            )
            for file in row.attachments
        ],
    )
