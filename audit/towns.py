"""Going through the municipalities, for this room's commands.

`audit` and `tenants` are strangers on one floor, so this asks django-tenants' own registry.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.core.management.base import CommandError
from django.db import transaction
from django_tenants.utils import get_tenant_model

from common.database import connection


def each_town(schema_names: Sequence[str] = ()) -> Iterator[str]:
    """Each active municipality's schema name (or only those given), active while it is handled.

    The transaction reads only, from one snapshot. Raises `CommandError` for an unknown name.
    """
    before = connection.tenant
    connection.set_schema_to_public()
    towns = {town.schema_name: town for town in get_tenant_model().objects.filter(is_active=True)}
    unknown = sorted(set(schema_names) - towns.keys())
    if unknown:
        raise CommandError(f"No active municipality: {', '.join(unknown)}")
    try:
        for schema_name in schema_names or sorted(towns):
            connection.set_tenant(towns[schema_name])
            with transaction.atomic():
                yield schema_name
    finally:
        connection.set_tenant(before)
