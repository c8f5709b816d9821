"""The floor does what it is compared for: otherwise the comparison says nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bench.browser import Browser, forms
from bench.plan import site_plan
from bench.processes import PROJECT, gunicorn, wait_for
from bench.walks import Times, floor_fill_in, floor_walk
from sandbox.servers import OWNER, temporary_postgres

pytestmark = [
    pytest.mark.servers,
    # The embedded servers leave the closing of their log files to the garbage collector.
    pytest.mark.filterwarnings(
        "ignore:.*madoguchi-(pg|vk):pytest.PytestUnraisableExceptionWarning"
    ),
]


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[dict[str, Any]]:
    folder = tmp_path
    with temporary_postgres() as postgres:
        postgres.create_database("floor")
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "bench.floor.settings",
            "FLOOR_DATABASE_URL": postgres.url(OWNER, "floor"),
            "FLOOR_MEDIA_ROOT": str(folder / "media"),
            "PYTHONPATH": str(PROJECT),
        }
        prepared = subprocess.run(
            [sys.executable, "-m", "bench.floor.prepare", "3"],
            env=environment,
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=True,
        )
        with gunicorn("bench.floor.wsgi", environment, folder / "log", workers=1) as web:
            wait_for(f"http://127.0.0.1:{web.port}/sign-in/", web, host="localhost")
            yield {
                "port": web.port,
                "people": json.loads(prepared.stdout),
                "media": folder / "media",
                "url": postgres.url("postgres", "floor"),
            }


Visit = Callable[[str], Browser]


@pytest.fixture
def visit(floor: dict[str, Any]) -> Iterator[Visit]:
    """Browsers of people who are signed in: ``visit("staff")``, ``visit("0")``."""
    opened: list[Browser] = []

    def browser(who: str) -> Browser:
        people = floor["people"]
        session = people["staff"] if who == "staff" else people["residents"][int(who)]
        opened.append(Browser(floor["port"], "localhost", {"sessionid": session}))
        return opened[-1]

    yield browser
    for one in opened:
        one.close()


def _rows(floor: dict[str, Any], query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(str(floor["url"])) as connection:
        return connection.execute(query).fetchall()  # type: ignore[call-overload]


def test_floor_walks_from_start_to_decision(floor: dict[str, Any], visit: Visit) -> None:
    times = floor_walk(visit("0"), visit("staff"), site_plan(40, 30))
    assert list(times.steps) == [
        "start.open", "start",
        "step1.open", "step1.save", "step2.open", "step2.save",
        "step3.open", "step3.save", "step4.open", "step4.save", "step5.open", "step5.save",
        "check.open", "submit", "receipt", "case.read",
        "desk.open", "desk.claim", "desk.claimed", "desk.decide", "desk.confirm", "desk.decided",
    ]  # fmt: skip
    assert _rows(floor, "SELECT state FROM floor_case") == [("payment",)]
    events = _rows(floor, "SELECT event, count(*) FROM floor_ledgerentry GROUP BY 1 ORDER BY 1")
    assert events == [
        ("application.submitted", 1),
        ("case.approved", 1),
        ("case.claimed", 1),
        ("case.opened", 3),
    ]
    assert _rows(floor, "SELECT kind FROM floor_outboxrow ORDER BY 1") == [
        ("case.decided",),
        ("case.submitted",),
    ]
    assert [path.suffix for path in floor["media"].rglob("*.*")] == [".png"]


def test_floor_takes_a_submission_once_and_refuses_strangers(visit: Visit) -> None:
    resident = visit("1")
    check = floor_fill_in(resident, site_plan(40, 30), Times())
    fields = forms(resident.get(check).text)[0].fields
    first, second = resident.post(check, fields), resident.post(check, fields)
    assert first.status == second.status == 302
    assert first.location == second.location
    assert visit("2").get(first.location).status == 404
    assert resident.post(check, []).status == 403, "CSRF is on"


def test_floor_validates_each_step(visit: Visit) -> None:
    resident = visit("2")
    page = resident.get("/apply/")
    step = resident.post("/apply/", forms(page.text)[0].fields).location
    form = forms(resident.get(step).text)[0]
    answer = resident.post(step, form.filled({"email": "nobody"}), multipart=True)
    assert answer.status == 200
    assert "入力内容を確認してください" in answer.text
