"""The public register of permits, and the same as open data."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from cases import register
from common.errors import NotFound

PER_PAGE = 50


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The services whose permits anybody may look up."""
    return render(request, "portal/register.html", {"offerings": register.public_offerings()})


@require_safe
def service(request: HttpRequest, slug: str) -> HttpResponse:
    """The permits of one service, the newest first."""
    language = get_language() or "ja"
    listed = _listed(slug, language)
    only_valid = request.GET.get("only") == "valid"
    entries = register.entries_of(listed, only_valid=only_valid)
    page = Paginator(entries, PER_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "listed": listed,
        "only_valid": only_valid,
        "query": "only=valid&" if only_valid else "",
        "page": page,
        "entries": [
            (entry, list(zip(listed.labels, entry.answers, strict=True)))
            for entry in (register.public(row, listed, language) for row in page)
        ],
    }
    return render(request, "portal/register_service.html", context)


@require_safe
def open_data(request: HttpRequest, slug: str) -> FileResponse:
    """The register as CSV, for anybody and any use."""
    language = get_language() or "ja"
    listed = _listed(slug, language)
    return FileResponse(
        register.open_data(listed, language),
        as_attachment=True,
        filename=f"{listed.offering.slug}_{timezone.localdate():%Y%m%d}.csv",
        content_type="text/csv; charset=utf-8",
    )


def _listed(slug: str, language: str) -> register.PublicList:
    try:
        return register.public_list(slug, language)
    except NotFound as error:
        raise Http404 from error
