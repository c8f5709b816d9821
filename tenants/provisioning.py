"""Municipalities by replay: one script made from a template schema, run in one round trip.

Running Django's migrations for every new town takes seconds; replaying the finished result takes a
tenth of one. The template is migrated the ordinary way (`tenants.migrating`) and is the reference
the tests compare every town with. Ids of content types, permissions and Wagtail's first rows come
out equal in every schema, which the ContentType cache relies on.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg
from django.conf import settings
from django.utils import timezone
from psycopg import sql

from common.text import Text
from tenants import context, fingerprint, owner, privileges
from tenants.errors import ProvisioningError, UnknownMunicipality
from tenants.middleware import forget_hosts
from tenants.migrating import migrate_public, migrate_template
from tenants.models import Municipality
from tenants.schema_script import SchemaScript, script_of
from tenants.template import TEMPLATE_SCHEMA, changes_excluded

__all__ = [
    "TEMPLATE_SCHEMA", "activate", "build_template", "create_schema", "deactivate",
    "migrate_public", "provision",
]  # fmt: skip

_SCHEMA_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_HOST = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
    r"(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*"
)
_UNIQUE = {"schema_name": "schema", "_code_": "code", "domain": "address"}
_CODE = re.compile(r"[0-9]{6}")

# The template's script by database and fingerprint: reading it takes longer than making a town.
_scripts: dict[tuple[str, str], SchemaScript] = {}


def build_template() -> None:
    """Make or migrate the template schema, by the ordinary path."""
    migrate_template()


def provision(
    *,
    schema_name: str,
    code: str,
    name: Text,
    prefecture: Text,
    domains: Sequence[str],
    languages: Sequence[str],
) -> Municipality:
    """Make a municipality: role, schema with all tables and seed rows, registry rows, addresses.

    All in one transaction of the schemas' owner. The first of `domains` is the primary one.
    Raises `ProvisioningError`; then nothing remains.
    """
    _check(schema_name, code, domains, languages)
    with (
        owner.connect() as conn,
        changes_excluded(conn, shared=True),
        _explained(schema_name),
        conn.transaction(),
    ):
        role = role_name(conn.info.dbname, schema_name)
        state = fingerprint.of_schema(conn, TEMPLATE_SCHEMA)
        town_id = _insert_registry_rows(
            conn, (schema_name, role, code, name, prefecture, languages, state), domains
        )
        create_schema(conn, schema_name, role, state)
    forget_hosts()
    with context.public():
        return Municipality.objects.get(pk=town_id)


def create_schema(
    conn: psycopg.Connection, schema_name: str, role: str, state: str | None = None
) -> None:
    """The schema, its role, tables, seed rows and grants, inside the caller's transaction."""
    script = _script(conn, state or fingerprint.of_schema(conn, TEMPLATE_SCHEMA))
    privileges.ensure_role(conn, role)
    prologue = sql.SQL(
        "CREATE SCHEMA {schema}; GRANT USAGE ON SCHEMA {schema} TO {role}; "
        "SET LOCAL search_path = {schema}; SET LOCAL check_function_bodies = off"
    ).format(schema=sql.Identifier(schema_name), role=sql.Identifier(role))
    conn.execute(prologue)
    conn.execute(script.for_schema(schema_name))
    conn.execute(sql.SQL(";").join(privileges.grants(script.tables, role)))


def deactivate(schema_name: str) -> None:
    """Nobody reaches the municipality any more: not by its addresses, not by tasks or commands.

    Its data stays. Other processes know within `tenants.middleware.HOSTS_KEPT_SECONDS`.
    Raises `UnknownMunicipality`.
    """
    _set_active(schema_name, active=False)


def activate(schema_name: str) -> None:
    """The reverse of `deactivate`. Raises `UnknownMunicipality`."""
    _set_active(schema_name, active=True)


def role_name(database: str, schema_name: str) -> str:
    """Roles belong to the whole server, schemas to one database: the name carries both."""
    name = f"{database}.{schema_name}"
    if len(name.encode()) <= 63:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    return f"{schema_name[:40]}.{digest}"


def _set_active(schema_name: str, *, active: bool) -> None:
    with owner.connect() as conn:
        changed = conn.execute(
            "UPDATE public.tenants_municipality SET is_active = %s WHERE schema_name = %s",
            [active, schema_name],
        ).rowcount
    if not changed:
        raise UnknownMunicipality(f"no municipality '{schema_name}'")
    forget_hosts()


def _script(conn: psycopg.Connection, state: str) -> SchemaScript:
    key = (conn.info.dsn, state)
    if key not in _scripts:
        _scripts.clear()
        _scripts[key] = script_of(conn, TEMPLATE_SCHEMA)
    return _scripts[key]


def _check(schema_name: str, code: str, domains: Sequence[str], languages: Sequence[str]) -> None:
    reserved = {
        TEMPLATE_SCHEMA,
        "public",
        "information_schema",
        settings.DATABASES["default"]["USER"],
    }
    if (
        not _SCHEMA_NAME.fullmatch(schema_name)
        or schema_name in reserved
        or schema_name.startswith("pg_")
    ):
        raise ProvisioningError(
            f"'{schema_name}' cannot name a municipality: use a-z, 0-9 and _, starting with a "
            "letter, at most 40 characters, and no name that the platform itself uses."
        )
    if not _CODE.fullmatch(code):
        raise ProvisioningError(f"'{code}' is no municipality code: six digits.")
    if not domains:
        raise ProvisioningError("A municipality needs at least one address.")
    for domain in domains:
        if not _HOST.fullmatch(domain) or domain == settings.PLATFORM_DOMAIN:
            raise ProvisioningError(f"'{domain}' cannot be a municipality's address.")
    known = dict(settings.LANGUAGES)
    if not languages or not set(languages) <= known.keys():
        raise ProvisioningError(f"Languages must be some of {', '.join(known)}.")


@contextmanager
def _explained(schema_name: str) -> Iterator[None]:
    try:
        yield
    except psycopg.errors.DuplicateSchema:
        raise ProvisioningError(f"There is already a schema '{schema_name}'.") from None
    except psycopg.errors.UniqueViolation as error:
        constraint = error.diag.constraint_name or ""
        same = next(
            (words for part, words in _UNIQUE.items() if part in constraint), "name of its role"
        )
        raise ProvisioningError(f"Another municipality has the same {same}.") from None


def _insert_registry_rows(
    conn: psycopg.Connection,
    town: tuple[str, str, str, Text, Text, Sequence[str], str],
    domains: Sequence[str],
) -> int:
    schema_name, role, code, name, prefecture, languages, state = town
    row = conn.execute(
        "INSERT INTO public.tenants_municipality (schema_name, role, code, name, prefecture, "
        "languages, timezone, is_active, created_at, migration_fingerprint) "
        "VALUES (%s, %s, %s, %s, %s, %s, 'Asia/Tokyo', true, %s, %s) RETURNING id",
        [
            schema_name,
            role,
            code,
            json.dumps(name.as_dict()),
            json.dumps(prefecture.as_dict()),
            json.dumps(list(languages)),
            timezone.now(),
            state,
        ],
    ).fetchone()
    if row is None:
        raise ProvisioningError("The registry did not take the row.")
    for index, domain in enumerate(domains):
        conn.execute(
            "INSERT INTO public.tenants_domain (domain, is_primary, tenant_id) VALUES (%s, %s, %s)",
            [domain, index == 0, row[0]],
        )
    return int(row[0])
