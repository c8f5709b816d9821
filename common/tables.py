"""Tables as files for a spreadsheet: CSV (RFC 4180), several of them in a ZIP, XLSX.

Rows are written as they come and kept in temporary files that have no name, so memory does not grow
with their number. What people typed stays text:

- A text that a spreadsheet would take for a formula (``=``, ``+``, ``-``, ``@``, their full-width
  forms, a tab or a line break in front) is no formula. XLSX says so by the type of the cell; CSV
  has no types, so an apostrophe goes before it (OWASP, "CSV Injection").
- So is a telephone number with a country code. Left alone, a spreadsheet would work out
  ``+81-90-1234-5678`` as a sum and take ``+819012345678`` for a number, and nobody could read it
  any more. In XLSX it stands as it was typed; in CSV behind its apostrophe, every digit in place.
- Control characters and what XML cannot hold are left out.
- Digits in a text stay digits: in XLSX ``0012`` keeps its zeros.
"""

from __future__ import annotations

import csv
import re
import tempfile
import unicodedata
import zipfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol, Self, cast

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

#: None is an empty cell.
Cell = str | int | Decimal | date | None

#: Excel's own limits.
LONGEST_CELL = 32_767
LONGEST_SHEET_NAME = 31
MOST_ROWS = 1_048_576
#: More digits than this a spreadsheet does not keep: such a number is written as text.
_EXACT = 10**15
#: Excel's calendar begins here, but for a leap day of 1900 that it made up.
_FIRST_DAY: date = date(1900, 3, 1)

_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_NOT_IN_SHEET_NAME = re.compile(r"[\[\]:*?/\\\n\t]")
_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading; `money`: whole yen, shown with separators."""

    label: str
    money: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table's name (of the sheet, of the file in a ZIP) and its columns."""

    name: str
    columns: Sequence[Column]


class Writer(Protocol):
    """Takes rows, then gives the file. To be used as a context: on an error nothing is left."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *error: Any) -> None: ...
    def add(self, table: int, row: Sequence[Cell]) -> None:
        """Add a row to the table of that number."""

    def finish(self) -> IO[bytes]:
        """The whole file, open at its beginning; deleted when it is closed."""


def writable(text: str) -> str:
    """`text` with line breaks as ``\\n`` and without what no file of this kind can hold."""
    return _UNWRITABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def looks_live(text: str) -> bool:
    """Whether a spreadsheet could take `text` for a formula when it reads it as typed."""
    if text[:1] in {"\t", "\r", "\n"}:
        return True
    for char in text:
        # Blanks and what is not seen: a program may leave them out, as this one does.
        if not char.isspace() and unicodedata.category(char)[0] not in "CZ":
            return unicodedata.normalize("NFKC", char)[:1] in {"=", "+", "-", "@"}
    return False


class CsvFile:
    """One table as CSV, UTF-8 with a BOM (Excel takes it for another encoding otherwise)."""

    def __init__(self, table: Table) -> None:
        self._file = tempfile.TemporaryFile("w+", encoding="utf-8", newline="")  # noqa: SIM115
        self._file.write(_BOM)
        self._csv = csv.writer(self._file, lineterminator="\r\n")
        self.add(0, [column.label for column in table.columns])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: object, _trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._file.close()

    def add(self, table: int, row: Sequence[Cell]) -> None:
        self._csv.writerow([_plain(cell) for cell in row])

    def finish(self) -> IO[bytes]:
        self._file.flush()
        # Closing the text around it would close the file as well.
        file = cast("IO[bytes]", self._file.detach())
        file.seek(0)
        return file


def _plain(cell: Cell) -> str | int | Decimal:
    if isinstance(cell, str):
        # Looked at as it came: a carriage return in front is a sign as well.
        return f"'{writable(cell)}" if looks_live(cell) else writable(cell)
    if isinstance(cell, date):
        return cell.isoformat()
    return "" if cell is None else cell


class CsvFiles:
    """Several tables, each as CSV, in a ZIP."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self._names = _names([table.name for table in tables])
        self._files = [CsvFile(table) for table in tables]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        for file in self._files:
            file.__exit__(*error)

    def add(self, table: int, row: Sequence[Cell]) -> None:
        self._files[table].add(0, row)

    def finish(self) -> IO[bytes]:
        whole = tempfile.TemporaryFile()  # noqa: SIM115  the caller closes it
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, file in zip(self._names, self._files, strict=True):
                with file.finish() as part, archive.open(f"{name}.csv", "w") as entry:
                    while block := part.read(1 << 16):
                        entry.write(block)
        whole.seek(0)
        return whole


class XlsxFile:
    """A workbook with a sheet for each table."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self._book = Workbook(write_only=True)
        self._tables = tables
        names = _names([table.name for table in tables])
        self._sheets = [self._sheet(*both) for both in zip(names, tables, strict=True)]
        self._rows = [1] * len(tables)

    def _sheet(self, name: str, table: Table) -> Any:
        sheet = self._book.create_sheet(name)
        sheet.freeze_panes = "B2"
        for place, column in enumerate(table.columns, start=1):
            width = sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in column.label)
            sheet.column_dimensions[get_column_letter(place)].width = min(max(width + 4, 12), 40)
        head = [self._text(sheet, column.label) for column in table.columns]
        for cell in head:
            cell.font = Font(bold=True)
            cell.alignment = Alignment(vertical="top", wrap_text=True)
        sheet.append(head)
        return sheet

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: Any) -> None:
        """Take away openpyxl's temporary files, which it leaves when it was not saved."""
        for sheet in self._sheets:
            writer = sheet._writer  # noqa: SLF001  nothing else knows where the file is
            if writer is not None and Path(writer.out).exists():
                if not sheet.closed:
                    sheet.close()
                writer.cleanup()

    def add(self, table: int, row: Sequence[Cell]) -> None:
        sheet, columns = self._sheets[table], self._tables[table].columns
        self._rows[table] += 1
        if self._rows[table] > MOST_ROWS:
            raise ValueError("more rows than a sheet can have")
        sheet.append(
            [self._cell(sheet, cell, column) for cell, column in zip(row, columns, strict=True)]
        )

    def _cell(self, sheet: Any, cell: Cell, column: Column) -> Any:
        if isinstance(cell, str):
            return self._text(sheet, cell) if writable(cell) else None
        if isinstance(cell, date):
            if cell < _FIRST_DAY:
                return self._text(sheet, cell.isoformat())
            made = WriteOnlyCell(sheet, cell)
            made.number_format = "yyyy-mm-dd"
            return made
        if cell is None:
            return None
        if not -_EXACT < cell < _EXACT:
            return self._text(sheet, str(cell))
        made = WriteOnlyCell(sheet, cell)
        if column.money:
            made.number_format = "#,##0"
        return made

    @staticmethod
    def _text(sheet: Any, text: str) -> Any:
        live = looks_live(text)
        # Excel reads _x000D_ within a text as a character.
        text = _ESCAPE.sub("_x005F_", writable(text))
        if len(text) > LONGEST_CELL:
            text = f"{text[: LONGEST_CELL - 1]}…"
        made = WriteOnlyCell(sheet, text)
        made.data_type = "s"  # whatever openpyxl took it for: "=…", "#N/A"
        if live:
            made.quotePrefix = True  # so that it stays text when somebody edits the cell
        return made

    def finish(self) -> IO[bytes]:
        for sheet, rows, table in zip(self._sheets, self._rows, self._tables, strict=True):
            if table.columns:
                last = get_column_letter(len(table.columns))
                sheet.auto_filter.ref = f"A1:{last}{rows}"
        with ExitStack() as on_error:
            whole = on_error.enter_context(tempfile.TemporaryFile())
            self._book.save(whole)
            whole.seek(0)
            on_error.pop_all()
        return whole


def _names(wanted: Sequence[str]) -> list[str]:
    """Names that Excel takes for sheets and every system for files, each only once."""
    found: list[str] = []
    for name in wanted:
        plain = _NOT_IN_SHEET_NAME.sub(" ", writable(name)).strip(" '.") or "-"
        plain = plain[:LONGEST_SHEET_NAME].rstrip(" '.")
        number = 2
        unique = plain
        while unique.casefold() in {other.casefold() for other in found}:
            ending = f" {number}"
            unique = plain[: LONGEST_SHEET_NAME - len(ending)] + ending
            number += 1
        found.append(unique)
    return found
