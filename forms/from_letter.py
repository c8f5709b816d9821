"""Filling in a draft with what the town had printed in a letter to its applicant.

Whoever calls has made sure that it is theirs. As with everything that is filled in (docs/adr/0012)
it happens by the applicant's choice, and each answer says where it is from.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.utils import timezone

from forms import display, seals, storing
from forms.errors import DraftClosed
from forms.models import Draft
from forms.validation import of_value


def fill(draft: Draft, answers: Mapping[str, Any], *, fixed: Collection[str]) -> list[str]:
    """Fill in `answers` by question; those that are `fixed` cannot be changed in the form.

    What the eID has verified stays, and so does what was typed and may be changed. Returns the
    questions that were filled in. Raises `DraftClosed`.
    """
    if not draft.is_open:
        raise DraftClosed
    now = timezone.now().isoformat()
    _leave_out(draft)  # nothing of another letter stays beside this one
    filled = []
    for name, value in answers.items():
        node = draft.prepared.nodes.get(name)
        if node is None or value is None:
            continue
        fits = not any(of_value(node.question, value))
        holds = fits and name in fixed
        if not _is_open(draft, name, holds=holds):
            continue
        origin = {"source": display.LETTER, "asserted_at": now}
        draft.answers[name] = value
        draft.provenance[name] = (
            seals.seal(draft.pk, name, value, origin) if holds else origin | {"verified": False}
        )
        filled.append(name)
    if filled and not storing.update(draft):
        raise DraftClosed
    return filled


def take_back(draft: Draft) -> None:
    """Take out everything that came from a letter: it was another's, or is not wanted.

    Raises `DraftClosed`.
    """
    if _leave_out(draft) and not (draft.is_open and storing.update(draft)):
        raise DraftClosed


def _leave_out(draft: Draft) -> bool:
    """Whether there was something of a letter."""
    mine = [
        name
        for name, origin in draft.provenance.items()
        if origin and origin.get("source") == display.LETTER
    ]
    for name in mine:
        draft.answers.pop(name, None)
        del draft.provenance[name]
    return bool(mine)


def _is_open(draft: Draft, name: str, *, holds: bool) -> bool:
    origin = draft.provenance.get(name) or {}
    if seals.is_verified(origin):
        return False
    # What the eID told without verifying it, an earlier application: the register knows better.
    return holds or name not in draft.answers or bool(origin.get("source"))
