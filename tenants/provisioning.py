"""Municipalities by replay: one script made from a template schema, run in one round trip.

Running Django's migrations for every new town takes seconds; replaying the finished result takes a
tenth of one. The template is migrated the ordinary way (`build_template`) and is the reference the
tests compare every town with. Ids of content types, permissions and Wagtail's first rows come out
equal in every schema, which the ContentType cache relies on.
"""

from __future__ import annotations

import re

import psycopg
from django.conf import settings
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from psycopg import sql

from common.text import Text
from tenants import context, owner
from tenants.errors import ProvisioningError
from tenants.middleware import forget_hosts
from tenants.models import Domain, Municipality
from tenants.schema_script import script_of

TEMPLATE_SCHEMA = "madoguchi_template"

_SCHEMA_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def migrate_public() -> None:
    """Migrate the registry."""
    with owner.owner_connection("public"):
        _migrate()
    with owner.connect() as conn:
        app_role = _app_role()
        conn.execute(sql.SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC"))
        conn.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(app_role))
        conn.execute(
            sql.SQL(
                "GRANT SELECT, INSERT, UPDATE, DELETE ON tenants_municipality, tenants_domain "
                "TO {role}; GRANT SELECT ON django_migrations TO {role}; "
                "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}"
            ).format(role=app_role)
        )


def build_template() -> None:
    """Make or migrate the template schema, by the ordinary path."""
    with owner.connect() as conn:
        conn.execute(
            sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(TEMPLATE_SCHEMA))
        )
    with owner.owner_connection(TEMPLATE_SCHEMA):
        _migrate()


def _migrate() -> None:
    executor = MigrationExecutor(connection)
    executor.loader.check_consistent_history(connection)
    targets = executor.loader.graph.leaf_nodes()
    plan = executor.migration_plan(targets)
    if not plan:
        return
    state = executor.migrate(targets, plan=plan)
    state.clear_delayed_apps_cache()
    emit_post_migrate_signal(verbosity=0, interactive=False, db="default", apps=state.apps)


def provision(
    *,
    schema_name: str,
    code: str,
    name: Text,
    prefecture: Text,
    domains: list[str],
    languages: list[str],
) -> Municipality:
    """Make a municipality: role, schema with all tables and seed rows, registry rows, addresses.

    The first of `domains` is the primary one. Raises `ProvisioningError`; then nothing remains.
    """
    if not _SCHEMA_NAME.fullmatch(schema_name) or schema_name == TEMPLATE_SCHEMA:
        raise ProvisioningError(
            f"'{schema_name}' cannot name a municipality: use a-z, 0-9 and _, "
            "starting with a letter, at most 40 characters."
        )
    with owner.connect() as conn:
        role = role_name(conn.info.dbname, schema_name)
        fingerprint = _fingerprint(conn, TEMPLATE_SCHEMA)
        try:
            with conn.transaction():
                create_schema(conn, schema_name, role)
        except psycopg.errors.DuplicateSchema:
            raise ProvisioningError(f"There is already a schema '{schema_name}'.") from None
        try:
            with context.public():
                town = Municipality.objects.create(
                    schema_name=schema_name,
                    role=role,
                    code=code,
                    name=name,
                    prefecture=prefecture,
                    languages=languages,
                    migration_fingerprint=fingerprint,
                )
                for index, domain in enumerate(domains):
                    Domain.objects.create(domain=domain, tenant=town, is_primary=index == 0)
        except Exception:
            conn.execute(
                sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema_name))
            )
            raise
    forget_hosts()
    return town


def create_schema(conn: psycopg.Connection, schema_name: str, role: str) -> None:
    """The schema, its role, tables, seed rows and grants, inside the caller's transaction."""
    script = script_of(conn, TEMPLATE_SCHEMA)
    names = {"schema": sql.Identifier(schema_name), "role": sql.Identifier(role)}
    if not conn.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
        conn.execute(sql.SQL("CREATE ROLE {role} NOLOGIN").format(**names))
        conn.execute(
            sql.SQL("GRANT {role} TO {app} WITH INHERIT FALSE, SET TRUE").format(
                app=_app_role(), **names
            )
        )
    conn.execute(sql.SQL("CREATE SCHEMA {schema}").format(**names))
    conn.execute(sql.SQL("GRANT USAGE ON SCHEMA {schema} TO {role}").format(**names))
    conn.execute(sql.SQL("SET LOCAL search_path = {schema}").format(**names))
    conn.execute("SET LOCAL check_function_bodies = off")
    conn.execute(script.for_schema(schema_name))
    conn.execute(sql.SQL(";").join(grants(script.tables, role)))


def grants(tables: list[str], role: str) -> list[sql.Composed]:
    """What a town's role may do, table by table; it owns nothing and changes no structure."""
    statements = []
    for table in tables:
        privileges = settings.TOWN_TABLE_PRIVILEGES.get(table, "SELECT, INSERT, UPDATE, DELETE")
        statements.append(
            sql.SQL("GRANT {privileges} ON {table} TO {role}").format(
                privileges=sql.SQL(privileges),
                table=sql.Identifier(table),
                role=sql.Identifier(role),
            )
        )
    return statements


def role_name(database: str, schema_name: str) -> str:
    """Roles belong to the whole server, schemas to one database: the name carries both."""
    return f"{database}.{schema_name}"[:63]


def _fingerprint(conn: psycopg.Connection, schema_name: str) -> str:
    row = conn.execute(
        sql.SQL(
            "SELECT md5(coalesce(string_agg(app || '.' || name, ',' ORDER BY app, name), '')) "
            "FROM {}.django_migrations"
        ).format(sql.Identifier(schema_name))
    ).fetchone()
    assert row is not None  # an aggregate always answers
    return str(row[0])


def _app_role() -> sql.Identifier:
    return sql.Identifier(settings.DATABASES["default"]["USER"])
