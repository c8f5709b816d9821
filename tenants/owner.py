"""The schema owner's connection: for migrations and provisioning, never for requests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import environ
import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from common.database import connection


def owner_url() -> str:
    """DSN of the role that owns every schema (``DATABASE_OWNER_URL``)."""
    url: str = settings.DATABASE_OWNER_URL
    if not url:
        raise ImproperlyConfigured(
            "DATABASE_OWNER_URL is not set. Schemas belong to their own role, "
            "which only migrations and provisioning use: give its address in that variable."
        )
    return url


def connect() -> psycopg.Connection:
    """A bare psycopg connection of the owner, in autocommit."""
    return psycopg.connect(owner_url(), autocommit=True)


@contextmanager
def owner_connection(schema_name: str) -> Iterator[None]:
    """Django's default connection becomes the owner's, in `schema_name`, for a while.

    Django's migrations and their Python steps use the default connection, so it is this very
    connection that has to change hands.
    """
    if connection.in_atomic_block:
        raise RuntimeError("owner_connection() inside a transaction")
    tenant, kept = connection.tenant, dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(
        environ.Env.db_url_config(owner_url())
        | {key: kept[key] for key in ("ENGINE", "CONN_MAX_AGE", "TEST") if key in kept}
    )
    connection.acts_as_owner = True
    connection.set_schema(schema_name)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.clear()
        connection.settings_dict.update(kept)
        connection.acts_as_owner = False
        connection.set_tenant(tenant)
