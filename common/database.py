"""Django's connection, typed as what `tenants.postgresql` makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.db import connection as _connection
from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)

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
        def enter(self) -> None: ...
        def start_over(self) -> None: ...
        def fetch_prepared(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]: ...


connection = cast("TownConnection", _connection)


def one_or_none(found: QuerySet[Row]) -> Row | None:
    """The row of a look-up that can find one only; ``first()`` would sort for it."""
    return next(iter(found.order_by()[:1]), None)
