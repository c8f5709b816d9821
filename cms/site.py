"""A municipality is one site: its root pages by language, and links without a query."""

from __future__ import annotations

from django.urls import reverse
from django.utils import translation
from wagtail.models import Site


def roots() -> dict[str, str]:
    """Internal path of the home page by language, from Wagtail's cache: ``{"ja": "/home/"}``."""
    return {root.language_code: root.root_path for root in Site.get_site_root_paths()}


def url_of(url_path: str, language: str, root: str) -> str:
    """The address of the page with Wagtail's `url_path` below the home page `root`."""
    with translation.override(language):
        return reverse("wagtail_serve", args=[url_path[len(root) :]])
