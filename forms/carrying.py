"""What of a draft's answers has a place in another version of its form, and what has none. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from forms import seals, sensitive
from forms.entries import KEY
from forms.models import Attachment, FormVersion
from forms.prepared import Node, Prepared
from forms.questions import (
    ChoiceQuestion,
    DateQuestion,
    DeclarationQuestion,
    FileQuestion,
    GroupQuestion,
    LocationQuestion,
    MonthQuestion,
    MultipleQuestion,
    NumberQuestion,
    Question,
    TextQuestion,
)
from forms.validation import of_value

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
    if isinstance(new, LocationQuestion) and isinstance(old, TextQuestion) and not old.sensitive:
        return {"description": value, "coordinates": ""}, None  # where it is, said in words so far
    if isinstance(new, MonthQuestion) and isinstance(old, DateQuestion):
        return str(value)[: len("2026-04")], None  # the day meant nothing
    if isinstance(new, DateQuestion) and isinstance(old, MonthQuestion):
        return f"{value}-01", None  # as rules have read it
    if old is None or new is None or old.type != new.type or isinstance(new, GroupQuestion):
        return None, value
    if sensitive.is_sensitive(old) and not sensitive.is_sensitive(new):
        return None, value  # it was given to be kept from being seen
    if sensitive.is_sensitive(new) and not sensitive.is_sealed(value):
        return sensitive.seal(str(value)), None
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
    return seals.opened(entry)
