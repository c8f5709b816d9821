"""Addresses of a municipality."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

from cms.urls import (
    admin_urlpatterns,
    page_urlpatterns,
    search_urlpatterns,
)
from cms.urls import plain_urlpatterns as cms_plain
from identity.urls import plain_urlpatterns as identity_plain
from portal.urls import plain_urlpatterns as portal_plain

urlpatterns = [
    # Without a language: machines come back here.
    *identity_plain,
    *cms_plain,
    *portal_plain,
    *admin_urlpatterns,
    *i18n_patterns(
        path("", include("identity.urls")),
        path("staff/", include("identity.staff.urls")),
        path("", include("portal.urls")),
        path("desk/", include("backoffice.urls")),
        *search_urlpatterns,
        *page_urlpatterns,
        prefix_default_language=False,
    ),
]
