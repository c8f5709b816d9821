"""Entries of groups: where one stands on a page, and which one it is while others come and go.

On a page an entry is known by its place: ``stalls-2-photo``, ``days-0-stalls-1-name``. Where files
belong to entries, each has a key besides, which stays with it when others are removed or moved; so
a file that is still under way finds its entry. Keys are no answers: they are kept with the draft,
and nothing that is sent holds one.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, cast

from forms.prepared import Node, Prepared
from forms.questions import MOST_ITEMS, GroupQuestion

#: The key of an entry, in the draft and as a hidden field. No question can have this id.
KEY = "_row"
_KEY = re.compile(r"[a-z0-9]{1,12}\Z")
Answers = Mapping[str, Any]
Entry = dict[str, Any]


class Fields(Protocol):
    """What was posted, to be changed: a copied QueryDict."""

    def get(self, key: str, /) -> Any: ...
    def getlist(self, key: str, /) -> list[Any]: ...
    def setlist(self, key: str, list_: list[Any], /) -> None: ...
    def __iter__(self) -> Any: ...
    def __setitem__(self, key: str, value: Any, /) -> None: ...
    def __delitem__(self, key: str, /) -> None: ...


# --- on the page ------------------------------------------------------------------------------
def node_at(prepared: Prepared, name: str) -> Node | None:
    """The question that a page asks as `name`, in entries too; None when there is none."""
    first, *rest = name.split("-")
    node = prepared.nodes.get(first)
    if node is None or node.groups or len(rest) % 2:
        return None
    for index, item_id in zip(rest[::2], rest[1::2], strict=True):
        if number(index) is None:
            return None
        node = next((item for item in node.items if item.id == item_id), None)
        if node is None:
            return None
    return node


def group_at(prepared: Prepared, name: str) -> GroupQuestion | None:
    """The group that a page asks as `name`."""
    node = node_at(prepared, name)
    return node.question if node and isinstance(node.question, GroupQuestion) else None


def number(text: str) -> int | None:
    """A place in a list as it was posted; None when it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None


def counted(
    question: GroupQuestion, name: str, raw: str | None, fields: Iterable[str]
) -> int | None:
    """How many entries a page says it has; None when the number is made up.

    More than the group may hold are counted only where so many came along: a town can have lowered
    how many there may be since they were stored.
    """
    if raw is None:
        return 0
    count = number(raw)
    if count is None or count > MOST_ITEMS:
        return None
    return count if count <= question.max or count <= _came(name, fields) else None


def size(question: GroupQuestion, name: str, post: Any) -> int:
    """How many entries to go on with; of a made-up number, those that came and fit."""
    raw = post.get(f"{name}-n")
    count = counted(question, name, None if raw is None else str(raw), post)
    return min(_came(name, post), question.max) if count is None else count


def _came(name: str, fields: Iterable[str]) -> int:
    """How many entries have fields among `fields`, gaps included."""
    begin = f"{name}-"
    places = (
        number(field.removeprefix(begin).partition("-")[0])
        for field in fields
        if field.startswith(begin)
    )
    return max((place + 1 for place in places if place is not None), default=0)


def add(question: GroupQuestion, name: str, post: Fields) -> str | None:
    """One empty entry more: its name, or None when there is no room."""
    count = size(question, name, post)
    if count >= question.max:
        return None
    post[f"{name}-n"] = str(count + 1)
    post[f"{name}-{count}-{KEY}"] = secrets.token_hex(4)
    return f"{name}-{count}"


def remove(
    question: GroupQuestion, name: str, post: Fields, gone: int, files: Any = None
) -> dict[str, list[Any]]:
    """Take an entry out of what was posted; the later ones move up. Its own fields, by name.

    `files` are those that came with the post: each goes with its entry.
    """
    count = size(question, name, post)
    if gone >= count:
        return {}
    order = [index for index in range(count) if index != gone]
    places = {old: new for new, old in enumerate(order)}
    taken = _rearranged(name, post, places)
    if files:
        _rearranged(name, files, places)
    post[f"{name}-n"] = str(count - 1)
    return taken


def move_up(
    question: GroupQuestion, name: str, post: Fields, index: int, files: Any = None
) -> bool:
    """Change places with the entry before; `files` as in `remove`."""
    if not 0 < index < size(question, name, post):
        return False
    same = {place: place for place in range(question.max + 1)}
    places = same | {index: index - 1, index - 1: index}
    _rearranged(name, post, places)
    if files:
        _rearranged(name, files, places)
    return True


def _rearranged(name: str, post: Fields, places: Mapping[int, int]) -> dict[str, list[Any]]:
    """Give entries other places; those that have none are taken out and returned."""
    moved: dict[str, list[Any]] = {}
    taken: dict[str, list[Any]] = {}
    for field in [field for field in post if field.startswith(f"{name}-")]:
        index, _sign, rest = field.removeprefix(f"{name}-").partition("-")
        place = number(index)
        if not rest or place is None:
            continue
        values = post.getlist(field)
        del post[field]
        if place in places:
            moved[f"{name}-{places[place]}-{rest}"] = values
        else:
            taken[field] = values
    for field, values in moved.items():
        post.setlist(field, values)
    return taken


# --- which one it is --------------------------------------------------------------------------
def key_in(given: Any) -> str:
    """A key as it was posted; empty when it is none."""
    text = str(given or "")
    return text if _KEY.match(text) else ""


def keys(given: Sequence[str], count: int) -> list[str]:
    """A key for each of `count` entries, their own where they have one and it is the first such.

    The others get the smallest numbers that are free: the same ones whenever they are asked for.
    """
    found: list[str] = []
    for key in [*given, *[""] * count][:count]:
        found.append("" if key in found else key)
    free = (str(n) for n in range(2 * count + 1))
    spare = [key for key in free if key not in found]
    return [key or spare.pop(0) for key in found]


def keys_of(items: Iterable[Answers], count: int) -> list[str]:
    """The keys of stored entries."""
    return keys([key_in(item.get(KEY)) for item in items], count)


def around(name: str) -> list[str]:
    """The names of the entries that a question is asked in, the outermost first."""
    parts = name.split("-")
    return ["-".join(parts[:end]) for end in range(2, len(parts), 2)]


def path_of(name: str, post: Any) -> list[str]:
    """The keys of the entries that a question is asked in, as posted; empty if one is missing."""
    found = [key_in(post.get(f"{entry}-{KEY}")) for entry in around(name)]
    return found if all(found) else []


def find(
    prepared: Prepared, node: Node, answers: Answers, path: Sequence[str]
) -> tuple[str, Entry]:
    """The stored entry that `node` is asked in, and the name of the question on its page.

    An entry that stands on the page from the first, with nothing in it yet, is an empty one.
    Raises `LookupError` when there is none.
    """
    if len(path) != len(node.groups):
        raise LookupError("no such entry")
    entry, name = cast("Entry", answers), ""
    for group_id, key in zip(node.groups, path, strict=True):
        items = list(entry.get(group_id) or [])
        group = cast("GroupQuestion", prepared.nodes[group_id].question)
        known = keys_of(items, max(len(items), group.count_at_first))
        if key not in known:
            raise LookupError("no such entry")
        index = known.index(key)
        entry = items[index] if index < len(items) else {}
        name += f"{group_id}-{index}-"
    return name + node.id, entry


def in_place(name: str, answers: Answers) -> Entry:
    """The stored entry that stands where a question is asked; empty when there is none."""
    parts, entry = name.split("-")[:-1], cast("Entry", answers)
    for group_id, index in zip(parts[::2], parts[1::2], strict=True):
        items = entry.get(group_id) or []
        entry = items[int(index)] if int(index) < len(items) else {}
    return entry


def with_answer(
    prepared: Prepared, node: Node, answers: Answers, path: Sequence[str], value: Any
) -> dict[str, Any]:
    """`answers` with this one in its entry (or, for a question of no group, at the top).

    Raises `LookupError` when there is no such entry.
    """
    find(prepared, node, answers, path)
    return _with_answer(prepared, [*node.groups, node.id], answers, path, value)


def _with_answer(
    prepared: Prepared, ids: Sequence[str], answers: Answers, path: Sequence[str], value: Any
) -> dict[str, Any]:
    first, *rest = ids
    if not rest:
        found = {name: given for name, given in answers.items() if name != first}
        return found | ({first: value} if value else {})
    items = [dict(item) for item in answers.get(first) or []]
    group = cast("GroupQuestion", prepared.nodes[first].question)
    known = keys_of(items, max(len(items), group.count_at_first))
    index = known.index(path[0])
    while len(items) <= index:
        items.append({})
    for item, key in zip(items, known, strict=False):
        item[KEY] = key
    items[index] = _with_answer(prepared, rest, items[index], path[1:], value)
    return {**answers, first: items}


def plain(node: Node, value: Any) -> Any:
    """An answer without what comes and goes by itself: files, keys, empty entries at the end."""
    if not node.items or not isinstance(value, list):
        return value
    items = {item.id: item for item in node.items if item.question.type != "file"}
    found: list[MutableMapping[str, Any]] = []
    for entry in value:
        kept = {name: plain(items[name], entry[name]) for name in entry if name in items}
        found.append({name: answer for name, answer in kept.items() if answer not in (None, [])})
    while found and not found[-1]:
        found.pop()
    return found or None


def files_within(prepared: Prepared, name: str, answers: Answers, path: Sequence[str]) -> set[str]:
    """Ids of the files in a stored entry of the group asked as `name`, and in entries within it."""
    group = node_at(prepared, name)
    if group is None:
        return set()
    found: set[str] = set()
    for item in group.items:
        try:
            _name, entry = find(prepared, item, answers, path)
        except LookupError:
            return set()
        for node in item.walk():
            if node.question.type == "file":
                inner = replace(node, groups=node.groups[len(item.groups) :])
                found |= {one for value in inner.values(entry) for one in value or []}
    return found
