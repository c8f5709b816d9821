"""Reading a table that somebody uploads as CSV: UTF-8, or Shift_JIS as Japanese Excel writes it."""

from __future__ import annotations

import csv
import io
import unicodedata
from itertools import islice

#: Stands where a byte is no character of the file's encoding.
UNREADABLE = "\ufffd"
#: More is no list of people or of payments; a few megabytes of line ends would fill the memory.
MOST_ROWS = 100_000
#: A cell as it is read, at most; a longer one is cut off.
LONGEST_CELL = 300


class NotATable(ValueError):
    """The file as a whole cannot be read; `code` says why: ``empty``, ``binary`` or
    ``too_large``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def rows(content: bytes, *, delimiter: str = ",") -> list[list[str]]:
    """Every row of the file, the empty ones too. Raises `NotATable`."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp932", "replace")
    if "\x00" in text:
        raise NotATable("binary")
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        found = list(islice(reader, MOST_ROWS + 1))
    except csv.Error:  # a cell without an end
        raise NotATable("binary") from None
    if len(found) > MOST_ROWS:
        raise NotATable("too_large")
    if not found:
        raise NotATable("empty")
    return found


def heading(text: str) -> str:
    """A heading as it is compared: without widths and blanks around it."""
    return unicodedata.normalize("NFKC", text).strip()
