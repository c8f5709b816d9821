"""The one door to a municipality's data outside a request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.utils import timezone as django_timezone

from common.database import connection
from tenants.errors import UnknownMunicipality
from tenants.models import Municipality


@contextmanager
def municipality(town: Municipality | str, *, durable: bool = False) -> Iterator[Municipality]:
    """Work inside `town` (or its schema name): opens the transaction, sets path and role.

    On leaving, what was current before is current again; an error rolls back.
    Raises `UnknownMunicipality`.
    """
    before = connection.tenant
    found = town if isinstance(town, Municipality) else by_schema(town)
    connection.set_tenant(found)
    try:
        with django_timezone.override(found.timezone), transaction.atomic(durable=durable):
            yield found
    finally:
        connection.set_tenant(before)


def by_schema(schema_name: str) -> Municipality:
    """The active municipality of a schema. Raises `UnknownMunicipality`."""
    with public():
        try:
            return Municipality.objects.get(schema_name=schema_name, is_active=True)
        except Municipality.DoesNotExist:
            raise UnknownMunicipality(f"no active municipality '{schema_name}'") from None


@contextmanager
def public() -> Iterator[None]:
    """Work in the registry (`public`), then return."""
    before = connection.tenant
    connection.set_schema_to_public()
    try:
        yield
    finally:
        connection.set_tenant(before)
