"""A database of its own for tests that commit."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection

from common.text import Text
from sandbox.servers import APP, OWNER
from tenants import owner, provisioning
from tenants.models import Municipality
from tests.conftest import create_database, server_url

_numbers = itertools.count(1)


@pytest.fixture
def own_database(
    django_db_setup: None, django_db_blocker: Any, database_name: str, settings: Any
) -> Iterator[str]:
    """A fresh copy of the golden database, current for the test, thrown away after it."""
    import environ

    name = f"{database_name}_own{next(_numbers)}"
    create_database(name)
    with django_db_blocker.unblock():
        connection.close()
        kept = dict(connection.settings_dict)
        connection.settings_dict.update(
            environ.Env.db_url_config(server_url(APP, name), engine="tenants.postgresql")
        )
        settings.DATABASE_OWNER_URL = server_url(OWNER, name)
        connection.set_schema_to_public()
        try:
            yield name
        finally:
            connection.close()
            connection.settings_dict.clear()
            connection.settings_dict.update(kept)
            connection.set_schema_to_public()
            with psycopg.connect(server_url("postgres", "postgres"), autocommit=True) as conn:
                conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def owner_conn(own_database: str) -> Iterator[psycopg.Connection]:
    with owner.connect() as conn:
        yield conn


def provision(number: int, **changes: Any) -> Municipality:
    """The town number `number`."""
    return provisioning.provision(
        **{
            "schema_name": f"town{number:03d}",
            "code": f"{100000 + number}",
            "name": Text({"ja": f"第{number}市", "en": f"City {number}"}),
            "prefecture": Text({"ja": "窓口県", "en": "Madoguchi Prefecture"}),
            "domains": [f"town{number:03d}.localhost"],
            "languages": ["ja", "en"],
            **changes,
        }
    )
