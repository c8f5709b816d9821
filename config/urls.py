"""Addresses of a municipality."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path
from wagtail import urls as wagtail_urls

from cms.urls import admin_urlpatterns, plain_urlpatterns as cms_plain, search_urlpatterns
from identity.urls import plain_urlpatterns as identity_plain

urlpatterns = [
    # Without a language: machines come back here.
    *identity_plain,
    *cms_plain,
    *admin_urlpatterns,
    *i18n_patterns(
        path("", include("identity.urls")),
        path("", include("portal.urls")),
        path("desk/", include("backoffice.urls")),
        *search_urlpatterns,
        path("", include(wagtail_urls)),
        prefix_default_language=False,
    ),
]
