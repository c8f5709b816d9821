"""Everything PostgreSQL knows about a schema, in a form that two schemas can be compared by."""

from __future__ import annotations

import re
from typing import Any

import psycopg
from psycopg import sql

_QUERIES = {
    "tables": """
        SELECT relname, relkind, relpersistence, relrowsecurity, reloptions, relreplident
          FROM pg_class WHERE relnamespace = %(s)s::regnamespace AND relkind <> 'i'""",
    "columns": """
        SELECT c.relname, row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum),
               a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
               a.attidentity, a.attgenerated, a.attcollation::regcollation::text,
               pg_get_expr(d.adbin, d.adrelid)
          FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'
          LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
         WHERE c.relnamespace = %(s)s::regnamespace AND a.attnum > 0 AND NOT a.attisdropped""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, contype, condeferrable, condeferred,
               convalidated, pg_get_constraintdef(oid)
          FROM pg_constraint WHERE connamespace = %(s)s::regnamespace""",
    "indexes": """
        SELECT pg_get_indexdef(i.indexrelid), i.indisunique, i.indisvalid, i.indnullsnotdistinct
          FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
         WHERE c.relnamespace = %(s)s::regnamespace""",
    "functions": """
        SELECT pg_get_functiondef(oid), prosecdef, proconfig,
               has_function_privilege('public', oid, 'EXECUTE'), proowner::regrole::text
          FROM pg_proc WHERE pronamespace = %(s)s::regnamespace""",
    "triggers": """
        SELECT pg_get_triggerdef(t.oid), t.tgenabled, t.tgdeferrable, t.tginitdeferred
          FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
         WHERE c.relnamespace = %(s)s::regnamespace AND NOT t.tgisinternal""",
    "sequences": """
        SELECT sequencename, data_type::text, start_value, min_value, max_value, increment_by,
               cycle, cache_size, last_value
          FROM pg_sequences WHERE schemaname = %(s)s""",
}


# PostgreSQL writes ``ARRAY['a'::varchar]::text[]`` and, once that was read back,
# ``ARRAY[('a'::varchar)::text]``: the same condition, casts and brackets aside.
_CASTS = re.compile(r"::(character varying|text)(\[\])?|[()]")


def _plain(text: str, what: str) -> str:
    return _CASTS.sub("", text) if what in {"indexes", "constraints"} else text


def catalogue(conn: psycopg.Connection, schema: str) -> dict[str, list[Any]]:
    """What the schema holds, its own name left out."""
    with conn.transaction():
        conn.execute(sql.SQL("SET LOCAL search_path = {}").format(sql.Identifier(schema)))
        found = {
            what: sorted(
                _plain(repr(row).replace(f'"{schema}"', "$").replace(schema, "$"), what)
                for row in conn.execute(query, {"s": schema})
            )
            for what, query in _QUERIES.items()
        }
        for (table,) in conn.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = 'r'",
            [schema],
        ).fetchall():
            # When a migration ran is the one thing that may differ.
            chosen = "app, name" if table == "django_migrations" else "*"
            rows = conn.execute(
                sql.SQL("SELECT t::text FROM (SELECT {} FROM {}) t").format(
                    sql.SQL(chosen), sql.Identifier(table)
                )
            )
            found[f"rows of {table}"] = sorted(row[0] for row in rows)
    return found


def privileges(conn: psycopg.Connection, schema: str, role: str) -> dict[str, list[str]]:
    """What `role` may do on each table of `schema`."""
    found: dict[str, list[str]] = {}
    for table, kind in conn.execute(
        "SELECT table_name, privilege_type FROM information_schema.role_table_grants "
        "WHERE table_schema = %s AND grantee = %s ORDER BY 1, 2",
        [schema, role],
    ):
        found.setdefault(table, []).append(kind)
    return found
