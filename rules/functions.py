"""Functions that rules may call.

The engine prints whatever a Python function raises, with the values in it. So none of these
raises: what cannot be worked out is null, and the rule that needs it fails without words.
"""

from __future__ import annotations

import calendar
import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from common.calendar import add_working_days, fiscal_year
from common.kana import as_banks_write
from rules.types import BOOL, DATE, DECIMAL, INT, TEXT, VarType, list_of

#: Day numbers of years 1 to 9999.
_LAST_DAY = dt.date.max.toordinal()
_INT64 = 2**63


@dataclass(frozen=True, slots=True)
class Function:
    """What a function takes and gives, for the check at publication."""

    call: Callable[..., Any] | None  # None: built into the engine
    takes: tuple[VarType, ...]
    gives: VarType


def silent(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` so that it gives None where it would raise, or a number too large."""

    @wraps(function)
    def call(*arguments: Any) -> Any:
        try:
            result = function(*arguments)
        except (ValueError, TypeError, OverflowError, ArithmeticError, AttributeError):
            return None
        if isinstance(result, int) and not -_INT64 <= result < _INT64:
            return None
        return result

    return call


def _days_between(start: int, end: int) -> int:
    return end - start


def _on(day: int) -> dt.date:
    return dt.date.fromordinal(day)


def _years_between(start: int, end: int) -> int:
    """Full years, as an age: the birthday itself completes the year."""
    first, last = _on(start), _on(end)
    return last.year - first.year - ((last.month, last.day) < (first.month, first.day))


def _months_between(start: int, end: int) -> int:
    first, last = _on(start), _on(end)
    months = (last.year - first.year) * 12 + last.month - first.month
    return months - (last.day < first.day)


def _charged_months(first: int, last: int) -> int | None:
    """Months of a charge by the year, from the first to the last day, both included.

    A full year counts twelve, wherever it starts. In what is left over, the month of the first and
    that of the last day count one each, and it never counts more than a year (月割:
    若桜町道路占用料徴収条例4条). A year from 29 February ends on 28 February (民法143条2項).
    """
    start, after = _on(first), _on(last + 1)
    if after <= start:
        return None
    years = _years_between(first, last + 1)
    year = start.year + years
    if (start.month, start.day) == (2, 29) and not calendar.isleap(year):
        rest = dt.date(year, 3, 1)
    else:
        rest = start.replace(year=year)
    if rest >= after:
        return years * 12
    end = _on(last)
    touched = (end.year - rest.year) * 12 + end.month - rest.month + 1
    return years * 12 + min(touched, 12)


def _fiscal_year(day: int) -> int:
    """The Japanese fiscal year of a date: April to March (地方自治法208条)."""
    return fiscal_year(_on(day))


def _within_fiscal_year(first: int, last: int, year: int) -> tuple[dt.date, dt.date] | None:
    """The part of a period that lies in a fiscal year; None for no day of it."""
    start = max(_on(first), dt.date(year, 4, 1))
    end = min(_on(last), dt.date(year + 1, 3, 31))
    return (start, end) if start <= end else None


def _months_in_fiscal_year(first: int, last: int, year: int) -> int:
    """Calendar months of a fiscal year that a period touches, both days included: 0 to 12."""
    part = _within_fiscal_year(first, last, year)
    if part is None:
        return 0
    start, end = part
    return (end.year - start.year) * 12 + end.month - start.month + 1


def _days_in_fiscal_year(first: int, last: int, year: int) -> int:
    """Days of a fiscal year that a period covers, both ends included: 0 to 366."""
    part = _within_fiscal_year(first, last, year)
    return (part[1] - part[0]).days + 1 if part else 0


def _days_of_fiscal_year(year: int) -> int:
    """365 or 366: a leap day lies at the end of a fiscal year, in the next February."""
    return (dt.date(year + 1, 4, 1) - dt.date(year, 4, 1)).days


def _add_days(day: int, days: int) -> int | None:
    moved = day + days
    return moved if 1 <= moved <= _LAST_DAY else None


def _add_months(day: int, months: int) -> int:
    """The same day of a later month; the last day where the month is shorter."""
    start = _on(day)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(start.day, last)).toordinal()


def _add_years(day: int, years: int) -> int:
    return _add_months(day, years * 12)


def _next_open_day(day: int) -> int:
    """The day itself, or the next on which offices are open (行政機関の休日に関する法律2条)."""
    return add_working_days(_on(day), 0).toordinal()


def _same_kana(one: str, other: str) -> bool:
    """Whether two names in katakana are the same, however a bank has written them."""
    return as_banks_write(one) == as_banks_write(other)


def rounded(number: float) -> float:
    """Without the last noise of a float: 1.1 * 10.0 must not round up to 12."""
    return round(number, 9)


def _round_half_up(number: float) -> int:
    return math.floor(rounded(number) + 0.5)


def _round_down_to(number: float, unit: int) -> int | None:
    """Down to a multiple of `unit` (10円未満切捨て)."""
    return math.floor(rounded(number / unit)) * unit if unit > 0 else None


def _round_up_to(number: float, unit: int) -> int | None:
    return math.ceil(rounded(number / unit)) * unit if unit > 0 else None


def _round_half_up_to(number: float, unit: int) -> int | None:
    return math.floor(rounded(number / unit) + 0.5) * unit if unit > 0 else None


def _sum(numbers: Sequence[int | None]) -> int:
    return sum(number for number in numbers if number is not None)


FUNCTIONS: dict[str, Function] = {
    "date": Function(silent(lambda text: dt.date.fromisoformat(text).toordinal()), (TEXT,), DATE),
    "days_between": Function(silent(_days_between), (DATE, DATE), INT),
    "months_between": Function(silent(_months_between), (DATE, DATE), INT),
    "charged_months": Function(silent(_charged_months), (DATE, DATE), INT),
    "fiscal_year": Function(silent(_fiscal_year), (DATE,), INT),
    "months_in_fiscal_year": Function(silent(_months_in_fiscal_year), (DATE, DATE, INT), INT),
    "days_in_fiscal_year": Function(silent(_days_in_fiscal_year), (DATE, DATE, INT), INT),
    "days_of_fiscal_year": Function(silent(_days_of_fiscal_year), (INT,), INT),
    "years_between": Function(silent(_years_between), (DATE, DATE), INT),
    "add_days": Function(silent(_add_days), (DATE, INT), DATE),
    "add_months": Function(silent(_add_months), (DATE, INT), DATE),
    "add_years": Function(silent(_add_years), (DATE, INT), DATE),
    "year": Function(silent(lambda day: _on(day).year), (DATE,), INT),
    "month": Function(silent(lambda day: _on(day).month), (DATE,), INT),
    "day": Function(silent(lambda day: _on(day).day), (DATE,), INT),
    "weekday": Function(silent(lambda day: _on(day).isoweekday()), (DATE,), INT),
    "next_open_day": Function(silent(_next_open_day), (DATE,), DATE),
    "same_kana": Function(silent(_same_kana), (TEXT, TEXT), BOOL),
    "length": Function(silent(len), (TEXT,), INT),
    "min": Function(silent(min), (INT, INT), INT),
    "max": Function(silent(max), (INT, INT), INT),
    "sum": Function(silent(_sum), (list_of(INT),), INT),
    "round_up": Function(silent(lambda n: math.ceil(rounded(n))), (DECIMAL,), INT),
    "round_down": Function(silent(lambda n: math.floor(rounded(n))), (DECIMAL,), INT),
    "round_half_up": Function(silent(_round_half_up), (DECIMAL,), INT),
    "round_down_to": Function(silent(_round_down_to), (DECIMAL, INT), INT),
    "round_up_to": Function(silent(_round_up_to), (DECIMAL, INT), INT),
    "round_half_up_to": Function(silent(_round_half_up_to), (DECIMAL, INT), INT),
    "double": Function(None, (INT,), DECIMAL),
    "string": Function(None, (INT,), TEXT),
}

#: Methods of the engine on texts. `matches` takes a literal pattern only (see the checker).
METHODS: dict[str, Function] = {
    "contains": Function(None, (TEXT, TEXT), BOOL),
    "startsWith": Function(None, (TEXT, TEXT), BOOL),
    "endsWith": Function(None, (TEXT, TEXT), BOOL),
    "matches": Function(None, (TEXT, TEXT), BOOL),
}

MACROS = frozenset({"all", "exists", "exists_one", "filter", "map"})

#: Names that cannot be variables: the engine keeps functions and variables in one bag.
RESERVED = frozenset(
    {*FUNCTIONS, *METHODS, *MACROS, "size", "has", "int", "uint", "bool", "bytes", "type", "dyn"}
    | {"duration", "timestamp", "optional", "true", "false", "null", "in", "as", "break", "const"}
    | {"continue", "else", "for", "function", "if", "import", "let", "loop", "package"}
    | {"namespace", "return", "var", "void", "while"}
)
