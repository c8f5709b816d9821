"""The map that pages can show: whose pictures it is made of, and what a page needs for it.

A page is never changed by it until somebody presses its button (``static/js/map.js``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpResponseBase

R = TypeVar("R", bound=HttpResponseBase)


@dataclass(frozen=True, slots=True)
class Tiles:
    """Pictures of the map: ``https://…/{z}/{x}/{y}.png``, and who must be named for them."""

    address: str
    credit: str
    credit_url: str

    @property
    def origin(self) -> str:
        """As in a content security policy; empty for our own host. ``{s}`` stands for any name."""
        parts = urlsplit(self.address.replace("{s}", "*"))
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""

    @property
    def host(self) -> str:
        """Who learns what somebody looks at; empty for our own host."""
        return urlsplit(self.origin).netloc


def tiles() -> Tiles | None:
    """None: no map is shown anywhere."""
    if not settings.MAP_TILES:
        return None
    return Tiles(settings.MAP_TILES, settings.MAP_CREDIT, settings.MAP_CREDIT_URL)


def page_of(coordinates: str) -> str:
    """A public map's page where a place is (``35.6812, 139.7671``); empty when there is none."""
    if not (settings.MAP_TILES and settings.MAP_PAGE and coordinates):
        return ""
    north, _comma, east = coordinates.partition(", ")
    return str(settings.MAP_PAGE.replace("{north}", north).replace("{east}", east))


def allow(response: R) -> R:
    """Let a page show the map: pictures may come from its server, and from nowhere else."""
    found = tiles()
    if found is not None and found.origin:
        # This is how django-csp is told from inside a view.
        update = {"img-src": [found.origin]}
        response._csp_update = update  # type: ignore[attr-defined]  # noqa: SLF001
    return response
