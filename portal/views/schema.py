"""The JSON Schema of a form version's answers, for machines and for everybody."""

from __future__ import annotations

import hashlib
import json

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from cases import queries
from cases.addresses import schema_address
from common.errors import NotFound

#: A version never changes, so neither does what stands at its address.
_CACHED = "public, max-age=31536000, immutable"


@require_safe
def form_schema(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """`application/schema+json`, readable from any website; cookies play no part in it."""
    try:
        version = queries.public_form(key, number)
    except NotFound as missing:
        raise Http404 from missing
    schema = version.form.json_schema(schema_address(version))
    body = json.dumps(schema, ensure_ascii=False, separators=(",", ":")).encode()
    response = HttpResponse(body, content_type="application/schema+json")
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    if tag in request.headers.get("If-None-Match", ""):
        response = HttpResponse(status=304)
    response["ETag"] = tag
    response["Cache-Control"] = _CACHED
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
