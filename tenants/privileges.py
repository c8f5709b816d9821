"""What the platform's login and a town's role may do, table by table, never catalogue-wide."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg
from django.conf import settings
from psycopg import sql

EVERYTHING = "SELECT, INSERT, UPDATE, DELETE"


def app_role() -> sql.Identifier:
    """The login of web and worker."""
    return sql.Identifier(settings.DATABASES["default"]["USER"])


def of_table(table: str) -> str:
    """What a town's role may do on `table`."""
    allowed: str = settings.TOWN_TABLE_PRIVILEGES.get(table, EVERYTHING)
    return allowed


def grants(tables: Iterable[str], role: str) -> list[sql.Composed]:
    """GRANT statements for `tables` of the current search path. The role owns nothing."""
    return [
        sql.SQL("GRANT {privileges} ON {table} TO {role}").format(
            privileges=sql.SQL(of_table(table)),
            table=sql.Identifier(table),
            role=sql.Identifier(role),
        )
        for table in tables
    ]


def regrant(conn: psycopg.Connection, schema_name: str, role: str) -> None:
    """Set a town's privileges anew on every table, after `TOWN_TABLE_PRIVILEGES` changed."""
    with conn.transaction():
        conn.execute(sql.SQL("SET LOCAL search_path = {}").format(sql.Identifier(schema_name)))
        tables = [
            row[0]
            for row in conn.execute(
                "SELECT relname FROM pg_class "
                "WHERE relnamespace = %s::regnamespace AND relkind = 'r'",
                [schema_name],
            )
        ]
        for table, grant in zip(tables, grants(tables, role), strict=True):
            conn.execute(
                sql.SQL("REVOKE ALL ON {table} FROM {role}; {grant}").format(
                    table=sql.Identifier(table), role=sql.Identifier(role), grant=grant
                )
            )


def grant_registry(conn: psycopg.Connection) -> None:
    """`public`: the platform reads the registry; only the owner writes it."""
    role = app_role()
    conn.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    conn.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role))
    conn.execute(
        sql.SQL(
            "REVOKE ALL ON tenants_municipality, tenants_domain FROM {role}; "
            "GRANT SELECT ON tenants_municipality, tenants_domain, django_migrations TO {role}"
        ).format(role=role)
    )


def ensure_role(conn: psycopg.Connection, role: str) -> None:
    """The town's role, which the platform's login may take on and inherits nothing from."""
    if not conn.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
        conn.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
    conn.execute(
        sql.SQL("GRANT {role} TO {app} WITH INHERIT FALSE, SET TRUE").format(
            role=sql.Identifier(role), app=app_role()
        )
    )
