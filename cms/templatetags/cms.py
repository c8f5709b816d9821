"""``{% load cms %}``: where a page is, and which counter to ask."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context

from cms import brand
from cms.brand import Link, OfficeCard

register = template.Library()


@register.simple_tag(takes_context=True)
def crumbs(context: Context) -> list[Link]:
    """The pages above this one, from the cached menu: no query."""
    page: Any = context.get("page")
    return brand.get().trail(page.url) if page is not None else []


@register.simple_tag
def first_page_of(kind: str) -> Link | None:
    """The page of a kind in the menu, such as ``newsindexpage``: no query."""
    return brand.get().first_of(kind)


@register.simple_tag
def office_of(department: Any) -> OfficeCard | None:
    """The counter of `department`, from the cached brand: no query."""
    return brand.get().offices.get(department.key)
