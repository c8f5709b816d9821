"""Addresses of the platform itself: the list of municipalities, and the sandbox in the demo."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from tenants.views import municipalities

urlpatterns: list[URLPattern | URLResolver] = [path("", municipalities, name="municipalities")]
if settings.SANDBOX:
    urlpatterns.append(path("sandbox/", include("sandbox.urls")))
