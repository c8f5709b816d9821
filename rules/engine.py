"""Rules: small CEL expressions, checked once, then evaluated in microseconds."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from typing import Any

import cel

from rules.checker import check
from rules.errors import RuleError, RuleFailed
from rules.functions import FUNCTIONS, RESERVED, Function
from rules.types import BOOL, DATE, INT, LONGEST_TEXT, SIMPLE, TEXT, VarType, to_engine

Result = bool | int | str | None
_RESULTS = (BOOL, INT, TEXT, DATE)


class Rule:
    """A compiled rule. Call it with answers by variable name.

    The result is None while it cannot be decided, because something it needs is not answered.
    A date results as ISO text. Raises `RuleFailed` when it cannot be worked out although all is
    there (a division by zero, a number too large).
    """

    __slots__ = ("_functions", "_program", "_types", "gives", "outline", "source", "variables")

    def __init__(
        self,
        source: str,
        program: Any,
        gives: VarType,
        types: Mapping[str, VarType],
        functions: Mapping[str, Function],
    ) -> None:
        self.source = source
        self.gives = gives
        self.variables = frozenset(types)
        #: How the rule is put together; `rules.reasons` reads it when first asked why.
        self.outline: Any = None
        self._program = program
        self._types = tuple(types.items())
        self._functions = {
            name: function.call for name, function in functions.items() if function.call is not None
        }

    @property
    def types(self) -> dict[str, VarType]:
        """The variables it uses, with their types."""
        return dict(self._types)

    def __repr__(self) -> str:
        return f"<Rule {self.source!r}>"

    def __call__(self, values: Mapping[str, Any]) -> Result:
        bag = {name: to_engine(values.get(name), kind) for name, kind in self._types}
        try:
            result = self._program.execute(bag | self._functions if self._functions else bag)
        except BaseException as error:  # noqa: BLE001 -- the engine's panics are no Exceptions
            _not_decided(error, bag)
            return None
        return self._out(result, bag)

    def _out(self, result: Any, bag: Mapping[str, Any]) -> Result:
        if result is None:
            return None
        kind = self.gives.kind
        if kind == "bool" and isinstance(result, bool):
            return result
        if kind in {"int", "date"} and isinstance(result, int) and not isinstance(result, bool):
            return result if kind == "int" else _iso(result)
        if kind == "text" and isinstance(result, str) and len(result) <= LONGEST_TEXT:
            return result
        if isinstance(result, float) and not math.isfinite(result) and _something_missing(bag):
            return None
        raise RuleFailed("wrong_result")


def compile_rule(
    source: str,
    variables: Mapping[str, VarType | str],
    functions: Mapping[str, Function] | None = None,
) -> Rule:
    """Check `source` against `variables` and compile it. Raises `RuleError` with the place.

    A simple type may be given by its name (``"int"``). A rule results in yes/no, a whole number,
    a text or a date. `functions` are the caller's own, beside those of every rule; like these, they
    must not raise (`functions.silent`).
    """
    types = {name: SIMPLE[of] if isinstance(of, str) else of for name, of in variables.items()}
    own = functions or {}
    clash = RESERVED.intersection([*variables, *own]) | (own.keys() & variables.keys())
    if clash:
        raise RuleError(f"'{min(clash)}' cannot be the name of a variable")
    known = {**FUNCTIONS, **own} if own else FUNCTIONS
    checked = check(source, types, known)
    if checked.gives not in _RESULTS:
        raise RuleError(
            f"the result is a {checked.gives}; "
            "a rule gives yes/no, a whole number, a text or a date (round_up rounds)"
        )
    try:
        program = cel.compile(source)
    except BaseException as error:  # noqa: BLE001 -- a panic in the parser is no Exception
        _reraise_signals(error)
        raise RuleError("the rule cannot be read by the engine") from None
    used = {name: types[name] for name in sorted(checked.variables)}
    called = {name: known[name] for name in checked.functions}
    return Rule(source, program, checked.gives, used, called)


def _not_decided(error: BaseException, bag: Mapping[str, Any]) -> None:
    """None when an answer is missing; else `RuleFailed`, without the engine's words."""
    _reraise_signals(error)
    if isinstance(error, Exception) and _something_missing(bag):
        return
    raise RuleFailed(type(error).__name__) from None


def _reraise_signals(error: BaseException) -> None:
    if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
        raise error


def _something_missing(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_something_missing(item) for item in value.values())
    if isinstance(value, list):
        return any(_something_missing(item) for item in value)
    return value is None


def _iso(day: int) -> str:
    try:
        return dt.date.fromordinal(day).isoformat()
    except (ValueError, OverflowError):
        raise RuleFailed("no_such_date") from None
