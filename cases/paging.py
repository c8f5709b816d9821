"""Walking through a long list without counting to where one is (keyset paging).

A cursor holds the place itself: the values that the list is ordered by and the id of a case. Work
that moves cases in or out meanwhile neither hides a case nor shows one twice, and page 400 costs
what page 1 costs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from cases.desk import listed
from cases.models import Case

_CURSOR = re.compile(r"(next|prev)\.(\d{8}|-)\.(\d{1,17})\.([0-9a-f]{32})\Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list: after it, or (`back`) before it.

    `due_on` and `received_on` of an open list; `closed_at` of the closed one.
    """

    back: bool
    due_on: date | None
    received_on: date
    closed_at: datetime | None
    pk: UUID


@dataclass(frozen=True, slots=True)
class Page:
    """Some cases, and the cursors of the pages beside them; empty where there is none."""

    cases: list[Case]
    before: str
    after: str


def cursor_of(text: str, *, closed: bool) -> Cursor | None:
    """The cursor in an address; None when it is none of ours."""
    found = _CURSOR.match(text)
    if found is None:
        return None
    way, due, number, pk = found.groups()
    try:
        if closed:
            moment = _EPOCH + timedelta(microseconds=int(number))
            return Cursor(way == "prev", None, date.min, moment, UUID(pk))
        due_on = None if due == "-" else _day(due)
        return Cursor(way == "prev", due_on, _day(number), None, UUID(pk))
    except (ValueError, OverflowError):
        return None


def _day(text: str) -> date:
    if len(text) != 8:
        raise ValueError("no day")
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def _text(way: str, case: Case, closed: bool) -> str:
    if closed and case.closed_at is not None:
        number = (case.closed_at - _EPOCH) // timedelta(microseconds=1)
        return f"{way}.-.{number}.{case.pk.hex}"
    due = f"{case.due_on:%Y%m%d}" if case.due_on else "-"
    return f"{way}.{due}.{case.received_on:%Y%m%d}.{case.pk.hex}"


def page(cases: QuerySet[Case], at: Cursor | None, size: int, *, closed: bool = False) -> Page:
    """`size` cases of an inbox list (`cases.desk.inbox`) at a cursor.

    `closed`: the list is in the order of closing, as the closed one is. One statement, two where
    running and stopped clocks meet.
    """
    if at is None:
        found = _first(cases, size + 1)
        after = _text("next", found[size - 1], closed) if len(found) > size else ""
        return Page(found[:size], "", after)
    found = _closed(cases, at, size + 1) if closed else _open(cases, at, size + 1)
    more, shown = len(found) > size, found[:size]
    if not at.back:
        before = _text("prev", shown[0], closed) if shown else ""
        return Page(shown, before, _text("next", shown[-1], closed) if more else "")
    shown.reverse()
    after = _text("next", shown[-1], closed) if shown else ""
    return Page(shown, _text("prev", shown[0], closed) if more else "", after)


def _closed(cases: QuerySet[Case], at: Cursor, most: int) -> list[Case]:
    if at.back:
        beyond = Q(closed_at__gt=at.closed_at) | Q(pk__lt=at.pk)
        cases = cases.filter(beyond, closed_at__gte=at.closed_at).order_by("closed_at", "-pk")
    else:
        beyond = Q(closed_at__lt=at.closed_at) | Q(pk__gt=at.pk)
        cases = cases.filter(beyond, closed_at__lte=at.closed_at)
    return _first(cases, most)


def _open(cases: QuerySet[Case], at: Cursor, most: int) -> list[Case]:
    """Running clocks by their day, then the stopped ones; a bound that an index can start at."""
    running, stopped = cases.filter(due_on__isnull=False), cases.filter(due_on__isnull=True)
    if at.back:
        running = running.order_by("-due_on", "-received_on", "-pk")
        stopped = stopped.order_by("-received_on", "-pk")
        beyond = Q(received_on__lt=at.received_on) | Q(received_on=at.received_on, pk__lt=at.pk)
        if at.due_on:
            bound = Q(due_on__lte=at.due_on) & (Q(due_on__lt=at.due_on) | beyond)
            return _first(running.filter(bound), most)
        found = _first(stopped.filter(beyond), most)
        return found + (_first(running, most - len(found)) if len(found) < most else [])
    beyond = Q(received_on__gt=at.received_on) | Q(received_on=at.received_on, pk__gt=at.pk)
    if at.due_on is None:
        return _first(stopped.filter(beyond), most)
    bound = Q(due_on__gte=at.due_on) & (Q(due_on__gt=at.due_on) | beyond)
    found = _first(running.filter(bound), most)
    return found + (_first(stopped, most - len(found)) if len(found) < most else [])


def _first(cases: QuerySet[Case], most: int) -> list[Case]:
    """The first of a list. They are found, sorted and cut by themselves; what a list shows of other
    tables is joined to those few only."""
    order = cases.query.order_by
    ids = cases.select_related(None).values("pk")[:most]
    return list(listed().filter(pk__in=ids).order_by(*order))
