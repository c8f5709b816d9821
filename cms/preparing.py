"""What all preparations share: one person at a time writes, and who saved what is kept."""

from __future__ import annotations

from typing import TypeVar

from django.utils import timezone
from django.utils.translation import gettext as _

from cms.models.preparation import Preparation
from common.errors import Conflict, InvalidInput
from identity.models import User

MOST_SAVES = 50
LONGEST_NOTE = 500

P = TypeVar("P", bound=Preparation)


def locked(edit: P, *, closed: str) -> P:
    """The row, for this transaction alone. Raises `Conflict` with `closed` when it is so by now."""
    found = type(edit).objects.select_for_update().get(pk=edit.pk)
    if found.state != Preparation.State.OPEN:
        raise Conflict(closed, code="form_edit_closed")
    return found


def note_save(edit: Preparation, *, what: str, by: User) -> None:
    """Count and sign a change; the caller saves the row."""
    edit.lock += 1
    edit.edited_by = by
    edit.saved_at = timezone.now()
    entry = {"at": edit.saved_at.isoformat(), "by": by.name, "what": what, "lock": edit.lock}
    edit.saves = [*edit.saves, entry][-MOST_SAVES:]


def note_of(typed: str) -> str:
    """What is new, in a sentence. Raises `InvalidInput` when it is empty."""
    if not typed.strip():
        message = _("Please write what is new, for whoever looks it up later.")
        raise InvalidInput({"note": [message]}, message)
    return typed.strip()[:LONGEST_NOTE]


def close(edit: Preparation, *, state: Preparation.State, by: User, note: str = "") -> None:
    """What became of it, and by whom; the row is saved."""
    edit.state, edit.note = state, note
    edit.edited_by, edit.saved_at = by, timezone.now()
    edit.save()
