"""Which fee a line of the bank pays: by its number, else by amount and name, else by hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from billing import numbers
from billing.models import BankLine, FeeDue
from billing.statements import names
from billing.statements.parsed import Line


@dataclass(frozen=True, slots=True)
class Found:
    """What a line is, and why."""

    state: str
    reason: str = ""
    fee: FeeDue | None = None


class Matcher:
    """Reads the fees that lines could mean in two statements, however many lines there are."""

    def __init__(self, lines: Iterable[Line]) -> None:
        incoming = [line for line in lines if not line.problem and line.incoming]
        wanted = {number for line in incoming for number in _numbers(line)}
        self._by_number = {
            str(fee.number): fee for fee in FeeDue.objects.filter(number__in=sorted(wanted))
        }
        self._by_amount: dict[int, list[FeeDue]] = defaultdict(list)
        amounts = {line.amount for line in incoming}
        due = FeeDue.objects.filter(state=FeeDue.State.DUE, received=0, amount__in=sorted(
            amount for amount in amounts if amount is not None and amount < 2**31
        ))  # fmt: skip
        for fee in due.order_by("due_on", "created_at"):
            self._by_amount[fee.amount].append(fee)
        # A fee is paid once: what an earlier line of this file pays is not there for a later one.
        self._taken: set[UUID] = set()

    def find(self, line: Line) -> Found:
        """What to do with a line of money that came in. Raises nothing, changes nothing."""
        if line.problem:
            return Found(BankLine.State.BROKEN, line.problem)
        if line.cancelled or not line.incoming:
            return Found(BankLine.State.OUTGOING, "cancelled" if line.cancelled else "outgoing")
        named = [self._by_number[n] for n in _numbers(line) if n in self._by_number]
        if len(named) > 1:
            return Found(BankLine.State.SUGGESTED, "several", named[0])
        if named:
            return self._numbered(named[0], line)
        alike = [
            fee
            for fee in self._by_amount.get(line.amount or 0, ())
            if fee.pk not in self._taken and names.same(line.payer, fee.payer_kana)
        ]
        if not alike:
            return Found(BankLine.State.UNMATCHED, "no_fee")
        return Found(BankLine.State.SUGGESTED, "several" if len(alike) > 1 else "name", alike[0])

    def _numbered(self, fee: FeeDue, line: Line) -> Found:
        if fee.state != FeeDue.State.DUE or fee.pk in self._taken:
            return Found(BankLine.State.SUGGESTED, "not_due", fee)
        if line.amount != fee.outstanding:
            return Found(BankLine.State.SUGGESTED, "amount_differs", fee)
        self._taken.add(fee.pk)
        return Found(BankLine.State.MATCHED, "", fee)


def _numbers(line: Line) -> list[str]:
    return numbers.found_in(line.payer, *line.texts)
