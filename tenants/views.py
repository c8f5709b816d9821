"""The platform's own page."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tenants.links import base_url
from tenants.models import Domain


def municipalities(request: HttpRequest) -> HttpResponse:
    """Which municipalities share this counter, with their addresses."""
    towns = [
        (domain.tenant, base_url(domain.domain))
        for domain in Domain.objects.select_related("tenant")
        .filter(is_primary=True, tenant__is_active=True)
        .order_by("tenant__code")
    ]
    return render(
        request, "tenants/municipalities.html", {"towns": towns, "sandbox": settings.SANDBOX}
    )
