"""Working days, and dates as Japanese offices write them."""

from __future__ import annotations

import calendar
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import jpholiday

# 行政機関の休日に関する法律 1条: 29 December to 3 January.
_YEAR_END = {(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)}


@dataclass(frozen=True, slots=True)
class Era:
    """元号, with its first day and how it is written in letters."""

    first: date
    name: str
    letter: str
    roman: str


# Newest first (元号法; the eras since Meiji use the Gregorian calendar). `eras.js` has them, too.
ERAS = (
    Era(date(2019, 5, 1), "令和", "R", "Reiwa"),
    Era(date(1989, 1, 8), "平成", "H", "Heisei"),
    Era(date(1926, 12, 25), "昭和", "S", "Showa"),
    Era(date(1912, 7, 30), "大正", "T", "Taisho"),
    Era(date(1868, 1, 25), "明治", "M", "Meiji"),
)


@lru_cache(maxsize=4096)
def _is_national_day_off(day: date) -> bool:
    return (
        day.weekday() >= 5 or (day.month, day.day) in _YEAR_END or bool(jpholiday.is_holiday(day))
    )


def is_working_day(day: date, closed: Collection[date] = frozenset()) -> bool:
    """Whether offices are open: no weekend, holiday, year's end or closing day of the town."""
    return day not in closed and not _is_national_day_off(day)


def add_working_days(start: date, days: int, closed: Collection[date] = frozenset()) -> date:
    """The date `days` working days after `start`; the first day is not counted (民法140条).

    With ``days=0``: `start` itself, or the next day the office is open. Raises `ValueError` for a
    negative number.
    """
    if days < 0:
        raise ValueError("days must not be negative")
    day = start
    if days == 0:
        while not is_working_day(day, closed):
            day += timedelta(days=1)
        return day
    while days:
        day += timedelta(days=1)
        if is_working_day(day, closed):
            days -= 1
    return day


def add_months(start: date, months: int) -> date:
    """The day of the same number `months` later (earlier, when negative); where there is none, the
    last one of that month (民法143条2項)."""
    number = start.year * 12 + start.month - 1 + months
    year, month = divmod(number, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(start.day, last))


def working_days_between(start: date, end: date, closed: Collection[date] = frozenset()) -> int:
    """Working days after `start` up to and including `end`; negative when `end` is earlier."""
    if end < start:
        return -working_days_between(end, start, closed)
    return sum(
        is_working_day(start + timedelta(days=offset), closed)
        for offset in range(1, (end - start).days + 1)
    )


def japanese_year(day: date) -> tuple[Era, int] | None:
    """The era of a day and its year in it. None before Meiji."""
    for era in ERAS:
        if day >= era.first:
            return era, day.year - era.first.year + 1
    return None


def wareki(day: date) -> str:
    """A date by era: ``令和8年4月1日``, ``令和元年5月1日``. Before Meiji: the Gregorian year."""
    year = str(day.year)
    if found := japanese_year(day):
        era, number = found
        year = f"{era.name}{'元' if number == 1 else number}"
    return f"{year}年{day.month}月{day.day}日"


def fiscal_year(day: date) -> int:
    """The Japanese fiscal year of a date: April to March (地方自治法208条)."""
    return day.year if day.month >= 4 else day.year - 1
