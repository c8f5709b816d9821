"""The fields of one step or question on a page: as they are kept, and as they come back typed."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from django.utils.translation import gettext as _

from common.errors import InvalidInput
from forms import definitions
from forms.building import structure, texts, words
from forms.building.conditions import NotPicked
from forms.building.fields import FieldSpec, fields_of
from forms.building.operands import operands_at
from forms.building.picking import (
    LONGEST_FIELD,
    Condition,
    Posted,
    count_of,
    posted_condition,
    press_comparison,
    source_of,
    typed_line,
)
from forms.building.places import Data, Place, shaped
from forms.errors import DefinitionError

MOST_ROWS = 100


@dataclass
class Row:
    """One of several small things, an option or a check. `extra`: what does not belong there."""

    number: int
    entries: list[Entry]
    extra: str = ""


@dataclass
class Entry:
    """One field on the page."""

    spec: FieldSpec
    name: str
    label: str
    hint: str
    section: str
    value: Any = None
    texts: list[tuple[str, str, str]] = field(default_factory=list)
    same: bool = False
    options: list[tuple[str, str, bool]] = field(default_factory=list)
    condition: Condition | None = None
    rows: list[Row] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return self.spec.kind

    @property
    def missing(self) -> bool:
        """Is a translation missing?"""
        given = [text for _code, _name, text in self.texts]
        return not self.same and any(given) and not all(given)


class Editor:
    """A part of a definition being edited: `part` holds what is kept or, after `read`, typed."""

    def __init__(self, data: Data, place: Place) -> None:
        self.languages = texts.languages_of(data)
        self.operands = operands_at(data, place)
        self.errors: dict[str, list[str]] = {}
        self.conditions: dict[str, Condition] = {}
        #: Typed, and of no use as it is: shown again.
        self.typed: dict[str, str] = {}

    # --- the page -----------------------------------------------------------------------------

    def entries(
        self, part: Mapping[str, Any], specs: tuple[FieldSpec, ...], prefix: str = "", of: str = ""
    ) -> list[Entry]:
        """The fields of `part`, those that a page can show."""
        return [
            self._entry(part, spec, f"{prefix}{spec.key}", of)
            for spec in specs
            if spec.kind != "parts"
        ]

    def _entry(self, part: Mapping[str, Any], spec: FieldSpec, name: str, of: str) -> Entry:
        value = part.get(spec.key)
        entry = Entry(
            spec, name, words.field_label(spec.key, of, str(part.get("type"))),
            words.field_hint(spec.key, of),
            words.section(spec.key), value, errors=list(self.errors.get(name, ())),
        )  # fmt: skip
        match spec.kind:
            case "text":
                by_language, entry.same = texts.split(value, self.languages)
                entry.texts = [
                    (code, str(words.LANGUAGE_NAMES.get(code, code)), text)
                    for code, text in by_language.items()
                ]
            case "flag":
                entry.value = spec.default if value is None else value
            case "pick" | "picks":
                chosen = spec.default if value is None else value
                several = chosen if isinstance(chosen, list | tuple) else [chosen]
                entry.options = [
                    (one, words.choice_name(spec.key, one), one in several) for one in spec.options
                ]
                if spec.kind == "pick" and isinstance(value, str) and value not in spec.options:
                    entry.options.insert(0, (value, value, True))
            case "condition":
                known = self.conditions.get(name)
                entry.condition = known or Condition.of(value, self.operands)
            case "rows":
                entry.rows = self._rows(value, spec, name)
            case "other":
                entry.value = self.typed.get(name, "" if value is None else _yaml(value))
            case _:
                entry.value = _shown(spec.default if value is None else value)
        return entry

    def _rows(self, value: Any, spec: FieldSpec, name: str) -> list[Row]:
        found = []
        for number, row in enumerate(value if isinstance(value, list) else ()):
            row = row if isinstance(row, dict) else {"?": row}
            extra = {key: row[key] for key in row.keys() - {s.key for s in spec.fields}}
            entries = self.entries(row, _in_order(spec), f"{name}-{number}-", spec.key)
            found.append(Row(number, entries, json.dumps(extra) if extra else ""))
        return found

    # --- coming back --------------------------------------------------------------------------

    def read(self, post: Posted, old: Data, specs: tuple[FieldSpec, ...], prefix: str = "") -> Data:
        """`old` with what was typed. What did not come along, and what is not known, stays."""
        new: Data = {}
        if "type" in old:
            new = {key: old[key] for key in ("id", "type") if key in old}
        for spec in specs:
            name = f"{prefix}{spec.key}"
            value = old.get(spec.key) if spec.kind == "parts" else self._read(post, spec, name, old)
            if value is None or (not spec.required and value == _as_kept(spec.default)):
                new.pop(spec.key, None)
            else:
                new[spec.key] = value
        own = {spec.key for spec in specs}
        if not post.get(f"{prefix}extra-drop"):
            new |= {key: value for key, value in old.items() if key not in own and key != "type"}
        return new

    def _read(self, post: Posted, spec: FieldSpec, name: str, old: Data) -> Any:
        before = old.get(spec.key)
        if f"{name}-here" not in post and name not in post:
            return before
        match spec.kind:
            case "text":
                return self._text(post, name, before)
            case "flag":
                return bool(post.get(name))
            case "number":
                return _number(typed_line(post, name))
            case "picks":
                return [str(one) for one in post.getlist(name)[:MOST_ROWS] if one]
            case "pick":
                return str(post.get(name) or "")
            case "condition":
                return self._condition(post, name, spec)
            case "rows":
                return self._read_rows(post, spec, name)
            case "other":
                return self._other(post, name, before)
        lines = typed_line(post, name, lines=spec.kind == "formula")
        return lines if lines or spec.default == "" else None

    def _text(self, post: Posted, name: str, before: Any) -> Any:
        given = {code: typed_line(post, f"{name}-{code}", lines=True) for code in self.languages}
        return texts.joined(given, same=bool(post.get(f"{name}-same")), old=before)

    def _read_rows(self, post: Posted, spec: FieldSpec, name: str) -> list[Data] | None:
        rows = []
        for number in range(count_of(post.get(f"{name}-n"), MOST_ROWS + 1)):
            prefix = f"{name}-{number}-"
            row = self.read(post, _extra(post, prefix), spec.fields, prefix)
            rows.append(row)
        return rows or None

    def _other(self, post: Posted, name: str, before: Any) -> Any:
        source = typed_line(post, name, lines=True)
        if not source:
            return None
        if before is not None and source == _yaml(before).strip():
            return before
        try:
            found = shaped({"steps": [], "value": definitions.read_yaml(source)})["value"]
        except (DefinitionError, InvalidInput):
            self.errors[name] = [_("This cannot be read. Please check how it is written.")]
            self.typed[name] = source
            return before
        return found

    # --- conditions ---------------------------------------------------------------------------

    def _condition(self, post: Posted, name: str, spec: FieldSpec) -> str | None:
        found = self.conditions[name] = posted_condition(post, name, self.operands)
        try:
            return source_of(found, self.operands)
        except NotPicked as incomplete:
            if incomplete.term < len(found.rows):
                found.rows[incomplete.term].error = _(
                    "Please choose or write what to compare with."
                )
            self.errors[name] = [
                _("The condition is not complete. It was not saved.")
                if found.rows
                else _("Choose a question to compare, or choose that there is no condition.")
            ]
            return found.was or None

    # --- buttons inside the page --------------------------------------------------------------

    def press(self, action: str, part: Data, specs: tuple[FieldSpec, ...]) -> bool:
        """A button that changes the page only: rows and comparisons. False for any other."""
        verb, _sign, rest = action.partition(":")
        name, _sign, number = rest.partition(":")
        place = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 0
        if verb == "refresh":
            self.errors.clear()
            return True
        if verb.startswith("row-"):
            spec = next((s for s in specs if s.key == name and s.kind == "rows"), None)
            if spec is not None:
                self._press_row(verb, part, spec, place)
                self.errors.clear()
            return True
        if verb.startswith("cond-"):
            condition = self.conditions.get(name)
            if condition is not None:
                press_comparison(verb, condition, place)
                self.errors.clear()
            return True
        return False

    def _press_row(self, verb: str, part: Data, spec: FieldSpec, place: int) -> None:
        name = spec.key
        rows = list(part.get(name) or ())
        order: list[int | None] = list(range(len(rows)))
        moved = {"row-up": place - 1, "row-down": place + 1}.get(verb)
        if verb == "row-add" and len(rows) < MOST_ROWS:
            order.append(None)
        elif verb == "row-drop" and place < len(rows):
            del order[place]
        elif moved is not None and place < len(rows) and 0 <= moved < len(rows):
            order[place], order[moved] = order[moved], order[place]
        part[name] = [structure.new_row(spec, rows) if n is None else rows[n] for n in order]
        kept = {k: v for k, v in self.conditions.items() if not k.startswith(f"{name}-")}
        for now, before in enumerate(order):
            prefix = f"{name}-{before}-"
            kept |= {
                f"{name}-{now}-{key.removeprefix(prefix)}": condition
                for key, condition in self.conditions.items()
                if key.startswith(prefix)
            }
        self.conditions = kept


def _in_order(spec: FieldSpec) -> tuple[FieldSpec, ...]:
    """The fields of a row as people look at them."""
    first = words.ROW_ORDER.get(spec.key, ())
    return tuple(
        sorted(spec.fields, key=lambda one: first.index(one.key) if one.key in first else 99)
    )


def specs_at(place: Place, part: Mapping[str, Any]) -> tuple[FieldSpec, ...]:
    """The fields of what is at `place`."""
    if not place:
        return fields_of("form")
    return fields_of("step" if len(place) == 1 else str(part.get("type")))


def unknown_of(part: Mapping[str, Any], specs: tuple[FieldSpec, ...]) -> dict[str, str]:
    """Fields that do not belong to this type, as text."""
    own = {spec.key for spec in specs} | {"type", "steps", "questions", "languages"}
    return {key: _yaml(value).strip() for key, value in part.items() if key not in own}


def _number(typed: str) -> int | str | None:
    """A whole number where it is one; else as typed, for the check to refuse."""
    plain = unicodedata.normalize("NFKC", typed).replace(",", "").strip()
    if plain.lstrip("-").isascii() and plain.lstrip("-").isdigit() and len(plain) < 18:
        return int(plain)
    return typed[:200] or None


def _extra(post: Posted, prefix: str) -> Data:
    """What a row holds besides its fields, carried through the page."""
    source = str(post.get(f"{prefix}extra") or "")
    if not source or len(source) > LONGEST_FIELD:
        return {}
    try:
        found = shaped({"steps": [], "value": json.loads(source)})["value"]
    except (ValueError, InvalidInput, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _as_kept(default: Any) -> Any:
    return list(default) if isinstance(default, tuple) else default


def _shown(value: Any) -> Any:
    return "" if value is None else value


def _yaml(value: Any) -> str:
    return yaml.safe_dump(value, allow_unicode=True, sort_keys=False)
