"""Files of the Japanese banks' association: records of 200 bytes, half-width kana in Shift_JIS.

入出金取引明細 (kind 03) and 振込入金通知 (kind 01). Records are 1 header, 2 data, 8 trailer, 9 end,
with or without line ends. Years are of the era in the standard and of the common era with some
banks: the one that is near today counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from billing.statements.parsed import Line, NotAStatement, Statement, broken

RECORD = 200
_REIWA = 2018
#: No file is older, or of the day after tomorrow (a bank may close its day at midnight).
_OLDEST = timedelta(days=3 * 366)
_NEWEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Widths of a kind's fields, in order; names of those that are read."""

    kind: str
    header: tuple[tuple[str, int], ...]
    data: tuple[tuple[str, int], ...]
    trailer: tuple[tuple[str, int], ...]


_HEAD = (
    ("record", 1), ("kind", 2), ("code", 1), ("made", 6), ("from", 6), ("to", 6), ("bank", 4),
    ("bank_name", 15), ("branch", 3), ("branch_name", 15),
)  # fmt: skip
_LAYOUTS = {
    "03": _Layout(
        "zengin_03",
        (*_HEAD, ("", 3), ("account_kind", 1), ("account", 10), ("holder", 40), ("", 87)),
        (("record", 1), ("reference", 8), ("booked", 6), ("valid", 6), ("direction", 1),
         ("dealing", 2), ("amount", 12), ("of_others", 12), ("", 6), ("", 6), ("", 1), ("", 7),
         ("", 3), ("payer_code", 10), ("payer", 48), ("from_bank", 15), ("from_branch", 15),
         ("memo", 20), ("edi", 20), ("", 1)),
        (("record", 1), ("count", 6), ("total", 13), ("out_count", 6), ("out_total", 13),
         ("", 161)),
    ),
    "01": _Layout(
        "zengin_01",
        (*_HEAD, ("account_kind", 1), ("account", 7), ("holder", 40), ("", 93)),
        (("record", 1), ("reference", 6), ("booked", 6), ("valid", 6), ("amount", 10),
         ("of_others", 10), ("payer_code", 10), ("payer", 48), ("from_bank", 15),
         ("from_branch", 15), ("cancelled", 1), ("edi", 20), ("", 52)),
        (("record", 1), ("count", 6), ("total", 12), ("cancelled_count", 6),
         ("cancelled_total", 12), ("", 163)),
    ),
}  # fmt: skip


def looks_like(content: bytes) -> bool:
    """Whether it begins as such a file does."""
    # No field of such a file has a comma in it.
    return content[:1] == b"1" and content[1:3].isdigit() and b"," not in content[:RECORD]


def read(content: bytes, today: date) -> Statement:
    """Every record; a broken one is reported and the next one read. Raises `NotAStatement`."""
    records = list(_records(content))
    layout = _LAYOUTS.get(content[1:3].decode("ascii", "replace"))
    if layout is None:
        raise NotAStatement("kind")
    if content[3:4] == b"1":
        raise NotAStatement("ebcdic")
    account, lines = "", []
    count = total = trailers = 0
    for number, record in enumerate(records, 1):
        kind = record[:1]
        if len(record) != RECORD:
            # A last record without its trailing blanks is no loss; data without them may be.
            if kind in (b"8", b"9") and len(record) < RECORD:
                record = record.ljust(RECORD)
            else:
                lines.append(broken(number, "length", _decoded(record)))
                continue
        if kind == b"1":
            head = _fields(layout.header, record)
            account = f"{head['bank']}-{head['branch']}-{head['account_kind']}-{head['account']}"
        elif kind == b"2":
            lines.append(_data(layout, record, number, account, today))
        elif kind == b"8":
            said = _fields(layout.trailer, record)
            if said["count"].isdigit() and said["total"].isdigit():
                count, total, trailers = (
                    count + int(said["count"]), total + int(said["total"]), trailers + 1,
                )  # fmt: skip
        elif kind != b"9":
            lines.append(broken(number, "record", _decoded(record)))
    return Statement(
        format=layout.kind,
        lines=tuple(lines),
        stated=(count, total) if trailers else None,
    )


def _records(content: bytes) -> Iterator[bytes]:
    content = content.rstrip(b"\x1a")  # the end mark of old systems
    if b"\n" in content or b"\r" in content:
        for line in content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"):
            if line:
                yield line
        return
    for start in range(0, len(content), RECORD):
        yield content[start : start + RECORD]


def _fields(layout: tuple[tuple[str, int], ...], record: bytes) -> dict[str, str]:
    found, at = {}, 0
    for name, width in layout:
        if name:
            found[name] = _decoded(record[at : at + width]).strip()
        at += width
    return found


def _decoded(part: bytes) -> str:
    return part.decode("cp932", "replace")


def _data(layout: _Layout, record: bytes, number: int, account: str, today: date) -> Line:
    wrong: Callable[[str], Line] = lambda why: broken(number, why, _decoded(record))  # noqa: E731
    if not account:
        return wrong("header")
    if "\ufffd" in _decoded(record):
        return wrong("encoding")
    given = _fields(layout.data, record)
    booked_on = _day(given["booked"], today)
    if booked_on is None:
        return wrong("date")
    if not (given["amount"].isascii() and given["amount"].isdigit() and int(given["amount"])):
        return wrong("amount")
    if given.get("direction", "1") not in ("1", "2"):
        return wrong("record")
    return Line(
        number=number,
        booked_on=booked_on,
        amount=int(given["amount"]),
        incoming=given.get("direction", "1") == "1",
        # 取消区分; 取引区分 19 is a correction (訂正).
        cancelled=given.get("cancelled") == "1" or given.get("dealing") == "19",
        payer=given["payer"],
        texts=tuple(given.get(name, "") for name in ("memo", "edi", "payer_code")),
        account=account,
        bank_reference=given["reference"],
    )


def _day(digits: str, today: date) -> date | None:
    """``080401``: 1 April of Reiwa 8; ``260401``: the same day, of a bank that counts otherwise."""
    if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        return None
    year, month, day = int(digits[:2]), int(digits[2:4]), int(digits[4:])
    found = []
    for full in (_REIWA + year, 2000 + year):
        try:
            on = date(full, month, day)
        except ValueError:
            continue
        if today - _OLDEST <= on <= today + _NEWEST:
            found.append(on)
    return max(found, default=None)
