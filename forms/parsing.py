"""From what was posted to answers, one reader per type of question."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from forms import banks, coordinates, entries, normalise, sensitive
from forms.normalise import Unreadable
from forms.parts import COMPOSITES, Part
from forms.prepared import Node
from forms.questions import (
    DateQuestion,
    GroupQuestion,
    LongTextQuestion,
    NumberQuestion,
    Question,
    TextQuestion,
)


class Posted(Protocol):
    """A QueryDict, or anything like it."""

    def get(self, key: str, /) -> Any: ...
    def getlist(self, key: str, /) -> list[Any]: ...
    def __contains__(self, key: object, /) -> bool: ...
    def __iter__(self) -> Iterator[str]: ...


@dataclass
class Read:
    """Values read, and errors by field name. A field with an error has no value.

    `held`: sensitive answers that are stored already, by their reference: a page carries those.
    """

    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)
    held: Mapping[str, str] = field(default_factory=dict)


FileReader = Callable[[Node, str, Read], Any]
#: Of a field for a sensitive answer: the reference of the one that is to stay.
HELD = "-held"

#: More than a year: ``2026-04``, ``R8.4``, ``令和8年4月``, ``20260401``; not ``令和8年``.
_WHOLE = re.compile(r"[0-9元]\s*(?:[-/.]|年.)|[0-9]{8}")
_OF_DATE = ("-year", "-month", "-day", "")
SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "date": _OF_DATE,
    "month": ("-year", "-month", ""),
    "group": ("-n",),
    "file": ("-kept", ""),
} | {
    kind: tuple(
        f"-{part.name}{suffix}"
        for part in parts
        for suffix in (_OF_DATE if part.kind == "date" else ("",))
    )
    for kind, parts in COMPOSITES.items()
}


def field_names(question: Question, name: str) -> list[str]:
    """The inputs that belong to a question posted under `name`."""
    if sensitive.is_sensitive(question):
        return [name, name + HELD]
    return [name + suffix for suffix in SUFFIXES.get(question.type, ("",))]


def posted(question: Question, name: str, post: Posted, files: Mapping[str, Any]) -> bool:
    """Whether any input of the question came with the form."""
    return any(field in post or field in files for field in field_names(question, name))


def read(node: Node, name: str, post: Posted, into: Read, read_files: FileReader) -> None:
    """Read one question posted under `name` into ``into.values[node.id]``.

    A field that cannot be understood leaves an error under its name and no value.
    """
    question = node.question
    if isinstance(question, GroupQuestion):
        try:
            into.values[node.id] = _group(node, name, post, into, read_files)
        except Miscounted as wrong:
            if node.groups:
                raise  # the entry around would be stored without its entries
            into.errors[wrong.name] = [
                _(
                    "How many entries there are could not be read, so nothing was changed here. "
                    "Please look through the entries below and save once more."
                )
            ]
        return
    if question.type == "file":
        into.values[node.id] = read_files(node, name, into)
        return
    reader = _READERS.get(question.type)
    if reader is None:
        return  # computed: nothing is typed
    try:
        value = reader(question, name, post)
        if sensitive.is_sensitive(question):
            value = sensitive.seal(value) if value else into.held.get(_one(name + HELD, post))
        into.values[node.id] = value
    except FieldErrors as wrong:
        into.errors.update(wrong.errors)
    except Unreadable as wrong:
        into.errors[name] = [str(wrong)]


class Miscounted(Exception):
    """How many entries a group has cannot be told: nothing of what it stands in is taken."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class FieldErrors(Exception):
    """Several inputs of one question are wrong."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__()
        self.errors = errors


def _group(
    node: Node, name: str, post: Posted, into: Read, read_files: FileReader
) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    known: set[str] = set()
    raw = post.get(f"{name}-n")
    count = entries.counted(
        cast("GroupQuestion", node.question), name, None if raw is None else str(raw), post
    )
    if count is None:
        raise Miscounted(name)
    for index in range(count):
        entry = Read(errors=into.errors, held=into.held)
        for item in node.items:
            read(item, f"{name}-{index}-{item.id}", post, entry, read_files)
        kept = {key: value for key, value in entry.values.items() if value not in (None, [])}
        key = entries.key_in(post.get(f"{name}-{index}-{entries.KEY}")) if node.asks_files else ""
        if key and key not in known:
            kept[entries.KEY] = key
            known.add(key)
        items.append(kept)
    return items


def _one(name: str, post: Posted) -> str:
    return str(post.get(name) or "")


def _text(question: Question, name: str, post: Posted) -> str | None:
    raw = _one(name, post)
    if isinstance(question, TextQuestion) and question.format == "katakana":
        return normalise.katakana(raw) or None
    if isinstance(question, TextQuestion) and question.format == "digits":
        return normalise.digits(raw) or None
    if isinstance(question, TextQuestion) and question.format == "individual_number":
        return normalise.individual_number(raw) or None
    return normalise.text(raw, lines=isinstance(question, LongTextQuestion)) or None


def _choice(question: Question, name: str, post: Posted) -> str | None:
    return normalise.text(_one(name, post)) or None


def _multiple(question: Question, name: str, post: Posted) -> list[str] | None:
    chosen = [normalise.text(str(value)) for value in post.getlist(name)[:200] if value]
    return list(dict.fromkeys(chosen)) or None


def _yes_no(question: Question, name: str, post: Posted) -> bool | None:
    raw = _one(name, post)
    if raw not in {"", "yes", "no"}:
        raise Unreadable(_("Choose one of the options."))
    return {"yes": True, "no": False}.get(raw)


def _declaration(question: Question, name: str, post: Posted) -> bool | None:
    return True if _one(name, post) == "yes" else None


def _number(question: NumberQuestion, name: str, post: Posted) -> int | str | None:
    return normalise.number(_one(name, post), question.decimals)


def _money(question: Question, name: str, post: Posted) -> int | None:
    return normalise.money(_one(name, post))


def _date(question: DateQuestion, name: str, post: Posted) -> str | None:
    return _date_of(name, post)


def _date_of(name: str, post: Posted) -> str | None:
    if whole := _one(name, post):
        return normalise.date(whole)
    return date_typed(*(_one(f"{name}-{part}", post) for part in ("year", "month", "day")))


def date_typed(year: str, month: str = "", day: str = "") -> str | None:
    """The date in three boxes, or a whole one in the first. Raises `Unreadable`."""
    if year and not month and not day and any(sign in year for sign in "-/.年"):
        return normalise.date(year)  # a whole date in the first field
    return normalise.date_from_fields(year, month, day)


def _month(question: Question, name: str, post: Posted) -> str | None:
    if whole := _one(name, post):
        return normalise.month(whole)
    return month_typed(_one(f"{name}-year", post), _one(f"{name}-month", post))


def month_typed(year: str, month: str = "") -> str | None:
    """The month in two boxes, or a whole one in the first. Raises `Unreadable`."""
    if year and not month and _WHOLE.search(normalise.narrow(year)):
        return normalise.month(year)
    return normalise.month_from_fields(year, month)


def _email(question: Question, name: str, post: Posted) -> str | None:
    value = normalise.narrow(_one(name, post))
    if not value:
        return None
    try:
        validate_email(value)
    except ValidationError:
        raise Unreadable(_("Write an e-mail address, for example hanako@example.jp.")) from None
    return value


def _phone(question: Question, name: str, post: Posted) -> str | None:
    return normalise.phone(_one(name, post)) or None


def _composite(question: Question, name: str, post: Posted) -> dict[str, str] | None:
    """Every part that can be understood; the others leave their errors."""
    values: dict[str, str] = {}
    errors = {}
    for part in COMPOSITES[question.type]:
        field = f"{name}-{part.name}"
        try:
            value = _part(part, field, post)
        except Unreadable as wrong:
            errors[field] = [str(wrong)]
            continue
        if value is not None:
            values[part.name] = value
    if errors:
        raise FieldErrors(errors)
    return values if any(values.values()) else None


def _part(part: Part, field: str, post: Posted) -> str | None:
    if part.kind == "date":
        return _date_of(field, post)
    raw = _one(field, post)
    if part.look_up and banks.is_name(raw):
        raise Unreadable(str(part.missing))
    value = _PART_READERS[part.kind](raw)
    return value.rjust(part.length, "0") if part.padded and value else value


_PART_READERS: dict[str, Callable[[str], str]] = {
    "text": normalise.text,
    "kana": normalise.katakana,
    "digits": normalise.digits,
    "postal_code": normalise.postal_code,
    "coordinates": coordinates.read,
    "account_type": normalise.text,
}


_READERS: dict[str, Callable[[Any, str, Posted], Any]] = {
    "text": _text,
    "long_text": _text,
    "choice": _choice,
    "multiple": _multiple,
    "yes_no": _yes_no,
    "declaration": _declaration,
    "number": _number,
    "money": _money,
    "date": _date,
    "month": _month,
    "email": _email,
    "phone": _phone,
    **dict.fromkeys(COMPOSITES, _composite),
}
