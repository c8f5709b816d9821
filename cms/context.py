"""What every template of a town knows: `brand` and `languages`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation
from django.utils.functional import SimpleLazyObject
from wagtail.models import Page

from cms import brand, site


@dataclass(frozen=True, slots=True)
class LanguageLink:
    """A page in another language. `translated` False: there is none, `url` is the nearest."""

    code: str
    name: str
    url: str
    current: bool
    translated: bool = True


def branding(request: HttpRequest) -> dict[str, Any]:
    """Context processor. Both are read when a template first asks for them."""
    if getattr(request, "tenant", None) is None:
        return {"brand": None, "languages": []}
    return {
        "brand": SimpleLazyObject(brand.get),
        "languages": SimpleLazyObject(lambda: languages(request)),
    }


def languages(request: HttpRequest) -> list[LanguageLink]:
    """The language switch: this address in each language."""
    active = translation.get_language()
    page: Page | None = getattr(request, "cms_page", None)
    nearest = _nearest_translations(page) if page is not None else {}
    links = []
    for code, name in settings.LANGUAGES:
        if code == active:
            links.append(LanguageLink(code, name, request.get_full_path(), current=True))
        elif page is None:
            links.append(LanguageLink(code, name, _prefixed(request, code), False))
        elif code in nearest:
            url, translated = nearest[code]
            links.append(LanguageLink(code, name, url, False, translated))
    return links


def _prefixed(request: HttpRequest, code: str) -> str:
    """The same address in another language. `translate_url` would resolve and reverse it."""
    path = request.get_full_path()
    first, slash, rest = path[1:].partition("/")
    if slash and any(first == known for known, _name in settings.LANGUAGES):
        path = f"/{rest}"
    return path if code == settings.LANGUAGE_CODE else f"/{code}{path}"


def _nearest_translations(page: Page) -> dict[str, tuple[str, bool]]:
    """By language: the page's own translation, else that of the closest page above it."""
    steps = range(2 * page.steplen, len(page.path) + 1, page.steplen)
    above = Page.objects.filter(path__in=[page.path[:end] for end in steps])
    found = (
        Page.objects.live()
        .filter(translation_key__in=above.values("translation_key"))
        .exclude(locale_id=page.locale_id)
        .order_by("-depth")
        .values_list("locale__language_code", "url_path", "translation_key")
    )
    roots = site.roots()
    nearest: dict[str, tuple[str, bool]] = {}
    for language, url_path, key in found:
        if language in roots and language not in nearest:
            url = site.url_of(url_path, language, roots[language])
            nearest[language] = (url, key == page.translation_key)
    return nearest
