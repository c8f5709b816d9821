"""Files for their owner alone: what was attached, what was issued."""

from __future__ import annotations

import io
import json
import uuid

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from cases import copies, records
from common.database import connection
from common.errors import NotFound
from common.handing import private_file
from documents import files as documents
from documents.errors import DamagedFile
from forms import attachments
from forms.models import Attachment
from forms.uploads import images
from portal import guests, queries
from portal.http import applicant_of, applicant_page, case_page, refused
from portal.views.case import own_case


@require_safe
@applicant_page
def attachment(request: HttpRequest, attachment_id: uuid.UUID) -> HttpResponseBase:
    """A file the resident attached, to be kept, never to be run by the browser."""
    return attachments.download(_attached(request, attachment_id))


@require_safe
@applicant_page
def thumbnail(request: HttpRequest, attachment_id: uuid.UUID) -> HttpResponseBase:
    """A small picture of an attached picture."""
    found = _attached(request, attachment_id)
    if not found.content_type.startswith("image/"):
        raise Http404
    try:
        with found.file.open("rb") as file:
            small = images.thumbnail(file)
    except OSError as broken:
        raise Http404 from broken
    return private_file(FileResponse(io.BytesIO(small), content_type="image/jpeg"))


def _attached(request: HttpRequest, attachment_id: uuid.UUID) -> Attachment:
    """The applicant's own file; also of what they began here before they signed in, which they may
    be about to take over. Raises `NotFound`."""
    try:
        return queries.own_attachment(applicant_of(request), attachment_id)
    except NotFound:
        guest = guests.kept(request)
        if guest is None:
            raise
        return queries.own_attachment(guest, attachment_id)


@require_http_methods(["GET", "HEAD", "POST"])
@case_page
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
@case_page
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
    return private_file(response)
