"""Asking the search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, F, IntegerField, Q, Value, When

from cms.models import SearchEntry
from common import grams as text

LIMIT = 30

Pieces = list[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Hit:
    """One result; `title` and `excerpt` are pieces with whether to highlight them."""

    url: str
    kind: str
    kind_title: str
    title: Pieces
    excerpt: Pieces
    date: Any


@dataclass(frozen=True, slots=True)
class Results:
    """`partly`: no page had every word, these have one of them."""

    hits: tuple[Hit, ...]
    partly: bool = False


def search(query: str, language: str) -> Results:
    """Pages in `language` for `query`, best first: one SQL statement, two when little is found."""
    grams = text.query_grams(query)
    if not grams:
        return Results(())
    found = text.words(query)
    entries = list(_ranked(grams, language, Q(grams__contains=grams)))
    partly = not entries and len(found) > 1
    if partly:
        any_word = Q()
        for word in found:
            any_word |= Q(grams__contains=text.query_grams(word))
        entries = list(_ranked(grams, language, any_word))
    return Results(tuple(_hit(entry, found) for entry in entries), partly)


def _ranked(grams: list[str], language: str, condition: Q) -> Any:
    points = IntegerField()
    return (
        SearchEntry.objects.filter(condition, language=language)
        .annotate(
            rank=Case(
                When(title_grams__contains=grams, then=Value(4)),
                When(title_grams__overlap=grams, then=Value(1)),
                default=Value(0),
                output_field=points,
            )
            + Case(
                When(kind=SearchEntry.Kind.SERVICE, then=Value(2)),
                When(kind=SearchEntry.Kind.PAGE, then=Value(1)),
                default=Value(0),
                output_field=points,
            )
        )
        .order_by("-rank", F("date").desc(nulls_last=True), "title")
        .select_related("page")
        .defer("grams", "title_grams")[:LIMIT]
    )


def _hit(entry: SearchEntry, found: list[str]) -> Hit:
    summary = entry.summary
    if not any(marked for _piece, marked in text.highlight(summary, found)):
        longer = text.excerpt(entry.body, found)
        if any(marked for _piece, marked in text.highlight(longer, found)):
            summary = longer
    return Hit(
        url=entry.page.url or "",
        kind=entry.kind,
        kind_title=str(SearchEntry.Kind(entry.kind).label),
        title=text.highlight(entry.title, found),
        excerpt=text.highlight(text.excerpt(summary, found), found),
        date=entry.date,
    )
