"""The schema every municipality is a copy of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

TEMPLATE_SCHEMA = "madoguchi_template"

# Any number of ours; the same in every process.
_LOCK = 0x6D61646F


@contextmanager
def changes_excluded(conn: psycopg.Connection, *, shared: bool = False) -> Iterator[None]:
    """Hold off migrations (`shared`: other provisionings may go on) while schemas are worked on.

    Two migration jobs wait for each other, and no municipality is copied from a template that is
    half migrated.
    """
    kind = "_shared" if shared else ""
    conn.execute(f"SELECT pg_advisory_lock{kind}(%s)", [_LOCK])
    try:
        yield
    finally:
        conn.execute(f"SELECT pg_advisory_unlock{kind}(%s)", [_LOCK])
