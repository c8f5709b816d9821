"""Which kind of file it is, and reading it."""

from __future__ import annotations

from datetime import date

from billing.statements import table, zengin
from billing.statements.parsed import NotAStatement, Statement
from billing.statements.table import Columns

#: A year of a busy town's account is far below.
MOST_BYTES = 20 * 1024 * 1024
MOST_LINES = 50_000


def read(content: bytes, columns: Columns, today: date) -> Statement:
    """The lines of a file. Raises `NotAStatement` when it is none, or too large."""
    if not content.strip():
        raise NotAStatement("empty")
    if len(content) > MOST_BYTES:
        raise NotAStatement("too_large")
    plain = _without_mark(content)
    found = (
        zengin.read(plain, today)
        if zengin.looks_like(plain)
        else table.read(content, columns, today)
    )
    if len(found.lines) > MOST_LINES:
        raise NotAStatement("too_large")
    if not found.lines:
        raise NotAStatement("empty")
    return found


def _without_mark(content: bytes) -> bytes:
    """A file that a mail program has made UTF-8 is one byte a character again."""
    content = content.removeprefix(b"\xef\xbb\xbf")
    if not content.isascii():
        try:
            return content.decode("utf-8").encode("cp932")
        except UnicodeError:
            return content
    return content
