"""SQL statements of one journey, counted by the database itself."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import psycopg

from bench.figures import Figure

if TYPE_CHECKING:
    from bench.house import Servers
    from bench.journey import Runner

# Written by log_statement for the simple and for the extended protocol.
_STATEMENT = re.compile(rb"LOG:  (?:statement|execute [^:]*): ")
_SETTINGS = {"log_statement": "'all'", "log_min_messages": "log"}


def run(demo: Servers, runners: list[Runner]) -> Iterator[Figure]:
    """Statements (BEGIN and COMMIT too) of a warm journey on each side."""
    log = demo.postgres.socket_dir / "log"
    for runner in runners:
        _log_statements(demo, runner.side.database, on=True)
        # New connections read the setting: one journey for each process to make its own.
        runner.journeys(4)
        before = log.stat().st_size
        runner.journeys(1, walkers=1)
        time.sleep(0.2)
        _log_statements(demo, runner.side.database, on=False)
        with log.open("rb") as lines:
            lines.seek(before)
            counted = len(_STATEMENT.findall(lines.read()))
        yield Figure(f"journey.{runner.side.name}.statements", counted, "SQL")


def _log_statements(demo: Servers, database: str, *, on: bool) -> None:
    with psycopg.connect(demo.postgres.url("postgres", "postgres"), autocommit=True) as conn:
        for name, value in _SETTINGS.items():
            change = f"SET {name} = {value}" if on else f"RESET {name}"
            conn.execute(f"ALTER DATABASE {database} {change}")
        # Django finds its connection closed before the next request and makes a new one.
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database]
        )
