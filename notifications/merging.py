"""The language of a municipality's own wordings: text with fields, and passages that may go.

``{receipt_number}`` is a field. ``[ for "{service}"]`` is a passage that is left out when a field
in it has no value, or may not be said in a mail. There is nothing else: no tags, no filters, no
attributes, so a text can do nothing but name what it was given. Values are put in once and are
never read as text of this language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_TOKEN = re.compile(r"\{([a-z][a-z_]*)\}|([\[\]{}])")


@dataclass(frozen=True, slots=True)
class Piece:
    """A bit of a text: literal text, or the name of a field; in which passage (0: in none)."""

    text: str
    is_field: bool
    passage: int


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where: `code` is "brace", "open", "nested", "close", "plain"."""

    code: str
    line: int
    text: str


class Malformed(ValueError):
    """The text cannot be read; `problem` says where."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def parsed(text: str) -> list[Piece]:
    """The pieces of a text. Raises `Malformed`."""
    pieces: list[Piece] = []
    passage, opened, last, fields = 0, 0, 0, 0

    def wrong(code: str, at: int) -> Malformed:
        line = text.count("\n", 0, at) + 1
        return Malformed(Problem(code, line, text[at : at + 30].split("\n")[0]))

    count = 0
    for found in _TOKEN.finditer(text):
        pieces.append(Piece(text[last : found.start()], False, passage))
        last = found.end()
        name, sign = found.groups()
        if name:
            pieces.append(Piece(name, True, passage))
            fields += 1
        elif sign in "{}":
            raise wrong("brace", found.start())
        elif sign == "[":
            if passage:
                raise wrong("nested", found.start())
            count += 1
            passage, opened, fields = count, found.start(), 0
        elif not passage:
            raise wrong("close", found.start())
        elif not fields:
            raise wrong("plain", opened)
        else:
            passage = 0
    if passage:
        raise wrong("open", opened)
    pieces.append(Piece(text[last:], False, 0))
    return [piece for piece in pieces if piece.text]


def merged(text: str, values: Mapping[str, str]) -> str:
    """The text with `values`; a field without a value is empty. Raises `Malformed`."""
    pieces = parsed(text)
    gone = {
        piece.passage
        for piece in pieces
        if piece.passage and piece.is_field and not values.get(piece.text)
    }
    return "".join(
        values.get(piece.text, "") if piece.is_field else piece.text
        for piece in pieces
        if piece.passage not in gone
    )


def fields(text: str) -> Iterator[tuple[str, bool]]:
    """Each field of a text, and whether it stands in a passage. Raises `Malformed`."""
    return ((piece.text, piece.passage > 0) for piece in parsed(text) if piece.is_field)
