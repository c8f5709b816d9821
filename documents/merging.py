"""Merge fields: ``{receipt_number}`` in a text that a municipality writes.

No template language: a text knows fields in braces and nothing else, so nobody can run anything by
editing a letter. ``{{`` and ``}}`` print a brace.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _

Reason = Literal["unknown_field", "open_brace", "stray_brace", "bad_name", "code"]

#: ``park``, ``answer.park``: what a field can be called.
NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?")
_CODE = re.compile(r"\{%|%\}|\{#|#\}")
_SPECIAL = re.compile(r"[{}]|[%#]\}")
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a text, and where: `line` and `column` count from 1."""

    reason: Reason
    line: int
    column: int
    # The name as it was typed, and the nearest that exists.
    name: str = ""
    nearest: str = ""

    @property
    def message(self) -> str:
        """The place and the reason in words."""
        said = {
            "unknown_field": _("There is no field “%(name)s”."),
            "open_brace": _("A field begins with “{” here and does not end with “}”."),
            "stray_brace": _("A “}” stands here without its “{”. Write “}}” to print a brace."),
            "bad_name": _("“%(name)s” cannot be the name of a field."),
            "code": _("Program code such as “{%%” is not possible here, only fields."),
        }[self.reason] % {"name": self.name}
        if self.nearest:
            said = f"{said} " + _("Did you mean “%(name)s”?") % {"name": self.nearest}
        place = _("Line %(line)s, character %(column)s:") % {
            "line": self.line,
            "column": self.column,
        }
        return f"{place} {said}"


@dataclass(frozen=True, slots=True)
class _Part:
    """Words, or the name of a field; `start` is where it begins in the text."""

    words: str = ""
    field: str = ""
    start: int = 0
    reason: Reason | None = None


def problems(text: str, known: Mapping[str, object]) -> list[Problem]:
    """Everything that stands in the way of using `text` with the fields `known`, in its order."""
    found = []
    for part in _parts(text):
        line, column = _place(text, part.start)
        name = part.field[:_SHOWN]
        if part.reason is not None:
            found.append(Problem(part.reason, line, column, name))
        elif part.field and part.field not in known:
            nearest = difflib.get_close_matches(part.field, known, n=1, cutoff=0.6)
            found.append(
                Problem("unknown_field", line, column, name, nearest[0] if nearest else "")
            )
    return found


def fields(text: str) -> set[str]:
    """The fields that a text names."""
    return {part.field for part in _parts(text) if part.field and part.reason is None}


def merge(text: str, values: Mapping[str, str]) -> str:
    """`text` with its fields filled in. The values are never looked at for fields themselves.

    A field without a value becomes nothing: a question may have fallen away since.
    """
    return "".join(
        values.get(part.field, "") if part.field else part.words for part in _parts(text)
    )


def _parts(text: str) -> Iterator[_Part]:
    at = 0
    while at < len(text):
        here = text[at]
        if _CODE.match(text, at):
            yield _Part(words=text[at : at + 2], start=at, reason="code")
            at += 2
        elif text.startswith(("{{", "}}"), at):
            yield _Part(words=here)
            at += 2
        elif here == "}":
            yield _Part(words=here, start=at, reason="stray_brace")
            at += 1
        elif here == "{":
            part, at = _field(text, at)
            yield part
        else:
            found = _SPECIAL.search(text, at + 1)
            end = found.start() if found else len(text)
            yield _Part(words=text[at:end])
            at = end


def _field(text: str, at: int) -> tuple[_Part, int]:
    """The field that begins at `at`, and where the text goes on."""
    end = text.find("}", at)
    if end < 0 or "{" in text[at + 1 : end] or "\n" in text[at + 1 : end]:
        return _Part(words="{", start=at, reason="open_brace"), at + 1
    name = text[at + 1 : end].strip()
    if not NAME.fullmatch(name):
        return _Part(words=text[at : end + 1], field=name, start=at, reason="bad_name"), end + 1
    return _Part(field=name, start=at), end + 1


def _place(text: str, start: int) -> tuple[int, int]:
    before = text[:start]
    return before.count("\n") + 1, start - (before.rfind("\n") + 1) + 1
