"""Django's connection, typed as what `tenants.postgresql` makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.db import connection as _connection

if TYPE_CHECKING:
    from django.db.backends.postgresql.base import DatabaseWrapper

    class TownConnection(DatabaseWrapper):
        """A connection that belongs to at most one municipality at a time."""

        # The current municipality, or a stand-in for `public`.
        tenant: Any
        schema_name: str
        acts_as_owner: bool

        def set_tenant(self, tenant: Any, include_public: bool = ...) -> None: ...
        def set_schema(self, schema_name: str) -> None: ...
        def set_schema_to_public(self) -> None: ...
        def start_over(self) -> None: ...


connection = cast("TownConnection", _connection)
