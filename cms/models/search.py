"""What the search finds: one row for each live page."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page


class SearchEntry(models.Model):
    """A page as words and bigrams (`common.grams`). Written by `cms.search.index` only."""

    class Kind(models.TextChoices):
        SERVICE = "service", _("Service")
        NEWS = "news", _("News")
        PAGE = "page", _("Page")

    page = models.OneToOneField(
        Page, on_delete=models.CASCADE, primary_key=True, related_name="search_entry"
    )
    language = models.CharField(max_length=12)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    title = models.TextField()
    summary = models.TextField(blank=True)
    body = models.TextField(blank=True)
    # Grams of title and search words, and of everything: a hit in the first ranks higher.
    title_grams = ArrayField(models.TextField())
    grams = ArrayField(models.TextField())
    date = models.DateField(null=True)

    class Meta:
        indexes = [GinIndex(fields=["grams"], name="cms_search_grams")]

    def __str__(self) -> str:
        return self.title
