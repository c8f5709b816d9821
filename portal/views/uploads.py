"""Files in pieces of residents, guests and helpers: `forms.tus` for what is theirs."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_http_methods, require_POST

from forms import tus
from forms.models import Draft
from portal import queries
from portal.http import actor_of, applicant_call, applicant_of

ROUTE = "portal:upload"


@require_http_methods(["GET", "HEAD", "POST"])
@applicant_call
def uploads(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponseBase:
    """What is on its way to a draft; a POST announces a file."""
    return tus.uploads(request, queries.own_draft(applicant_of(request), draft_id), ROUTE)


@require_http_methods(["GET", "HEAD", "PATCH", "POST", "DELETE"])
@applicant_call
def upload(request: HttpRequest, upload_id: uuid.UUID) -> HttpResponseBase:
    """How much has arrived; PATCH adds a piece, DELETE gives it up."""
    return tus.upload(request, queries.own_upload(applicant_of(request), upload_id), ROUTE)


@require_POST
@applicant_call
def finish(request: HttpRequest, upload_id: uuid.UUID) -> HttpResponseBase:
    """Everything has arrived: examine it and attach it."""
    found = queries.own_upload(applicant_of(request), upload_id)
    return tus.finish(found, actor_of(request), Draft.thumbnails)
