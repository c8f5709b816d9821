"""Drafts: open, save step by step, look over, hand over, close."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from django.db import IntegrityError, transaction
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from audit import ledger
from common.actor import GUEST, Actor
from common.lookup import Lookup
from forms import (
    attachments,
    autofill,
    display,
    entries,
    judging,
    pages,
    pieces,
    profile,
    rebase,
    saving,
    seals,
    stale,
    validation,
)
from forms.errors import DraftClosed, FileRefused, TamperedValue
from forms.models import Attachment, Draft, FormVersion
from forms.outcome import Review, StepOutcome
from forms.prepared import Node
from forms.questions import FileQuestion
from forms.saving import ACTION, SEEN, SHOWN, Files, Reader, Uploads
from forms.state import evaluate

__all__ = ["Review", "StepOutcome", "TamperedValue"]

_ATTEMPTS = 3
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
Snapshot = tuple[FormVersion, dict[str, Any], dict[str, Any], list[Attachment]]


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


def open_draft(
    *,
    resident: Any,
    version: FormVersion,
    subject: str,
    claims: Claims | None = None,
    representation: Any = None,
    by: Actor | None = None,
    follows: Follows | None = None,
) -> Draft:
    """The resident's open draft for `subject`, or a new one; claims fill what they can.

    One that `follows` something that was sent stands beside one that does not (`forms.following`).
    With a `representation` it is the draft for whom the resident acts then; each has its own. An
    open draft stays with the version it began with.
    `by`: who opens it, if not the resident. What was used of the claims is written to the ledger,
    by concept.
    """
    draft = _open_one(resident, subject, representation, follows)
    if draft is None:
        draft = Draft(
            resident=resident, version=version, subject=subject, representation=representation
        )
        if follows is not None:
            draft.origin, draft.origin_kind = follows.origin, follows.kind
            draft.answers, draft.provenance = dict(follows.answers), dict(follows.provenance)
        used = _fill(draft, claims or {})
        try:
            with transaction.atomic():
                draft.save(force_insert=True)
        except IntegrityError:  # a double click opened it a moment ago
            draft = _open_one(resident, subject, representation, follows)
            if draft is None:
                raise
            return draft
    else:
        used = _fill(draft, claims or {})
        if used:
            _update(draft)
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
    resident: Any, subject: str, representation: Any, follows: Follows | None
) -> Draft | None:
    if follows is not None:
        return open_after(
            resident=resident, subject=subject, origin=follows.origin, kind=follows.kind
        )
    if representation is None:
        return _open_draft.one(resident=resident.pk, subject=subject)
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
    if not _update(draft):
        raise DraftClosed


def fill_from_profile(draft: Draft, question_ids: Iterable[str], *, by: Actor) -> list[str]:
    """Fill in what the resident kept and chose now. Raises `DraftClosed`."""
    if not draft.is_open:
        raise DraftClosed
    filled = profile.use(draft, set(question_ids), by=by)
    if filled and not _update(draft):
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
    representation_id: UUID | None = None,
) -> Draft:
    """A draft in which only `question_ids` (and what hangs on them) are answered anew.

    `answers` and `provenance` come from the application; verified values stay so and are sealed
    to this draft. Raises `LookupError` for a question the form does not have.
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
        representation_id=representation_id,
    )
    draft.provenance = {
        name: seals.seal(draft.pk, name, answers.get(name), entry)
        if seals.is_verified(entry)
        else dict(entry)
        for name, entry in provenance.items()
        if entry
    }
    draft.save(force_insert=True)
    return draft


def save_step(
    *,
    draft: Draft,
    step_id: str,
    post: QueryDict,
    files: Files | None = None,
    by: Actor,
    page_version: FormVersion | None = None,
) -> StepOutcome:
    """Save what was posted for a step: one UPDATE, guarded against a second tab.

    Everything that can be understood is kept, even when something else is missing or wrong.
    `step_id` "" is a correction's single page. `page_version` is the form that the page was made
    from, when it does not say so itself; for one older than the draft's, see `forms.stale`.
    Raises `DraftClosed`, `TamperedValue` (recorded in the ledger here), `LookupError` for an
    unknown step.
    """
    stored: dict[int, str | FileRefused] = {}
    page = stale.version_of(draft, post) or page_version or draft.version
    for _attempt in range(_ATTEMPTS):
        uploads = Uploads(files or Files(), stored)
        if draft.only is None and page.pk != draft.version_id:
            outcome = _save_stale(draft, page, step_id, post, uploads, by)
        else:
            outcome = _save_step(draft, step_id, post, uploads, by)
        if outcome is not None:
            return outcome
        # Another request saved in this very moment: read again, apply again.
        draft.refresh_from_db(
            fields=["version", "answers", "provenance", "steps_done", "rebased", "lock", "state"]
        )
    return _conflict(draft, step_id, post)


def _save_stale(
    draft: Draft, page: FormVersion, step_id: str, post: QueryDict, uploads: Uploads, by: Actor
) -> StepOutcome | None:
    if not draft.is_open:
        raise DraftClosed
    bad = seals.broken(draft.pk, draft.answers, draft.provenance)
    bad += saving.tampered(draft, stale.nodes_of(page, step_id), post)
    if bad:
        _record_tampering(draft, bad, by)
        raise TamperedValue(bad)
    stale.take(draft, page, step_id, post, uploads)
    if not _update(draft):
        return None
    return StepOutcome(False, form_changed=True, leave=post.get(ACTION) == "leave")


def _save_step(
    draft: Draft, step_id: str, post: QueryDict, uploads: Uploads, by: Actor
) -> StepOutcome | None:
    if not draft.is_open:
        raise DraftClosed
    prepared = draft.prepared
    before = evaluate(prepared, draft.answers)
    nodes = pages.nodes_of(draft, prepared, step_id, before)
    bad = seals.broken(draft.pk, draft.answers, draft.provenance)
    bad += saving.tampered(draft, nodes, post)
    if bad:
        _record_tampering(draft, bad, by)
        raise TamperedValue(bad)
    reader = Reader(draft, prepared, post, uploads)
    stay = reader.press_buttons()
    wanted = [
        node
        for node in saving.nodes_to_read(nodes, before, post, uploads.files)
        if not saving.is_locked(draft, node)
    ]
    read = reader.read(wanted)
    only_looking = reader.action == "refresh" and not uploads.files
    if not only_looking and _saved_elsewhere(draft, nodes, post, read):
        return _conflict(draft, step_id, reader.post, wanted, read)
    draft.answers, draft.provenance = saving.merged(draft.answers, draft.provenance, read)
    state = evaluate(prepared, draft.answers)
    after = pages.nodes_of(draft, prepared, step_id, state)
    outcome = judging.judge(draft, prepared, step_id, state, after, wanted, read, reader, stay)
    if only_looking:
        # A script asks what to show while somebody is still typing: nothing is saved, so that the
        # page stays as new as it was, here and in another window.
        outcome.page = pages.step_page(draft, step_id, outcome, state=state)
        outcome.page.seen = str(post.get(saving.SEEN, ""))
        return outcome
    if outcome.ok:
        rebase.mark_seen(draft)
    if not _update(draft):
        return None
    if reader.removed_files:
        kept = attachments.referenced(prepared, draft.answers)
        attachments.discard(draft, reader.removed_files - kept)
    if not outcome.ok and not outcome.leave:
        outcome.page = pages.step_page(draft, step_id, outcome, state=state)
    return outcome


def _saved_elsewhere(draft: Draft, nodes: Iterable[Node], post: QueryDict, read: Any) -> bool:
    """Another window saved other answers to this step since the page was made."""
    seen = post.get(SEEN)
    asked = [node for node in nodes if not node.compute]
    if not seen or seen == saving.fingerprint(draft, asked):
        return False
    shown = set(str(post.get(SHOWN, "")).split())
    return any(
        entries.plain(node, read.values.get(node.id))
        != entries.plain(node, draft.answers.get(node.id))
        for node in asked
        if node.id in shown and node.id in read.values
    )


def _conflict(
    draft: Draft, step_id: str, post: QueryDict, nodes: Iterable[Node] = (), read: Any = None
) -> StepOutcome:
    """Nothing is saved but files, which the browser would not send a second time."""
    nodes = list(nodes)
    if read is not None:
        files = {node.id for node in nodes if node.question.type == "file"}
        read.values = {name: value for name, value in read.values.items() if name in files}
        if read.values:
            draft.answers, draft.provenance = saving.merged(draft.answers, draft.provenance, read)
            _update(draft)
    outcome = StepOutcome(
        False,
        typed=saving.typed_values(post, nodes),
        notice=_(
            "You saved other answers to this step in another window. "
            "Below is what you have just typed; save again if it should count."
        ),
        conflict=True,
    )
    outcome.page = pages.step_page(draft, step_id, outcome)
    return outcome


def _update(draft: Draft) -> bool:
    """One guarded UPDATE. False: somebody else changed the row first."""
    now = timezone.now()
    changed = Draft.objects.filter(pk=draft.pk, lock=draft.lock, state=Draft.State.OPEN).update(
        answers=draft.answers,
        provenance=draft.provenance,
        steps_done=draft.steps_done,
        rebased=draft.rebased,
        lock=draft.lock + 1,
        saved_at=now,
    )
    if changed:
        draft.lock += 1
        draft.saved_at = now
    return bool(changed)


def _record_tampering(draft: Draft, question_ids: list[str], by: Actor) -> None:
    ledger.record(
        event="draft.tampered",
        by=by,
        about=draft.about,
        object_kind="draft",
        object_id=str(draft.pk),
        purpose=f"service:{draft.subject}"[:200],
        data={"questions": sorted(set(question_ids))},
    )


def check_seals(draft: Draft, by: Actor | None = None) -> None:
    """Raises `TamperedValue` (recorded) when a verified value does not fit its seal."""
    bad, about = seals.broken(draft.pk, draft.answers, draft.provenance), draft.about
    if bad:
        _record_tampering(draft, bad, by or (Actor("resident", about, "") if about else GUEST))
        raise TamperedValue(bad)


def review(draft: Draft, language: str | None = None) -> Review:
    """Every answer for display and everything still missing or wrong.

    Raises `TamperedValue`. One query when the draft has files.
    """
    check_seals(draft)
    prepared = draft.prepared
    state = evaluate(prepared, draft.answers)
    only = set(pages.allowed(draft, prepared, state)) if draft.only is not None else None
    problems = validation.problems(prepared, state, only=only)
    answers = state.answers()
    has_files = attachments.referenced(prepared, answers)
    files = attachments.of_draft(draft) if has_files else {}
    language = language or get_language() or "ja"
    steps = display.rows(draft.form, answers, draft.provenance, language, files, state=state)
    return Review(steps, problems)


def snapshot(draft: Draft) -> Snapshot:
    """What a submission keeps: the answers to the questions that are asked, nothing else.

    Raises `TamperedValue`.
    """
    check_seals(draft)
    answers = evaluate(draft.prepared, draft.answers).answers()
    provenance = {name: entry for name, entry in draft.provenance.items() if name in answers}
    wanted = attachments.referenced(draft.prepared, answers)
    files = [
        item for item in attachments.by_ids(wanted).values() if attachments.belongs(item, draft)
    ]
    return draft.version, answers, provenance, files


def close(draft: Draft) -> None:
    """The draft was sent: no more answers. Idempotent.

    Files of answers that a newer version had no place for were kept until now.
    """
    if draft.rebased is not None:
        kept = attachments.referenced(draft.prepared, draft.answers)
        attachments.discard(draft, attachments.of_draft(draft).keys() - kept)
    Draft.objects.filter(pk=draft.pk, state=Draft.State.OPEN).update(
        state=Draft.State.SENT, rebased=None, replaced=None
    )
    draft.state, draft.rebased, draft.replaced = Draft.State.SENT, None, None


def discard(*, draft: Draft, by: Actor) -> None:
    """Delete an open draft's answers and files at the resident's wish."""
    if not draft.is_open:
        raise DraftClosed
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


def add_file(
    *, draft: Draft, question_id: str, upload: Any, by: Actor, path: Sequence[str] = ()
) -> Attachment:
    """Attach one file outside a step's form (an upload in pieces, the API).

    In a group it goes to the entry with these keys (`forms.entries`), wherever that stands now.
    Raises `FileRefused`, `DraftClosed`, `LookupError`.
    """
    node = file_node(draft, question_id)
    question = cast("FileQuestion", node.question)
    files_of(draft, node, path)
    attachment = attachments.store(draft, question, upload)
    # The row is locked since then: what other windows saved is known, and nobody saves now.
    draft.refresh_from_db(fields=["answers", "provenance", "steps_done", "lock", "state"])
    try:
        held = files_of(draft, node, path)
    except LookupError:  # somebody removed the entry while the file was being examined
        attachments.discard(draft, [str(attachment.pk)])
        raise
    if len(held) < question.max_files:
        files = [*held, str(attachment.pk)]
        draft.answers = entries.with_answer(draft.prepared, node, draft.answers, path, files)
        if _update(draft):
            return attachment
    attachments.discard(draft, [str(attachment.pk)])
    if draft.is_open:
        raise FileRefused(validation.too_many_files(question.max_files), code="too_many_files")
    raise DraftClosed


def remove_file(*, draft: Draft, question_id: str, attachment_id: str, by: Actor) -> None:
    """Take an attached file off again. Raises `DraftClosed`, `LookupError`."""
    if file_node(draft, question_id).groups:
        raise LookupError(f"files of entries go with their page: '{question_id}'")
    kept = [item for item in draft.answers.get(question_id) or [] if item != str(attachment_id)]
    draft.answers = {name: v for name, v in draft.answers.items() if name != question_id}
    if kept:
        draft.answers[question_id] = kept
    if not _update(draft):
        raise DraftClosed
    attachments.discard(draft, [str(attachment_id)])


def files_of(draft: Draft, node: Node, path: Sequence[str] = ()) -> list[str]:
    """Ids of the files that answer a question, of the entry with these keys. `LookupError`."""
    _name, entry = entries.find(draft.prepared, node, draft.answers, path)
    return list(entry.get(node.id) or [])


def file_node(draft: Draft, question_id: str) -> Node:
    """A question for files.

    It may hang on an answer of its own page that is not saved yet, so whether it is asked is not
    looked at: what is not asked in the end is not sent. Raises `DraftClosed`, `LookupError`.
    """
    if not draft.is_open:
        raise DraftClosed
    prepared = draft.prepared
    node = prepared.nodes.get(question_id)
    state = evaluate(prepared, draft.answers)
    if (
        node is None
        or node.question.type != "file"
        or node.top_id not in pages.allowed(draft, prepared, state)
    ):
        raise LookupError(f"no file question '{question_id}'")
    return node
