"""Both sides on one database server: the plain floor and Madoguchi as the demo runs it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.browser import Browser
from bench.processes import PROJECT, BenchError, Web, gunicorn, tree_cpu, wait_for
from sandbox.demo import DATABASE, Demo
from sandbox.ports import Ports
from sandbox.servers import OWNER

FLOOR_DATABASE = "floor"


class Servers(Demo):
    """The demo's servers, data and settings; its processes are started by who measures them."""

    def start_processes(self) -> None:
        """None by itself."""

    #: Shorter than the worker's own when set: what a killed worker held is then taken up sooner.
    lease_seconds: int | None = None

    def start_worker(self) -> None:
        """Start (again) the worker."""
        if self.lease_seconds is None:
            super().start_worker()
            return
        self.environment["BENCH_LEASE_SECONDS"] = str(self.lease_seconds)
        self._start(
            "worker",
            [
                sys.executable, "-m", "celery", "-A", "bench.impatient", "worker",
                "--loglevel", "warning", "--concurrency", "2", "--pool", "prefork",
                "--without-gossip", "--without-mingle",
            ],
        )  # fmt: skip

    def start_beat(self) -> None:
        """The beat alone; `start_worker` starts the worker."""
        self._start(
            "beat",
            [
                sys.executable, "-m", "celery", "-A", "config", "beat", "--loglevel", "warning",
                "--schedule", str(self.state / "beat-schedule"), "--pidfile=",
            ],
        )  # fmt: skip

    def _wait_until_ready(self, seconds: float = 90.0) -> None:
        """Nothing to wait for."""


@dataclass
class Side:
    """One of the two that are compared: its server and the people signed in there."""

    name: str
    web: Web
    host: str
    database: str
    cookie: str
    people: dict[str, Any]

    def resident(self, number: int) -> Browser:
        sessions = self.people["residents"]
        return self._browser(sessions[number % len(sessions)])

    def staff(self) -> Browser:
        return self._browser(self.people["staff"])

    def _browser(self, session: str) -> Browser:
        return Browser(self.web.port, self.host, {self.cookie: session})


@contextlib.contextmanager
def servers() -> Iterator[Servers]:
    """PostgreSQL and Valkey with the demo's municipalities, thrown away afterwards."""
    state = Path(tempfile.mkdtemp(prefix="madoguchi-bench-"))
    demo = Servers(state, Ports.free(), quiet=True)
    try:
        demo.up()
        yield demo
    finally:
        demo.down()
        shutil.rmtree(state, ignore_errors=True)


def run_module(demo: Servers, environment: Mapping[str, str], module: str, *arguments: str) -> Any:
    """What a helper module prints as JSON."""
    result = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=PROJECT,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if result.returncode:
        raise BenchError(f"{module} failed:\n{result.stderr[-3000:]}")
    return json.loads(result.stdout.splitlines()[-1])


@contextlib.contextmanager
def floor(demo: Servers, residents: int) -> Iterator[Side]:
    """The floor, serving."""
    demo.postgres.create_database(FLOOR_DATABASE)
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "bench.floor.settings",
        "FLOOR_DATABASE_URL": demo.postgres.url(OWNER, FLOOR_DATABASE),
        "FLOOR_MEDIA_ROOT": str(demo.state / "floor-media"),
        "PYTHONPATH": str(PROJECT),
    }
    people = run_module(demo, environment, "bench.floor.prepare", str(residents))
    log = demo.state / "floor.log"
    with gunicorn("bench.floor.wsgi:application", environment, log) as web:
        wait_for(f"http://127.0.0.1:{web.port}/sign-in/", web, host="localhost")
        yield Side("floor", web, "localhost", FLOOR_DATABASE, "sessionid", people)


@contextlib.contextmanager
def madoguchi(demo: Servers, residents: int) -> Iterator[Side]:
    """Madoguchi, serving its pilot municipalities; one of them is walked."""
    people = run_module(demo, demo.environment, "bench.prepare", str(residents))
    log = demo.state / "web.log"
    with gunicorn("config.wsgi:application", demo.environment, log) as web:
        wait_for(f"http://127.0.0.1:{web.port}/readyz", web, host=people["host"])
        yield Side("madoguchi", web, people["host"], DATABASE, people["cookie"], people)


def database_cpu(demo: Servers) -> float:
    """CPU seconds of PostgreSQL with all its processes."""
    return tree_cpu(demo.postgres.pid)
