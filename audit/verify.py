"""Is the ledger whole? Works on exported rows alone; needs nothing but Python.

    python verify.py ledger.jsonl [--roots roots.jsonl]

`export_ledger_root` and `verify_ledger --export` write those files. Whoever holds a copy of a root
written outside the database can tell that the chain up to it is the one there was, even against
somebody who may rewrite every table.

The chain: ``hash = sha256(prev_hash + canonical(entry))`` where the canonical form is each field
as ``<length in bytes>:<text>,`` and a missing one as ``-,`` (see `CANONICAL_FIELDS`). `data` is the
text PostgreSQL gives for the jsonb value, times are UTC with six digits.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

FORMAT = "madoguchi-ledger-1"
GENESIS = bytes(32)
CANONICAL_FIELDS = (
    "seq", "sealed_at", "id", "at", "event", "actor_kind", "actor_id", "actor_name", "about",
    "object_kind", "object_id", "purpose", "data",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """An entry with its seal, every value as text. A row with a half missing has None there.

    `entry` is None when a seal has lost its entry; `seq` and the hashes are None when an entry has
    no seal.
    """

    entry_id: int
    entry: Mapping[str, str | None] | None
    seq: int | None
    sealed_at: str | None
    prev_hash: bytes | None
    hash: bytes | None


@dataclass(frozen=True, slots=True)
class Root:
    """The end of a chain at some moment: its length and its last hash."""

    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and where: `seq` in the chain, `entry_id` of the entry."""

    what: str
    seq: int | None
    entry_id: int | None

    def __str__(self) -> str:
        place = [f"seal {self.seq}" if self.seq is not None else "",
                 f"entry {self.entry_id}" if self.entry_id is not None else ""]  # fmt: skip
        return f"{', '.join(part for part in place if part) or 'chain'}: {self.what}"


@dataclass(slots=True)
class Report:
    """What was found. `entries` counts sealed entries that were read."""

    entries: int = 0
    faults: list[Fault] = field(default_factory=list)
    root: Root = Root(0, GENESIS)

    @property
    def whole(self) -> bool:
        return not self.faults


def canonical(seq: int, sealed_at: str, entry_id: int, entry: Mapping[str, str | None]) -> bytes:
    """The bytes that are hashed for one entry."""
    values: dict[str, str | None] = dict(entry)
    values |= {"seq": str(seq), "sealed_at": sealed_at, "id": str(entry_id)}
    fields = [FORMAT, *(values[name] for name in CANONICAL_FIELDS)]
    parts = []
    for value in fields:
        if value is None:
            parts.append(b"-,")
        else:
            encoded = value.encode()
            parts.append(b"%d:%b," % (len(encoded), encoded))
    return b"".join(parts)


def verify(rows: Iterable[Row], head: Root | None, roots: Iterable[Root] = ()) -> Report:
    """Walk the chain in the order of `seq` (rows without one last) and name every fault.

    `head` is what the head row says (None: not known), `roots` were written outside the database.
    After a fault the walk goes on from what the row itself says, so that one broken row is one
    fault and not a thousand.
    """
    report = Report()
    expected_roots = {root.seq: root.hash for root in roots}
    seq, last = 0, GENESIS
    for row in rows:
        if row.seq is None or row.hash is None or row.prev_hash is None or row.sealed_at is None:
            report.faults.append(Fault("entry without a seal", None, row.entry_id))
            continue
        missing = row.seq - seq - 1
        if missing > 0:
            span = f"{seq + 1}" if missing == 1 else f"{seq + 1} to {row.seq - 1}"
            report.faults.append(
                Fault(f"seal {span} missing before this one", row.seq, row.entry_id)
            )
        elif row.prev_hash != last:
            report.faults.append(
                Fault("does not follow the entry before it", row.seq, row.entry_id)
            )
        if row.entry is None:
            report.faults.append(Fault("entry deleted, its seal is left", row.seq, row.entry_id))
        elif row.hash != _hash(row, row.entry):
            report.faults.append(Fault("entry or seal changed", row.seq, row.entry_id))
        if expected_roots.pop(row.seq, row.hash) != row.hash:
            report.faults.append(Fault("differs from the root kept outside", row.seq, row.entry_id))
        report.entries += 1
        seq, last = row.seq, row.hash
    report.root = Root(seq, last)
    if head is not None and (head.seq, head.hash) != (seq, last):
        what = (
            f"the chain ends at {seq}, its head says {head.seq}: entries cut off"
            if head.seq > seq
            else "the head of the chain does not name its last seal"
        )
        report.faults.append(Fault(what, head.seq, None))
    report.faults.extend(
        Fault("cut off: a root kept outside names it", root_seq, None)
        for root_seq in sorted(expected_roots)
        if root_seq > seq
    )
    return report


def _hash(row: Row, entry: Mapping[str, str | None]) -> bytes:
    assert row.seq is not None and row.sealed_at is not None and row.prev_hash is not None  # noqa: S101, PT018  checked by the caller
    return hashlib.sha256(
        row.prev_hash + canonical(row.seq, row.sealed_at, row.entry_id, entry)
    ).digest()


def to_line(row: Row) -> str:
    """One row of the export."""
    return json.dumps(
        {
            "entry_id": row.entry_id,
            "entry": None if row.entry is None else dict(row.entry),
            "seq": row.seq,
            "sealed_at": row.sealed_at,
            "prev_hash": row.prev_hash.hex() if row.prev_hash is not None else None,
            "hash": row.hash.hex() if row.hash is not None else None,
        },
        ensure_ascii=False,
    )


def from_line(line: str) -> Row:
    """The reverse of `to_line`. Raises `ValueError` or `KeyError` for anything else."""
    data = json.loads(line)
    return Row(
        entry_id=int(data["entry_id"]),
        entry=data["entry"],
        seq=data["seq"],
        sealed_at=data["sealed_at"],
        prev_hash=bytes.fromhex(data["prev_hash"]) if data["prev_hash"] is not None else None,
        hash=bytes.fromhex(data["hash"]) if data["hash"] is not None else None,
    )


def read_roots(lines: Iterable[str], ledger: str | None = None) -> Iterator[Root]:
    """Roots from a file of `export_ledger_root`; only those of `ledger` when it is given."""
    for line in lines:
        if line.strip():
            data = json.loads(line)
            if ledger is None or data["ledger"] == ledger:
                yield Root(int(data["seq"]), bytes.fromhex(data["hash"]))


def main(arguments: list[str]) -> int:
    """Verify an export; 0 when it is whole."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("ledger", type=Path, help="rows, one JSON object a line, first line: head")
    parser.add_argument("--roots", type=Path, help="roots kept outside the database")
    options = parser.parse_args(arguments)
    with options.ledger.open(encoding="utf-8") as lines:
        first = json.loads(next(lines))
        head = Root(int(first["seq"]), bytes.fromhex(first["hash"]))
        roots: list[Root] = []
        if options.roots is not None:
            text = options.roots.read_text(encoding="utf-8")
            roots = list(read_roots(text.splitlines(), first["ledger"]))
        report = verify((from_line(line) for line in lines if line.strip()), head, roots)
    for fault in report.faults:
        sys.stdout.write(f"{fault}\n")
    sys.stdout.write(
        f"{report.entries} entries, root {report.root.hash.hex()}: "
        f"{'whole' if report.whole else f'{len(report.faults)} fault(s)'}\n"
    )
    return 0 if report.whole else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
