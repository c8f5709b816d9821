"""The current municipality's ledger as rows of text, to verify (`audit.verify`) and to keep."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from audit.verify import Root, Row

# Head and rows in one statement, so in one snapshot: an entry that is sealed meanwhile is in both
# or in neither. Text is as the sealing trigger (migration 0002) made it: UTC with six digits, jsonb
# in its own form.
_LEDGER = """
    SELECT 0 AS part, NULL::bigint AS entry_id, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
           NULL, NULL, NULL, seq, NULL, NULL, hash
      FROM audit_ledgerhead
     UNION ALL
    SELECT 1, coalesce(e.id, s.entry_id), e.id IS NOT NULL,
           to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
           e.event, e.actor_kind, e.actor_id, e.actor_name, e.about::text,
           e.object_kind, e.object_id, e.purpose, e.data::text,
           s.seq, to_char(s.sealed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
           s.prev_hash, s.hash
      FROM audit_ledgerentry e FULL JOIN audit_ledgerseal s ON s.entry_id = e.id
     ORDER BY part, seq NULLS LAST, entry_id
"""
_ENTRY_FIELDS = (
    "at", "event", "actor_kind", "actor_id", "actor_name", "about", "object_kind", "object_id",
    "purpose", "data",
)  # fmt: skip
_CHUNK = 2000

#: Stands for a head row that is gone; no chain ends there.
NO_HEAD = Root(-1, b"")


def ledger() -> tuple[Root, Iterator[Row]]:
    """The head, and every entry with its seal in the order of the chain, unsealed ones last.

    The rows are read while they are walked: inside the transaction of the call.
    """
    found = _read()
    first = next(found, None)
    if first is None:
        return NO_HEAD, iter(())
    if first[0] == 1:
        return NO_HEAD, (_row(row) for row in _chain(first, found))
    return Root(first[13], bytes(first[16])), (_row(row) for row in found)


def root_statement(name: str, root: Root) -> dict[str, Any]:
    """The end of the chain `name`, to be kept outside the database."""
    return {
        "ledger": name,
        "seq": root.seq,
        "hash": root.hash.hex(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def head() -> Root:
    """What the head row says now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq, hash FROM audit_ledgerhead")
        found = cursor.fetchone()
    return Root(found[0], bytes(found[1])) if found else NO_HEAD


def _read() -> Iterator[tuple[Any, ...]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(_LEDGER)
        while chunk := cursor.fetchmany(_CHUNK):
            yield from chunk


def _chain(first: tuple[Any, ...], rest: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    yield first
    yield from rest


def _row(found: tuple[Any, ...]) -> Row:
    _, entry_id, has_entry, *values = found
    seq, sealed_at, prev_hash, own_hash = values[len(_ENTRY_FIELDS) :]
    return Row(
        entry_id=entry_id,
        entry=dict(zip(_ENTRY_FIELDS, values, strict=False)) if has_entry else None,
        seq=seq,
        sealed_at=sealed_at,
        prev_hash=bytes(prev_hash) if prev_hash is not None else None,
        hash=bytes(own_hash) if own_hash is not None else None,
    )
