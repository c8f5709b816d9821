"""Reads a schema from PostgreSQL's catalogue and writes it as one script for another schema."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import sql

# A name no schema can have by our rules, so that replacing it touches nothing else.
_PLACEHOLDER = "__SCHEMA__"

_TABLES = """
    SELECT relname FROM pg_class
     WHERE relnamespace = %s::regnamespace AND relkind = 'r' ORDER BY oid
"""
_COLUMNS = """
    SELECT quote_ident(a.attname), format_type(a.atttypid, a.atttypmod), a.attnotnull,
           a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid),
           (SELECT quote_ident(n.nspname) || '.' || quote_ident(co.collname)
              FROM pg_collation co
              JOIN pg_namespace n ON n.oid = co.collnamespace, pg_type ty
             WHERE co.oid = a.attcollation AND ty.oid = a.atttypid
               AND ty.typcollation <> a.attcollation),
           (SELECT quote_ident(nn.conname) FROM pg_constraint nn
             WHERE nn.conrelid = a.attrelid AND nn.contype = 'n' AND nn.conkey = ARRAY[a.attnum])
      FROM pg_attribute a
      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY a.attnum
"""
_CONSTRAINTS = """
    SELECT quote_ident(conname), contype, pg_get_constraintdef(oid), conindid
      FROM pg_constraint
     WHERE conrelid = %s::regclass AND contype IN ('p', 'u', 'x', 'c', 'f')
     ORDER BY contype DESC, conname
"""
_INDEXES = """
    SELECT pg_get_indexdef(indexrelid) FROM pg_index
     WHERE indrelid = %s::regclass AND NOT indexrelid = ANY(%s) ORDER BY indexrelid
"""
_FUNCTIONS = """
    SELECT pg_get_functiondef(oid) FROM pg_proc
     WHERE pronamespace = %s::regnamespace AND prokind = 'f' ORDER BY oid
"""
_TRIGGERS = """
    SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
     WHERE c.relnamespace = %s::regnamespace AND NOT t.tgisinternal ORDER BY t.oid
"""


@dataclass(frozen=True)
class SchemaScript:
    """The statements that make a schema equal to the one they were read from."""

    tables: list[str]
    text: str

    def for_schema(self, schema_name: str) -> bytes:
        """The script for `schema_name`, whose search path must be current."""
        return self.text.replace(_PLACEHOLDER, schema_name).encode()


def script_of(conn: psycopg.Connection, schema_name: str) -> SchemaScript:
    """Read tables, rows, constraints, indexes, functions and triggers of `schema_name`."""
    with conn.transaction():
        conn.execute(sql.SQL("SET LOCAL search_path = {}").format(sql.Identifier(schema_name)))
        tables = [row[0] for row in conn.execute(_TABLES, [schema_name])]
        creates: list[str] = []
        rows: list[str] = []
        indexes: list[str] = []
        foreign_keys: list[str] = []
        for table in tables:
            _read_table(conn, schema_name, table, creates, rows, indexes, foreign_keys)
        functions = [row[0] for row in conn.execute(_FUNCTIONS, [schema_name])]
        triggers = [row[0] for row in conn.execute(_TRIGGERS, [schema_name])]
    statements = [
        _without_schema(statement, schema_name)
        for statement in creates + rows + indexes + foreign_keys
    ]
    # A function names its own schema (its search_path is pinned to it), so it is rewritten.
    rewritten = [
        statement.replace(schema_name, _PLACEHOLDER) for statement in functions + triggers
    ]
    return SchemaScript(tables, ";\n".join(statements + rewritten) + ";")


def _read_table(
    conn: psycopg.Connection,
    schema_name: str,
    table: str,
    creates: list[str],
    rows: list[str],
    indexes: list[str],
    foreign_keys: list[str],
) -> None:
    name = sql.Identifier(table).as_string(conn)
    parts: list[str] = []
    sequences: list[str] = []
    plain_columns: list[str] = []
    for column, kind, not_null, identity, generated, default, collation, nn_name in conn.execute(
        _COLUMNS, [name]
    ).fetchall():
        part = f"{column} {kind}"
        if collation:
            part += f" COLLATE {collation}"
        if identity:
            always = "ALWAYS" if identity == "a" else "BY DEFAULT"
            part += f" GENERATED {always} AS IDENTITY"
            sequence, last_value, is_called = _sequence(conn, name, column)
            part += f" (SEQUENCE NAME {sequence})"
            if is_called:
                sequences.append(f"setval('{sequence}', {last_value})")
        elif generated:
            part += f" GENERATED ALWAYS AS ({default}) STORED"
        elif default:
            part += f" DEFAULT {default}"
        if not_null:
            part += f" CONSTRAINT {nn_name} NOT NULL" if nn_name else " NOT NULL"
        if not generated:
            plain_columns.append(column)
        parts.append(part)
    constraint_indexes = [0]
    for constraint, kind, definition, index in conn.execute(_CONSTRAINTS, [name]).fetchall():
        if kind == "f":
            foreign_keys.append(f"ALTER TABLE {name} ADD CONSTRAINT {constraint} {definition}")
        else:
            parts.append(f"CONSTRAINT {constraint} {definition}")
            if kind != "c":
                constraint_indexes.append(index)
    creates.append(f"CREATE TABLE {name} ({', '.join(parts)})")
    indexes.extend(row[0] for row in conn.execute(_INDEXES, [name, constraint_indexes]))
    rows.extend(_seed_rows(conn, name, plain_columns))
    if sequences:
        rows.append("SELECT " + ", ".join(sequences))


def _sequence(conn: psycopg.Connection, table: str, column: str) -> tuple[str, int, bool]:
    found = conn.execute(
        "SELECT quote_ident(relname) FROM pg_class WHERE oid = "
        "pg_get_serial_sequence(%s, %s)::regclass",
        [table, column.strip('"')],
    ).fetchone()
    assert found is not None  # an identity column always has one
    sequence: str = found[0]
    state = conn.execute(f"SELECT last_value, is_called FROM {sequence}").fetchone()  # noqa: S608
    assert state is not None
    return sequence, state[0], state[1]


def _seed_rows(conn: psycopg.Connection, table: str, columns: list[str]) -> list[str]:
    quoted = ", ".join(f"quote_nullable({column})" for column in columns)
    values = [
        row[0]
        for row in conn.execute(
            f"SELECT '(' || concat_ws(', ', {quoted}) || ')' FROM {table}"  # noqa: S608
        )
    ]
    if not values:
        return []
    return [
        f"INSERT INTO {table} ({', '.join(columns)}) OVERRIDING SYSTEM VALUE "  # noqa: S608
        f"VALUES {', '.join(values)}"
    ]


def _without_schema(statement: str, schema_name: str) -> str:
    return statement.replace(f"{schema_name}.", "")
