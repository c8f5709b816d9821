"""Look-ups whose SQL is built once in a process.

Django builds the SQL of a query anew each time, which for "the row with this id" takes several
times as long as the database takes to answer. Pages ask such questions again and again, always in
the same words. See docs/adr/0009.
"""

from __future__ import annotations

import inspect
import secrets
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Generic

from django.db.models import Lookup as DjangoLookup
from django.db.models import Model, QuerySet, UUIDField
from django.db.models.query import get_related_populators
from django.utils import timezone

from common.database import Row, connection


@UUIDField.register_lookup
class AnyOf(DjangoLookup):
    """``pk__any_of=[…]``: as ``pk__in``, as one parameter, so that the SQL is the same for any
    number of ids."""

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s)", [*parameters, self.rhs]


class _Ids(tuple[uuid.UUID, ...]):
    """Ids as a parameter of a look-up, while its SQL is built."""


#: Stand-ins that no query contains by itself, by the type a parameter is declared with.
_STAND_INS: dict[type, Callable[[], Any]] = {
    uuid.UUID: uuid.uuid4,
    list: lambda: _Ids([uuid.uuid4()]),
    str: lambda: secrets.token_hex(8),
    datetime: lambda: timezone.now() + timedelta(microseconds=secrets.randbelow(10**9)),
}


@dataclass(frozen=True, slots=True)
class _Compiled:
    """What Django knows of the query after it has built it."""

    sql: str
    # Each parameter of the SQL: the name of ours, or a value that is always the same.
    parameters: Sequence[tuple[str, Any]]
    model: Any
    columns: slice
    names: list[str]
    converters: Sequence[tuple[int, Sequence[Callable[..., Any]], Any]]
    related: Sequence[Any]


def attach_each(rows: Iterable[Model], *names: str) -> None:
    """Read what the foreign keys `names` of all rows point to, in one statement, in none when there
    is nothing to read. All of them lead to one model; a row may lack some of them."""
    fields = [
        (row, field)
        for row in rows
        for field in row._meta.concrete_fields  # noqa: SLF001  Django's public name for it
        if field.name in names
        and getattr(row, field.attname) is not None
        and not field.is_cached(row)  # type: ignore[attr-defined]
    ]
    if not fields:
        return
    known = fields[0][1].related_model._default_manager  # type: ignore[union-attr]  # noqa: SLF001
    found = known.in_bulk({getattr(row, field.attname) for row, field in fields})
    for row, field in fields:
        setattr(row, field.name, found[getattr(row, field.attname)])


class Lookup(Generic[Row]):
    """``draft = Lookup(lambda pk: Draft.objects.filter(pk=pk), pk=UUID)``; ``draft.one(pk=…)``.

    `build` makes the query set from parameters of the declared types (`uuid.UUID`, `str`,
    `datetime`, or `list` for ids that ``any_of`` compares with). They may stand in comparisons
    only: the SQL must be the same for every value. ``select_related`` and ``select_for_update``
    work; prefetching, slices and annotations do not.
    """

    def __init__(self, build: Callable[..., QuerySet[Row]], **types: type) -> None:
        unknown = set(inspect.signature(build).parameters) ^ set(types)
        if unknown:
            raise TypeError(f"parameters without a type, or types without one: {sorted(unknown)}")
        self._build = build
        self._types = types

    def one(self, **values: Any) -> Row | None:
        """The first row, or None."""
        return next(self._rows(values), None)

    def all(self, **values: Any) -> list[Row]:
        """Every row, in the order of the query set."""
        return list(self._rows(values))

    def _rows(self, values: dict[str, Any]) -> Iterator[Row]:
        made = self._compiled
        given = [values[name] if name else value for name, value in made.parameters]
        for columns in connection.fetch_prepared(made.sql, given):
            row = list(columns)
            for place, converters, expression in made.converters:
                for converter in converters:
                    row[place] = converter(row[place], expression, connection)
            made_of = made.model.from_db(connection.alias, made.names, row[made.columns])
            for populator in made.related:
                populator.populate(row, made_of)
            yield made_of

    def attach(self, owner: Model, name: str, **values: Any) -> None:
        """Put every row into ``owner.<name>.all()``, the reverse of a foreign key, as prefetching
        does."""
        rows = self.all(**values)
        manager = getattr(owner, name)
        found = manager.all()
        found._result_cache, found._prefetch_done = rows, True  # noqa: SLF001
        for row in rows:
            manager.field.set_cached_value(row, owner)
        kept = owner.__dict__.setdefault("_prefetched_objects_cache", {})
        kept[manager.field.remote_field.cache_name] = found

    @cached_property
    def _compiled(self) -> _Compiled:
        stand_ins = {name: _STAND_INS[kind]() for name, kind in self._types.items()}
        compiler = self._build(**stand_ins).query.get_compiler(connection.alias)
        sql, parameters = compiler.as_sql()
        names = {stand_in: name for name, stand_in in stand_ins.items()}
        found = [(names.get(value, ""), value) for value in parameters]
        missing = set(stand_ins) - {name for name, _value in found}
        if missing:
            raise TypeError(f"the query does not compare with {sorted(missing)}")
        if compiler.annotation_col_map:
            raise TypeError("annotations are not read here")
        info, select = compiler.klass_info, compiler.select
        own = info["select_fields"]
        columns = slice(own[0], own[-1] + 1)
        converters = compiler.get_converters([part[0] for part in select])
        return _Compiled(
            sql=sql,
            parameters=found,
            model=info["model"],
            columns=columns,
            names=[part[0].target.attname for part in select[columns]],
            converters=[(place, *both) for place, both in converters.items()],
            # The stubs are of a later Django.
            related=get_related_populators(info, select, connection.alias),  # type: ignore[call-arg]
        )
