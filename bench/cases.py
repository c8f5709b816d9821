# ruff: noqa: PLC0415  models can be imported after django.setup() only
"""The desk of a municipality with 100,000 cases next to that of one with 1,000, and many moves.

Both towns are in one database server of their own, and asked in turn in one run; pages come through
the whole of Django (middleware, session, templates), without HTTP in between.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from bench import many_cases
from bench.figures import Figure, median, p95
from bench.own_server import measured

DATABASE = "madoguchi"
TOWNS = {"few": 1_000, "many": 100_000}
TURNS = 60
WARM_UP = 5
MOST_STATEMENTS = 15

#: The pages: a name and the address after /desk/; {number}, {phone}, {name} are of a case there.
PAGES = {
    "inbox": "",
    "inbox_mine": "?view=mine",
    "inbox_unassigned": "?view=unassigned",
    "inbox_waiting": "?view=waiting",
    "inbox_overdue": "?view=overdue",
    "inbox_closed": "?view=closed",
    "inbox_page_10": "?at={page_10}",
    "search_number": "?view=closed&q={number}",
    "search_phone": "?q={phone}",
    "search_common_name": "?q={common}",
    "search_kana": "?q={kana}",
    "search_place": "?q={place}",
    "search_everybody": "?q=第一市",
    "case": "cases/{case}/",
}
LIMITS = {f"cases.{page}.ratio": 1.5 for page in PAGES} | {
    f"cases.{page}.statements": float(MOST_STATEMENTS) for page in PAGES
}


def run() -> Iterator[Figure]:
    """The group `cases`. Raises `BenchError`."""
    return measured("bench.cases", DATABASE, LIMITS)


def main() -> None:
    """Measure against ``DATABASE_URL`` and print ``[figure, value, unit]`` lines."""
    import django

    django.setup()
    desks = [_Desk(name, count) for name, count in TOWNS.items()]
    _pages(*desks)


def _say(figure: str, value: float, unit: str) -> None:
    print(json.dumps([figure, round(value, 3), unit]), flush=True)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


class _Desk:
    """A town with its cases, and a caseworker's browser."""

    def __init__(self, name: str, count: int) -> None:
        from django.test import Client

        from common.text import Text
        from tenants import context, provisioning

        self.name, self.count = name, count
        if name == next(iter(TOWNS)):
            provisioning.migrate_public()
            provisioning.build_template()
        provisioning.provision(
            schema_name=name,
            code=f"{100001 + len(name)}",
            name=Text({"ja": "第一市", "en": "City 1"}),
            prefecture=Text({"ja": "窓口県", "en": "Madoguchi Prefecture"}),
            domains=[f"{name}.localhost"],
            languages=["ja", "en"],
        )
        started = time.perf_counter()
        self.staff = many_cases.make(name, count)
        _say(f"cases.{name}.made", time.perf_counter() - started, "s")
        _vacuum(name)
        self.client = Client(HTTP_HOST=f"{name}.localhost")
        with context.municipality(name):
            self.reader = self.staff.caseworkers[0]
            _sign_in(self.client, self.reader)
            self.words = self._words()

    def _words(self) -> dict[str, str]:
        """What to look for: of a case in the reader's department."""
        from cases import desk, paging
        from cases.desk import InboxFilter
        from cases.models import Case

        page = paging.page(desk.inbox(self.reader, InboxFilter()), None, 25)
        for _ in range(8):
            at = paging.cursor_of(page.after, closed=False)
            page = paging.page(desk.inbox(self.reader, InboxFilter()), at, 25)
        here = Case.objects.filter(department=self.staff.offices[0]).select_related(
            "application", "resident"
        )
        closed, open_ = here.filter(closed_at__isnull=False)[0], here.filter(stage="review")[0]
        return {
            "page_10": page.after,
            # What fills the page in both: among a thousand, few have one name or are at one place.
            "common": "佐藤" if self.count > 10_000 else "北側",
            "place": "噴水の北側" if self.count > 10_000 else "北側",
            "number": closed.application.receipt_number,
            "phone": open_.application.answers["phone"],
            "kana": open_.resident.name_kana.replace(" ", ""),
            "case": str(open_.pk),
        }

    def open(self, page: str) -> None:
        answer = self.client.get("/desk/" + PAGES[page].format(**self.words))
        if answer.status_code != 200 or (page != "case" and b"data-row" not in answer.content):
            raise SystemExit(f"{page} of {self.name}: {answer.status_code}, no case")

    def statements(self, page: str) -> int:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as caught:
            self.open(page)
        return len(caught)


def _vacuum(schema: str) -> None:
    """As autovacuum leaves the tables after so many rows."""
    import psycopg
    from django.conf import settings
    from psycopg import sql

    with psycopg.connect(settings.DATABASE_OWNER_URL, autocommit=True) as conn:
        tables = conn.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = 'r'",
            [schema],
        ).fetchall()
        for (table,) in tables:
            conn.execute(
                sql.SQL("VACUUM ANALYZE {}.{}").format(
                    sql.Identifier(schema), sql.Identifier(table)
                )
            )


def _sign_in(client: Any, user: Any) -> None:
    """The session of a member of staff as it is after password and code."""
    client.force_login(user, backend="identity.backends.StaffBackend")
    session = client.session
    session["account_authentication_methods_user"] = str(user.pk)
    session["account_authentication_methods"] = [
        {"method": "password", "at": time.time()},
        {"method": "mfa", "type": "totp", "at": time.time()},
    ]
    session.save()


def _pages(few: _Desk, many: _Desk) -> None:
    """Each page of both towns in turn."""
    for page in PAGES:
        times: dict[str, list[float]] = {"few": [], "many": []}
        for turn in range(WARM_UP + TURNS):
            for desk in (few, many):
                gc.collect(0)
                seconds = _seconds(lambda desk=desk, page=page: desk.open(page)) * 1000  # type: ignore[misc]
                if turn >= WARM_UP:
                    times[desk.name].append(seconds)
        _say(f"cases.{page}.p95_few", p95(times["few"]), "ms")
        _say(f"cases.{page}.p95_many", p95(times["many"]), "ms")
        _say(f"cases.{page}.median_ratio", median(times["many"]) / median(times["few"]), "")
        _say(f"cases.{page}.ratio", p95(times["many"]) / p95(times["few"]), "")
        _say(f"cases.{page}.statements", many.statements(page), "SQL")


if __name__ == "__main__":
    main()
