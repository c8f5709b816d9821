"""Submissions while things break: the worker killed, PostgreSQL restarted as after a crash.

Every resident presses twice at once and once more afterwards. Whoever has seen a receipt number has
exactly one case with that number, and every outbox row is done in the end.
"""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from bench.browser import Browser, WalkError
from bench.figures import Figure, exactly
from bench.house import Servers, Side, madoguchi, servers
from bench.processes import BenchError, kill_group
from bench.receipts import Ready, ready_to_send
from sandbox.demo import DATABASE

SUBMISSIONS = 200
WORKER_KILLS = 2
PATIENCE_SECONDS = 120.0
OUTBOX_LIMIT_SECONDS = 300.0
_RECEIPT = re.compile(r"\b\d{6}-[0-9A-Z]{4,}(?:-[0-9A-Z]+)*\b")


@dataclass
class Outcome:
    """What residents saw and what the database holds."""

    submissions: int
    receipts: dict[str, set[str]] = field(default_factory=dict)  # check page → numbers seen
    retries: int = 0
    worker_kills: int = 0
    postgres_restarts: int = 0
    cases: int = 0
    numbers: set[str] = field(default_factory=set)
    ledger: int = 0
    announced: int = 0  # outbox rows that tell a resident of the receipt
    outbox: dict[str, int] = field(default_factory=dict)
    outbox_seconds: float = 0.0

    @property
    def accepted(self) -> int:
        return len(self.receipts)

    @property
    def shown(self) -> set[str]:
        return set().union(*self.receipts.values())

    @property
    def undone(self) -> int:
        return sum(count for state, count in self.outbox.items() if state != "done")


class Presses:
    """Every resident's presses, counted so that faults strike in the midst of them."""

    def __init__(self, side: Side, outcome: Outcome) -> None:
        self._side = side
        self._outcome = outcome
        self._lock = threading.Lock()
        self.deadline = time.monotonic() + PATIENCE_SECONDS

    def press(self, one: Ready) -> None:
        """Send until a receipt is seen, as a person does who presses again after an error."""
        resident, path, form = one
        while time.monotonic() < self.deadline:
            # A connection of its own: two clicks of one person do not wait for each other.
            browser = Browser(self._side.web.port, self._side.host, resident.cookies, timeout=20)
            try:
                number = self._receipt(browser, path, form.fields)
            except (OSError, http.client.HTTPException, _TryAgainError):
                with self._lock:
                    self._outcome.retries += 1
                time.sleep(0.2)
            else:
                with self._lock:
                    self._outcome.receipts.setdefault(path, set()).add(number)
                return
            finally:
                browser.close()

    @staticmethod
    def _receipt(browser: Browser, path: str, fields: list[tuple[str, str]]) -> str:
        answer = browser.post(path, fields)
        if answer.status >= 500 or answer.status == 429:
            raise _TryAgainError
        if answer.status not in (302, 303):
            raise WalkError(f"{path} answered {answer.status} to a submission")
        page = browser.get(answer.location)
        if page.status >= 500:
            raise _TryAgainError
        found = _RECEIPT.search(page.text)
        if page.status != 200 or not found:
            raise WalkError(f"{answer.location} ({page.status}) shows no receipt number")
        return found[0]


class _TryAgainError(Exception):
    """The server could not; the person tries again."""


def _wait_for_share(outcome: Outcome, share: float, deadline: float) -> None:
    while outcome.accepted < outcome.submissions * share and time.monotonic() < deadline:
        time.sleep(0.01)


def _break_things(demo: Servers, outcome: Outcome, kills: int, deadline: float) -> None:
    """Kill the worker `kills` times and restart PostgreSQL once, spread over the submissions."""
    for strike in range(kills + 1):
        _wait_for_share(outcome, (strike + 1) / (kills + 2), deadline)
        if strike == 1:
            demo.postgres.stop(immediate=True)
            demo.postgres.start()
            outcome.postgres_restarts += 1
        else:
            kill_group(demo.processes["worker"])
            demo.start_worker()
            outcome.worker_kills += 1


def submissions_under_faults(
    demo: Servers, submissions: int = SUBMISSIONS, worker_kills: int = WORKER_KILLS
) -> Outcome:
    """The whole experiment on `demo`, whose worker and beat it starts.

    Raises `BenchError`, `WalkError`.
    """
    outcome = Outcome(submissions)
    demo.start_worker()
    demo.start_beat()
    with madoguchi(demo, submissions) as side:
        ready = ready_to_send(side, range(submissions))
        presses = Presses(side, outcome)
        breaker = threading.Thread(
            target=_break_things, args=(demo, outcome, worker_kills, presses.deadline)
        )
        breaker.start()
        with ThreadPoolExecutor(2 * submissions) as pool:
            # Both clicks of everybody at once, then the third press.
            for future in [pool.submit(presses.press, one) for one in (*ready, *ready)]:
                future.result()
            for future in [pool.submit(presses.press, one) for one in ready]:
                future.result()
        breaker.join()
        _wait_for_outbox(demo, side, outcome)
        _count(demo, side, outcome)
    return outcome


def _rows(demo: Servers, side: Side, query: str) -> list[tuple[Any, ...]]:
    """Read the municipality's tables past every rule, as the database's administrator."""
    with psycopg.connect(demo.postgres.url("postgres", DATABASE)) as connection:
        path = sql.SQL("SET search_path TO {}").format(sql.Identifier(side.people["schema"]))
        connection.execute(path)
        return connection.execute(query).fetchall()


def _wait_for_outbox(demo: Servers, side: Side, outcome: Outcome) -> None:
    started = time.monotonic()
    while True:
        rows = _rows(demo, side, "SELECT state, count(*) FROM common_outboxrow GROUP BY state")
        outcome.outbox = dict(rows)
        outcome.outbox_seconds = round(time.monotonic() - started, 1)
        if not outcome.outbox.get("pending") or outcome.outbox_seconds > OUTBOX_LIMIT_SECONDS:
            return
        if demo.processes["worker"].poll() is not None:
            raise BenchError("the worker ended by itself; see its log")
        time.sleep(0.5)


def _count(demo: Servers, side: Side, outcome: Outcome) -> None:
    before = side.people["cases_before"]

    def count(table_and_condition: str) -> int:
        rows = _rows(demo, side, f"SELECT count(*) FROM {table_and_condition}")  # noqa: S608  ours
        return int(rows[0][0]) - before

    outcome.cases = count("cases_case")
    outcome.ledger = count("audit_ledgerentry WHERE event = 'application.submitted'")
    outcome.announced = count("common_outboxrow WHERE kind = 'cases.submitted'")
    outcome.numbers = {
        row[0] for row in _rows(demo, side, "SELECT receipt_number FROM cases_application")
    }


def figures(outcome: Outcome) -> Iterator[Figure]:
    """The outcome as figures with their limits."""
    wanted = outcome.submissions
    yield Figure("faults.retries", outcome.retries, "presses")
    yield Figure("faults.worker_kills", outcome.worker_kills, "times")
    yield Figure("faults.postgres_restarts", outcome.postgres_restarts, "times")
    yield from exactly("faults.accepted", outcome.accepted, wanted, "submissions")
    yield from exactly("faults.cases", outcome.cases, outcome.accepted, "cases")
    yield from exactly("faults.receipts", len(outcome.shown), outcome.accepted, "numbers")
    yield from exactly("faults.ledger", outcome.ledger, outcome.accepted, "entries")
    yield from exactly("faults.announced", outcome.announced, outcome.accepted, "rows")
    unknown = len(outcome.shown - outcome.numbers)
    yield Figure("faults.receipts_without_a_case", unknown, "numbers", 0)
    yield Figure("faults.outbox_undone", outcome.undone, "rows", 0)
    yield Figure("faults.outbox_done_after", outcome.outbox_seconds, "s", OUTBOX_LIMIT_SECONDS)


def run() -> Iterator[Figure]:
    """The group's figures."""
    with servers() as demo:
        yield from figures(submissions_under_faults(demo))
