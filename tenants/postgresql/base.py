"""Database backend: one PostgreSQL role and one search path per municipality, for one transaction.

django-tenants sets the search path only, for the whole session. That does not isolate: the login
could still read another schema by name, and a table missing from the town's schema silently
resolved to ``public``. This backend

* sets ``search_path`` and ``role`` together in one statement, local to the transaction, so nothing
  outlives a commit (safe with any pool that pools sessions or transactions);
* refuses a town's query outside a transaction (`OutsideTenant`): it fails closed;
* leaves ``public`` out of a town's path;
* keeps Django's ContentType cache: ids are equal in every schema because towns are provisioned by
  replaying one template (`tenants.provisioning`), which the tests assert;
* plans the statements that every page asks once per connection and municipality (`fetch_prepared`);
* recycles a connection after it has touched many schemas: PostgreSQL keeps about 0.26 MB of
  relation cache per schema and backend.
"""

from __future__ import annotations

import select
from collections.abc import Sequence
from typing import Any

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django_tenants.postgresql_backend import base as django_tenants_base
from django_tenants.utils import quote_schema_name

from tenants.errors import OutsideTenant
from tenants.postgresql.introspection import DatabaseIntrospection

PUBLIC = "public"
SCHEMAS_PER_CONNECTION = 500
#: Prepared statements a connection keeps, over all schemas. One is some 20 kB in the server.
MOST_PREPARED = 500

_SET_LOCAL = "SELECT set_config('search_path', %s, true), set_config('role', %s, true)"


class _Opening:
    """A cursor for the first statement of a transaction: sends BEGIN along with it."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def execute(self, statement: str, parameters: list[str]) -> None:
        first = psycopg.ClientCursor(self._connection).mogrify(statement, parameters)
        result = self._connection.pgconn.exec_(b"BEGIN; " + first.encode())
        if self._connection.closed:
            raise psycopg.OperationalError("the connection is lost")
        if result.status != psycopg.pq.ExecStatus.TUPLES_OK:
            raise psycopg.errors.error_from_result(result)


class DatabaseWrapper(django_tenants_base.DatabaseWrapper):
    """PostgreSQL connection that belongs to at most one municipality at a time."""

    #: True while the schema owner works on schemas (migrations, provisioning): the search path is
    #: set for the session, no role is assumed. See `tenants.owner`.
    acts_as_owner = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.search_path_set_schemas: list[str] | None = None
        self.introspection = DatabaseIntrospection(self)
        self._schemas_touched: set[str] = set()

    def set_tenant(self, tenant: Any, include_public: bool = True) -> None:
        """Make `tenant` current; the database learns of it with the next statement."""
        self.tenant = tenant
        self.schema_name = tenant.schema_name
        self.include_public_schema = False
        self.set_settings_schema(self.schema_name)
        self.search_path_set_schemas = None

    def connect(self) -> None:
        self._schemas_touched = set()
        self.search_path_set_schemas = None
        super().connect()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        connection.prepared_max = MOST_PREPARED
        return connection

    def init_connection_state(self) -> None:
        # Django asks for the server's version here, before any transaction can be open.
        self._setting_search_path = True
        try:
            super().init_connection_state()
        finally:
            self._setting_search_path = False

    def _commit(self) -> Any:
        self.search_path_set_schemas = None
        return super()._commit()

    def _rollback(self) -> Any:
        self.search_path_set_schemas = None
        return super()._rollback()

    def is_usable(self) -> bool:
        """Whether the server still answers; asked once before each request.

        A server that went away or is shutting down has said or closed something: only when there is
        something to read is it asked in earnest, so that a healthy connection costs no statement.
        """
        waiting = select.poll()
        try:
            waiting.register(self.connection.fileno(), select.POLLIN)
        except psycopg.Error:  # closed on our side
            return False
        return not waiting.poll(0) or super().is_usable()

    def enter(self) -> None:
        """Set path and role of the current municipality now, not with the first query.

        Where it opens the transaction, it goes in one message with its BEGIN.
        """
        self.ensure_connection()
        idle = self.connection.pgconn.transaction_status == psycopg.pq.TransactionStatus.IDLE
        with self.wrap_database_errors:
            self._handle_search_path(_Opening(self.connection) if idle else None)

    def fetch_prepared(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """All rows of a statement that comes again and again in the same words.

        After a few times PostgreSQL keeps its plan, which costs more than running it. The plan
        holds for one search path, so every schema has its own: the comment keeps them apart. With
        ``prepare_threshold`` unset (a pooler that cannot do it) it is an ordinary statement.
        """
        if self.settings_dict["OPTIONS"].get("prepare_threshold") is None:
            cursor = self.cursor()
        else:
            self.ensure_connection()
            with self.wrap_database_errors:
                self._handle_search_path()
                cursor = self._prepare_cursor(psycopg.Cursor(self.connection))
            sql = f"{sql} -- {self.schema_name}"
        with cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall()

    def start_over(self) -> None:
        """Undo everything of the innermost open transaction, which then goes on from its start.

        For an error page: what the view wrote is gone, but the page may still ask the database
        (the visitor's session, the town's brand) and the session may be saved.
        """
        if not self.in_atomic_block:
            return
        savepoint = next((sid for sid in reversed(self.savepoint_ids) if sid is not None), None)
        if savepoint is not None:
            self.savepoint_rollback(savepoint)
        else:
            self._rollback()  # the driver begins the next one with the next statement
            self.run_on_commit: list[Any] = []
        self.needs_rollback = False
        self.rollback_exc = None

    def _get_cursor_search_paths(self) -> list[str]:
        if not self.schema_name:
            raise ImproperlyConfigured("No schema is set on this connection.")
        django_tenants_base._check_schema_name(self.schema_name)  # noqa: SLF001  its own subclass
        return [self.schema_name]

    def _handle_search_path(self, cursor: Any = None) -> None:
        if self._setting_search_path or self.search_path_set_schemas:
            return
        if self.acts_as_owner:
            super()._handle_search_path(cursor)
            return
        paths = self._get_cursor_search_paths()
        if not self.in_atomic_block:
            if self.schema_name == PUBLIC:
                return  # what the session starts with, and what every commit returns to
            raise OutsideTenant(
                f"A query for municipality '{self.schema_name}' ran outside its transaction. "
                "Open one with tenants.context.municipality(...)."
            )
        role = "none" if self.schema_name == PUBLIC else getattr(self.tenant, "role", "")
        if not role:
            raise OutsideTenant(
                f"Schema '{self.schema_name}' was set by name only: its role is unknown. "
                "Use tenants.context.municipality(...)."
            )
        self._set_local(cursor, ",".join(quote_schema_name(path) for path in paths), role)
        self.search_path_set_schemas = paths
        self._schemas_touched.add(self.schema_name)
        if len(self._schemas_touched) > SCHEMAS_PER_CONNECTION:
            self.close_at = 0  # Django closes it when the request or task ends

    def _set_local(self, cursor: Any, search_path: str, role: str) -> None:
        self._setting_search_path = True
        own_cursor = self.connection.cursor() if cursor is None else cursor
        try:
            own_cursor.execute(_SET_LOCAL, [search_path, role])
        finally:
            self._setting_search_path = False
            if cursor is None:
                own_cursor.close()
