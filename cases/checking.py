"""What staff do with the checklist of a case: tick, take the tick off, add a line, take it out.

Nothing here moves the case, so a page that a colleague has open stays as good as it was; what a
decision needs is asked for when it is made.
"""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from cases import checklist, desk_actions
from cases.models import Case, CaseCheck
from cases.steps import about, locked
from common.actor import Actor
from common.errors import InvalidInput, NotFound
from identity.models import User

LONGEST_LINE = 300
MOST_LINES = 30


@transaction.atomic
def tick(*, case: Case, key: str, by: User) -> CaseCheck:
    """Note that a line was looked at; a second time it changes nothing.

    `key`: `checklist.Line.key`. Raises `NotAllowed`, `NotFound`.
    """
    case = locked(case, None, by)
    desk_actions.check_worked(case, by)
    row = _row(case, key)
    if row is None:
        if not checklist.is_asked(case, key):
            raise _gone()
        row = CaseCheck(case=case, declared=key, added_by=by)
    if row.ticked_at is None:
        row.ticked_by, row.ticked_at = by, timezone.now()
        row.save()
        _record("case.check_ticked", case, row, by)
    return row


@transaction.atomic
def untick(*, case: Case, key: str, by: User) -> CaseCheck:
    """Take the tick off; a second time it changes nothing. Raises `NotAllowed`, `NotFound`."""
    case = locked(case, None, by)
    desk_actions.check_worked(case, by)
    row = _row(case, key)
    if row is None:
        raise _gone()
    if row.ticked_at is not None:
        row.ticked_by, row.ticked_at = None, None
        row.save()
        _record("case.check_unticked", case, row, by)
    return row


@transaction.atomic
def add(*, case: Case, text: str, by: User) -> CaseCheck:
    """Add a line of one's own; it keeps nothing back. Raises `NotAllowed`, `InvalidInput`."""
    case = locked(case, None, by)
    desk_actions.check_worked(case, by)
    text = " ".join(text.replace("\x00", "").split())
    if not text:
        raise InvalidInput({"check": [_("Write what is to be looked at.")]})
    if len(text) > LONGEST_LINE:
        raise InvalidInput(
            {"check": [_("Use at most %(most)s characters.") % {"most": LONGEST_LINE}]}
        )
    own = case.checks.filter(declared="")
    same = own.filter(text=text).first()
    if same is not None:  # sent twice
        return same
    if own.count() >= MOST_LINES:
        raise InvalidInput(
            {"check": [_("A case can have %(most)s lines of its own.") % {"most": MOST_LINES}]}
        )
    row = CaseCheck.objects.create(case=case, text=text, added_by=by)
    _record("case.check_added", case, row, by)
    return row


@transaction.atomic
def take_out(*, case: Case, key: str, by: User) -> None:
    """Take out a line that was added by hand. Raises `NotAllowed`, `NotFound`."""
    case = locked(case, None, by)
    desk_actions.check_worked(case, by)
    row = _row(case, key)
    if row is None or row.declared:
        raise _gone()
    _record("case.check_removed", case, row, by)
    row.delete()


def _row(case: Case, key: str) -> CaseCheck | None:
    try:
        return case.checks.filter(pk=uuid.UUID(key), declared="").first()
    except ValueError:
        return case.checks.filter(declared=key).first() if key else None


def _gone() -> NotFound:
    return NotFound(_("There is no such line on the checklist."), code="no_check")


def _record(event: str, case: Case, row: CaseCheck, by: User) -> None:
    # Ids only: the words of a colleague may name somebody.
    data = about(case, check=row.declared or str(row.pk))
    ledger.record(event=event, by=Actor.of(by), **data)
