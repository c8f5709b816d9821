"""Files for their owner alone: what was attached, what was issued."""

from __future__ import annotations

import io
import json
import uuid

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import get_valid_filename
from django.views.decorators.http import require_http_methods, require_safe

from cases import copies, records
from common.database import connection
from documents import files as documents
from documents.errors import DamagedFile
from forms.uploads import images
from portal import queries
from portal.http import private, refused, resident_of, resident_page
from portal.views.case import own_case


@require_safe
@resident_page
def attachment(request: HttpRequest, attachment_id: uuid.UUID) -> HttpResponseBase:
    """A file the resident attached, to be kept, never to be run by the browser."""
    found = queries.own_attachment(resident_of(request), attachment_id)
    try:
        file = found.file.open("rb")
    except OSError as missing:
        raise Http404 from missing
    return private(
        FileResponse(
            file,
            as_attachment=True,
            filename=get_valid_filename(found.filename),
            content_type=found.content_type,
        )
    )


@require_safe
@resident_page
def thumbnail(request: HttpRequest, attachment_id: uuid.UUID) -> HttpResponseBase:
    """A small picture of an attached picture."""
    found = queries.own_attachment(resident_of(request), attachment_id)
    if not found.content_type.startswith("image/"):
        raise Http404
    try:
        with found.file.open("rb") as file:
            small = images.thumbnail(file)
    except OSError as broken:
        raise Http404 from broken
    return private(FileResponse(io.BytesIO(small), content_type="image/jpeg"))


@require_safe
@resident_page
def document(request: HttpRequest, case_id: uuid.UUID, document_id: uuid.UUID) -> HttpResponseBase:
    """The decision's letter as PDF."""
    case = own_case(request, case_id)
    letter = getattr(getattr(case, "decision", None), "letter", None)
    if letter is None or letter.pk != document_id:
        raise Http404
    name = f"{letter.title} {case.application.receipt_number}"
    try:
        return documents.download(letter, filename=name)
    except DamagedFile as refusal:
        return refused(request, refusal, back=reverse("portal:case", args=[case.pk]))


@require_http_methods(["GET", "HEAD", "POST"])
@resident_page
def copy(request: HttpRequest, case_id: uuid.UUID) -> HttpResponseBase:
    """The copy of the application as PDF; until it is there, a page that says so.

    Posted: have it made. Applications from before there were copies have none by themselves.
    """
    case = own_case(request, case_id)
    application = case.application
    made = copies.document_of(application)
    if request.method == "POST":
        if made is None:
            copies.request(application)
        return redirect("portal:copy", case.pk)
    if made is None:
        context = {
            "case": case,
            "application": application,
            "making": copies.making(application).value,
        }
        return render(request, "portal/copy_waiting.html", context)
    try:
        return documents.download(made, filename=f"{made.title} {application.receipt_number}")
    except DamagedFile as refusal:
        return refused(request, refusal, back=reverse("portal:case", args=[case.pk]))


@require_safe
@resident_page
def data(request: HttpRequest, case_id: uuid.UUID) -> HttpResponseBase:
    """The application as JSON: the answers as they stand, with the schema that they follow."""
    case = own_case(request, case_id)
    found = {
        "municipality": str(connection.tenant.name),
        "service": {"slug": case.offering.slug, "title": case.offering.title.as_dict()},
        **records.record_of(case, records.files_of([case])),
        "origins": records.origins_of(case),
    }
    response = HttpResponse(
        json.dumps(found, ensure_ascii=False, indent=2), content_type="application/json"
    )
    name = f"{case.offering.slug}_{case.application.receipt_number}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return private(response)
