"""Reading one posted step: buttons inside the page, fields, files, what changed meanwhile."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from forms import attachments, entries, lookups, parsing, seals, sensitive, unplaced
from forms.errors import FileRefused
from forms.models import Attachment, Draft
from forms.parsing import Read
from forms.prepared import Node, Prepared
from forms.questions import FileQuestion, GroupQuestion
from forms.state import State, is_empty
from forms.validation import too_many_files

ACTION, SEEN, SHOWN, VERSION = "_do", "_seen", "_shown", "_version"
#: Of a text that could not be read, this much is kept to be read again.
LONGEST_TYPED = 2_000
LONGEST_SHOWN_NAME = 60
Files = MultiValueDict[str, Any]


def fingerprint(draft: Draft, nodes: Iterable[Node]) -> str:
    """Of the stored answers to `nodes`: tells whether another window saved other ones.

    Not of files: they are added and removed one by one, so that no window undoes another's.
    """
    stored = [
        [node.id, entries.plain(node, draft.answers.get(node.id))]
        for node in nodes
        if not node.compute and node.question.type != "file"
    ]
    packed = json.dumps(stored, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(packed.encode()).hexdigest()[:16]


def is_locked(draft: Draft, node: Node) -> bool:
    """Verified answers are shown, not asked."""
    return seals.is_verified(draft.provenance.get(node.id))


def nodes_to_read(
    nodes: Iterable[Node], before: State, post: QueryDict, files: Files
) -> list[Node]:
    """The questions that were on the page, and any other of the step whose fields came along."""
    shown = set(str(post[SHOWN]).split()) if SHOWN in post else before.visible
    return [
        node
        for node in nodes
        if not node.compute
        and (node.id in shown or parsing.posted(node.question, node.id, post, files))
    ]


def tampered(draft: Draft, nodes: Iterable[Node], post: QueryDict) -> list[str]:
    """Verified questions for which something else was posted: the page has no field for them."""
    found = []
    for node in nodes:
        if not is_locked(draft, node) or not parsing.posted(node.question, node.id, post, {}):
            continue
        into = Read()
        parsing.read(node, node.id, post, into, lambda *_args: None)
        if into.errors or into.values.get(node.id) != draft.answers.get(node.id):
            found.append(node.id)
    return found


@dataclass
class Uploads:
    """Files that came with a post, and what became of each: a repeated try stores none twice."""

    files: Files
    stored: dict[int, str | FileRefused]

    def keep(self, draft: Draft, question: FileQuestion, upload: Any) -> str:
        """The id of the stored file. Raises `FileRefused`."""
        if id(upload) not in self.stored:
            try:
                self.stored[id(upload)] = str(attachments.store(draft, question, upload).pk)
            except FileRefused as refused:
                self.stored[id(upload)] = refused
        result = self.stored[id(upload)]
        if isinstance(result, FileRefused):
            raise result
        return result

    @property
    def ids(self) -> set[str]:
        """Of those that were stored."""
        return {result for result in self.stored.values() if isinstance(result, str)}


class Reader:
    """Reads the step's fields out of a post, files included."""

    def __init__(self, draft: Draft, prepared: Prepared, post: QueryDict, uploads: Uploads) -> None:
        self.draft = draft
        self.prepared = prepared
        self.post = post.copy()
        self.uploads = Uploads(uploads.files.copy(), uploads.stored)
        self.notice = ""
        self.focus = ""
        self.early_errors: dict[str, list[str]] = {}
        self.removed_files: set[str] = set()
        #: Files that have found a place again.
        self.given_places: set[str] = set()
        self.action, _sign, self.argument = str(post.get(ACTION, "") or "").partition(":")
        self._give_places()

    def _give_places(self) -> None:
        """A file without a place that was given one counts as listed there."""
        for key in [key for key in self.post if key.startswith(unplaced.PLACE)]:
            name = str(self.post[key])
            node = entries.node_at(self.prepared, name)
            if node is not None and node.question.type == "file":
                self.post.appendlist(f"{name}-kept", key.removeprefix(unplaced.PLACE))

    @cached_property
    def unplaced(self) -> dict[str, Attachment]:
        """The draft's files without a place; asked for only when a post names one."""
        return unplaced.of_draft(self.draft)

    def press_buttons(self) -> bool:
        """Carry out a button inside the page on what was posted. True: stay on this page."""
        buttons: dict[str, Callable[[], None]] = {
            "add": self._add,
            "remove": self._remove,
            "up": self._up,
            "lookup": self._look_up,
            "remove-file": self._remove_file,
            "refresh": lambda: None,
        }
        pressed = buttons.get(self.action)
        if pressed is None:
            return False
        pressed()
        return True

    def read(self, nodes: Iterable[Node]) -> Read:
        # A posted reference to any other is not taken.
        into = Read(held=sensitive.held(self.prepared.form.questions(), self.draft.answers))
        for node in nodes:
            parsing.read(node, node.id, self.post, into, self._read_files)
        into.errors = self.early_errors | into.errors
        return into

    def _add(self) -> None:
        group = entries.group_at(self.prepared, self.argument)
        if group is None:
            return
        added = entries.add(group, self.argument, self.post)
        self.focus = added or self.argument
        if added is None:
            self.notice = _("There can be at most %(most)s.") % {"most": group.max}

    def _remove(self) -> None:
        name, group, index = self._entry()
        if group is None:
            return
        keys = entries.path_of(f"{name}-{index}-", self.post)
        gone = entries.remove(group, name, self.post, index, self.uploads.files)
        self.removed_files |= {
            str(value)
            for field, values in gone.items()
            if field.endswith("-kept")
            for value in values
            if value
        } | entries.files_within(self.prepared, name, self.draft.answers, keys)
        self.focus = name

    def _up(self) -> None:
        name, group, index = self._entry()
        if group is not None and entries.move_up(group, name, self.post, index, self.uploads.files):
            self.focus = f"{name}-{index - 1}"

    def _entry(self) -> tuple[str, GroupQuestion | None, int]:
        """The entry that a button is about: its group's name, the group, the place in it."""
        name, _sign, place = self.argument.rpartition(":")
        index = entries.number(place)
        group = entries.group_at(self.prepared, name) if index is not None else None
        return name, group, index or 0

    def _look_up(self) -> None:
        found = lookups.look_up(self.argument, self.post)
        self.focus, self.notice = found.focus, found.notice
        self.early_errors |= found.errors

    def _remove_file(self) -> None:
        if self.argument:
            self.removed_files.add(self.argument)

    def _read_files(self, node: Node, name: str, into: Read) -> list[str] | None:
        question = cast("FileQuestion", node.question)
        known = self._stored_ids(node)
        listed = self._stored_list(node, name)
        kept = [
            item
            for item in dict.fromkeys(str(value) for value in listed)
            if item in known and item not in self.removed_files
        ]
        messages = []
        for item in self._placed(node, name, known):
            if len(kept) >= question.max_files:
                messages.append(too_many_files(question.max_files))
                break
            kept.append(item)
            self.given_places.add(item)
        uploads = [upload for upload in self.uploads.files.getlist(name) if upload]
        for upload in uploads:
            if len(kept) >= question.max_files:
                messages.append(too_many_files(question.max_files))
                break
            try:
                kept.append(self.uploads.keep(self.draft, question, upload))
            except FileRefused as refused:
                messages.append(about_file(upload.name, refused))
        if messages:
            into.errors[name] = messages
        self.post.setlist(f"{name}-kept", ["", *kept])
        return kept or None

    def _placed(self, node: Node, name: str, known: set[str]) -> list[str]:
        """Files that had lost their place and are listed here: they belong to this question."""
        listed = dict.fromkeys(str(item) for item in self.post.getlist(f"{name}-kept") if item)
        strange = [item for item in listed if item not in known | self.removed_files]
        return [
            item
            for item in strange
            if item in self.unplaced and self.unplaced[item].question_id == node.id
        ]

    def _stored_list(self, node: Node, name: str) -> list[str]:
        """The question's files as they are now.

        Whatever the page listed: files come and go by their own buttons, also while this page was
        open (another window, an upload in pieces). Of an entry that is not known what the page
        listed counts, and without a word of it what the entry in its place holds: never another's.
        """
        answers, marker = self.draft.answers, f"{name}-kept"
        path = entries.path_of(name, self.post) if node.groups else []
        try:
            _name, entry = entries.find(self.prepared, node, answers, path)
        except LookupError:
            if marker in self.post:
                return [str(value) for value in self.post.getlist(marker)]
            entry = {} if path else entries.in_place(name, answers)
        return list(entry.get(node.id) or [])

    def _stored_ids(self, node: Node) -> set[str]:
        """Files this question already holds; a posted id that is none of them is not taken."""
        return {
            found
            for value in node.values(self.draft.answers)
            for found in attachments.ids_in(value)
        }


def about_file(name: str | None, refused: FileRefused) -> str:
    """Why a file is not taken, after its name. Of a long name beginning and end are shown."""
    shown = "".join(c for c in (name or "") if c.isprintable())
    if len(shown) > LONGEST_SHOWN_NAME:
        shown = f"{shown[: LONGEST_SHOWN_NAME - 16]}…{shown[-15:]}"
    return f"{shown}: {refused}" if shown else str(refused)


def merged(
    answers: Mapping[str, Any],
    provenance: Mapping[str, Any],
    read: Read,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Stored answers with those that were read.

    What was filled in and is changed by hand keeps where it came from as ``changed_from``: it is
    no longer the source's word, and whoever decides should know.
    """
    new_answers, new_provenance = dict(answers), dict(provenance)
    for name, value in read.values.items():
        if value != answers.get(name):
            origin = new_provenance.pop(name, None)
            source = origin and (origin.get("source") or origin.get("changed_from"))
            if source and not is_empty(value):
                # Entries that were filled in: each can then be compared with what it became.
                filled = {key: origin[key] for key in ("filled",) if key in origin}
                new_provenance[name] = {"changed_from": source} | filled
        if is_empty(value):
            new_answers.pop(name, None)
        else:
            new_answers[name] = value
    return new_answers, new_provenance


def typed_values(post: QueryDict, nodes: Iterable[Node]) -> dict[str, Any]:
    """What to show again: the fields as typed, of every question that was read."""
    typed: dict[str, Any] = {}
    names = [node.id for node in nodes]
    for key in post:
        if any(key == name or key.startswith(f"{name}-") for name in names):
            typed[key] = post.getlist(key)
    return typed
