"""A table (CSV) of a bank, by a mapping of columns that each municipality sets for its own bank."""

from __future__ import annotations

import re
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from billing.statements.parsed import Line, NotAStatement, Statement, broken
from common import csv_files
from common.csv_files import LONGEST_CELL, UNREADABLE, NotATable, heading

Column = str
_ERA = re.compile(r"(?:令和|R)\s*(元|\d{1,2})\D+(\d{1,2})\D+(\d{1,2})\D*$", re.IGNORECASE)
_DAY = re.compile(r"(\d{4})\D*(\d{1,2})\D+(\d{1,2})\D*$|(\d{4})(\d{2})(\d{2})$")


class Columns(BaseModel):
    """Where what stands: a heading as the file writes it, or the number of the column from 1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    delimiter: Literal[",", ";", "\t"] = ","
    # Lines before the headings.
    skip: int = Field(default=0, ge=0, le=50)
    headings: bool = True
    date: Column = "日付"
    # Money that came in; a second column for what went out, or one column with a sign.
    amount: Column = "入金"
    outgoing: Column = "出金"
    payer: Column = "摘要"
    text: Column = ""
    reference: Column = ""

    @model_validator(mode="after")
    def _numbers_without_headings(self) -> Columns:
        if not self.date or not self.amount or not self.payer:
            raise ValueError("date, amount and payer need a column")
        if not self.headings:
            for name in ("date", "amount", "outgoing", "payer", "text", "reference"):
                given = getattr(self, name)
                if given and not (given.isdigit() and int(given)):
                    raise ValueError(f"{name}: without headings a column is a number from 1")
        return self


def read(content: bytes, columns: Columns, today: date) -> Statement:
    """Every row; a broken one is reported and the next one read. Raises `NotAStatement`."""
    try:
        rows = csv_files.rows(content, delimiter=columns.delimiter)
    except NotATable as refused:
        raise NotAStatement(refused.code) from None
    head = columns.skip + (1 if columns.headings else 0)
    if len(rows) <= head:
        raise NotAStatement("empty")
    places = _places(columns, rows[head - 1] if columns.headings else [])
    lines = [
        _line(row, number, places, today)
        for number, row in enumerate(rows[head:], head + 1)
        if any(cell.strip() for cell in row)
    ]
    return Statement(format="csv", lines=tuple(lines))


def _places(columns: Columns, headings: list[str]) -> dict[str, int]:
    """The index of each column. Raises `NotAStatement` when one that is needed is not there."""
    plain = [heading(each) for each in headings]
    found = {}
    for name in ("date", "amount", "outgoing", "payer", "text", "reference"):
        given = getattr(columns, name)
        if not given:
            continue
        if heading(given) in plain:
            found[name] = plain.index(heading(given))
        elif given.isdigit() and int(given):
            found[name] = int(given) - 1
        elif name in ("date", "amount", "payer"):
            raise NotAStatement(f"no_column_{name}")
    return found


def _line(row: list[str], number: int, places: dict[str, int], today: date) -> Line:
    raw = " | ".join(row)

    def cell(name: str) -> str:
        at = places.get(name)
        return row[at].strip()[:LONGEST_CELL] if at is not None and at < len(row) else ""

    if any(places[name] >= len(row) for name in ("date", "amount", "payer")):
        return broken(number, "columns", raw)
    if UNREADABLE in raw:
        return broken(number, "encoding", raw)
    booked_on = _day(cell("date"))
    if booked_on is None:
        return broken(number, "date", raw)
    if (booked_on - today).days > 1:
        return broken(number, "future", raw)
    came, went = _yen(cell("amount")), _yen(cell("outgoing"))
    if came is None or went is None or (came == 0) == (went == 0):
        return broken(number, "amount", raw)
    return Line(
        number=number,
        booked_on=booked_on,
        amount=abs(came) or abs(went),
        incoming=came > 0,
        payer=cell("payer"),
        texts=(cell("text"),),
        bank_reference=cell("reference"),
        account="csv",
    )


def _day(text: str) -> date | None:
    text = heading(text)
    try:
        if era := _ERA.match(text):
            year = 1 if era[1] == "元" else int(era[1])
            return date(2018 + year, int(era[2]), int(era[3]))
        if found := _DAY.match(text):
            parts = [int(part) for part in found.groups() if part]
            return date(*parts)
    except ValueError:
        return None
    return None


def _yen(text: str) -> int | None:
    """``¥1,200`` → 1200, ``-`` and nothing → 0; None for what is no whole number of yen."""
    plain = re.sub(r"[\s,¥\\円]", "", heading(text))
    if plain in ("", "-", "0"):
        return 0
    if not re.fullmatch(r"[-▲△]?\d{1,12}", plain):
        return None
    return -int(plain[1:]) if plain[0] in "-▲△" else int(plain)
