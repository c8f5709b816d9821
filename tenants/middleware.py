"""From the host name to the municipality, and the request's one transaction."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import InterfaceError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.request import split_domain_port
from django.shortcuts import render
from django.template.response import SimpleTemplateResponse
from django.utils import timezone as django_timezone

from common.database import connection
from tenants.models import Domain, Municipality

HOSTS_KEPT_SECONDS = 20.0
HOSTS_KEPT = 10_000

_hosts: dict[str, tuple[float, Municipality | None]] = {}


def forget_hosts() -> None:
    """Drop this process's host names, after a municipality or an address changed."""
    _hosts.clear()


def municipality_of(hostname: str) -> Municipality | None:
    """The active municipality at `hostname`; known for 20 s so that a page costs no look-up."""
    now = time.monotonic()
    known = _hosts.get(hostname)
    if known and known[0] > now:
        return known[1]
    domain = (
        Domain.objects.select_related("tenant")
        .filter(domain=hostname, tenant__is_active=True)
        .first()
    )
    town = domain.tenant if domain else None
    if (
        town is not None or len(_hosts) < HOSTS_KEPT
    ):  # a flood of made-up hosts must not fill memory
        _hosts[hostname] = (now + HOSTS_KEPT_SECONDS, town)
    return town


class _ConnectionLost(Exception):
    """The server went away since the last request; seen at the first statement of this one."""


class MunicipalityMiddleware:
    """Sets ``request.tenant`` and runs the whole request in one transaction of that town.

    ``ATOMIC_REQUESTS`` would not do: it ends before a TemplateResponse is rendered, and with it
    path and role. Here the page is rendered inside, and what the visitor reads is committed:
    a receipt is sent only after its rows are safe. An error answer rolls back.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        connection.set_schema_to_public()
        try:
            hostname, _ = split_domain_port(request.get_host())
        except DisallowedHost:
            return self._nobody_here(request)
        if hostname == settings.PLATFORM_DOMAIN:
            request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
            request.tenant = None  # type: ignore[attr-defined]
            return self.get_response(request)
        town = municipality_of(hostname)
        if town is None:
            return self._nobody_here(request)
        request.tenant = town  # type: ignore[attr-defined]
        connection.set_tenant(town)
        try:
            with django_timezone.override(town.timezone):
                try:
                    return self._answer(request)
                except _ConnectionLost:
                    return self._answer(request)  # on a new one
        finally:
            connection.set_schema_to_public()

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        """Raises `_ConnectionLost` while nothing has been done yet."""
        begins = not connection.in_atomic_block
        with transaction.atomic():
            try:
                connection.enter()
            except (OperationalError, InterfaceError) as lost:
                if begins and connection.connection is not None and connection.connection.closed:
                    raise _ConnectionLost from lost  # leaving the block closes it for Django, too
                raise
            response = self.get_response(request)
            if isinstance(response, SimpleTemplateResponse) and not response.is_rendered:
                response.render()
            if response.status_code >= 500:
                transaction.set_rollback(True)
        return response

    @staticmethod
    def _nobody_here(request: HttpRequest) -> HttpResponse:
        return render(request, "tenants/unknown_host.html", status=404)


class RollbackOnError:
    """Innermost: keeps nothing of a view that failed, whatever page is shown for it.

    The transaction starts over rather than ends: the 404 page shows the town's brand and who is
    signed in, and the session is saved after it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Called for everything a view raises, `Http404` and `PermissionDenied` too."""
        connection.start_over()
