"""Reads a schema from PostgreSQL's catalogue and writes it as one script for another schema."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from tenants.errors import ProvisioningError

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
    SELECT pg_get_functiondef(oid), oid::regprocedure::text,
           NOT has_function_privilege('public', oid, 'EXECUTE')
      FROM pg_proc WHERE pronamespace = %s::regnamespace AND prokind = 'f' ORDER BY oid
"""
_TRIGGERS = """
    SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
     WHERE c.relnamespace = %s::regnamespace AND NOT t.tgisinternal ORDER BY t.oid
"""
# What this reader does not write. It says so instead of leaving something out unseen.
_UNKNOWN = """
    SELECT 'relation ' || relname FROM pg_class
     WHERE relnamespace = %(schema)s::regnamespace
       AND (relkind IN ('v', 'm', 'p', 'f', 'I') OR relrowsecurity OR relpersistence <> 'p'
            OR relkind = 'c'
            OR relkind = 'S' AND NOT EXISTS (
                 SELECT 1 FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'i'))
     UNION ALL
    SELECT 'type ' || typname FROM pg_type
     WHERE typnamespace = %(schema)s::regnamespace AND typtype IN ('e', 'd', 'r')
     UNION ALL
    SELECT 'function ' || proname FROM pg_proc
     WHERE pronamespace = %(schema)s::regnamespace AND prokind <> 'f'
     UNION ALL
    SELECT 'statistics ' || stxname FROM pg_statistic_ext
     WHERE stxnamespace = %(schema)s::regnamespace
     UNION ALL
    SELECT 'disabled trigger ' || tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
     WHERE c.relnamespace = %(schema)s::regnamespace AND t.tgenabled <> 'O'
     UNION ALL
    SELECT 'virtual column ' || attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
     WHERE c.relnamespace = %(schema)s::regnamespace AND a.attgenerated = 'v'
     LIMIT 5
"""


@dataclass(frozen=True)
class SchemaScript:
    """The statements that make a schema equal to the one they were read from."""

    tables: list[str]
    text: str

    def for_schema(self, schema_name: str) -> bytes:
        """The script for `schema_name`, whose search path must be current."""
        return self.text.replace(_PLACEHOLDER, schema_name).encode()


@dataclass
class _Parts:
    """Statements in the order in which they may run: rows before the triggers that watch them."""

    creates: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    indexes: list[str] = field(default_factory=list)
    foreign_keys: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    triggers: list[str] = field(default_factory=list)


def script_of(conn: psycopg.Connection, schema_name: str) -> SchemaScript:
    """Read tables, rows, constraints, indexes, functions and triggers of `schema_name`.

    Raises `ProvisioningError` when the schema holds something that is not read.
    """
    with conn.transaction():
        conn.execute(sql.SQL("SET LOCAL search_path = {}").format(sql.Identifier(schema_name)))
        _refuse_unknown(conn, schema_name)
        tables = [row[0] for row in conn.execute(_TABLES, [schema_name])]
        parts = _Parts()
        for table in tables:
            _read_table(conn, table, parts)
        for definition, signature, revoked in conn.execute(_FUNCTIONS, [schema_name]).fetchall():
            parts.functions.append(definition)
            if revoked:
                parts.functions.append(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
        parts.triggers.extend(row[0] for row in conn.execute(_TRIGGERS, [schema_name]))
    plain = parts.creates + parts.rows
    # These name their schema: PostgreSQL writes it out, and a function's search path is pinned.
    naming = parts.indexes + parts.foreign_keys + parts.functions + parts.triggers
    statements = plain + [_placeheld(statement, schema_name) for statement in naming]
    return SchemaScript(tables, ";\n".join(statements) + ";")


def _refuse_unknown(conn: psycopg.Connection, schema_name: str) -> None:
    unknown = [row[0] for row in conn.execute(_UNKNOWN, {"schema": schema_name})]
    if unknown:
        raise ProvisioningError(
            f"The schema '{schema_name}' holds what provisioning by replay cannot copy: "
            f"{', '.join(unknown)}. Teach tenants/schema_script.py to read it."
        )


def _placeheld(statement: str, schema_name: str) -> str:
    """`statement` with the schema's name, as an identifier or a quoted setting, left open."""
    name = re.escape(schema_name)
    statement = re.sub(rf'(?<![\w"]){name}\.', f'"{_PLACEHOLDER}".', statement)
    return re.sub(rf"(['\"]){name}\1", rf"\1{_PLACEHOLDER}\1", statement)


def _read_table(conn: psycopg.Connection, table: str, parts: _Parts) -> None:
    name = sql.Identifier(table).as_string(conn)
    columns: list[str] = []
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
        columns.append(part)
    constraint_indexes = [0]
    for constraint, kind, definition, index in conn.execute(_CONSTRAINTS, [name]).fetchall():
        if kind == "f":
            parts.foreign_keys.append(
                f"ALTER TABLE {name} ADD CONSTRAINT {constraint} {definition}"
            )
        else:
            columns.append(f"CONSTRAINT {constraint} {definition}")
            if kind != "c":
                constraint_indexes.append(index)
    parts.creates.append(f"CREATE TABLE {name} ({', '.join(columns)})")
    parts.indexes.extend(row[0] for row in conn.execute(_INDEXES, [name, constraint_indexes]))
    parts.rows.extend(_seed_rows(conn, name, plain_columns))
    if sequences:
        parts.rows.append("SELECT " + ", ".join(sequences))


def _sequence(conn: psycopg.Connection, table: str, column: str) -> tuple[str, int, bool]:
    sequence: str = _one(
        conn,
        "SELECT quote_ident(relname) FROM pg_class WHERE oid = "
        "pg_get_serial_sequence(%s, %s)::regclass",
        [table, column.strip('"')],
    )[0]
    last_value, is_called = _one(conn, f"SELECT last_value, is_called FROM {sequence}")  # noqa: S608  from the catalogue, quoted
    return sequence, last_value, is_called


def _one(conn: psycopg.Connection, query: str, parameters: list[str] | None = None) -> tuple:
    found = conn.execute(query, parameters).fetchone()
    if found is None:
        raise ProvisioningError("The catalogue changed while it was read; try again.")
    return found


def _seed_rows(conn: psycopg.Connection, table: str, columns: list[str]) -> list[str]:
    quoted = ", ".join(f"quote_nullable({column})" for column in columns)
    query = f"SELECT '(' || concat_ws(', ', {quoted}) || ')' FROM {table}"  # noqa: S608  from the catalogue, quoted
    values = [row[0] for row in conn.execute(query)]
    if not values:
        return []
    into = f"INSERT INTO {table} ({', '.join(columns)}) OVERRIDING SYSTEM VALUE"
    return [f"{into} VALUES {', '.join(values)}"]
