"""What a page with places needs so that its buttons can show a map."""

from __future__ import annotations

from typing import Any

from django import template

from common import maps

register = template.Library()


@register.inclusion_tag("components/map.html", takes_context=True)
def map_panel(context: template.Context) -> dict[str, Any]:
    """``{% map_panel %}``: once on a page whose view says `common.maps.allow`."""
    return {"tiles": maps.tiles(), "centre": getattr(context.get("brand"), "centre", "")}


@register.simple_tag
def map_tiles() -> maps.Tiles | None:
    """None: no map is shown anywhere."""
    return maps.tiles()


@register.filter
def map_page(coordinates: str) -> str:
    """The address of a public map's page where a place is."""
    return maps.page_of(coordinates)
