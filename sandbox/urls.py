"""The demo's own pages, on the platform's host."""

from django.urls import include, path

from sandbox.views import guide

urlpatterns = [
    path("", guide, name="guide"),
    path("pay/", include("sandbox.pay.urls")),
    path("mail/", include("sandbox.mail.urls")),
]
