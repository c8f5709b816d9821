"""The demo's own pages, on the platform's host."""

from django.urls import include, path

from sandbox.views import bank_file, guide

urlpatterns = [
    path("", guide, name="guide"),
    path("bank/<slug:town>.csv", bank_file, name="bank_file"),
    path("pay/", include("sandbox.pay.urls")),
    path("mail/", include("sandbox.mail.urls")),
]
