"""The liveness check, against a real broker and a real worker."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from sandbox.servers import Valkey
from tests.helm.conftest import CHART

pytestmark = [
    pytest.mark.servers,
    # The embedded servers leave the closing of their log files to the garbage collector.
    pytest.mark.filterwarnings(
        "ignore:.*madoguchi-(pg|vk):pytest.PytestUnraisableExceptionWarning"
    ),
]
HOSTNAME = f"worker@{socket.gethostname()}"


@pytest.fixture(scope="module")
def alive() -> ModuleType:
    spec = importlib.util.spec_from_file_location("alive", CHART / "files/alive.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.ANSWER_SECONDS = 2.0  # type: ignore[attr-defined]
    return module


@pytest.fixture(scope="module")
def broker() -> Iterator[Valkey]:
    server = Valkey()
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def worker(broker: Valkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The pid of a worker that is started as the chart starts it."""
    folder = tmp_path_factory.mktemp("worker")
    url = broker.url.replace("unix://", "redis+socket://")
    (folder / "probe_app.py").write_text(
        f"from celery import Celery\napp = Celery(broker={url!r})\n"
    )
    process = subprocess.Popen(
        [
            sys.executable, "-m", "celery", "--app=probe_app", "worker", "--pool=prefork",
            "--concurrency=1", "--hostname=worker@%h", "--without-gossip", "--without-mingle",
        ],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "C_FORCE_ROOT": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    yield process.pid
    process.send_signal(signal.SIGCONT)
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)


def _eventually_alive(alive: ModuleType, url: str) -> bool:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if alive.worker(url, HOSTNAME) == 0:
            return True
    return False


def test_worker_that_answers_is_alive_and_one_that_hangs_is_not(
    alive: ModuleType, broker: Valkey, worker: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _eventually_alive(alive, broker.url)
    assert alive.worker(broker.url, "worker@another-pod") == 1, "only this pod's worker counts"
    os.kill(worker, signal.SIGSTOP)
    try:
        capsys.readouterr()
        assert alive.worker(broker.url, HOSTNAME) == 1
        assert "did not answer" in capsys.readouterr().out
    finally:
        os.kill(worker, signal.SIGCONT)
    assert _eventually_alive(alive, broker.url)


def test_broker_that_is_away_is_not_the_workers_fault(
    alive: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert alive.worker(f"unix://{tmp_path}/nobody.sock", HOSTNAME) == 0
    assert "broker away" in capsys.readouterr().out


def test_beat_is_alive_while_it_saves_its_schedule(
    alive: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schedule = tmp_path / "celerybeat-schedule"
    assert alive.beat(schedule) == 1
    saved = tmp_path / "celerybeat-schedule.db"  # as some kinds of dbm call it
    saved.write_bytes(b"x")
    assert alive.beat(schedule) == 0
    long_ago = time.time() - alive.BEAT_SILENCE_SECONDS - 5
    os.utime(saved, (long_ago, long_ago))
    assert alive.beat(schedule) == 1
    assert "schedule saved 60" in capsys.readouterr().out


def test_unknown_part_is_refused(alive: ModuleType) -> None:
    assert alive.main(["web"]) == 2
