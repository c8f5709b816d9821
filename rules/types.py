"""The types a rule's variables can have, and how their values are handed to the engine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from rules.errors import RuleFailed

Kind = Literal["bool", "int", "decimal", "text", "date", "list", "map", "null"]

#: More items than any question may hold; bounds what a macro can do.
LONGEST_LIST = 100
LONGEST_TEXT = 10_000
_INT64 = 2**63


@dataclass(frozen=True, slots=True)
class VarType:
    """A type: a kind, for lists what they hold, for maps their fields."""

    kind: Kind
    of: VarType | None = None
    fields: tuple[tuple[str, VarType], ...] = ()

    def field(self, name: str) -> VarType | None:
        return next((kind for key, kind in self.fields if key == name), None)

    def __str__(self) -> str:
        return f"list of {self.of}" if self.of else self.kind


BOOL = VarType("bool")
#: Whole numbers and money in yen.
INT = VarType("int")
#: A number with decimals. For comparing and rounding: a rule cannot result in one.
DECIMAL = VarType("decimal")
TEXT = VarType("text")
DATE = VarType("date")
NULL = VarType("null")
SIMPLE = {"bool": BOOL, "int": INT, "decimal": DECIMAL, "text": TEXT, "date": DATE}


def list_of(item: VarType) -> VarType:
    """A list of `item`: several choices, files, or a repeating group (a list of maps)."""
    return VarType("list", of=item)


def map_of(fields: Mapping[str, VarType]) -> VarType:
    """Named parts: an address, one entry of a group."""
    return VarType("map", fields=tuple(fields.items()))


def to_engine(value: Any, kind: VarType) -> Any:
    """`value` (as in answers) in the engine's form. Absent is null, an absent list is empty.

    Dates become day numbers, so that comparing them needs no time zone; decimals become floats.
    Raises `RuleFailed` for a value that is not of its type.
    """
    if value is None:
        return [] if kind.kind == "list" else None
    try:
        return _CONVERTERS[kind.kind](value, kind)
    except (ValueError, TypeError, InvalidOperation, AttributeError):
        raise RuleFailed("wrong_type") from None


def _bool(value: Any, _kind: VarType) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _int(value: Any, _kind: VarType) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    if not -_INT64 <= value < _INT64:
        raise ValueError
    return value


def _decimal(value: Any, _kind: VarType) -> float:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise TypeError
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError
    return float(number)


def _text(value: Any, _kind: VarType) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise TypeError
    return value


#: ``2026-04``: a month, which is its first day.
_MONTH = len("2026-04")


def _date(value: Any, _kind: VarType) -> int:
    if isinstance(value, str) and len(value) == _MONTH:
        value += "-01"
    return (value if isinstance(value, dt.date) else dt.date.fromisoformat(value)).toordinal()


def _list(value: Any, kind: VarType) -> list[Any]:
    if not isinstance(value, list | tuple) or len(value) > LONGEST_LIST:
        raise TypeError
    return [to_engine(item, kind.of or NULL) for item in value]


def _map(value: Any, kind: VarType) -> dict[str, Any]:
    # Every field is there: reading one that was not answered gives null, never an error.
    return {name: to_engine(value.get(name), of) for name, of in kind.fields}


_CONVERTERS: dict[str, Callable[[Any, VarType], Any]] = {
    "bool": _bool,
    "int": _int,
    "decimal": _decimal,
    "text": _text,
    "date": _date,
    "list": _list,
    "map": _map,
    "null": lambda _value, _kind: None,
}
