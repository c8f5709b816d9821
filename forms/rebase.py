"""Bringing a draft to a newer version of its form without losing what was answered.

Answers are carried by question id and type. What cannot be kept is put into a report that stays
with the draft until the resident has gone on, so that they can still read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import transaction

from audit import ledger
from common.actor import Actor
from forms import attachments, saving, seals
from forms.comparison import compare, same_to_answer
from forms.entries import KEY
from forms.models import Attachment, Draft, FormVersion
from forms.prepared import Node, Prepared
from forms.questions import (
    ChoiceQuestion,
    DeclarationQuestion,
    FileQuestion,
    GroupQuestion,
    MultipleQuestion,
    NumberQuestion,
    Question,
)
from forms.validation import of_value

_ATTEMPTS = 3
#: Drafts that are read at once when all of a service are rebased.
CHUNK = 200
Files = Mapping[str, Attachment]


@dataclass(frozen=True, slots=True)
class NotKept:
    """An answer, or a part of one, that the newer form has no place for.

    `version` is the form that it was an answer to, by whose words it is shown. `entry` counts the
    entries of a group from 1; 0: no group. `inner_id` and `inner_entry`: those of the group within
    that entry. `typed`: `value` is a text that could not be read.
    """

    version: str
    question_id: str
    value: Any
    group_id: str = ""
    entry: int = 0
    typed: bool = False
    inner_id: str = ""
    inner_entry: int = 0


@dataclass
class Carried:
    """A draft's content on another version: every answer is in `answers` or in `not_kept`."""

    answers: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    not_kept: list[NotKept] = field(default_factory=list)


def carry(
    old: FormVersion,
    new: FormVersion,
    answers: Mapping[str, Any],
    provenance: Mapping[str, Any],
    files: Files | None = None,
) -> Carried:
    """Carry answers from one version to another. Never raises for an answer, changes none.

    `files` are attachments by id; they are needed only where the kinds of files that a question
    takes have become fewer. Pure: no query.
    """
    into, before, after = Carried(), old.prepared, new.prepared
    for name, value in answers.items():
        kept, lost = carry_answer(
            str(old.pk), before.nodes.get(name), after.nodes.get(name), name, value, files or {}
        )
        if kept is not None:
            into.answers[name] = kept
        into.not_kept += lost
    for name, entry in provenance.items():
        found = _origin(before, after, name, answers, into.answers, entry)
        if found is not None:
            into.provenance[name] = found
    return into


def carry_answer(
    version: str, old: Node | None, new: Node | None, name: str, value: Any, files: Files
) -> tuple[Any, list[NotKept]]:
    """One top-level answer: what is kept of it (None: nothing) and what is not."""
    if old is None or new is None or old.groups or new.groups:
        return None, [NotKept(version, name, value)]
    before, after = old.question, new.question
    if isinstance(before, GroupQuestion) and isinstance(after, GroupQuestion):
        return _carry_entries(version, before, after, value, files)
    kept, rest = _fitting(before, after, value, files)
    return kept, [] if rest is None else [NotKept(version, name, rest)]


def _carry_entries(
    version: str, old: GroupQuestion, new: GroupQuestion, value: Any, files: Files
) -> tuple[Any, list[NotKept]]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        return None, [NotKept(version, old.id, value)]
    before = {item.id: item for item in old.questions}
    after = {item.id: item for item in new.questions}
    entries, lost = [], []
    for number, entry in enumerate(value, start=1):
        kept: dict[str, Any] = {}
        for name, answer in entry.items():
            if name == KEY:
                kept[name] = answer
                continue
            was, now = before.get(name), after.get(name)
            if isinstance(was, GroupQuestion) and isinstance(now, GroupQuestion):
                rows, inner = _carry_entries(version, was, now, answer, files)
                kept |= {name: rows} if rows else {}
                lost += [_within(item, old.id, number) for item in inner]
                continue
            fits, rest = _fitting(before.get(name), after.get(name), answer, files)
            if fits is not None:
                kept[name] = fits
            if rest is not None:
                lost.append(NotKept(version, name, rest, old.id, number))
        # An entry stays even when nothing of it could be kept: there is a third child all the same.
        entries.append(kept)
    return entries, lost


def _within(lost: NotKept, group_id: str, number: int) -> NotKept:
    """What a group within an entry has lost: of it all, or of an entry of its own."""
    return replace(
        lost, group_id=group_id, entry=number, inner_id=lost.group_id, inner_entry=lost.entry
    )


def _fitting(
    old: Question | None, new: Question | None, value: Any, files: Files
) -> tuple[Any, Any]:
    """The part of `value` that answers `new`, and the rest; None for nothing.

    A limit that has become narrower (length, amount) is no reason: the answer is kept, and the step
    says what is wrong with it.
    """
    if old is None or new is None or old.type != new.type or isinstance(new, GroupQuestion):
        return None, value
    if isinstance(new, DeclarationQuestion) and isinstance(old, DeclarationQuestion):
        # Who ticked other words has not declared these.
        return (value, None) if (old.label, old.text) == (new.label, new.text) else (None, value)
    if isinstance(new, NumberQuestion) and not new.decimals and not isinstance(value, int):
        return None, value
    if isinstance(new, ChoiceQuestion):
        return (value, None) if value in _values(new) else (None, value)
    if isinstance(new, MultipleQuestion) and isinstance(value, list):
        options = _values(new)
        return _parted(value, [item for item in value if item in options])
    if isinstance(new, FileQuestion) and isinstance(value, list):
        return _parted(value, [item for item in value if _accepted(new, files.get(str(item)))])
    return value, None


def _values(question: ChoiceQuestion | MultipleQuestion) -> list[Any]:
    return [option.value for option in question.choices]


def _parted(value: list[Any], kept: list[Any]) -> tuple[Any, Any]:
    if len(kept) == len(value):
        return value, None
    return kept or None, [item for item in value if item not in kept]


def _accepted(question: FileQuestion, file: Attachment | None) -> bool:
    if file is None:
        return True
    kind = "pdf" if file.content_type == "application/pdf" else "image"
    return kind in question.accept


def _origin(
    old: Prepared,
    new: Prepared,
    name: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    entry: Any,
) -> Any:
    """Where a carried answer came from; None when nothing is left to say."""
    was, now = old.nodes.get(name), new.nodes.get(name)
    if was is None or now is None or before.get(name) != after.get(name):
        return None
    if not seals.is_verified(entry):
        return entry
    same = was.question.concept == now.question.concept and was.question.type == now.question.type
    # What is verified cannot be edited: a value that breaks a new limit would be a dead end.
    if same and not any(of_value(now.question, after.get(name))):
        return entry
    plain = {key: value for key, value in entry.items() if key != "seal"}
    return plain | {"verified": False}


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
            about=str(draft.resident_id),
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
