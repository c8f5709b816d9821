"""Bringing a draft to a newer version of its form without losing what was answered.

Answers are carried by question id and type. What cannot be kept is put into a report that stays
with the draft until the resident has gone on, so that they can still read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import transaction

from audit import ledger
from common.actor import Actor
from forms import attachments, saving
from forms.carrying import Carried, NotKept, carry, carry_answer
from forms.comparison import compare, same_to_answer
from forms.models import Draft, FormVersion
from forms.prepared import Node
from forms.questions import FileQuestion

__all__ = ["Carried", "NotKept", "carry", "carry_answer", "rebase_draft"]

_ATTEMPTS = 3
#: Drafts that are read at once when all of a service are rebased.
CHUNK = 200


@dataclass(frozen=True, slots=True)
class _Difference:
    """What rebasing from one version to another needs to know, worked out once for all drafts."""

    #: Ids of the questions that are new, changed and gone.
    questions: Mapping[str, list[str]]
    #: Steps that need no second look, each with its questions.
    same_steps: Mapping[str, frozenset[str]]
    #: Some question takes fewer kinds of files than before.
    fewer_kinds_of_files: bool


@lru_cache(maxsize=64)
def _difference(old: FormVersion, new: FormVersion) -> _Difference:
    before, after = old.prepared, new.prepared
    same_steps = {
        step_id: frozenset(node.id for node in nodes)
        for step_id, nodes in after.step_nodes.items()
        if all(_unchanged(before.nodes.get(node.id), node) for node in nodes)
    }
    fewer = any(
        isinstance(node.question, FileQuestion)
        and (was := before.nodes.get(node.id)) is not None
        and isinstance(was.question, FileQuestion)
        and not set(was.question.accept) <= set(node.question.accept)
        for node in after.nodes.values()
    )
    changes = compare(old.form, new.form)
    questions = {
        "new": changes.questions("new"),
        "changed": changes.questions("changed"),
        "gone": changes.questions("gone"),
    }
    return _Difference(questions, same_steps, fewer)


def _unchanged(was: Node | None, now: Node) -> bool:
    """The same question in the same step, with the same words, options and rules."""
    if was is None or was.groups != now.groups or was.step_id != now.step_id:
        return False
    if not same_to_answer(was.question, now.question):
        return False
    items = {item.id: item for item in was.items}
    return items.keys() == {item.id for item in now.items} and all(
        _unchanged(items[item.id], item) for item in now.items
    )


def steps_still_done(
    old: FormVersion, new: FormVersion, steps_done: Iterable[str], carried: Carried
) -> list[str]:
    """Steps that need no second look: nothing about their questions changed, no answer was lost."""
    lost = {item.group_id or item.question_id for item in carried.not_kept}
    done = set(steps_done)
    return [
        step_id
        for step_id, questions in _difference(old, new).same_steps.items()
        if step_id in done and not questions & lost
    ]


def is_due(draft: Draft, version: FormVersion) -> bool:
    """Should this draft be brought to `version`, the form that is offered now?

    Never a correction: it answers for what was sent, in the words it was sent with.
    """
    return (
        draft.version_id != version.pk
        and draft.is_open
        and draft.only is None
        and draft.version.key == version.key
    )


def rebase_draft(*, draft: Draft, version: FormVersion, by: Actor) -> bool:
    """Bring an open draft to `version`: one guarded UPDATE and a ledger entry in one transaction.

    The report is stored with the draft (`Draft.rebased`). False: there was nothing to do, also
    when another request did it at the same moment. `draft` is as stored afterwards.
    """
    for _attempt in range(_ATTEMPTS):
        if not is_due(draft, version):
            return False
        if _rebase(draft, version, by):
            return True
        draft.refresh_from_db()
    return False


def _rebase(draft: Draft, version: FormVersion, by: Actor) -> bool:
    old, new = draft.version, version
    files = attachments.of_draft(draft) if _difference(old, new).fewer_kinds_of_files else {}
    carried = carry(old, new, draft.answers, draft.provenance, files)
    report = _report(draft, new, carried)
    steps_done = steps_still_done(old, new, draft.steps_done, carried)
    with transaction.atomic():
        changed = Draft.objects.filter(
            pk=draft.pk, lock=draft.lock, state=Draft.State.OPEN, version=old.pk
        ).update(
            version=new.pk,
            answers=carried.answers,
            provenance=carried.provenance,
            steps_done=steps_done,
            rebased=report,
            lock=draft.lock + 1,
        )
        if not changed:
            return False
        ledger.record(
            event="draft.rebased",
            by=by,
            about=draft.about,
            object_kind="draft",
            object_id=str(draft.pk),
            purpose=f"service:{draft.subject}"[:200],
            data={
                "from": old.number,
                "to": new.number,
                "new": len(report["new"]),
                "changed": len(report["changed"]),
                "gone": len(report["gone"]),
                "kept": len(carried.answers),
                "not_kept": len(carried.not_kept),
                "questions_not_kept": sorted({item.question_id for item in carried.not_kept}),
            },
        )
    draft.version = new
    draft.answers, draft.provenance = carried.answers, carried.provenance
    draft.steps_done, draft.rebased, draft.lock = steps_done, report, draft.lock + 1
    return True


def _report(draft: Draft, new: FormVersion, carried: Carried) -> dict[str, Any]:
    """What the resident is told: since the version they last saw, which may be older than the one
    the draft has, and with what an earlier, unread report holds."""
    unread = draft.rebased if is_unread(draft) else None
    first = draft.version
    if unread:
        first = FormVersion.objects.filter(pk=unread["from"]).first() or draft.version
    return _told(first, new) | {
        "not_kept": [
            *(unread["not_kept"] if unread else []),
            *(asdict(item) for item in carried.not_kept),
        ],
        # To tell what another window with a page of the old version knew: see `forms.stale`.
        "lock": draft.lock + 1,
        "pages": {
            step_id: saving.fingerprint(draft, nodes)
            for step_id, nodes in draft.prepared.step_nodes.items()
        },
        "seen": False,
    }


def _told(first: FormVersion, new: FormVersion) -> dict[str, Any]:
    return {"from": str(first.pk), **_difference(first, new).questions}


def is_unread(draft: Draft) -> bool:
    """Has the resident still to be told what a rebase did?"""
    return draft.rebased is not None and not draft.rebased["seen"]


def mark_seen(draft: Draft) -> None:
    """The resident has gone on: the old answers are not needed any more. The caller saves."""
    if is_unread(draft):
        draft.rebased = {"seen": True}


def add_not_kept(draft: Draft, items: Iterable[NotKept], old: FormVersion) -> None:
    """Put more into the draft's report, each thing once. The caller saves."""
    report = dict(draft.rebased or {})
    if not is_unread(draft):
        report = _told(old, draft.version) | {"not_kept": []}
    listed = [asdict(item) for item in items]
    report["not_kept"] = [
        *report["not_kept"],
        *(item for item in listed if item not in report["not_kept"]),
    ]
    draft.rebased = report | {"seen": False}


def not_kept_of(draft: Draft) -> list[NotKept]:
    """The answers in the draft's report."""
    return [NotKept(**item) for item in (draft.rebased or {}).get("not_kept", [])]


@dataclass(frozen=True, slots=True)
class Chunk:
    """What came of some drafts. `last`: where to go on; None: there are no more."""

    rebased: int
    looked_at: int
    last: UUID | None


def rebase_chunk(
    *, subject: str, version: FormVersion, by: Actor, after: UUID | None, size: int = CHUNK
) -> Chunk:
    """Rebase the next `size` open drafts of a service, in the order of their ids.

    All of them: chunk after chunk, each in a transaction of its own, until `Chunk.last` is None.
    What somebody else rebases meanwhile is left alone.
    """
    waiting = Draft.objects.filter(
        subject=subject, state=Draft.State.OPEN, only__isnull=True, version__key=version.key
    ).exclude(version=version.pk)
    if after is not None:
        waiting = waiting.filter(pk__gt=after)
    found = list(waiting.order_by("pk")[:size])
    done = sum(rebase_draft(draft=draft, version=version, by=by) for draft in found)
    return Chunk(done, len(found), found[-1].pk if len(found) == size else None)
