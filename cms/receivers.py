"""What follows from publishing.

Wagtail's own extension point for this is its signals: an editor publishes through Wagtail's views
and actions, so there is no action of ours to call from. Nothing else in the house uses signals.
"""

from __future__ import annotations

from typing import Any

from wagtail.signals import page_published, page_slug_changed, page_unpublished, post_page_move

from cms import brand
from cms.models import TownPage
from cms.search import index


def connect() -> None:
    """Called once, from `CmsConfig.ready`."""
    page_published.connect(_published, dispatch_uid="cms.published")
    page_unpublished.connect(_unpublished, dispatch_uid="cms.unpublished")
    for signal in (page_slug_changed, post_page_move):
        signal.connect(_moved, dispatch_uid="cms.moved")


def _published(instance: Any, **_options: Any) -> None:
    if isinstance(instance, TownPage):
        index.put(instance)
        brand.forget()


def _unpublished(instance: Any, **_options: Any) -> None:
    if isinstance(instance, TownPage):
        index.remove(instance)
        brand.forget()


def _moved(**_options: Any) -> None:
    brand.forget()
