"""The brand of the current municipality, read once and kept in the cache.

The cache key carries the municipality (KEY_FUNCTION), so no town ever sees another's brand.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from wagtail.models import Page, Site

from cms import palette, site, svg
from cms.models import Branding, ContentPage, Office
from common.database import connection
from common.text import Text

_KEY = "cms:brand:3"
_CSS_KEY = "cms:brand-css:1"
_SECONDS = 3600
_KEPT_SECONDS = 3.0

# By schema, with the time it is kept until.
_kept: dict[str, tuple[float, Brand]] = {}


@dataclass(frozen=True, slots=True)
class Link:
    """A page of the first level; `kind` is its model, in lower case."""

    title: str
    url: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class OfficeCard:
    """The counter of a department."""

    name: Text
    place: Text
    phone: str
    email: str
    hours: Text
    does: Text

    @property
    def phone_link(self) -> str:
        return _phone_link(self.phone)


@dataclass(frozen=True, slots=True)
class Brand:
    """What pages, mails and letters show of a town. Texts follow the active language."""

    name: Text
    code: str
    version: str
    slogan: Text
    introduction: Text
    mark_source: str
    seal_source: str
    colour: str
    postal_code: str
    address: Text
    phone: str
    email: str
    hours: Text
    closed: Text
    mayor: Text
    mayor_title: Text
    appeal_authority: Text
    #: A picture in the place of `seal_source`, and the offices' own, as data URLs.
    seal_image: str = ""
    office_seals: dict[str, str] = field(default_factory=dict)
    offices: dict[str, OfficeCard] = field(default_factory=dict)
    menus: dict[str, list[Link]] = field(default_factory=dict)
    footers: dict[str, list[Link]] = field(default_factory=dict)
    homes: dict[str, str] = field(default_factory=dict)
    #: Where maps of the town begin; empty: all of Japan.
    centre: str = ""
    #: Parts of pages drawn from this brand alone (common.templatetags.fragments), while it is kept.
    fragments: dict[tuple[str, str | None], str] = field(default_factory=dict)

    @property
    def mark(self) -> SafeString:
        # Checked by cms.svg before it was saved: shapes only.
        return mark_safe(svg.inline(self.mark_source))  # noqa: S308

    @property
    def mark_url(self) -> str:
        return f"{reverse('cms_mark')}?v={self.version}"

    @property
    def css_url(self) -> str:
        return f"{reverse('cms_brand_css')}?v={self.version}"

    @property
    def search_url(self) -> str:
        return reverse("cms_search")

    @property
    def home_url(self) -> str:
        return _in_language(self.homes) or "/"

    @property
    def menu(self) -> list[Link]:
        return _in_language(self.menus) or []

    @property
    def footer(self) -> list[Link]:
        return _in_language(self.footers) or []

    @property
    def phone_link(self) -> str:
        return _phone_link(self.phone)

    def trail(self, url: str) -> list[Link]:
        """The pages above `url`: home and the first level, which the menus know."""
        above = [
            link
            for link in (*self.menu, *self.footer)
            if url != link.url and url.startswith(link.url)
        ]
        return [Link(gettext("Home"), self.home_url), *above]

    def first_of(self, kind: str) -> Link | None:
        """The first page of a kind in the menu."""
        return next((link for link in self.menu if link.kind == kind), None)


def _phone_link(phone: str) -> str:
    return "tel:" + "".join(character for character in phone if character in "+0123456789")


def _in_language(by_language: Mapping[str, Any]) -> Any:
    return by_language.get(translation.get_language() or "")


def get() -> Brand:
    """The current municipality's brand; no query when it is in the cache.

    The process keeps it for a few seconds more: every page asks for it.
    """
    schema = connection.schema_name
    kept = _kept.get(schema)
    now = time.monotonic()
    if kept is None or kept[0] < now:
        kept = (now + _KEPT_SECONDS, _shared())
        _kept[schema] = kept
    return kept[1]


def _shared() -> Brand:
    found: Brand | None = cache.get(_KEY)
    if found is None:
        found = _read()
        cache.set(_KEY, found, _SECONDS)
    return found


def stylesheet() -> tuple[str, str]:
    """``/brand.css`` and its version."""
    kept: tuple[str, str] | None = cache.get(_CSS_KEY)
    if kept is None:
        branding = _row()
        kept = (palette.stylesheet(branding), _version(branding))
        cache.set(_CSS_KEY, kept, _SECONDS)
    return kept


def forget() -> None:
    """Read afresh from now on, and again once this transaction is visible to others."""
    _forget_now()
    transaction.on_commit(_forget_now)


def _forget_now() -> None:
    _kept.pop(connection.schema_name, None)
    cache.delete_many([_KEY, _CSS_KEY])
    Site.clear_site_root_paths_cache()


def current() -> dict[str, Any]:
    """For letters and mails (BRAND_PROVIDER): drawings as data URLs."""
    brand = get()
    return {
        "colour": brand.colour,
        "mark": svg.data_url(brand.mark_source) if brand.mark_source else "",
        "seal": brand.seal_image or (svg.data_url(brand.seal_source) if brand.seal_source else ""),
        "office_seals": brand.office_seals,
        "representative_title": brand.mayor_title,
        "representative_name": brand.mayor,
        "appeal_authority": brand.appeal_authority,
        "address": brand.address,
        "postal_code": brand.postal_code,
        "phone": brand.phone,
        "email": brand.email,
    }


def _row() -> Branding:
    # A town whose branding was not set up yet has the platform's neutral colours.
    return Branding.objects.first() or Branding()


def _version(branding: Branding) -> str:
    drawn = palette.stylesheet(branding) + branding.mark
    return hashlib.sha256(drawn.encode()).hexdigest()[:12]


def _read() -> Brand:
    branding = _row()
    town = connection.tenant
    offices = list(Office.objects.select_related("department"))
    menus, footers, homes = _menus()
    return Brand(
        name=town.name,
        code=town.code,
        version=_version(branding),
        slogan=Text(branding.slogan),
        introduction=Text(branding.introduction),
        mark_source=branding.mark,
        seal_source=branding.seal,
        colour=palette.light(branding)["--brand"],
        postal_code=branding.postal_code,
        address=Text(branding.address),
        phone=branding.phone,
        email=branding.email,
        hours=Text(branding.hours),
        closed=Text(branding.closed),
        mayor=Text(branding.mayor),
        mayor_title=Text(branding.mayor_title),
        appeal_authority=Text(branding.appeal_authority),
        offices={
            office.department.key: OfficeCard(
                name=office.department.name,
                place=Text(office.place),
                phone=office.phone,
                email=office.email,
                hours=Text(office.hours or branding.hours),
                does=Text(office.does),
            )
            for office in offices
        },
        seal_image=branding.seal_image,
        office_seals={
            office.department.key: office.seal_image for office in offices if office.seal_image
        },
        menus=menus,
        footers=footers,
        homes=homes,
        centre=branding.centre,
    )


def _menus() -> tuple[dict[str, list[Link]], dict[str, list[Link]], dict[str, str]]:
    """Menu, footer and home address by language, from the pages below each home page."""
    menus: dict[str, list[Link]] = {}
    footers: dict[str, list[Link]] = {}
    homes: dict[str, str] = {}
    roots = site.roots()
    for language, root in roots.items():
        homes[language] = site.url_of(root, language, root)
        menus[language], footers[language] = [], []
    pages = (
        Page.objects.live()
        .filter(depth=3, show_in_menus=True, locale__language_code__in=roots)
        .select_related("locale")
        .order_by("path")
    )
    for page in pages:
        language = page.locale.language_code
        link = Link(
            page.title,
            site.url_of(page.url_path, language, roots[language]),
            page.cached_content_type.model,
        )
        plain = page.specific_class is ContentPage
        (footers if plain else menus)[language].append(link)
    return menus, footers, homes
