"""A condition on a page: put together from lists, or typed as CEL, and back."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from forms.building import conditions
from forms.building.conditions import NotPicked, Picked, Term
from forms.building.operands import Operand
from forms.building.places import plain_text

LONGEST_FIELD = 20_000
Mode = Literal["always", "all", "any", "text"]


class Posted(Protocol):
    """A QueryDict, or anything like it."""

    def get(self, key: str, /) -> Any: ...
    def getlist(self, key: str, /) -> list[Any]: ...
    def __contains__(self, key: object, /) -> bool: ...


@dataclass
class Comparison:
    """A line of a condition on the page. `shown_for`: whose values its controls offer."""

    name: str
    operation: str = ""
    values: tuple[str, ...] = ()
    shown_for: str = ""
    error: str = ""


@dataclass
class Condition:
    """A condition on the page. `was` is the rule as it is kept, to the character."""

    mode: Mode = "always"
    rows: list[Comparison] = field(default_factory=list)
    text: str = ""
    was: str = ""

    @classmethod
    def of(cls, source: Any, operands: Mapping[str, Operand]) -> Condition:
        if not isinstance(source, str) or not source:
            return cls()
        picked = conditions.from_cel(source, operands)
        if picked is None:
            return cls("text", [], source, source)
        rows = [Comparison(t.name, t.operation, t.values, t.name) for t in picked.terms]
        return cls(picked.joiner, rows, source, source)


def posted_condition(post: Posted, name: str, operands: Mapping[str, Operand]) -> Condition:
    """The condition as it was put together on the page."""
    mode = str(post.get(f"{name}-mode") or "always")
    rows = []
    for number in range(count_of(post.get(f"{name}-n"), conditions.MOST_TERMS)):
        prefix = f"{name}-{number}-"
        rows.append(_comparison(post, prefix, operands))
    return Condition(
        mode if mode in {"always", "all", "any", "text"} else "always",  # type: ignore[arg-type]
        rows,
        typed_line(post, f"{name}-text", lines=True),
        typed_line(post, f"{name}-was", lines=True, stripped=False),
    )


def _comparison(post: Posted, prefix: str, operands: Mapping[str, Operand]) -> Comparison:
    name, shown_for = str(post.get(f"{prefix}name") or ""), str(post.get(f"{prefix}for") or "")
    operand = operands.get(name)
    if operand is None:
        return Comparison("")
    allowed = conditions.OPERATIONS[operand.kind]
    operation = str(post.get(f"{prefix}op") or "")
    if operation not in allowed:
        operation = allowed[0]
    values: tuple[str, ...] = ()
    if shown_for == name:
        given = [str(one)[:LONGEST_FIELD] for one in post.getlist(f"{prefix}value")[:50] if one]
        if operand.kind == "date" and post.get(f"{prefix}today"):
            given = [conditions.TODAY_VALUE]
        tidy = [plain_text(conditions.tidy_value(_narrow(v, operand), operand)) for v in given]
        values = tuple(tidy) if not operation.endswith("answered") else ()
    return Comparison(name, operation, values, shown_for)


def source_of(found: Condition, operands: Mapping[str, Operand]) -> str | None:
    """The rule in CEL; None for no condition. Raises `NotPicked` for what is not complete."""
    if found.mode == "always":
        return None
    if found.mode == "text":
        return found.was if found.text == found.was.strip() else found.text or None
    rows = [(number, row) for number, row in enumerate(found.rows) if row.name]
    if not rows:
        raise NotPicked(len(found.rows))
    for number, row in rows:
        several = row.operation == "one_of"
        unclear = row.shown_for != row.name or (len(row.values) > 1 and not several)
        if unclear and not row.operation.endswith("answered"):
            raise NotPicked(number)
    picked = Picked(found.mode, tuple(Term(r.name, r.operation, r.values) for _n, r in rows))
    before = conditions.from_cel(found.was, operands)
    if before is not None and conditions.same(before, picked):
        return found.was
    try:
        return conditions.to_cel(picked, operands)
    except NotPicked as incomplete:
        raise NotPicked(rows[incomplete.term][0]) from None


def press_comparison(verb: str, condition: Condition, place: int) -> None:
    """A button that adds a comparison (``cond-add``) or takes one away (``cond-drop``)."""
    if verb == "cond-add" and len(condition.rows) < conditions.MOST_TERMS:
        condition.rows.append(Comparison(""))
    elif verb == "cond-drop" and place < len(condition.rows):
        del condition.rows[place]
    if condition.mode in {"always", "text"} and condition.rows:
        condition.mode = "all"
    if not condition.rows and condition.mode in {"all", "any"}:
        condition.mode = "always"


def typed_line(post: Posted, name: str, *, lines: bool = False, stripped: bool = True) -> str:
    """What was typed, without what no text can hold; in one line unless `lines`."""
    text = plain_text(str(post.get(name) or ""))[:LONGEST_FIELD].replace("\r\n", "\n")
    text = text.replace("\r", "\n")
    if not lines:
        text = text.replace("\n", " ")
    return text.strip() if stripped else text


def typed_text(post: Posted, name: str) -> str:
    """A text of several lines as it was typed, in a form that can be kept."""
    return typed_line(post, name, lines=True)


def _narrow(value: str, operand: Operand) -> str:
    if operand.kind in {"int", "decimal", "years", "group", "date"}:
        return unicodedata.normalize("NFKC", value)
    return value.replace("\r\n", "\n")


def count_of(raw: Any, most: int) -> int:
    """A number of rows as the page says it."""
    text = str(raw or "0")
    return min(int(text), most) if text.isascii() and text.isdigit() and len(text) < 5 else 0
