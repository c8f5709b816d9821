"""Absolute addresses, for mails, letters and QR codes."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings

from common.database import connection
from tenants import context
from tenants.errors import OutsideTenant
from tenants.models import Domain


def base_url(host: str) -> str:
    """``https://host[:port]`` as residents see it."""
    port = f":{settings.PUBLIC_PORT}" if settings.PUBLIC_PORT else ""
    return f"{settings.PUBLIC_SCHEME}://{host}{port}"


@lru_cache(maxsize=4096)
def _primary_host(schema_name: str) -> str:
    with context.public():
        return Domain.objects.get(tenant__schema_name=schema_name, is_primary=True).domain


def absolute(path: str) -> str:
    """The full address of `path` at the current municipality. Raises `OutsideTenant`."""
    schema_name = connection.schema_name
    if not schema_name or schema_name == "public":
        raise OutsideTenant("An absolute address needs an active municipality.")
    return base_url(_primary_host(schema_name)) + path
