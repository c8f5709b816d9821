"""Files whose entry is gone: kept with the draft, sent with nothing, until they have a place.

Two windows may disagree about the entries of a group. A file that came with an entry which the
other window took away belongs to no answer then. It stays, and the page of the step offers it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.utils.translation import gettext as _

from forms import display, entries
from forms.models import Attachment, Draft
from forms.prepared import Node, Prepared
from forms.questions import FileQuestion, GroupQuestion

#: Before the id of a file, the field that says where it belongs: its value names the question.
PLACE = "_place-"


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A file for the page of its step, and the fields that would take it, each with its words."""

    id: str
    filename: str
    size: str
    label: str
    #: It stands on this page in the entry it came with, which is not saved.
    is_shown: bool
    places: list[tuple[str, str]]

    @property
    def field(self) -> str:
        return f"{PLACE}{self.id}"


def of_draft(draft: Draft) -> dict[str, Attachment]:
    """One query."""
    found = Attachment.objects.filter(draft_id=draft.pk, without_place=True).order_by("created_at")
    return {str(item.pk): item for item in found}


def mark(draft: Draft, ids: Collection[str], *, without_place: bool = True) -> None:
    """Say of files of the draft that they have lost their place, or found one."""
    if ids:
        Attachment.objects.filter(draft_id=draft.pk, pk__in=ids).update(without_place=without_place)


def on_page(
    nodes: Iterable[Node],
    files: Mapping[str, Attachment],
    fields: Mapping[str, Sequence[str]],
    language: str,
) -> list[Unplaced]:
    """Those of the questions on a page. `fields`: the files that each file field of it shows."""
    asked = {found.id: found for node in nodes for found in node.walk()}
    shown = {item for listed in fields.values() for item in listed}
    groups = {name: node.question for name, node in asked.items() if node.items}
    found = []
    for item in files.values():
        node = asked.get(item.question_id)
        if not item.without_place or node is None:
            continue
        question = cast("FileQuestion", node.question)
        places = [
            (name, _place(name, groups, language) or question.label.in_language(language))
            for name, listed in fields.items()
            if name.split("-")[-1] == node.id and len(listed) < question.max_files
        ]
        found.append(
            Unplaced(
                id=str(item.pk),
                filename=item.filename,
                size=display.size_text(item.size),
                label=question.label.in_language(language),
                is_shown=str(item.pk) in shown,
                places=places,
            )
        )
    return found


def _place(name: str, groups: Mapping[str, Any], language: str) -> str:
    """``Member 1, Income 2``."""
    parts = name.split("-")[:-1]
    words = [
        f"{cast('GroupQuestion', groups[group]).item_label.in_language(language)} {int(index) + 1}"
        for group, index in zip(parts[::2], parts[1::2], strict=True)
    ]
    return _(", ").join(words)


def into_entries(
    prepared: Prepared,
    answers: Mapping[str, Any],
    nodes: Iterable[Node],
    posted: Mapping[str, Any],
    ids: Collection[str],
) -> tuple[dict[str, Any], set[str]]:
    """`answers` with the files `ids` of posted entries in the stored entries that these are.

    The other answers stay as they are stored. And those files that have no place: their entry is
    not stored, or holds as many files as it may.
    """
    found, homeless = dict(answers), set()
    for node, path, listed in _files_of(nodes, posted):
        for item in [item for item in listed if item in ids]:
            most = cast("FileQuestion", node.question).max_files
            try:
                _name, entry = entries.find(prepared, node, found, path)
            except LookupError:
                homeless.add(item)
                continue
            held = list(entry.get(node.id) or [])
            if len(held) < most:
                found = entries.with_answer(prepared, node, found, path, [*held, item])
            else:
                homeless.add(item)
    return found, homeless


def _files_of(
    nodes: Iterable[Node], posted: Mapping[str, Any], path: tuple[str, ...] = ()
) -> Iterator[tuple[Node, tuple[str, ...], list[str]]]:
    """Each file question in posted entries, the keys of its entries, and its files."""
    for node in nodes:
        value = posted.get(node.id) or []
        if node.question.type == "file":
            yield node, path, list(value)
        elif node.items and node.asks_files:
            for entry in value:
                yield from _files_of(
                    node.items, entry, (*path, entries.key_in(entry.get(entries.KEY)))
                )


def of_review(draft: Draft, files: Mapping[str, Attachment]) -> list[tuple[str, str]]:
    """For the page on which all is checked: names of files without a place, each with its step."""
    return [
        (item.filename, draft.prepared.nodes[item.question_id].step_id)
        for item in files.values()
        if item.without_place and item.question_id in draft.prepared.nodes
    ]
