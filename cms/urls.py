"""Addresses of the pages. `config.urls` puts them together: the pages come last."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, URLResolver, path, re_path
from django.utils import translation
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.urls import serve_pattern
from wagtail.utils.urlpatterns import decorate_urlpatterns

from cms import views
from identity.access import guarded


def _in_users_language(
    view: Callable[..., HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """The administration speaks the language its user chose, whatever the browser asks for."""

    @wraps(view)
    def localised(request: HttpRequest, *args: object, **options: object) -> HttpResponseBase:
        language = getattr(request.user, "language", "")
        if language:
            translation.activate(language)
        return view(request, *args, **options)

    return localised


decorate_urlpatterns(wagtailadmin_urls.urlpatterns, _in_users_language)

#: Without a language.
plain_urlpatterns: list[URLPattern] = [
    path("brand.css", views.brand_css, name="cms_brand_css"),
    path("brand/mark.svg", views.mark, name="cms_mark"),
]

#: Behind the second factor.
admin_urlpatterns: list[URLPattern | URLResolver] = [path("admin/", guarded(wagtailadmin_urls))]

#: In each language.
search_urlpatterns: list[URLPattern] = [path("search/", views.search, name="cms_search")]

#: In each language, and after everything else: any path may be a page. The name is Wagtail's.
page_urlpatterns: list[URLPattern] = [re_path(serve_pattern, views.serve, name="wagtail_serve")]
