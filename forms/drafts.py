"""Drafts: open, look over, hand over, close; saved step by step (`forms.steps`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from audit import ledger
from common import marks
from common.actor import GUEST, Actor
from common.database import one_or_none
from common.lookup import Lookup
from common.marks import Part, Parts
from forms import (
    attachments,
    autofill,
    display,
    pages,
    pieces,
    profile,
    seals,
    storing,
    unplaced,
    validation,
)
from forms.draft_files import add_file, file_node, files_of, remove_file
from forms.errors import DraftClosed, TamperedValue
from forms.models import Draft, FormVersion
from forms.outcome import Review, StepOutcome
from forms.steps import save_step

__all__ = [
    "Review",
    "StepOutcome",
    "TamperedValue",
    "add_file",
    "file_node",
    "files_of",
    "remove_file",
    "save_step",
]

_draft: Lookup[Draft] = Lookup(
    lambda pk, resident: Draft.objects.filter(pk=pk, resident=resident), pk=UUID, resident=UUID
)
_open_draft: Lookup[Draft] = Lookup(
    lambda resident, subject: Draft.objects.filter(
        resident=resident,
        subject=subject,
        state=Draft.State.OPEN,
        representation__isnull=True,
        origin__isnull=True,
    ),
    resident=UUID,
    subject=str,
)
_open_draft_for: Lookup[Draft] = Lookup(
    lambda representation, resident, subject: Draft.objects.filter(
        representation=representation,
        on_behalf__isnull=True,
        resident=resident,
        subject=subject,
        state=Draft.State.OPEN,
        origin__isnull=True,
    ),
    representation=UUID,
    resident=UUID,
    subject=str,
)
_open_draft_after: Lookup[Draft] = Lookup(
    lambda resident, subject, origin, kind: Draft.objects.filter(
        resident=resident,
        subject=subject,
        origin=origin,
        origin_kind=kind,
        state=Draft.State.OPEN,
    ),
    resident=UUID,
    subject=str,
    origin=UUID,
    kind=str,
)
Claims = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Follows:
    """What a draft follows (`Draft.origin`), and the answers that it begins with."""

    origin: UUID
    kind: str
    answers: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)


def get_draft(*, resident_id: Any, draft_id: Any) -> Draft | None:
    """The resident's own draft. None for anybody else's."""
    return _draft.one(pk=draft_id, resident=resident_id)


def open_one(*, resident_id: Any, subject: str) -> Draft | None:
    """The draft for `subject` that the resident has begun for themselves, following nothing."""
    return _open_draft.one(resident=resident_id, subject=subject)


def open_draft(
    *,
    resident: Any,
    version: FormVersion,
    subject: str,
    claims: Claims | None = None,
    representation: Any = None,
    on_behalf: Any = None,
    by: Actor | None = None,
    follows: Follows | None = None,
) -> Draft:
    """The resident's open draft for `subject`, or a new one; claims fill what they can.

    One that `follows` something that was sent stands beside one that does not (`forms.following`).
    With a `representation` it is the draft for whom the resident acts then; each has its own. An
    open draft stays with the version it began with. `on_behalf`: where that is help at the
    counter, for whom the resident who is helped acts.
    `by`: who opens it, if not the resident. What was used of the claims is written to the ledger,
    by concept.
    """
    draft = _open_one(resident, subject, representation, on_behalf, follows)
    if draft is None:
        draft = Draft(
            resident=resident,
            version=version,
            subject=subject,
            representation=representation,
            on_behalf=on_behalf,
        )
        if follows is not None:
            draft.origin, draft.origin_kind = follows.origin, follows.kind
            draft.answers, draft.provenance = dict(follows.answers), dict(follows.provenance)
        used = _fill(draft, claims or {})
        try:
            with transaction.atomic():
                draft.save(force_insert=True)
        except IntegrityError:  # a double click opened it a moment ago
            draft = _open_one(resident, subject, representation, on_behalf, follows)
            if draft is None:
                raise
            return draft
    else:
        used = _fill(draft, claims or {})
        if used:
            storing.update(draft)
    if used:
        ledger.record(
            event="draft.autofilled",
            by=by or Actor.of(resident),
            about=str(resident.pk),
            object_kind="draft",
            object_id=str(draft.pk),
            purpose=f"service:{subject}"[:200],
            data={
                "concepts": sorted(used),
                **({"representation": str(representation.pk)} if representation else {}),
            },
        )
    return draft


def _open_one(
    resident: Any, subject: str, representation: Any, on_behalf: Any, follows: Follows | None
) -> Draft | None:
    if follows is not None:
        return open_after(
            resident=resident, subject=subject, origin=follows.origin, kind=follows.kind
        )
    if representation is None:
        return open_one(resident_id=resident.pk, subject=subject)
    if on_behalf is not None:
        return one_or_none(
            Draft.objects.filter(
                representation=representation,
                on_behalf=on_behalf,
                resident=resident,
                subject=subject,
                state=Draft.State.OPEN,
            )
        )
    return _open_draft_for.one(
        representation=representation.pk, resident=resident.pk, subject=subject
    )


def open_after(*, resident: Any, subject: str, origin: UUID, kind: str) -> Draft | None:
    """The open draft with which the resident follows `origin`, if they have begun one."""
    return _open_draft_after.one(resident=resident.pk, subject=subject, origin=origin, kind=kind)


def _fill(draft: Draft, claims: Claims) -> set[str]:
    if not claims:
        return set()
    draft.answers, draft.provenance, used = autofill.fill(
        draft.prepared, draft.pk, draft.answers, draft.provenance, claims
    )
    return used


def put(draft: Draft, answers: Mapping[str, Any]) -> None:
    """Store other answers; what is not answered any more came from nowhere. `DraftClosed`."""
    draft.answers = dict(answers)
    draft.provenance = {
        name: entry for name, entry in draft.provenance.items() if name in draft.answers
    }
    if not storing.update(draft):
        raise DraftClosed


def fill_from_profile(draft: Draft, question_ids: Iterable[str], *, by: Actor) -> list[str]:
    """Fill in what the resident kept and chose now. Raises `DraftClosed`."""
    if not draft.is_open:
        raise DraftClosed
    filled = profile.use(draft, set(question_ids), by=by)
    if filled and not storing.update(draft):
        raise DraftClosed
    return filled


def open_correction(
    *,
    resident: Any,
    version: FormVersion,
    subject: str,
    answers: Mapping[str, Any],
    provenance: Mapping[str, Any],
    question_ids: Sequence[str],
    judged_on: date,
    remarks: Mapping[str, str] | None = None,
    representation_id: UUID | None = None,
) -> Draft:
    """A draft in which only `question_ids` (and what hangs on them) are answered anew.

    Its rules take `judged_on`, the day on which the application came, as today.

    `answers` and `provenance` come from the application; verified values stay so and are sealed
    to this draft, but for those that are asked for: who has moved meanwhile can say so. `remarks`
    are shown beside their questions. Raises `LookupError` for a question
    the form does not have.
    """
    known = version.form.questions_by_id
    for question_id in question_ids:
        if question_id not in known:
            raise LookupError(f"no question '{question_id}'")
    draft = Draft(
        resident=resident,
        version=version,
        subject=subject,
        answers=dict(answers),
        only=list(question_ids),
        judged_on=judged_on,
        remarks=dict(remarks or {}),
        representation_id=representation_id,
    )
    draft.provenance = {
        name: seals.seal(draft.pk, name, answers.get(name), entry)
        if seals.is_verified(entry) and name not in question_ids
        else seals.opened(entry)
        for name, entry in provenance.items()
        if entry
    }
    draft.save(force_insert=True)
    return draft


def check_seals(draft: Draft, by: Actor | None = None) -> None:
    """Raises `TamperedValue` (recorded) when a verified value does not fit its seal."""
    bad, about = seals.broken(draft.pk, draft.answers, draft.provenance), draft.about
    if bad:
        storing.record_tampering(
            draft, bad, by or (Actor("resident", about, "") if about else GUEST)
        )
        raise TamperedValue(bad)


def review(draft: Draft, language: str | None = None) -> Review:
    """Every answer for display, everything still missing or wrong, and what a submission keeps.

    Raises `TamperedValue`. One query when the draft has files.
    """
    check_seals(draft)
    prepared = draft.prepared
    state = draft.evaluated()
    only = set(pages.allowed(draft, prepared, state)) if draft.only is not None else None
    answers = state.answers()
    wanted = attachments.referenced(prepared, answers)
    files = attachments.shown(draft) if wanted or _may_lose_files(draft) else {}
    language = language or get_language() or "ja"
    return Review(
        steps=display.rows(
            draft.form, answers, draft.provenance, language, files, state=state
        ),
        problems=validation.problems(prepared, state, only=only),
        answers=answers,
        provenance={name: entry for name, entry in draft.provenance.items() if name in answers},
        files=[
            file for key, file in files.items()
            if key in wanted and attachments.belongs(file, draft)
        ],
        unplaced=unplaced.of_review(draft, files),
    )  # fmt: skip


def _may_lose_files(draft: Draft) -> bool:
    """Does some entry take files, which two windows may disagree about?"""
    return any(node.groups and node.asks_files for node in draft.prepared.nodes.values())


def answers_of(draft: Draft) -> dict[str, Any]:
    """The answers to the questions that are asked, nothing else. Raises `TamperedValue`."""
    check_seals(draft)
    return draft.evaluated().answers()


def close(draft: Draft) -> None:
    """The draft was sent: no more answers. Idempotent.

    Files of answers that a newer version had no place for, or that lost their entry, were kept
    until now.
    """
    if draft.rebased is not None or _may_lose_files(draft):
        kept = attachments.referenced(draft.prepared, draft.answers)
        attachments.discard(draft, attachments.of_draft(draft).keys() - kept)
    Draft.objects.filter(pk=draft.pk, state=Draft.State.OPEN).update(
        state=Draft.State.SENT, rebased=None, replaced=None
    )
    draft.state, draft.rebased, draft.replaced = Draft.State.SENT, None, None


def saved(draft: Draft) -> Parts:
    """What a page shows that says when a draft was saved last, or what is in it."""
    return {f"draft-{draft.pk}": Part(_("Your answers"), draft.lock)}


@transaction.atomic
def discard(*, draft: Draft, by: Actor, mark: str = "") -> None:
    """Delete an open draft's answers and files at the resident's wish.

    `mark`: what the page showed (`saved`). Raises `DraftClosed`, and `Changed` for what was saved
    after that.
    """
    held = Draft.objects.select_for_update().get(pk=draft.pk)
    if not held.is_open:
        raise DraftClosed
    marks.check(mark, saved(held))
    attachments.discard(draft, list(attachments.of_draft(draft)))
    pieces.drop_all_of(draft)
    draft.answers, draft.provenance, draft.steps_done = {}, {}, []
    draft.rebased = draft.replaced = None
    Draft.objects.filter(pk=draft.pk, state=Draft.State.OPEN).update(
        answers={},
        provenance={},
        steps_done=[],
        rebased=None,
        replaced=None,
        state=Draft.State.DISCARDED,
    )
    draft.state = Draft.State.DISCARDED
    ledger.record(
        event="draft.discarded",
        by=by,
        about=draft.about,
        object_kind="draft",
        object_id=str(draft.pk),
        purpose=f"service:{draft.subject}"[:200],
    )
