"""Conditions as they are picked from lists, and as CEL: from one to the other, without loss.

A condition that can be picked is some comparisons joined by *all* or by *any*. Everything else CEL
can say stays as it was written, to the character.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal

from forms.building.operands import Operand

Joiner = Literal["all", "any"]
MOST_TERMS = 20

_SIGNS = {"all": "&&", "any": "||"}
_COMPARED = {
    "is": "==", "is_not": "!=", "at_least": ">=", "at_most": "<=", "more": ">", "less": "<",
    "until": "<=", "from": ">=", "before": "<", "after": ">",
}  # fmt: skip
_NUMERIC = ("is", "is_not", "at_least", "at_most", "more", "less")
_ANSWERED = ("answered", "not_answered")
#: What can be said of an answer, by kind of operand.
OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "bool": ("is", *_ANSWERED),
    "choice": ("is", "is_not", "one_of", *_ANSWERED),
    "text": ("is", "is_not", "contains", "starts", *_ANSWERED),
    "int": (*_NUMERIC, *_ANSWERED),
    "decimal": (*_NUMERIC, *_ANSWERED),
    "date": ("is", "is_not", "before", "until", "after", "from", *_ANSWERED),
    "multiple": ("contains", "contains_not", *_ANSWERED),
    "list": _ANSWERED,
    "years": ("at_least", "at_most", "more", "less", "is", "is_not"),
    "group": ("at_least", "at_most", "is", *_ANSWERED),
}
TODAY_VALUE = "today"


class NotPicked(ValueError):
    """A comparison that is not complete; the message is for nobody, `term` says which."""

    def __init__(self, term: int) -> None:
        super().__init__(f"term {term}")
        self.term = term


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison: ``act_type is sale``. Values are texts: ``yes``, ``12``, ``2026-04-01``."""

    name: str
    operation: str
    values: tuple[str, ...] = ()

    @property
    def value(self) -> str:
        return self.values[0] if self.values else ""


@dataclass(frozen=True, slots=True)
class Picked:
    """Comparisons, all or any of which must hold."""

    joiner: Joiner
    terms: tuple[Term, ...]


def same(one: Picked, other: Picked) -> bool:
    """Do both say the same? The order of the values in “is one of” says nothing."""

    def plain(picked: Picked) -> list[tuple[str, str, list[str]]]:
        return [(term.name, term.operation, sorted(term.values)) for term in picked.terms]

    joined_alike = one.joiner == other.joiner or len(one.terms) == 1
    return joined_alike and plain(one) == plain(other)


# --- to CEL -----------------------------------------------------------------------------------


def to_cel(picked: Picked, operands: Mapping[str, Operand]) -> str:
    """The rule in CEL. Raises `NotPicked` for a comparison that lacks something."""
    written = []
    for number, term in enumerate(picked.terms):
        operand = operands.get(term.name)
        if operand is None or term.operation not in OPERATIONS[operand.kind]:
            raise NotPicked(number)
        found = _written(term, operand)
        if found is None:
            raise NotPicked(number)
        written.append(found)
    return f" {_SIGNS[picked.joiner]} ".join(written)


def _written(term: Term, operand: Operand) -> str | None:
    name, operation = term.name, term.operation
    if operation in _ANSWERED:
        if operand.kind in {"multiple", "list", "group"}:
            return f"size({name}) {'>' if operation == 'answered' else '=='} 0"
        return f"{name} {'!=' if operation == 'answered' else '=='} null"
    literals = [_literal(value, operand) for value in term.values]
    if not literals or None in literals:
        return None
    first = literals[0]
    match operand.kind, operation:
        case "bool", _:
            return name if first == "true" else f"!{name}"
        case _, "one_of":
            return f"{name} in [{', '.join(str(one) for one in literals)}]"
        case "multiple", "contains":
            return f"{first} in {name}"
        case "multiple", _:
            return f"!({first} in {name})"
        case _, "contains":
            return f"{name}.contains({first})"
        case _, "starts":
            return f"{name}.startsWith({first})"
        case "group", _:
            return f"size({name}) {_COMPARED[operation]} {first}"
    return f"{name} {_COMPARED[operation]} {first}"


def _literal(value: str, operand: Operand) -> str | None:
    """As CEL writes it; None for what is no value of this kind."""
    match operand.kind:
        case "bool":
            return {"yes": "true", "no": "false"}.get(value)
        case "int" | "years" | "group":
            return value if re.fullmatch(r"-?[0-9]{1,18}", value) else None
        case "decimal":
            found = re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,6})?", value)
            return (value if found[1] else f"{value}.0") if found else None
        case "date":
            if value == TODAY_VALUE:
                return value
            return f'date("{value}")' if _is_day(value) else None
    if not value or re.search(r"[\x00-\x08\x0b-\x1f\x7f]", value):
        return None
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\t", "\\t") + '"'


def _is_day(value: str) -> bool:
    try:
        return dt.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def tidy_value(value: str, operand: Operand) -> str:
    """A typed value as it is compared: numbers without signs and spaces people add."""
    value = value.strip()
    if operand.kind in {"int", "decimal", "years", "group"}:
        plain = value.replace(",", "").replace("、", "")
        try:
            number = Decimal(plain)
        except InvalidOperation:
            return value
        if number.is_finite() and abs(number) < 10**18:
            return str(int(number)) if number == int(number) else format(number, "f")
    return value


# --- from CEL ---------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>"(?:[^"\\]|\\[\\"'nt])*"|'(?:[^'\\]|\\[\\"'nt])*')
      | (?P<number>-?[0-9]+(?:\.[0-9]+)?)
      | (?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
      | (?P<sign>&&|\|\||==|!=|<=|>=|[<>!()\[\],])
    )""",
    re.VERBOSE | re.ASCII,
)
_MIRROR = {sign: name for name, sign in _COMPARED.items() if name in _NUMERIC}
_ESCAPES = {"\\\\": "\\", '\\"': '"', "\\'": "'", "\\n": "\n", "\\t": "\t"}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def from_cel(source: str, operands: Mapping[str, Operand]) -> Picked | None:
    """The rule as it would be picked; None when it cannot be shown so."""
    tokens = _tokens(source)
    if not tokens:
        return None
    joiners = {token.text for token in tokens if token.text in {"&&", "||"}}
    if len(joiners) > 1:
        return None
    pieces: list[list[_Token]] = [[]]
    for token in tokens:
        if token.text in {"&&", "||"} and token.kind == "sign":
            pieces.append([])
        else:
            pieces[-1].append(token)
    terms = [_term(piece, operands) for piece in pieces]
    if len(terms) > MOST_TERMS or any(term is None for term in terms):
        return None
    picked = Picked("any" if "||" in joiners else "all", tuple(t for t in terms if t))
    return picked if _says_the_same(picked, operands) else None


def _says_the_same(picked: Picked, operands: Mapping[str, Operand]) -> bool:
    try:
        to_cel(picked, operands)
    except NotPicked:
        return False
    return True


def _tokens(source: str) -> list[_Token] | None:
    found, place, end = [], 0, len(source.rstrip())
    while place < end:
        match = _TOKEN.match(source, place)
        if match is None or match.lastgroup is None:
            return None
        found.append(_Token(match.lastgroup, match.group(match.lastgroup)))
        place = match.end()
    return found


def _term(tokens: list[_Token], operands: Mapping[str, Operand]) -> Term | None:
    kinds = [t.text if t.kind == "sign" else t.kind for t in tokens]
    words = [t.text for t in tokens]

    def of(name: str) -> Operand | None:
        return operands.get(name)

    match kinds:
        case ["name"]:
            return _flag(of(words[0]), words[0], "yes")
        case ["!", "name"]:
            return _flag(of(words[1]), words[1], "no")
        case ["string", "name", "name"] if words[1] == "in":
            return _contains(of(words[2]), words[2], words[0], "contains")
        case ["!", "(", "string", "name", "name", ")"] if words[3] == "in":
            return _contains(of(words[4]), words[4], words[2], "contains_not")
        case ["name", "(", "string", ")"]:
            name, _dot, method = words[0].rpartition(".")
            operation = {"contains": "contains", "startsWith": "starts"}.get(method)
            operand = of(name)
            if operation and operand and operand.kind == "text":
                return Term(name, operation, (_unquoted(words[2]),))
            return None
        case ["name", "(", "name", ")", sign, "number"] if words[0] == "size":
            return _sized(of(words[2]), words[2], sign, words[5])
        case ["name", "(", "name", ",", "name", ")", sign, "number"] if sign in _MIRROR:
            name = f"{words[0]}({words[2]}, {words[4]})"
            operand = of(name)
            return Term(name, _MIRROR[sign], (words[7],)) if operand else None
        case ["name", "name", "[", *inside, "]"] if words[1] == "in":
            return _one_of(of(words[0]), words[0], inside, words[3:-1])
    if len(tokens) >= 3 and kinds[0] == "name" and kinds[1] in set(_COMPARED.values()):
        return _compared(of(words[0]), words[0], words[1], tokens[2:])
    return None


def _flag(operand: Operand | None, name: str, value: str) -> Term | None:
    return Term(name, "is", (value,)) if operand and operand.kind == "bool" else None


def _contains(operand: Operand | None, name: str, literal: str, operation: str) -> Term | None:
    if operand is None or operand.kind != "multiple":
        return None
    return Term(name, operation, (_unquoted(literal),))


def _sized(operand: Operand | None, name: str, sign: str, number: str) -> Term | None:
    if operand is None or operand.kind not in {"multiple", "list", "group"}:
        return None
    if number == "0" and sign in {">", "=="}:
        return Term(name, "answered" if sign == ">" else "not_answered")
    operation = {">=": "at_least", "<=": "at_most", "==": "is"}.get(sign)
    return Term(name, operation, (number,)) if operation and operand.kind == "group" else None


def _one_of(
    operand: Operand | None, name: str, kinds: Iterable[str], words: list[str]
) -> Term | None:
    kinds = list(kinds)
    wanted = ["string", ","] * ((len(kinds) + 1) // 2)
    if operand is None or operand.kind != "choice" or kinds != wanted[:-1]:
        return None
    return Term(name, "one_of", tuple(_unquoted(word) for word in words[::2]))


def _compared(operand: Operand | None, name: str, sign: str, right: list[_Token]) -> Term | None:
    if operand is None or sign not in _MIRROR:
        return None
    kinds = [t.text if t.kind == "sign" else t.kind for t in right]
    if kinds == ["name"] and right[0].text == "null" and sign in {"==", "!="}:
        if operand.kind in {"multiple", "list", "group"}:
            return None
        return Term(name, "not_answered" if sign == "==" else "answered")
    operation = _MIRROR[sign]
    if operand.kind == "date":
        operation = {"at_least": "from", "at_most": "until", "more": "after",
                     "less": "before"}.get(operation, operation)  # fmt: skip
        if kinds == ["name"] and right[0].text == TODAY_VALUE:
            return Term(name, operation, (TODAY_VALUE,))
        if kinds == ["name", "(", "string", ")"] and right[0].text == "date":
            return Term(name, operation, (_unquoted(right[2].text),))
        return None
    if operand.kind in {"int", "decimal"} and kinds == ["number"]:
        return Term(name, operation, (tidy_value(right[0].text, operand),))
    if operand.kind in {"choice", "text"} and kinds == ["string"] and sign in {"==", "!="}:
        return Term(name, operation, (_unquoted(right[0].text),))
    if operand.kind == "bool" and kinds == ["name"] and sign == "==":
        value = {"true": "yes", "false": "no"}.get(right[0].text)
        return Term(name, "is", (value,)) if value else None
    return None


def _unquoted(literal: str) -> str:
    return re.sub(r"\\.", lambda match: _ESCAPES[match.group()], literal[1:-1])
