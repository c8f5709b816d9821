"""What a file of the bank says, line by line; a line that cannot be read says why."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from django.utils.translation import gettext_lazy as _

#: Why a line was not taken, or needs somebody to look at it.
REASONS = {
    "length": _("The line does not have 200 characters."),
    "record": _("The line is of an unknown kind."),
    "encoding": _("The line has characters that no bank writes."),
    "date": _("The date cannot be read."),
    "future": _("The date lies in the future."),
    "amount": _("The amount cannot be read."),
    "columns": _("The line has too few columns."),
    "header": _("No account was named before this line."),
    "known": _("The same line was in another file."),
    "outgoing": _("Money that went out."),
    "cancelled": _("The bank took back a transfer. Look whether it was booked."),
    "amount_differs": _("The number fits a fee, the amount does not."),
    "not_due": _("The number fits a fee that is not due any more."),
    "name": _("Amount and name fit; there is no number."),
    "several": _("Amount and name fit more than one fee."),
    "no_fee": _("No fee fits."),
    "changed": _("The fee was paid or changed before this was booked."),
}


class NotAStatement(ValueError):
    """The file as a whole cannot be read; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line. With a `problem` the file's own text is all there is, and what could be read."""

    number: int
    problem: str = ""
    booked_on: date | None = None
    amount: int | None = None
    incoming: bool = True
    cancelled: bool = False
    payer: str = ""
    # What the payer or the bank added: EDI, memo, the payer's code.
    texts: tuple[str, ...] = ()
    account: str = ""
    bank_reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A whole file. `stated` is how many came in and how much, where the file says so."""

    format: str
    lines: tuple[Line, ...]
    stated: tuple[int, int] | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def incoming(self) -> list[Line]:
        """Lines of money that came in."""
        return [line for line in self.lines if not line.problem and line.incoming]


def keys_of(lines: Iterable[Line]) -> list[str | None]:
    """A key for each line, from what the bank says about it; None for a broken one.

    The same line in an overlapping file has the same key. Two that are alike in every field on one
    day (somebody paid twice) are told apart by their order within the file.
    """
    seen: Counter[tuple[object, ...]] = Counter()
    keys: list[str | None] = []
    for line in lines:
        if line.problem:
            keys.append(None)
            continue
        said = (
            line.account, str(line.booked_on), line.amount, line.incoming, line.cancelled,
            line.bank_reference, line.payer, *line.texts,
        )  # fmt: skip
        seen[said] += 1
        keys.append(hashlib.sha256(repr((said, seen[said])).encode()).hexdigest())
    return keys


def broken(number: int, problem: str, text: str) -> Line:
    """A line that cannot be read, with what is in it for whoever looks."""
    printable = "".join(char if char.isprintable() else "·" for char in text)
    return Line(number=number, problem=problem, texts=(printable[:250],))


def numbered(line: Line, number: int) -> Line:
    return replace(line, number=number)
