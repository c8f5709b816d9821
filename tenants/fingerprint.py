"""What state a schema is in: md5 over its applied migrations."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import psycopg
from psycopg import sql

#: Computed in SQL; `of_names` gives the same. The collation must not depend on the server's locale.
EXPRESSION = (
    """md5(coalesce(string_agg(app || '.' || name, ',' """
    """ORDER BY app COLLATE "C", name COLLATE "C"), ''))"""
)


def of_schema(conn: psycopg.Connection, schema_name: str) -> str:
    """The fingerprint of a schema. Raises `psycopg.errors.UndefinedTable` where there is none."""
    row = conn.execute(
        sql.SQL("SELECT {} FROM {}.django_migrations").format(
            sql.SQL(EXPRESSION), sql.Identifier(schema_name)
        )
    ).fetchone()
    return str(row[0]) if row else ""


def of_names(applied: Iterable[tuple[str, str]]) -> str:
    """The fingerprint of a set of (app, name)."""
    ordered = sorted(applied, key=lambda key: (key[0].encode(), key[1].encode()))
    text = ",".join(f"{app}.{name}" for app, name in ordered)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
