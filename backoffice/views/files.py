"""Files of a case, handed out to those who may read it; each reading is in the ledger."""

from __future__ import annotations

import io
import uuid

import structlog
from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from backoffice.facts import CaseFacts
from backoffice.views.inbox import frame
from backoffice.views.reader import reader_of, with_case
from cases import actions, copies, policies
from cases.models import Case
from common import handing
from common.actor import Actor
from common.errors import NotFound
from documents.errors import DamagedFile
from documents.files import download
from forms.models import Attachment
from forms.uploads import images
from identity.representation import files as representations

log = structlog.get_logger(__name__)


@require_safe
@with_case
def attachment(request: HttpRequest, case: Case, attachment_id: uuid.UUID) -> HttpResponseBase:
    """A file that came with the application."""
    reader = reader_of(request)
    facts = CaseFacts(case, reader, timezone.localdate())
    found = facts.files.get(str(attachment_id))
    if found is None:
        raise NotFound(_("There is no such file."), code="no_file")
    try:
        response = handed_out(found)
    except DamagedFile as problem:
        return damaged(request, case, problem)
    actions.open_attachment(
        case=case, attachment_id=found.pk, by=Actor.of(reader), purpose=facts.purpose
    )
    return response


@require_safe
@with_case
def thumbnail(request: HttpRequest, case: Case, attachment_id: uuid.UUID) -> HttpResponseBase:
    """A small picture, as part of the case's page: whose opening is in the ledger.

    Only an address that such a page made leads here, so that nobody looks at files unseen.
    """
    facts = CaseFacts(case, reader_of(request), timezone.localdate())
    found = facts.files.get(str(attachment_id))
    if (
        found is None
        or not found.content_type.startswith("image/")
        or not facts.made(request.GET.get("page", ""))
    ):
        raise NotFound(_("There is no such file."), code="no_file")
    try:
        small = images.thumbnail(io.BytesIO(_checked(found)))
    except (DamagedFile, OSError) as broken:
        raise NotFound(_("There is no such file."), code="no_file") from broken
    return handing.private_file(FileResponse(io.BytesIO(small), content_type="image/jpeg"))


@require_safe
@with_case
def letter(request: HttpRequest, case: Case) -> HttpResponseBase:
    """The letter with the decision; for the case's own office."""
    reader = reader_of(request)
    facts = CaseFacts(case, reader, timezone.localdate())
    decision = facts.decision
    if decision is None or decision.letter is None or not facts.may_process:
        raise NotFound(_("There is no letter yet."), code="no_letter")
    try:
        response = download(decision.letter, filename=decision.number)
    except DamagedFile as problem:
        return damaged(request, case, problem)
    actions.open_letter(case=case, by=Actor.of(reader), purpose=facts.purpose)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@with_case
def copy(request: HttpRequest, case: Case) -> HttpResponseBase:
    """The resident's copy of the application; for the case's own office. Posted: have it made.

    A consulted office has none: the copy says who applies.
    """
    reader = reader_of(request)
    if not policies.may_process(case, reader):
        raise NotFound(_("There is no such file."), code="no_file")
    made = copies.document_of(case.application)
    if request.method == "POST":
        if made is None:
            copies.request(case.application)
        return redirect("desk:copy", case.pk)
    if made is None:
        making = copies.making(case.application).value
        context = {**frame(request, "case"), "case": case, "making": making}
        return render(request, "backoffice/copy_waiting.html", context)
    try:
        response = download(made, filename=case.application.receipt_number)
    except DamagedFile as problem:
        return damaged(request, case, problem)
    actions.open_copy(case=case, by=Actor.of(reader))
    return response


@require_safe
@with_case
def authority(request: HttpRequest, case: Case) -> HttpResponseBase:
    """The paper on which the sender acts for the applicant; for the case's own office."""
    reader = reader_of(request)
    facts = CaseFacts(case, reader, timezone.localdate())
    if facts.representation is None:
        raise NotFound(_("There is no such file."), code="no_file")
    response = representations.download(facts.representation)
    actions.open_authority(case=case, by=Actor.of(reader))
    return response


def handed_out(found: Attachment) -> FileResponse:
    """The file as it was examined and kept. Raises `DamagedFile`."""
    return handing.handed_out(
        _checked(found), filename=found.filename, content_type=found.content_type
    )


def _checked(found: Attachment) -> bytes:
    """The bytes, if they are those that were examined. Raises `DamagedFile`."""
    content = handing.intact(found.file, found.sha256)
    if content is None:
        log.error("attachment.damaged", attachment=str(found.pk))
        raise DamagedFile(
            _("This file is damaged and was not handed out. Ask the applicant to send it again."),
            code="damaged_file",
        )
    return content


def damaged(request: HttpRequest, case: Case, problem: DamagedFile) -> HttpResponseBase:
    context = {**frame(request, "case"), "case": case, "problem": problem}
    return render(request, "backoffice/problem.html", context, status=410)
