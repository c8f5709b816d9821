"""Pages, search and the brand's stylesheet."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.http import condition, require_safe
from wagtail import views as wagtail_views
from wagtail.models import Page
from wagtail.url_routing import RouteResult

from cms import brand, site
from cms.models import ServicePage, TownPage
from cms.search.queries import search as find
from common import grams as text

SUGGESTIONS = 6


def serve(request: HttpRequest, path: str) -> HttpResponseBase:
    """A Wagtail page, found by its whole path: two queries however deep it lies.

    Wagtail's own routing asks once for each part of the path. Everything after the routing
    (hooks, methods, rendering) is Wagtail's.
    """
    page = _page_at(path)
    request._wagtail_route_for_request = RouteResult(page)  # type: ignore[attr-defined]  # noqa: SLF001
    request.cms_page = page  # type: ignore[attr-defined]
    response: HttpResponseBase = wagtail_views.serve(request, path)
    return response


def _page_at(path: str) -> TownPage:
    root = site.roots().get(translation.get_language() or "")
    if root is None:
        raise Http404
    # Addresses are as they were typed; the tree's are lower-case slugs.
    page = Page.objects.filter(url_path=root + path, live=True).first()
    model = page.specific_class if page is not None else None
    if page is None or model is None or not issubclass(model, TownPage):
        raise Http404
    return model.objects.select_related(*model.served_with).get(pk=page.pk)


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """``/search/?q=公園``. For htmx only the results."""
    query = request.GET.get("q", "").strip()[: text.MAX_QUERY]
    language = translation.get_language() or ""
    results = find(query, language)
    context: dict[str, Any] = {"search_query": query, "results": results}
    if not results.hits:
        context["suggestions"] = _suggestions(language)
    only_results = getattr(request, "htmx", False)
    template = "cms/search_results.html" if only_results else "cms/search.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _suggestions(language: str) -> list[ServicePage]:
    return list(
        ServicePage.objects.live()
        .filter(locale__language_code=language, offering__is_published=True)
        .select_related("offering", "locale")
        .order_by("path")[:SUGGESTIONS]
    )


def _etag(request: HttpRequest, **_options: Any) -> str:
    return f'"{brand.stylesheet()[1]}"'


@require_safe
@condition(etag_func=_etag)
def brand_css(request: HttpRequest) -> HttpResponse:
    """``/brand.css?v=…``: the town's custom properties, kept for a year under its version."""
    css, version = brand.stylesheet()
    response = HttpResponse(css, content_type="text/css; charset=utf-8")
    return _cacheable(response, request, version)


@require_safe
@condition(etag_func=_etag)
def mark(request: HttpRequest) -> HttpResponse:
    """``/brand/mark.svg?v=…``: the town's mark, also its favicon."""
    current = brand.get()
    if not current.mark_source:
        raise Http404
    response = HttpResponse(current.mark_source, content_type="image/svg+xml")
    return _cacheable(response, request, current.version)


def _cacheable(response: HttpResponse, request: HttpRequest, version: str) -> HttpResponse:
    if request.GET.get("v") == version:
        patch_cache_control(response, public=True, max_age=31_536_000, immutable=True)
    else:
        patch_cache_control(response, no_cache=True)
    return response
