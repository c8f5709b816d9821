"""The gate in front of the parsers: bounds a source before anything recursive sees it.

The engine has no step limit; long chains and deep nesting crash the process it runs in. What
passes here is short, shallow and written in a plain alphabet that both parsers (the one that
checks and the one that runs) read alike.
"""

from __future__ import annotations

import re

from rules.errors import Position, RuleError

MAX_SOURCE = 1_500
MAX_TOKENS = 300
MAX_NESTING = 12
MAX_CHAIN_PREFIX = 3

_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r\n]+)
  | (?P<string>"(?:[^"\\\x00-\x1f\x7f]|\\[\\"'nt])*"|'(?:[^'\\\x00-\x1f\x7f]|\\[\\"'nt])*')
  | (?P<number>[0-9]+(?:\.[0-9]+)?)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<operator>&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,])
  | (?P<open>[(\[])
  | (?P<close>[)\]])
    """,
    re.VERBOSE,
)
_PAIRS = {")": "(", "]": "["}


def position_of(source: str, offset: int) -> Position:
    """Where `offset` is, as line and column."""
    line = source.count("\n", 0, offset) + 1
    return Position(line, offset - (source.rfind("\n", 0, offset) + 1) + 1)


def check_shape(source: str) -> None:
    """Refuse what is too long, too deep or not in the alphabet. Raises `RuleError`."""
    # Characters first: a source of any length is refused in no time.
    too_long = isinstance(source, str) and len(source) > MAX_SOURCE
    if not too_long and (not isinstance(source, str) or not source.strip()):
        raise RuleError("the rule is empty")
    if too_long or len(source.encode("utf-8", "surrogatepass")) > MAX_SOURCE:
        raise RuleError(f"the rule is longer than {MAX_SOURCE} bytes")
    offset, tokens, unary = 0, 0, 0
    brackets: list[str] = []
    before = ""
    while offset < len(source):
        found = _TOKEN.match(source, offset)
        here = position_of(source, offset)
        if found is None:
            raise RuleError(f"unexpected {_named(source[offset])}", here)
        kind, text = found.lastgroup, found.group()
        offset = found.end()
        if kind == "space":
            continue
        if text == "/" and before == "/":
            raise RuleError("comments are not part of a rule", here)
        if (kind in {"string", "number", "name"} and _glued(source, found)) or (
            kind == "number" and before == "."
        ):
            raise RuleError("a space or an operator is missing", here)
        tokens += 1
        unary = unary + 1 if text in {"!", "-"} else 0
        _count(brackets, kind, text, here)
        if tokens > MAX_TOKENS:
            raise RuleError(f"the rule has more than {MAX_TOKENS} words and signs", here)
        if unary > MAX_CHAIN_PREFIX:
            raise RuleError("too many signs in a row", here)
        before = text
    if brackets:
        raise RuleError(f"'{brackets[-1]}' is never closed")


def _count(brackets: list[str], kind: str | None, text: str, here: Position) -> None:
    if kind == "open":
        brackets.append(text)
        if len(brackets) > MAX_NESTING:
            raise RuleError(f"brackets are nested deeper than {MAX_NESTING}", here)
    elif kind == "close" and (not brackets or brackets.pop() != _PAIRS[text]):
        raise RuleError(f"'{text}' closes nothing", here)


def _glued(source: str, found: re.Match[str]) -> bool:
    """Letters stuck to a literal (``r"…"``, ``1u``, ``1e9``) mean something else to a parser."""
    end = found.end()
    if end >= len(source):
        return False
    following = source[end]
    if found.lastgroup == "name":
        return following in "\"'"
    if found.lastgroup == "number" and following == ".":
        return True
    return following.isalnum() or following in "_\"'"


def _named(character: str) -> str:
    return f"'{character}'" if character.isprintable() else f"character U+{ord(character):04X}"
