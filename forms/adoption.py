"""A guest has signed in: the draft becomes theirs, and what the eID verifies is filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from audit import ledger
from common.actor import Actor
from common.database import one_or_none
from common.errors import Conflict
from forms import autofill, display, guests, rebase, seals
from forms.errors import DraftClosed
from forms.guests import Guest
from forms.models import Attachment, Draft, FormVersion, ResumeLink, Upload
from forms.state import is_empty
from identity.models import User

Claims = Mapping[str, Mapping[str, Any]]


class AlreadyBegun(Conflict):
    """The resident has an open draft for the same service: they choose which one to keep."""

    def __init__(self, own: Draft) -> None:
        super().__init__(
            _("You have begun two applications for this service. Choose which one to keep."),
            code="already_begun",
        )
        self.own = own


@dataclass(frozen=True, slots=True)
class Replaced:
    """What a guest had typed and what the eID says instead, in words."""

    question_id: str
    step_id: str
    label: str
    typed: str
    now: str


def other_of(resident: User, subject: str) -> Draft | None:
    """The draft for themselves that the resident has begun for `subject`."""
    return one_or_none(
        Draft.objects.filter(
            resident=resident,
            subject=subject,
            representation=None,
            origin=None,
            state=Draft.State.OPEN,
        )
    )


@transaction.atomic
def adopt(
    *, draft: Draft, guest: Guest, resident: User, version: FormVersion | None, claims: Claims
) -> Draft:
    """Make the guest's draft the resident's: its files too, and what the eID verified filled in.

    What was typed is the resident's own word; a verified value takes its place, and the draft
    remembers what that was (`Draft.replaced`). `version` is the form offered now, if any.
    Raises `AlreadyBegun`, and `DraftClosed` for what is no open draft of this guest (any more).
    """
    found = one_or_none(
        Draft.objects.select_for_update().filter(
            guests.theirs(guest), pk=draft.pk, state=Draft.State.OPEN
        )
    )
    if found is None:
        raise DraftClosed
    _hand_over(found, resident)
    by = Actor.of(resident)
    if version is not None:  # before claims fill what only the newer form asks for
        rebase.rebase_draft(draft=found, version=version, by=by)
    before = dict(found.answers)
    found.answers, found.provenance, used = autofill.fill(
        found.prepared, found.pk, found.answers, found.provenance, claims
    )
    found.replaced = _replaced(before, found) or None
    found.lock += 1
    found.save(update_fields=["answers", "provenance", "replaced", "lock"])
    files = pass_files(found, resident)
    ledger.record(
        event="draft.adopted",
        by=by,
        **guests.entry_of(found),
        data={"files": files, "questions_replaced": sorted(found.replaced or {})},
    )
    if used:
        ledger.record(
            event="draft.autofilled",
            by=by,
            **guests.entry_of(found),
            data={"concepts": sorted(used)},
        )
    return found


def pass_files(draft: Draft, resident: User) -> int:
    """What a guest attached is the resident's now; how many files. No link moves it any more."""
    files = Attachment.objects.filter(draft=draft, owner=None).update(owner=resident)
    Upload.objects.filter(draft=draft, owner=None).update(owner=resident)
    ResumeLink.objects.filter(draft=draft).delete()
    return files


def _hand_over(draft: Draft, resident: User) -> None:
    other = other_of(resident, draft.subject)
    if other is not None:
        raise AlreadyBegun(other)
    draft.resident, draft.guest = resident, ""
    try:
        with transaction.atomic():
            draft.save(update_fields=["resident", "guest"])
    except IntegrityError:  # another window began one in this very moment
        other = other_of(resident, draft.subject)
        if other is None:
            raise
        raise AlreadyBegun(other) from None


def _replaced(before: Mapping[str, Any], draft: Draft) -> dict[str, Any]:
    """Answers that were typed and that a verified value took the place of."""
    return {
        name: typed
        for name, typed in before.items()
        if not is_empty(typed)
        and seals.is_verified(draft.provenance.get(name))
        and draft.answers.get(name) != typed
    }


def replaced_of(draft: Draft, step_id: str = "") -> list[Replaced]:
    """What the resident has to be told, of one step or of all. No query."""
    language, replaced = get_language() or "ja", draft.replaced or {}
    return [
        Replaced(
            node.id,
            node.step_id,
            node.question.label.in_language(language),
            display.text_of(node.question, replaced[node.id], language),
            display.text_of(node.question, draft.answers.get(node.id), language),
        )
        for node in draft.prepared.nodes.values()
        if node.id in replaced and step_id in {"", node.step_id}
    ]
