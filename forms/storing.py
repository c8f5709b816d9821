"""Writing a draft's row, guarded by its lock; noting a value that was tampered with."""

from __future__ import annotations

from django.utils import timezone

from audit import ledger
from common.actor import Actor
from forms.models import Draft


def update(draft: Draft) -> bool:
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


def record_tampering(draft: Draft, question_ids: list[str], by: Actor) -> None:
    ledger.record(
        event="draft.tampered",
        by=by,
        about=draft.about,
        object_kind="draft",
        object_id=str(draft.pk),
        purpose=f"service:{draft.subject}"[:200],
        data={"questions": sorted(set(question_ids))},
    )
