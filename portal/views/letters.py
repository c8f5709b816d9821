"""The decision for its recipient: a page and a PDF. The first opening proves that it arrived."""

from __future__ import annotations

import uuid
from datetime import date

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from cases import issuing, reading
from cases.models import Case
from common.errors import NotFound
from documents import files as documents
from documents.errors import DamagedFile
from documents.models import Document
from portal.http import actor_of, case_page, refused
from portal.views.case import own_case


@require_safe
@case_page
def decision(request: HttpRequest, case_id: uuid.UUID) -> HttpResponse:
    """The letter in force as a page, in the reader's language; on paper it is Japanese."""
    case = own_case(request, case_id)
    decided = getattr(case, "decision", None)
    if decided is None:
        raise Http404
    found = reading.readable(decided, get_language() or "ja")
    _note(request, case, found.document, "page")
    context = {
        "case": case,
        "application": case.application,
        "letter": found,
        "content": found.content,
        "issued_on": date.fromisoformat(found.content["issued_on"]),
        "appeal": found.content["appeal"],
        "appeal_template": f"{found.content['appeal']['template']}.{found.language}.html"
        if found.content["appeal"]
        else "",
    }
    return render(request, "portal/decision.html", context)


@require_safe
@case_page
def document(request: HttpRequest, case_id: uuid.UUID, document_id: uuid.UUID) -> HttpResponseBase:
    """A letter on this case as PDF: the one in force, or an earlier edition."""
    case = own_case(request, case_id)
    decided = getattr(case, "decision", None)
    if decided is None:
        raise Http404
    try:
        letter = (
            decided.letter
            if decided.letter_id == document_id
            else reading.edition(decided, document_id).document
        )
    except NotFound as missing:
        raise Http404 from missing
    name = f"{letter.title} {case.application.receipt_number}"
    try:
        response = documents.download(letter, filename=name)
    except DamagedFile as refusal:
        return refused(request, refusal, back=reverse("portal:case", args=[case.pk]))
    _note(request, case, letter, "pdf")
    return response


def _note(request: HttpRequest, case: Case, letter: Document, way: str) -> None:
    """A look at the headers alone is no reading."""
    if request.method == "GET":
        issuing.note_received(case=case, document=letter, by=actor_of(request), way=way)
