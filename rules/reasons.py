"""Why a rule came out as it did: its conditions with their truth, and the values they looked at.

A reason is structure, not words: the room that knows the questions says it (`forms.reasons`).
Values are left out of every ``repr``, so that none gets into a log.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from celpy.celparser import CELParser
from lark import Token, Tree

from rules.engine import Result, Rule, compile_rule
from rules.errors import RuleError, RuleFailed
from rules.functions import MACROS
from rules.types import VarType

Kind = Literal["and", "or", "not", "if", "exists", "all", "exists_one", "test"]

#: A rule with more conditions than this is explained by the values it used, as one.
MOST_PARTS = 60
#: Levels of the grammar that only pass one child on, and brackets.
_PASS = frozenset(
    {"expr", "conditionalor", "conditionaland", "relation", "addition", "multiplication"}
    | {"unary", "member", "primary", "paren_expr"}
)
#: Name, part and entry of a fact.
Place = tuple[str, str, int | None]
_EACH: Mapping[str, Kind] = {"exists": "exists", "all": "all", "exists_one": "exists_one"}


@dataclass(frozen=True, slots=True)
class Fact:
    """A value that a rule looked at: a variable, a `part` of it, or of one `entry` (from 0).

    Where the part is a list with entries of its own, `inner` is the part of each that was read.
    """

    name: str
    part: str = ""
    entry: int | None = None
    value: Any = field(default=None, repr=False)
    inner: str = ""

    @property
    def place(self) -> Place:
        return self.name, f"{self.part}.{self.inner}" if self.inner else self.part, self.entry


@dataclass(frozen=True, slots=True)
class Reason:
    """A condition and what it gave. None: not decided, because something is not answered.

    ``and``, ``or``, ``not`` hold conditions; ``if`` its condition and the side that was taken;
    ``exists``, ``all`` and ``exists_one`` one condition for each entry; a ``test`` holds facts.
    """

    kind: Kind
    source: str
    result: Result = field(default=None, repr=False)
    parts: tuple[Reason, ...] = ()
    facts: tuple[Fact, ...] = ()

    def deciding(self) -> tuple[Fact, ...]:
        """The values that made it so, in the order of the rule, each once.

        Of ``a && b`` that is false, those of the sides that are false; and so on.
        """
        found: dict[Place, Fact] = {}
        for fact in self._deciding():
            found.setdefault(fact.place, fact)
        return tuple(found.values())

    def _deciding(self) -> Iterator[Fact]:
        if self.kind in {"and", "all"}:
            chosen = self._with(False) if self.result is False else self.parts
        elif self.kind in {"or", "exists"}:
            chosen = self._with(True) if self.result is True else self.parts
        else:
            chosen = self.parts
        if self.result is None and self.kind in {"and", "or", "all", "exists"}:
            chosen = self._with(None) or self.parts
        found = [fact for part in chosen for fact in part.deciding()]
        if self.kind in _EACH and not any(fact.name == self.facts[0].name for fact in found):
            yield from self.facts  # the list itself: nothing of its entries was asked
        elif self.kind == "test":
            yield from self.facts
        yield from found

    def _with(self, result: bool | None) -> tuple[Reason, ...]:
        return tuple(part for part in self.parts if part.result is result)


def explain(rule: Rule, values: Mapping[str, Any]) -> Reason:
    """Why `rule` gives what it gives for `values` (by variable, as for the rule). Never raises."""
    if rule.outline is None:
        rule.outline = _outline_of(rule)
    outline: _Outline = rule.outline
    return outline.explain(values, {})


# --- the outline of a rule: read once, kept with the rule ----------------------------------------
@dataclass(frozen=True, slots=True)
class _Use:
    """What a condition looks at; `variable` is a macro's name for one entry of `name`."""

    name: str
    part: str = ""
    variable: str = ""
    every: bool = False
    inner: str = ""

    def facts(self, values: Mapping[str, Any], entries: Mapping[str, int]) -> Iterator[Fact]:
        value = values.get(self.name)
        if not (self.variable or self.every):
            yield Fact(self.name, self.part, None, _part(value, self.part), self.inner)
            return
        items = value if isinstance(value, list | tuple) else ()
        place = entries.get(self.variable)
        for number in range(len(items)) if place is None else (place,):
            value = _part(items[number], self.part)
            yield Fact(self.name, self.part, number, value, self.inner)


def _part(value: Any, part: str) -> Any:
    if not part:
        return value
    return value.get(part) if isinstance(value, Mapping) else None


@dataclass(frozen=True, slots=True)
class _Outline:
    kind: Kind
    source: str
    #: None for a side of ``? :`` that is no rule of its own (null, a number with decimals).
    rule: Rule | None
    parts: tuple[_Outline, ...] = ()
    uses: tuple[_Use, ...] = ()
    #: The macro's list and its name for an entry.
    over: str = ""
    variable: str = ""

    def explain(self, values: Mapping[str, Any], entries: Mapping[str, int]) -> Reason:
        made = Reason(self.kind, self.source, _result(self.rule, values))
        if self.kind == "test":
            facts = (fact for use in self.uses for fact in use.facts(values, entries))
            return replace(made, facts=tuple(facts))
        if self.kind == "if":
            condition = self.parts[0].explain(values, entries)
            if condition.result is None:
                return replace(made, parts=(condition,))
            taken = self.parts[1 if condition.result else 2]
            return replace(made, parts=(condition, taken.explain(values, entries)))
        if self.kind in _EACH:
            return self._each(made, values, entries)
        return replace(made, parts=tuple(part.explain(values, entries) for part in self.parts))

    def _each(self, made: Reason, values: Mapping[str, Any], entries: Mapping[str, int]) -> Reason:
        items = values.get(self.over) or []
        if not isinstance(items, list | tuple):
            items = []
        parts = tuple(
            self.parts[0].explain(
                {**values, self.variable: item}, {**entries, self.variable: number}
            )
            for number, item in enumerate(items)
        )
        return replace(made, parts=parts, facts=(Fact(self.over, value=items),))


def _result(rule: Rule | None, values: Mapping[str, Any]) -> Result:
    try:
        return rule(values) if rule else None
    except RuleFailed:
        return None


def _outline_of(rule: Rule) -> _Outline:
    tree = CELParser().parse(rule.source)
    reader = _Reader(rule.source)
    try:
        return reader.outline(tree, rule, {})
    except _TooMany:
        return _Outline("test", rule.source, rule, uses=tuple(dict.fromkeys(reader.uses(tree, {}))))


class _TooMany(Exception):
    """More conditions than anybody would read."""


@dataclass
class _Reader:
    source: str
    left: int = MOST_PARTS

    def outline(self, node: Any, rule: Rule, scope: Mapping[str, str]) -> _Outline:
        """`scope`: macro variables by name, with the variable whose entries they are ("": none)."""
        self.left -= 1
        if self.left < 0:
            raise _TooMany
        node = _inner(node)
        data = node.data if isinstance(node, Tree) else ""
        if data in {"conditionalor", "conditionaland"}:
            sides = [self._sub(side, rule, scope) for side in _sides(node, data)]
            return _Outline(
                "or" if data == "conditionalor" else "and", rule.source, rule, tuple(sides)
            )
        if data == "unary" and node.children[0].data == "unary_not":
            return _Outline("not", rule.source, rule, (self._sub(node.children[1], rule, scope),))
        if data == "expr":
            sides = [self._sub(child, rule, scope) for child in node.children]
            return _Outline("if", rule.source, rule, tuple(sides))
        if data == "member_dot_arg" and str(node.children[1]) in _EACH:
            made = self._macro(node, rule, scope)
            if made is not None:
                return made
        return self._test(rule.source, rule, node, scope)

    def _test(
        self, source: str, rule: Rule | None, node: Any, scope: Mapping[str, str]
    ) -> _Outline:
        return _Outline("test", source, rule, uses=tuple(dict.fromkeys(self.uses(node, scope))))

    def _sub(
        self,
        node: Any,
        rule: Rule,
        scope: Mapping[str, str],
        more: Mapping[str, VarType] | None = None,
    ) -> _Outline:
        node = _inner(node)
        types = {**rule.types, **(more or {})}
        if isinstance(node, Token):
            source = str(node)
        else:
            source = self.source[node.meta.start_pos : node.meta.end_pos]
        try:
            sub = compile_rule(source, types)
        except RuleError:
            return self._test(source, None, node, scope)
        return self.outline(node, sub, scope)

    def _macro(self, node: Tree, rule: Rule, scope: Mapping[str, str]) -> _Outline | None:
        if scope:
            return None  # entries of entries: too many conditions to tell, or to work out
        over, variable, body = _macro_parts(node)
        kind = rule.types.get(over)
        if over != _name_of(node.children[0]) or kind is None or kind.of is None:
            return None  # not simply the entries of a question
        inside = self._sub(body, rule, {**scope, variable: over}, {variable: kind.of})
        kind_of = _EACH[str(node.children[1])]
        return _Outline(kind_of, rule.source, rule, (inside,), (), over, variable)

    def uses(self, node: Any, scope: Mapping[str, str]) -> Iterator[_Use]:
        """Every variable below `node`, with the part of it that is read."""
        if not isinstance(node, Tree):
            return
        if node.data == "ident":
            yield from _use(str(node.children[0]), "", scope)
        elif node.data == "member_dot" and (name := _name_of(node.children[0])):
            yield from _use(name, str(node.children[1]), scope)
        elif node.data == "member_dot_arg" and str(node.children[1]) in MACROS:
            over, variable, body = _macro_parts(node)
            found = list(self.uses(node.children[0], scope))
            if not over and len(found) == 1 and found[0].part:  # entries within an entry
                read = _parts_of(variable, body)
                found = [replace(found[0], inner=part) for part in read] or found
            inside = list(self.uses(body, {**scope, variable: over and f"*{over}"}))
            told = {use.name for use in inside}
            yield from (use for use in found if use.part or use.every or use.name not in told)
            yield from inside
        else:
            for child in node.children:
                yield from self.uses(child, scope)


def _use(name: str, part: str, scope: Mapping[str, str]) -> Iterator[_Use]:
    owner = scope.get(name)
    if owner is None:
        yield _Use(name, part)
    elif owner.startswith("*"):
        yield _Use(owner[1:], part, every=True)
    elif owner:
        yield _Use(owner, part, variable=name)


def _macro_parts(node: Tree) -> tuple[str, str, Any]:
    """The question whose entries a macro goes through ("" unless simply so), its name, its body."""
    owner, _name, *rest = node.children
    arguments = next(child for child in rest if isinstance(child, Tree)).children
    over = _inner(owner)
    while isinstance(over, Tree) and over.data == "member_dot_arg":
        if str(over.children[1]) != "filter":  # filter gives the entries themselves
            return "", _name_of(arguments[0]), arguments[1]
        over = _inner(over.children[0])
    return _name_of(over), _name_of(arguments[0]), arguments[1]


def _parts_of(variable: str, body: Any) -> list[str]:
    """What is read of a macro's variable, each once."""
    if not isinstance(body, Tree):
        return []
    if body.data == "member_dot" and _name_of(body.children[0]) == variable:
        return [str(body.children[1])]
    found = (part for child in body.children for part in _parts_of(variable, child))
    return list(dict.fromkeys(found))


def _inner(node: Any) -> Any:
    while isinstance(node, Tree) and len(node.children) == 1 and node.data in _PASS:
        node = node.children[0]
    return node


def _sides(node: Tree, data: str) -> Iterable[Any]:
    """The sides of a chain of one operator, left to right."""
    found: list[Any] = []
    while isinstance(node, Tree) and node.data == data:
        found.append(node.children[1])
        node = _inner(node.children[0])
    return [node, *reversed(found)]


def _name_of(node: Any) -> str:
    node = _inner(node)
    return str(node.children[0]) if isinstance(node, Tree) and node.data == "ident" else ""
