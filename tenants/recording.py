"""One schema is migrated the ordinary way, and what was run is kept for the others.

Recording, not collecting: Django's ``collect_sql`` does not run the statements, so a later
migration that looks into the catalogue (the name of a constraint, say) would not find what an
earlier one of the same run has made.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import RunPython, SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

# Operations whose whole effect goes through the schema editor, where it is recorded.
_DJANGOS_OWN = "django.db.migrations.operations."


@dataclass(frozen=True)
class Step:
    """One migration: its SQL, or (`sql` is None) what its Python needs to run again."""

    key: tuple[str, str]
    migration: Migration
    sql: tuple[str, ...] | None
    #: Models as they were before it; only for Python.
    before: ProjectState | None = None


@dataclass
class Recording:
    """How a schema came from one set of applied migrations to another."""

    executor: MigrationExecutor
    applied_before: frozenset[tuple[str, str]]
    steps: list[Step] = field(default_factory=list)
    new_tables: list[str] = field(default_factory=list)


class _Recorder:
    """Stands between a schema editor class and the connection, keeping each statement."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def editor_class(self, ordinary: type) -> type:
        statements = self.statements

        class RecordingEditor(ordinary):
            def execute(self, sql: Any, params: Any = ()) -> None:
                if params is None:
                    statement = str(sql)
                else:
                    statement = self.connection.ops.compose_sql(str(sql), params)
                statements.append(statement.rstrip().rstrip(";"))
                super().execute(statement, None)

        return RecordingEditor


@contextmanager
def _recorded() -> Iterator[_Recorder]:
    recorder = _Recorder()
    ordinary = connection.SchemaEditorClass
    connection.SchemaEditorClass = recorder.editor_class(ordinary)
    try:
        yield recorder
    finally:
        connection.SchemaEditorClass = ordinary


def migrate_and_record(*, creates_permissions: bool) -> Recording:
    """Migrate the connection's schema (its owner's, see `tenants.owner`) to the code's state.

    `creates_permissions`: let Django make content types and permissions, as in the template;
    otherwise the caller copies them from there, ids and all.
    """
    executor = MigrationExecutor(connection)
    executor.loader.check_consistent_history(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    recording = Recording(executor, frozenset(executor.loader.applied_migrations))
    if not plan:
        return recording
    tables_before = set(_tables())
    executor.recorder.ensure_schema()
    # The executor's own loop, with a look before and after each migration.
    state = executor._create_project_state(  # type: ignore[attr-defined]  # noqa: SLF001
        with_applied_migrations=True
    )
    emit_pre_migrate_signal(
        verbosity=0, interactive=False, db="default", apps=state.apps, plan=plan
    )
    with _recorded() as recorder:
        for migration, _ in plan:
            recorder.statements.clear()
            before = None if is_sql(migration) else state.clone()
            state = executor.apply_migration(state, migration)
            recording.steps.append(
                Step(
                    (migration.app_label, migration.name),
                    migration,
                    tuple(recorder.statements) if before is None else None,
                    before,
                )
            )
    executor.check_replacements()
    state.clear_delayed_apps_cache()
    if creates_permissions:
        emit_post_migrate_signal(verbosity=0, interactive=False, db="default", apps=state.apps)
    recording.new_tables = [table for table in _tables() if table not in tables_before]
    return recording


def is_sql(migration: Migration) -> bool:
    """Whether everything the migration does can be replayed as recorded SQL in a transaction."""
    return bool(migration.atomic) and all(_is_sql(operation) for operation in migration.operations)


def _is_sql(operation: Operation) -> bool:
    if isinstance(operation, SeparateDatabaseAndState):
        return all(_is_sql(inner) for inner in operation.database_operations)
    return (
        type(operation).__module__.startswith(_DJANGOS_OWN)
        and not isinstance(operation, RunPython)
        and bool(operation.reduces_to_sql)
    )


def _tables() -> list[str]:
    with connection.cursor() as cursor:
        return sorted(connection.introspection.table_names(cursor))
