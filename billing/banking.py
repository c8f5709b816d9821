"""Taking in a file of the bank: preview, booking it, and what nothing fitted.

A line is booked once, ever: its key is unique in the town, and the payment carries it as well. A
file is booked in pieces by the worker, each in one transaction: one that dies in the middle has
done a piece wholly or not at all, and goes on where it was.
"""

from __future__ import annotations

import hashlib
import uuid
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit import ledger
from billing import actions, numbers
from billing.matching import Matcher
from billing.models import BankLine, BankStatement, FeeDue, FinanceSettings, Payment
from billing.statements import reading
from billing.statements.parsed import Line, NotAStatement, Statement, keys_of
from billing.statements.table import Columns
from common import outbox
from common.actor import SYSTEM, Actor
from common.errors import Conflict, InvalidInput, NotFound
from identity.models import User

SOURCE = "bank"
APPLY = "payments.apply_statement"
#: Lines booked in one transaction.
PIECE = 200

_NOT_READ = {
    "empty": gettext_lazy("There is nothing in this file."),
    "too_large": gettext_lazy("This file is too large. Export fewer days at a time."),
    "kind": gettext_lazy(
        "This is a file of the bank, but of another kind. Choose 入出金取引明細 or 振込入金通知."
    ),
    "ebcdic": gettext_lazy("This file is in EBCDIC. Choose JIS when you export it."),
    "binary": gettext_lazy(
        "This is not a text file. Choose the CSV or the Zengin file of the bank."
    ),
}


@transaction.atomic
def take_in(*, content: bytes, name: str, by: User) -> BankStatement:
    """Read a file and say what would be booked. The very same file again gives the first one.

    Raises `InvalidInput` when the file as a whole cannot be read.
    """
    _one_at_a_time()
    sha256 = hashlib.sha256(content).hexdigest()
    if known := BankStatement.objects.filter(sha256=sha256).first():
        return known
    settings = FinanceSettings.current()
    try:
        read = reading.read(content, Columns.model_validate(settings.columns), timezone.localdate())
    except NotAStatement as error:
        raise InvalidInput({"file": [_refusal(error.code)]}) from None
    statement = BankStatement.objects.create(
        name=name[-200:],
        sha256=sha256,
        format=read.format,
        stated_count=read.stated[0] if read.stated else None,
        stated_total=read.stated[1] if read.stated else None,
        uploaded_by=by,
    )
    _write_lines(statement, read)
    ledger.record(
        event="bank.file_read",
        by=Actor.of(by),
        object_kind="statement",
        object_id=str(statement.pk),
        data={"lines": len(read.lines)},
    )
    return statement


def _one_at_a_time() -> None:
    """Two files at once could hold the same line: the second waits for the first."""
    with connection.cursor() as cursor:
        # Any number that nothing else locks; each town has its own.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(current_schema()), 7)")


def _refusal(code: str) -> str:
    if code.startswith("no_column_"):
        return _("The column for “%(what)s” is not in this file. Look at the settings.") % {
            "what": {
                "date": _("Date"), "amount": _("Money that came in"), "payer": _("Payer"),
            }[code.removeprefix("no_column_")]
        }  # fmt: skip
    return str(_NOT_READ[code])


def _write_lines(statement: BankStatement, read: Statement) -> None:
    keys = keys_of(read.lines)
    known = set(
        BankLine.objects.filter(key__in=[key for key in keys if key]).values_list("key", flat=True)
    )
    fresh = [line for line, key in zip(read.lines, keys, strict=True) if key not in known]
    matcher = Matcher(fresh)
    BankLine.objects.bulk_create(
        (
            _row(statement, line, key, key in known, matcher)
            for line, key in zip(read.lines, keys, strict=True)
        ),
        batch_size=1000,
    )


def _row(
    statement: BankStatement, line: Line, key: str | None, known: bool, matcher: Matcher
) -> BankLine:
    row = BankLine(
        statement=statement,
        number=line.number,
        booked_on=line.booked_on,
        amount=line.amount,
        payer=line.payer[:100],
        text=" ".join(text for text in line.texts if text)[:250],
    )
    if known and key is not None:
        row.state, row.reason = BankLine.State.DUPLICATE, "known"
        return row
    found = matcher.find(line)
    row.state, row.reason, row.fee, row.key = found.state, found.reason, found.fee, key
    return row


@transaction.atomic
def discard(*, statement_id: uuid.UUID, by: User) -> None:
    """Throw a preview away. Raises `Conflict` once it is being booked, `NotFound`."""
    statement = _locked(statement_id)
    if statement.state != BankStatement.State.PREVIEW:
        raise _booked_already()
    ledger.record(
        event="bank.file_discarded",
        by=Actor.of(by),
        object_kind="statement",
        object_id=str(statement.pk),
    )
    statement.delete()


@transaction.atomic
def apply(*, statement_id: uuid.UUID, by: User) -> BankStatement:
    """Have the matched lines booked by the worker. Twice is once. Raises `NotFound`."""
    statement = _locked(statement_id)
    if statement.state != BankStatement.State.PREVIEW:
        return statement
    statement.state = BankStatement.State.APPLYING
    statement.save(update_fields=["state"])
    ledger.record(
        event="bank.file_applied",
        by=Actor.of(by),
        object_kind="statement",
        object_id=str(statement.pk),
    )
    _enqueue(statement, 0)
    return statement


def _enqueue(statement: BankStatement, after: int) -> None:
    outbox.enqueue(
        APPLY, f"{statement.pk}:{after}", {"statement_id": str(statement.pk), "after": after}
    )


@outbox.handler(APPLY)
def apply_piece(payload: dict[str, Any]) -> None:
    """Book the next lines that fit, and go on with the rest in another transaction."""
    statement = BankStatement.objects.select_for_update().get(pk=payload["statement_id"])
    lines = list(
        statement.lines.filter(number__gt=payload["after"], state=BankLine.State.MATCHED)
        .select_for_update(of=("self",))
        .order_by("number")[:PIECE]
    )
    for line in lines:
        _book_if_it_still_fits(line)
    if lines:
        _enqueue(statement, lines[-1].number)
        return
    statement.state = BankStatement.State.APPLIED
    statement.applied_at = timezone.now()
    statement.save(update_fields=["state", "applied_at"])


def _book_if_it_still_fits(line: BankLine) -> None:
    fee = FeeDue.objects.select_for_update().get(bank_lines=line)
    if fee.outstanding != line.amount:
        line.state, line.reason = BankLine.State.SUGGESTED, "changed"
        line.save(update_fields=["state", "reason"])
        return
    _book(line, fee.pk, SYSTEM)


def _book(line: BankLine, fee_id: uuid.UUID, by: Actor) -> list[Payment]:
    if line.key is None or line.amount is None or line.booked_on is None:
        raise ValueError("a line without key, amount and day is never booked")
    made = actions.receive(
        fee_id=fee_id,
        source=SOURCE,
        key=line.key,
        amount=line.amount,
        received_on=line.booked_on,
        by=by,
    )
    line.state, line.reason, line.fee_id = BankLine.State.BOOKED, "", fee_id
    line.settled_at = timezone.now()
    line.save(update_fields=["state", "reason", "fee", "settled_by", "settled_at"])
    return made


@transaction.atomic
def assign(*, line_id: int, number: str, by: User) -> list[Payment]:
    """Book a line to a fee by hand. What is too little or too much stays visible.

    Raises `InvalidInput` for a number that is no fee's, `Conflict`, `NotFound`.
    """
    line = _open_line(line_id)
    digits = "".join(numbers.found_in(number)[:1])
    fee = FeeDue.objects.filter(number=digits).first() if digits else None
    if fee is None:
        raise InvalidInput({"number": [_("No fee has this number. Look at it once more.")]})
    line.settled_by = by
    made = _book(line, fee.pk, Actor.of(by))
    _note(line, by, "bank.line_assigned")
    return made


@transaction.atomic
def to_return(*, line_id: int, note: str, by: User) -> BankLine:
    """Note that the money has to go back to whoever sent it. Raises as `assign`."""
    line = _open_line(line_id)
    if not note.strip():
        raise InvalidInput({"note": [_("Write why, and to whom it goes back.")]})
    line.state, line.reason, line.note = BankLine.State.TO_RETURN, "", note.strip()
    line.settled_by = by
    line.save(update_fields=["state", "reason", "note", "settled_by"])
    _note(line, by, "bank.line_to_return")
    return line


@transaction.atomic
def returned(*, line_id: int, on: date, by: User) -> BankLine:
    """Note that it went back. Raises `Conflict`, `InvalidInput`, `NotFound`."""
    line = _open_line(line_id, BankLine.State.TO_RETURN)
    if on > timezone.localdate() or (line.booked_on and on < line.booked_on):
        raise InvalidInput({"on": [_("It cannot have gone back on this day.")]})
    line.state, line.settled_by = BankLine.State.RETURNED, by
    line.settled_at = timezone.now()
    line.save(update_fields=["state", "settled_by", "settled_at"])
    _note(line, by, "bank.line_returned")
    return line


def _open_line(line_id: int, *states: str) -> BankLine:
    line = BankLine.objects.select_for_update(of=("self",)).filter(pk=line_id).first()
    if line is None:
        raise NotFound(_("There is no such line."), code="no_line")
    if line.statement.state != BankStatement.State.APPLIED:
        raise Conflict(_("First book the file that this line is in."), code="preview")
    if line.state not in (states or (BankLine.State.SUGGESTED, BankLine.State.UNMATCHED)):
        raise Conflict(_("Somebody has dealt with this line already."), code="settled")
    return line


def _note(line: BankLine, by: User, event: str) -> None:
    ledger.record(
        event=event,
        by=Actor.of(by),
        object_kind="statement",
        object_id=str(line.statement_id),
        data={"line": line.number, "amount": line.amount},
    )


def _locked(statement_id: uuid.UUID) -> BankStatement:
    found = BankStatement.objects.select_for_update().filter(pk=statement_id).first()
    if found is None:
        raise NotFound(_("There is no such file."), code="no_statement")
    return found


def _booked_already() -> Conflict:
    return Conflict(_("This file is booked already."), code="applied")
