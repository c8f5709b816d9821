"""Keeping the search in step with the pages."""

from __future__ import annotations

from cms.models import SearchEntry, TownPage
from common import grams as text


def put(page: TownPage) -> None:
    """Make `page` findable as it is now, or forget it when it is not live."""
    if not page.live or not page.search_kind:
        remove(page)
        return
    parts = page.searchable()
    summary, body = parts.get("summary", ""), parts.get("body", "")
    title_texts = [page.title, *parts.get("words", ())]
    SearchEntry.objects.update_or_create(
        page_id=page.pk,
        defaults={
            "language": page.locale.language_code,
            "kind": page.search_kind,
            "title": page.title,
            "summary": summary,
            "body": body,
            "title_grams": text.index_grams(title_texts),
            "grams": text.index_grams([*title_texts, summary, body]),
            "date": parts.get("date"),
        },
    )


def remove(page: TownPage) -> None:
    """Make `page` unfindable."""
    SearchEntry.objects.filter(page_id=page.pk).delete()


def rebuild() -> int:
    """Index every page of the current municipality afresh; how many can be found now."""
    SearchEntry.objects.all().delete()
    for model in TownPage.__subclasses__():
        if model.search_kind:
            for page in model.objects.live().select_related("locale"):
                put(page)
    return SearchEntry.objects.count()
