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
MOVES = 60

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
    "dashboard": "reports/",
    # By somebody who leads all departments.
    "lead_inbox": "",
    "lead_overdue": "?view=overdue",
    "lead_closed": "?view=closed",
    "lead_search_place": "?q={place}",
    "lead_dashboard": "reports/",
}
#: What shows that a page is the one that was meant; a list shows rows.
SHOWS = {"case": b"<h1", "dashboard": b"<svg", "lead_dashboard": b"<svg"}
LIMITS = (
    {f"cases.{page}.ratio": 1.5 for page in PAGES}
    | {
        "cases.bulk_1000": 10.0,
        "cases.bulk_not_done": 0,
        "cases.bulk_not_queued": 0,
        "cases.move_ratio": 2.0,
    }
    | {f"cases.{page}.statements": float(MOST_STATEMENTS) for page in PAGES}
)


def run() -> Iterator[Figure]:
    """The group `cases`. Raises `BenchError`."""
    return measured("bench.cases", DATABASE, LIMITS)


def main() -> None:
    """Measure against ``DATABASE_URL`` and print ``[figure, value, unit]`` lines."""
    import django

    django.setup()
    desks = [_Desk(name, count) for name, count in TOWNS.items()]
    _pages(*desks)
    _bulk(desks[-1])
    _move(desks[-1])


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

        from cases.reports import counting
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
        self.client, self.lead = (Client(HTTP_HOST=f"{name}.localhost") for _ in range(2))
        with context.municipality(name):
            self.reader = self.staff.caseworkers[0]
            _sign_in(self.client, self.reader)
            _sign_in(self.lead, self.staff.lead)
            self.words = self._words()
            self._keep_lists()
            _say(f"cases.{name}.counted", _seconds(counting.count), "s")

    def _keep_lists(self) -> None:
        """As caseworkers do: their lists stand beside the inbox, each with its count."""
        from cases import saved
        from cases.desk import InboxFilter

        for name, chosen in {
            "審査中": InboxFilter(view="open", stage="review"),
            "佐藤さん": InboxFilter(view="open", text="佐藤"),
            "わたしの審査中": InboxFilter(view="mine", stage="review"),
        }.items():
            saved.save_filter(chosen=chosen, name=name, share="", by=self.reader)

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
        browser = self.lead if page.startswith("lead_") else self.client
        answer = browser.get("/desk/" + PAGES[page].format(**self.words))
        if answer.status_code != 200 or SHOWS.get(page, b"data-row") not in answer.content:
            raise SystemExit(f"{page} of {self.name}: {answer.status_code}, nothing is shown")

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


def _bulk(desk: _Desk) -> None:
    """A thousand cases are refused by the worker's code, in one process, each with its result."""
    from cases import bulk
    from cases.desk import InboxFilter
    from common import outbox
    from common.models import OutboxRow
    from tenants import context

    # There is no broker here: each chunk would wait for one at its end.
    outbox._wake_worker = lambda: None  # noqa: SLF001
    with context.municipality(desk.name):
        reviewed = InboxFilter(view="open", stage="review")
        run = bulk.choose(by=desk.reader, chosen=reviewed, ids=None, query="")
        options = bulk.options_of("refuse", {"reason": "場所が重なるため。"})
        previewed = _seconds(lambda: bulk.preview(run=run, verb="refuse", options=options))
        bulk.start(run=run)
        payloads = [row.payload for row in OutboxRow.objects.filter(kind="cases.bulk")]
        OutboxRow.objects.filter(kind="cases.bulk").update(state="done")
    started = time.perf_counter()
    for payload in payloads:
        with context.municipality(desk.name):
            outbox.handlers.get("cases.bulk")(payload)
    took = time.perf_counter() - started
    with context.municipality(desk.name):
        counted = bulk.counts(run)
        queued = OutboxRow.objects.filter(kind="cases.decided").count()
    _say("cases.bulk_preview_1000", previewed, "s")
    _say("cases.bulk_1000", took, "s")
    _say("cases.bulk_not_done", bulk.MOST - counted["done"], "cases")
    _say("cases.bulk_not_queued", bulk.MOST - queued, "notices")


def _move(desk: _Desk) -> None:
    """Taking a case over next to the bare statements that it cannot do without, in turn."""
    from cases import actions
    from cases.models import Case
    from tenants import context

    with context.municipality(desk.name):
        here = Case.objects.filter(department=desk.staff.offices[0], stage="received")
        cases = list(here.select_related("application", "resident")[: 2 * MOVES])
    ours, bare = [], []
    for one, other in zip(cases[:MOVES], cases[MOVES:], strict=True):

        def move(case: Any = one) -> None:
            with context.municipality(desk.name):
                actions.claim_case(case=case, by=desk.reader, lock=case.lock)

        def statements(case: Any = other) -> None:
            with context.municipality(desk.name):
                _bare_move(case, desk.reader)

        ours.append(_seconds(move) * 1000)
        bare.append(_seconds(statements) * 1000)
    _say("cases.move", median(ours[WARM_UP:]), "ms")
    _say("cases.move_bare", median(bare[WARM_UP:]), "ms")
    _say("cases.move_ratio", median(ours[WARM_UP:]) / median(bare[WARM_UP:]), "")


def _bare_move(case: Any, by: Any) -> None:
    """An UPDATE and three INSERTs, as somebody writes them by hand."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE cases_case SET stage = 'review', assigned_to_id = %s, lock = lock + 1 "
            "WHERE id = %s AND lock = %s",
            [by.pk, case.pk, case.lock],
        )
        cursor.execute(
            "INSERT INTO cases_timelineentry (case_id, at, code, values) "
            "VALUES (%s, now(), 'claimed', '{}')",
            [case.pk],
        )
        cursor.execute(
            "INSERT INTO audit_ledgerentry (at, event, actor_kind, actor_id, actor_name, about, "
            "object_kind, object_id, purpose, data) "
            "VALUES (now(), 'case.claimed', 'staff', %s, %s, %s, 'case', %s, 'processing', '{}')",
            [str(by.pk), by.name, case.resident_id, str(case.pk)],
        )
        cursor.execute(
            "INSERT INTO common_outboxrow (kind, key, payload, state, attempts, times_revived, "
            "next_at, last_error, created_at) "
            "VALUES ('bench.move', %s, '{}', 'done', 0, 0, now(), '', now())",
            [str(case.pk)],
        )


if __name__ == "__main__":
    main()
