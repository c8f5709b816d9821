"""Web servers on free ports, and the CPU time of process trees."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
_TICK = 1 / os.sysconf("SC_CLK_TCK")
_PPID, _UTIME, _STIME, _CUTIME, _CSTIME = 1, 11, 12, 13, 14  # fields after the command's name


class BenchError(RuntimeError):
    """The measurement could not be made; the message says why."""


def _stat(pid: int | str) -> list[str] | None:
    try:
        # The command's name may hold spaces and brackets: the fields follow its last bracket.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def children(parent: int) -> list[int]:
    """Pids of the processes that `parent` started and that still run."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            fields = _stat(entry.name)
            if fields and int(fields[_PPID]) == parent:
                found.append(int(entry.name))
    return found


def tree_cpu(parent: int) -> float:
    """CPU seconds of a process, its running children and those it has waited for."""
    total = 0.0
    own = _stat(parent)
    if own is None:
        raise BenchError(f"process {parent} is gone")
    total += sum(int(own[field]) for field in (_UTIME, _STIME, _CUTIME, _CSTIME))
    for child in children(parent):
        fields = _stat(child)
        if fields:
            total += int(fields[_UTIME]) + int(fields[_STIME])
    return total * _TICK


@dataclass
class Web:
    """A running gunicorn with its address."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def cpu(self) -> float:
        return tree_cpu(self.process.pid)


@contextlib.contextmanager
def gunicorn(
    application: str, environment: Mapping[str, str], log: Path, *, workers: int = 2
) -> Iterator[Web]:
    """Serve `application` with the processes and threads that the demo has, on a free port."""
    with socket.socket() as listener:
        # Bound here and handed over: nobody else can take the port in between.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen(1024)
        listener.set_inheritable(True)
        port = listener.getsockname()[1]
        with log.open("ab") as output:
            process = subprocess.Popen(
                [
                    sys.executable, "-m", "gunicorn", application,
                    "--bind", f"fd://{listener.fileno()}",
                    "--workers", str(workers), "--worker-class", "gthread", "--threads", "4",
                    "--keep-alive", "15", "--timeout", "60", "--graceful-timeout", "5",
                    "--no-control-socket", "--log-level", "warning",
                ],
                cwd=PROJECT,
                env=dict(environment),
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=[listener.fileno()],
                start_new_session=True,
            )  # fmt: skip
    try:
        yield Web(process, port, log)
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes], seconds: float = 15.0) -> None:
    """End a process that we started: politely, then by force, with what it has forked."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            kill_group(process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """``kill -9`` for a process and everything in its session."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


def wait_for(url: str, web: Web, *, host: str, seconds: float = 60.0) -> None:
    """Wait until `url` answers below 500."""
    deadline = time.monotonic() + seconds
    while True:
        request = urllib.request.Request(url, headers={"Host": host})  # noqa: S310  loopback
        try:
            with urllib.request.urlopen(request, timeout=10):  # noqa: S310
                return
        except urllib.error.HTTPError as error:
            if error.code < 500:
                return
        except OSError:
            pass
        if web.process.poll() is not None or time.monotonic() > deadline:
            tail = web.log.read_text(errors="replace")[-2000:]
            raise BenchError(f"{url} did not come up.\n{tail}")
        time.sleep(0.1)
