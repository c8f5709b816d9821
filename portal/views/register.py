"""The public register, a search in it, and the same as open data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from cases import register, register_search
from cases.models import RegisterEntry
from common.errors import NotFound

PER_PAGE = 50
#: Beyond it nobody turns pages: there is the search, and the file has all.
MOST_SHOWN = 2_000
LONGEST_SEARCH = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for: words, and a day on which it holds. `wrong`: what was typed as a day."""

    words: str
    day: date | None
    wrong: str

    @property
    def anything(self) -> bool:
        return bool(self.words or self.day)

    @property
    def typed_day(self) -> str:
        return self.wrong or (self.day.isoformat() if self.day else "")

    @property
    def query(self) -> str:
        """As it stands in the address."""
        parts = {"q": self.words, "on": self.day.isoformat() if self.day else ""}
        return urlencode({name: value for name, value in parts.items() if value})


class _Pages(Paginator[RegisterEntry]):
    """It counts as far as it shows."""

    def __init__(self, entries: QuerySet[RegisterEntry], per_page: int) -> None:
        self._entries = entries
        super().__init__(entries, per_page)

    @cached_property
    def count(self) -> int:
        return min(self._counted, MOST_SHOWN)

    @cached_property
    def _counted(self) -> int:
        return self._entries.order_by().values("pk")[: MOST_SHOWN + 1].count()

    @property
    def is_cut(self) -> bool:
        return self._counted > MOST_SHOWN


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The services whose permits anybody may look up, and a search in all of them."""
    offerings, asked = register.public_offerings(), _asked(request)
    slug = request.GET.get("service", "")
    if any(offering.slug == slug for offering in offerings):
        query = urlencode({"q": asked.words, "on": asked.typed_day})
        return redirect(f"{reverse('portal:register_service', args=[slug])}?{query}")
    found: list[tuple[RegisterEntry, register.PublicEntry]] = []
    if asked.anything and not asked.wrong:
        language = get_language() or "ja"
        lists = {one.pk: register.public_list(one.slug, language) for one in offerings}
        rows = register_search.found(lists.values(), asked.words, valid_on=asked.day)
        found = [
            (row, register.public(row, lists[row.offering_id], language))
            for row in rows.select_related("offering")[: register_search.MOST_FOUND + 1]
        ]
    context: dict[str, Any] = {
        "offerings": offerings,
        "asked": asked,
        "searched": asked.anything and not asked.wrong,
        "found": found[: register_search.MOST_FOUND],
        "more": len(found) > register_search.MOST_FOUND,
        "most": register_search.MOST_FOUND,
    }
    return render(request, "portal/register.html", context, status=422 if asked.wrong else 200)


@require_safe
def service(request: HttpRequest, slug: str) -> HttpResponse:
    """The permits of one service, the newest first."""
    language = get_language() or "ja"
    listed, asked = _listed(slug, language), _asked(request)
    only_valid = request.GET.get("only") == "valid" and not asked.anything
    if asked.anything:
        entries = register_search.found([listed], asked.words, valid_on=asked.day)
    else:
        entries = register.entries_of(listed, only_valid=only_valid)
    pages = _Pages(entries, PER_PAGE)
    page = pages.get_page(request.GET.get("page"))
    query = "only=valid" if only_valid else asked.query
    context: dict[str, Any] = {
        "listed": listed,
        "asked": asked,
        "only_valid": only_valid,
        "query": f"{query}&" if query else "",
        "page": page,
        "is_cut": pages.is_cut,
        "most": MOST_SHOWN,
        "entries": [
            (entry, list(zip(listed.labels, entry.answers, strict=True)))
            for entry in (register.public(row, listed, language) for row in page)
        ],
    }
    status = 422 if asked.wrong else 200
    return render(request, "portal/register_service.html", context, status=status)


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


def _asked(request: HttpRequest) -> Asked:
    words = request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST_SEARCH]
    typed = request.GET.get("on", "").replace("\x00", "").strip()[:20]
    try:
        return Asked(words, date.fromisoformat(typed) if typed else None, "")
    except ValueError:
        return Asked(words, None, typed)


def _listed(slug: str, language: str) -> register.PublicList:
    try:
        return register.public_list(slug, language)
    except NotFound as error:
        raise Http404 from error
