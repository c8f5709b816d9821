"""Saving one step of a draft: what was posted, guarded against other windows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from common.actor import Actor
from forms import (
    attachments,
    entries,
    judging,
    pages,
    rebase,
    saving,
    seals,
    stale,
    storing,
    unplaced,
)
from forms.errors import DraftClosed, FileRefused, TamperedValue
from forms.models import Draft, FormVersion
from forms.outcome import StepOutcome
from forms.parsing import Read
from forms.prepared import Node
from forms.saving import ACTION, SEEN, SHOWN, Files, Reader, Uploads

_ATTEMPTS = 3


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
    return _given_up(draft, step_id, post, Uploads(Files(), stored))


def _save_stale(
    draft: Draft, page: FormVersion, step_id: str, post: QueryDict, uploads: Uploads, by: Actor
) -> StepOutcome | None:
    if not draft.is_open:
        raise DraftClosed
    bad = seals.broken(draft.pk, draft.answers, draft.provenance)
    bad += saving.tampered(draft, stale.nodes_of(page, step_id), post)
    if bad:
        storing.record_tampering(draft, bad, by)
        raise TamperedValue(bad)
    stale.take(draft, page, step_id, post, uploads)
    if not storing.update(draft):
        return None
    return StepOutcome(False, form_changed=True, leave=post.get(ACTION) == "leave")


def _save_step(
    draft: Draft, step_id: str, post: QueryDict, uploads: Uploads, by: Actor
) -> StepOutcome | None:
    if not draft.is_open:
        raise DraftClosed
    prepared = draft.prepared
    before = draft.evaluated()
    nodes = pages.nodes_of(draft, prepared, step_id, before)
    bad = seals.broken(draft.pk, draft.answers, draft.provenance)
    bad += saving.tampered(draft, nodes, post)
    if bad:
        storing.record_tampering(draft, bad, by)
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
        return _conflict(draft, step_id, reader, wanted, read)
    stored = draft.answers
    draft.answers, draft.provenance = saving.merged(draft.answers, draft.provenance, read)
    state = draft.evaluated()
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
    if not storing.update(draft):
        return None
    if reader.removed_files or any(node.asks_files for node in wanted):
        _settle_files(draft, reader, stored)
    if not outcome.ok and not outcome.leave:
        outcome.page = pages.step_page(draft, step_id, outcome, state=state)
    return outcome


def _settle_files(draft: Draft, reader: Reader, stored: Mapping[str, Any]) -> None:
    """Those that were removed go. Those whose entry went without a word lose their place only."""
    held = attachments.referenced(draft.prepared, draft.answers)
    attachments.discard(draft, reader.removed_files - held)
    before = attachments.referenced(draft.prepared, stored)
    unplaced.mark(draft, before - held - reader.removed_files)
    unplaced.mark(draft, reader.given_places & held, without_place=False)


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
    draft: Draft, step_id: str, reader: Reader, nodes: list[Node], read: Read
) -> StepOutcome | None:
    """Nothing is saved but files, which the browser would not send a second time.

    Those of entries go to the entry that they were chosen in, if it is stored.
    """
    posted, prepared = read.values, draft.prepared
    files = {node.id for node in nodes if node.question.type == "file"}
    read.values = {name: value for name, value in posted.items() if name in files}
    answers, provenance = saving.merged(draft.answers, draft.provenance, read)
    groups = [node for node in nodes if node.items]
    answers, homeless = unplaced.into_entries(prepared, answers, groups, posted, reader.uploads.ids)
    if answers != draft.answers:
        draft.answers, draft.provenance = answers, provenance
        if not storing.update(draft):
            return None
    unplaced.mark(draft, homeless)
    attachments.discard(draft, reader.removed_files - attachments.referenced(prepared, answers))
    wrong = {name: list(words) for name, words in read.errors.items()}
    about_files = {name: wrong[name] for name in wrong if judging.about_files(name, prepared)}
    typed = saving.typed_values(reader.post, nodes)
    return _told(draft, step_id, typed, about_files)


def _given_up(draft: Draft, step_id: str, post: QueryDict, uploads: Uploads) -> StepOutcome:
    """Others saved at every try: the same, with the files to be given a place."""
    prepared = draft.prepared
    unplaced.mark(draft, uploads.ids - attachments.referenced(prepared, draft.answers))
    nodes = pages.nodes_of(draft, prepared, step_id, draft.evaluated())
    return _told(draft, step_id, saving.typed_values(post, nodes), {})


def _told(
    draft: Draft, step_id: str, typed: dict[str, Any], errors: dict[str, list[str]]
) -> StepOutcome:
    outcome = StepOutcome(
        False,
        typed=typed,
        errors=errors,
        notice=_(
            "You saved other answers to this step in another window. "
            "Below is what you have just typed; save again if it should count."
        ),
        conflict=True,
    )
    outcome.page = pages.step_page(draft, step_id, outcome)
    return outcome
