"""Migrations over all municipalities by replay.

`migrate_schemas` renders every migration anew for every schema. Here schemas of equal state form a
group; the first of a group (the template, if it is one of them) is migrated the ordinary way and
what it ran is recorded (`tenants.recording`); the others get the same statements in one simple
query and one transaction each, guarded by the fingerprint of the state the recording began with.
Migrations that run Python are run by Django's executor in each schema, with the recorded state.

With nothing to do it is one query. A schema that fails (a lock not given in time, rows that break a
new constraint) keeps its old state, is reported, and is tried again in the next round.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import psycopg
from django.db import DatabaseError
from psycopg import sql

from common.database import connection
from tenants import fingerprint, owner, privileges
from tenants.recording import Recording, Step, migrate_and_record
from tenants.template import TEMPLATE_SCHEMA, changes_excluded

LOCK_TIMEOUT = "2s"
ROUNDS = 3
PAUSE_SECONDS = 5.0


@dataclass
class Outcome:
    """What a run did: schemas by how they were migrated, and those left behind with the reason."""

    recorded: list[str] = field(default_factory=list)
    replayed: list[str] = field(default_factory=list)
    behind: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True)
class _Schema:
    name: str
    role: str  # empty: the template, which belongs to no town


def migrate_public() -> None:
    """Migrate the registry and set what the platform's login may do there."""
    with owner.owner_connection("public"):
        migrate_and_record(creates_permissions=False)
    with owner.connect() as conn:
        privileges.grant_registry(conn)


def migrate_template() -> None:
    """Make or migrate the template schema alone, by the ordinary path."""
    with owner.connect() as conn, changes_excluded(conn):
        _make_template(conn)
        with owner.owner_connection(TEMPLATE_SCHEMA):
            migrate_and_record(creates_permissions=True)


def migrate_all(*, rounds: int = ROUNDS, pause: float = PAUSE_SECONDS) -> Outcome:
    """Bring registry, template and every municipality to the code's state.

    Never raises for a single municipality: see `Outcome.behind`.
    """
    started = time.perf_counter()
    outcome = Outcome()
    with owner.connect() as conn, changes_excluded(conn):
        migrate_public()
        target = fingerprint.of_schema(conn, "public")
        _make_template(conn)
        for attempt in range(rounds):
            groups = _stale(conn, target)
            if not groups:
                break
            if attempt:
                time.sleep(pause)
            outcome.behind.clear()
            for state, schemas in groups:
                _migrate_group(conn, state, schemas, target, outcome)
        else:
            for _, schemas in _stale(conn, target):
                for schema in schemas:
                    outcome.behind.setdefault(schema.name, "its state is not the expected one")
    outcome.seconds = time.perf_counter() - started
    return outcome


def _make_template(conn: psycopg.Connection) -> None:
    conn.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(TEMPLATE_SCHEMA)))


def _stale(conn: psycopg.Connection, target: str) -> list[tuple[str, list[_Schema]]]:
    """Schemas that are behind, grouped by their state; the template's group comes first."""
    groups: dict[str, list[_Schema]] = defaultdict(list)
    template = _state_of(conn, TEMPLATE_SCHEMA)
    if template != target:
        groups[template].append(_Schema(TEMPLATE_SCHEMA, ""))
    for name, role, state in conn.execute(
        "SELECT schema_name, role, migration_fingerprint FROM public.tenants_municipality "
        "WHERE migration_fingerprint <> %s ORDER BY schema_name",
        [target],
    ).fetchall():
        groups[state].append(_Schema(name, role))
    return list(groups.items())


def _state_of(conn: psycopg.Connection, schema_name: str) -> str:
    try:
        return fingerprint.of_schema(conn, schema_name)
    except psycopg.errors.UndefinedTable:
        return ""  # nothing was ever applied


def _migrate_group(
    conn: psycopg.Connection, state: str, schemas: Sequence[_Schema], target: str, outcome: Outcome
) -> None:
    """The first one that can be migrated is recorded; the rest replay."""
    waiting = list(schemas)
    while waiting:
        reference = waiting.pop(0)
        try:
            with owner.owner_connection(reference.name):
                recording = _record(reference)
            _finish(conn, reference, recording.new_tables, target)
        except Exception as error:  # noqa: BLE001  one schema must not stop the others
            _note_behind(conn, reference, error, outcome)
            if reference.name == TEMPLATE_SCHEMA:
                # The template is what every other schema is compared with: nothing goes past it.
                for schema in waiting:
                    outcome.behind[schema.name] = "the template could not be migrated"
                return
            continue
        outcome.recorded.append(reference.name)
        if fingerprint.of_names(recording.applied_before) != state:
            # The registry did not know this schema's state; it says nothing about the others'.
            continue
        for schema in waiting:
            try:
                replay(conn, schema, recording, target)
            except Exception as error:  # noqa: BLE001  one schema must not stop the others
                _note_behind(conn, schema, error, outcome)
            else:
                outcome.replayed.append(schema.name)
        return


def _record(schema: _Schema) -> Recording:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [LOCK_TIMEOUT])
    return migrate_and_record(creates_permissions=schema.name == TEMPLATE_SCHEMA)


def replay(conn: psycopg.Connection, schema: _Schema, recording: Recording, target: str) -> None:
    """Bring one schema along the recorded way, grants and registry included. Raises on failure."""
    applied = set(recording.applied_before)
    pending: list[Step] = []
    for step in recording.steps:
        if step.sql is not None:
            pending.append(step)
            continue
        _run_sql(conn, schema, pending, applied)
        pending = []
        _run_python(conn, schema, recording, step)
        applied.add(step.key)
    statements = _closing(schema, recording.new_tables, target)
    _run_sql(conn, schema, pending, applied, statements)


def _run_sql(
    conn: psycopg.Connection,
    schema: _Schema,
    steps: Sequence[Step],
    applied: set[tuple[str, str]],
    closing: Sequence[sql.Composable] = (),
) -> None:
    """`steps` in one transaction and one round trip; adds them to `applied`."""
    if not steps and not closing:
        return
    parts: list[sql.Composable] = [*_opening(schema), _guard(fingerprint.of_names(applied))]
    for step in steps:
        # Text from our own migrations, recorded as it ran in the reference.
        parts.extend(sql.SQL(statement) for statement in step.sql or ())
        parts.append(
            sql.SQL(
                "INSERT INTO django_migrations (app, name, applied) VALUES ({}, {}, now())"
            ).format(*step.key)
        )
        # As at the end of the migration's own transaction: a later ALTER TABLE needs it.
        parts.append(sql.SQL("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED"))
        applied.add(step.key)
    parts.extend(closing)
    script = sql.SQL("BEGIN;\n{}\n;COMMIT").format(sql.SQL("\n;\n").join(parts))
    try:
        conn.execute(script)
    except psycopg.Error:
        conn.execute("ROLLBACK")
        raise


def _run_python(
    conn: psycopg.Connection, schema: _Schema, recording: Recording, step: Step
) -> None:
    if step.before is None:
        raise RuntimeError(f"{step.key}: the state before it was not recorded")
    step.before.apps  # noqa: B018  rendered once; a clone of it then carries the models along
    # What it looks up by content type must have the ids that the template has.
    script = sql.SQL(";\n").join([*_opening(schema), *_template_rows()])
    with conn.transaction():
        conn.execute(script)
    with owner.owner_connection(schema.name):
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [LOCK_TIMEOUT])
        recording.executor.apply_migration(step.before.clone(), step.migration)


def _finish(
    conn: psycopg.Connection, schema: _Schema, new_tables: Sequence[str], target: str
) -> None:
    """After the ordinary path: grants, content types and the registry, as a replay ends."""
    with conn.transaction():
        conn.execute(
            sql.SQL(";\n").join([*_opening(schema), *_closing(schema, new_tables, target)])
        )


def _opening(schema: _Schema) -> list[sql.Composable]:
    return [
        sql.SQL("SET LOCAL lock_timeout = {}").format(LOCK_TIMEOUT),
        sql.SQL("SET LOCAL search_path = {}").format(sql.Identifier(schema.name)),
    ]


def _guard(state: str) -> sql.Composable:
    return sql.SQL(
        "DO $guard$ BEGIN IF (SELECT {now} FROM django_migrations) IS DISTINCT FROM {expected} "
        "THEN RAISE EXCEPTION 'the schema is not in the recorded state'; END IF; END $guard$"
    ).format(now=sql.SQL(fingerprint.EXPRESSION), expected=state)


def _closing(schema: _Schema, new_tables: Sequence[str], target: str) -> list[sql.Composable]:
    if not schema.role:
        return [sql.SQL("SELECT 1")]
    return [
        *_template_rows(),
        *privileges.grants(new_tables, schema.role),
        _guard(target),
        sql.SQL(
            "UPDATE public.tenants_municipality SET migration_fingerprint = {} "
            "WHERE schema_name = {}"
        ).format(target, schema.name),
    ]


def _template_rows() -> list[sql.Composable]:
    """Content types and permissions that the template has and this schema lacks, ids and all.

    Towns make none by themselves, so that an id means the same everywhere.
    """
    template = sql.Identifier(TEMPLATE_SCHEMA)
    statements: list[sql.Composable] = []
    for table, columns in (
        ("django_content_type", "id, app_label, model"),
        ("auth_permission", "id, name, content_type_id, codename"),
    ):
        statements.append(
            sql.SQL(
                "INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE "
                "SELECT {columns} FROM {template}.{table} theirs WHERE NOT EXISTS "
                "(SELECT 1 FROM {table} ours WHERE ours.id = theirs.id) ORDER BY id"
            ).format(table=sql.Identifier(table), columns=sql.SQL(columns), template=template)
        )
        statements.append(
            sql.SQL(
                "SELECT setval(pg_get_serial_sequence({name}, 'id'), max(id)) FROM {table}"
            ).format(name=table, table=sql.Identifier(table))
        )
    return statements


def _note_behind(
    conn: psycopg.Connection, schema: _Schema, error: Exception, outcome: Outcome
) -> None:
    """Keep the reason, and write down the state the schema is really in for the next round."""
    cause = error.__cause__ if isinstance(error, DatabaseError) else error
    diag = cause.diag if isinstance(cause, psycopg.Error) else None
    # Never the message: it may quote a row.
    place = [diag.table_name, diag.constraint_name] if diag is not None else []
    words = [type(cause or error).__name__, *(part for part in place if part)]
    outcome.behind[schema.name] = ", ".join(words)
    if schema.role:
        conn.execute(
            "UPDATE public.tenants_municipality SET migration_fingerprint = %s "
            "WHERE schema_name = %s",
            [_state_of(conn, schema.name), schema.name],
        )
