"""The check at publication: names, types and macros of a rule, from its syntax tree.

The tree comes from cel-python's parser; the rule itself runs in another engine. Only what is
understood here is let through, so the two can differ in nothing that a rule may contain.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from celpy.celparser import CELParseError, CELParser
from lark import Token, Tree

from rules.errors import Position, RuleError
from rules.functions import FUNCTIONS, MACROS, METHODS, RESERVED, Function
from rules.gate import check_shape
from rules.types import BOOL, DECIMAL, INT, NULL, TEXT, VarType, list_of

MAX_MACROS = 3
MAX_MACRO_DEPTH = 2
MAX_LIST_LITERAL = 50
MAX_PATTERN = 200
_INT64 = 2**63
_NUMBERS = frozenset({"int", "decimal"})
_ORDERED = frozenset({"int", "decimal", "text", "date"})
_ESCAPES = {"\\\\": "\\", '\\"': '"', "\\'": "'", "\\n": "\n", "\\t": "\t"}


@dataclass(frozen=True, slots=True)
class Checked:
    """What the check found: the result's type and what the rule uses."""

    gives: VarType
    variables: frozenset[str]
    functions: frozenset[str]


def check(
    source: str,
    variables: Mapping[str, VarType],
    functions: Mapping[str, Function] = FUNCTIONS,
) -> Checked:
    """Check a rule against what it may use. Raises `RuleError` with the place."""
    check_shape(source)
    try:
        tree = CELParser().parse(source)
    except CELParseError as error:
        where = (
            Position(error.line, error.column)
            if error.line and error.column and error.line > 0
            else None
        )
        raise RuleError("this is not a complete expression", where) from None
    walk = _Walk(variables, functions)
    gives = walk.type_of(tree)
    return Checked(gives, frozenset(walk.used), frozenset(walk.called))


@dataclass
class _Walk:
    variables: Mapping[str, VarType]
    functions: Mapping[str, Function]
    used: set[str] = field(default_factory=set)
    called: set[str] = field(default_factory=set)
    macro_variables: dict[str, VarType] = field(default_factory=dict)
    macros: int = 0
    depth: int = 0

    def type_of(self, node: Any) -> VarType:
        # Most levels of the grammar only pass one child on; skip those without recursion.
        while isinstance(node, Tree) and len(node.children) == 1 and node.data in _PASS:
            node = node.children[0]
        if isinstance(node, Token):
            raise _error("this is not understood", node)
        visit = getattr(self, f"_{node.data}", None)
        if visit is None:
            raise _error("this part of the language is not available in rules", node)
        result: VarType = visit(node)
        return result

    # --- operators ----------------------------------------------------------------------------
    def _expr(self, node: Tree) -> VarType:
        condition, yes, no = node.children
        self._expect(condition, BOOL, "the part before '?'")
        return _unified(self.type_of(yes), self.type_of(no), node)

    def _conditionalor(self, node: Tree) -> VarType:
        for child in node.children:
            self._expect(child, BOOL, "each side of '||'")
        return BOOL

    def _conditionaland(self, node: Tree) -> VarType:
        for child in node.children:
            self._expect(child, BOOL, "each side of '&&'")
        return BOOL

    def _relation(self, node: Tree) -> VarType:
        operator, right_node = node.children
        left = self.type_of(operator.children[0])
        right = self.type_of(right_node)
        if operator.data in {"relation_eq", "relation_ne"}:
            return self._equal(left, right, node)
        if operator.data == "relation_in":
            if right.kind != "list" or not _comparable(left, right.of):
                raise _error(f"'in' cannot look for a {left} in a {right}", node)
            return BOOL
        if left.kind not in _ORDERED or not _comparable(left, right) or NULL in (left, right):
            raise _error(f"a {left} and a {right} have no order", node)
        return BOOL

    @staticmethod
    def _equal(left: VarType, right: VarType, node: Tree) -> VarType:
        if not _comparable(left, right):
            raise _error(f"a {left} is never equal to a {right}", node)
        return BOOL

    def _addition(self, node: Tree) -> VarType:
        operator, right_node = node.children
        left, right = self.type_of(operator.children[0]), self.type_of(right_node)
        if operator.data == "addition_add" and left == right == TEXT:
            return TEXT
        return _arithmetic(left, right, node)

    def _multiplication(self, node: Tree) -> VarType:
        operator, right_node = node.children
        left, right = self.type_of(operator.children[0]), self.type_of(right_node)
        if operator.data == "multiplication_mod" and DECIMAL in (left, right):
            raise _error("'%' is for whole numbers", node)
        return _arithmetic(left, right, node)

    def _unary(self, node: Tree) -> VarType:
        sign, operand = node.children
        if sign.data == "unary_not":
            self._expect(operand, BOOL, "what follows '!'")
            return BOOL
        kind = self.type_of(operand)
        if kind.kind not in _NUMBERS:
            raise _error(f"'-' cannot go before a {kind}", node)
        return kind

    # --- names, members, calls ----------------------------------------------------------------
    def _ident(self, node: Tree) -> VarType:
        name = str(node.children[0])
        if name in self.macro_variables:
            return self.macro_variables[name]
        kind = self.variables.get(name)
        if kind is None:
            raise _error(f"there is no question '{name}' that this rule may use", node)
        self.used.add(name)
        return kind

    def _paren_expr(self, node: Tree) -> VarType:
        return self.type_of(node.children[0])

    def _member_dot(self, node: Tree) -> VarType:
        owner, name = node.children
        kind = self.type_of(owner)
        found = kind.field(str(name)) if kind.kind == "map" else None
        if found is None:
            raise _error(f"a {kind} has no part '{name}'", name)
        return found

    def _member_dot_arg(self, node: Tree) -> VarType:
        owner, name_token, *rest = node.children
        name, arguments = str(name_token), _arguments(rest)
        if name in MACROS:
            return self._macro(node, owner, name, arguments)
        method = METHODS.get(name)
        if method is None:
            raise _error(f"there is no method '{name}'", name_token)
        self._expect(owner, TEXT, f"what is before '.{name}'")
        if len(arguments) != 1:
            raise _error(f"'{name}' takes one text", name_token)
        if name == "matches":
            self._pattern(arguments[0], name_token)
        self._expect(arguments[0], TEXT, f"what '{name}' takes")
        return method.gives

    def _pattern(self, argument: Any, at: Any) -> None:
        while isinstance(argument, Tree) and len(argument.children) == 1:
            argument = argument.children[0]
        if not (isinstance(argument, Token) and argument.type == "STRING_LIT"):
            raise _error("'matches' needs its pattern written out", at)
        pattern = _unquoted(str(argument))
        if len(pattern) > MAX_PATTERN or re.search(r"\{\d{3,}", pattern):
            raise _error("the pattern is too long", argument)
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError):
            raise _error("the pattern is not a regular expression", argument) from None

    def _macro(self, node: Tree, owner: Any, name: str, arguments: list[Any]) -> VarType:
        self.macros += 1
        self.depth += 1
        if self.macros > MAX_MACROS or self.depth > MAX_MACRO_DEPTH:
            raise _error(
                f"at most {MAX_MACROS} of exists, all, map, filter, and {MAX_MACRO_DEPTH} nested",
                node,
            )
        over = self.type_of(owner)
        if over.kind != "list" or over.of is None:
            raise _error(f"'{name}' works on a list, not on a {over}", node)
        variable = _single_name(arguments[0]) if len(arguments) == 2 else None
        if variable is None:
            raise _error(f"'{name}' is written {name}(x, …)", node)
        if variable in self.macro_variables or variable in self.variables:
            raise _error(f"'{variable}' already means something else here", node)
        if variable in RESERVED:
            raise _error(f"'{variable}' has a meaning of its own", node)
        self.macro_variables[variable] = over.of
        body = self.type_of(arguments[1])
        del self.macro_variables[variable]
        self.depth -= 1
        if name == "map":
            return list_of(body)
        if body != BOOL:
            raise _error(f"what '{name}' asks of each must be yes or no", node)
        return over if name == "filter" else BOOL

    def _ident_arg(self, node: Tree) -> VarType:
        name_token, *rest = node.children
        name, arguments = str(name_token), _arguments(rest)
        if name == "size":
            return self._size(arguments, name_token)
        function = self.functions.get(name)
        if function is None:
            raise _error(f"there is no function '{name}'", name_token)
        if len(arguments) != len(function.takes):
            raise _error(f"'{name}' takes {len(function.takes)} values", name_token)
        for argument, kind in zip(arguments, function.takes, strict=True):
            self._expect(argument, kind, f"what '{name}' takes")
        self.called.add(name)
        return function.gives

    def _size(self, arguments: list[Any], at: Any) -> VarType:
        if len(arguments) != 1 or self.type_of(arguments[0]).kind != "list":
            # The engine counts the bytes of a text; length() counts characters.
            raise _error("'size' counts a list; use length(…) for a text", at)
        return INT

    # --- literals -----------------------------------------------------------------------------
    def _list_lit(self, node: Tree) -> VarType:
        items = _arguments(node.children)
        if len(items) > MAX_LIST_LITERAL:
            raise _error(f"a list is longer than {MAX_LIST_LITERAL}", node)
        if not items:
            raise _error("the list is empty", node)
        kind = self.type_of(items[0])
        for item in items[1:]:
            kind = _unified(kind, self.type_of(item), node)
        return list_of(kind)

    def _literal(self, node: Tree) -> VarType:
        token: Any = node.children[0]
        kind = _LITERALS.get(token.type)
        if kind is None:
            raise _error("this kind of literal is not available in rules", node)
        if kind == INT and not -_INT64 <= int(token) < _INT64:
            raise _error("the number is too large", node)
        return kind

    def _expect(self, node: Any, kind: VarType, what: str) -> None:
        found = self.type_of(node)
        if found == kind or (found == NULL and kind != BOOL):
            return
        if kind == list_of(INT) and found.kind == "list" and found.of == NULL:
            return
        raise _error(f"{what} must be a {kind}, not a {found}", node)


_PASS = frozenset(
    {"expr", "conditionalor", "conditionaland", "relation", "addition", "multiplication"}
    | {"unary", "member", "primary"}
)
_LITERALS = {
    "INT_LIT": INT,
    "FLOAT_LIT": DECIMAL,
    "STRING_LIT": TEXT,
    "BOOL_LIT": BOOL,
    "NULL_LIT": NULL,
}


def _comparable(left: VarType, right: VarType | None) -> bool:
    if right is None:
        return False
    if left == right or NULL in (left, right):
        return True
    return left.kind in _NUMBERS and right.kind in _NUMBERS


def _arithmetic(left: VarType, right: VarType, node: Tree) -> VarType:
    if left == right and left.kind in _NUMBERS:
        return left
    if {left.kind, right.kind} == _NUMBERS:
        raise _error("write double(…) around the whole number, or 2.0 instead of 2", node)
    hint = "; use days_between or add_days" if "date" in (left.kind, right.kind) else ""
    raise _error(f"a {left} and a {right} cannot be calculated with{hint}", node)


def _unified(left: VarType, right: VarType, node: Tree) -> VarType:
    if left == right or right == NULL:
        return left
    if left == NULL:
        return right
    raise _error(f"one side is a {left}, the other a {right}", node)


def _arguments(children: list[Any]) -> list[Any]:
    found = [child for child in children if isinstance(child, Tree) and child.data == "exprlist"]
    return list(found[0].children) if found else []


def _single_name(node: Any) -> str | None:
    while isinstance(node, Tree) and len(node.children) == 1:
        if node.data == "ident":
            return str(node.children[0])
        node = node.children[0]
    return None


def _unquoted(literal: str) -> str:
    return re.sub(r"\\.", lambda match: _ESCAPES.get(match.group(), match.group()), literal[1:-1])


def _error(message: str, node: Any) -> RuleError:
    if isinstance(node, Token):
        line, column = node.line, node.column
    else:
        line, column = getattr(node.meta, "line", None), getattr(node.meta, "column", None)
    return RuleError(message, Position(line, column) if line and column else None)
