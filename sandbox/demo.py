"""``make demo``: the whole platform on this machine, with five pilot municipalities.

Starts PostgreSQL, Valkey, the sandbox eID, web, worker and beat; shows what it does; ends every
process it started when you press Ctrl-C. Data stays in `sandbox.state.state_dir` until
``make demo-reset``.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sandbox import certificates
from sandbox.ports import Ports
from sandbox.servers import (
    APP,
    OWNER,
    Postgres,
    ServerError,
    Valkey,
    node_program,
    served_by,
)
from sandbox.state import PROJECT, state_dir

DATABASE = "madoguchi"

# What schemas, towns and stylesheets are made from.
_PREPARED_FROM = (
    "requirements/base.txt",
    "config/settings/*.py",
    "*/migrations/*.py",
    "*/static/**/*",
    "services/**/*.yaml",
    "sandbox/*.py",
    "sandbox/content/**/*",
    "sandbox/eid/*",
    "cms/**/*.py",
    "catalogue/*.py",
    "identity/models.py",
)


class DemoError(RuntimeError):
    """The demo cannot run; the message says what to do."""


#: The town whose letters carry a digital signature.
SIGNS = "shiomi"


@dataclass
class Demo:
    """The running demo: servers and processes, in the order they were started."""

    state: Path
    ports: Ports
    quiet: bool = False
    web_workers: int = 2
    postgres: Postgres = field(init=False)
    valkey: Valkey = field(init=False)
    environment: dict[str, str] = field(init=False)
    guide: str = ""
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _started: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        if not self.quiet:
            print(f"  [{time.monotonic() - self._started:5.1f} s] {text}", flush=True)

    @property
    def base(self) -> str:
        return f"http://localhost:{self.ports.web}"

    # --- up -------------------------------------------------------------------------------

    def up(self) -> None:
        """Start everything and wait until it serves. Raises `DemoError`, `ServerError`."""
        self.ports.check()
        self.make_ready()
        self.start_processes()
        self._wait_until_ready()

    def make_ready(self) -> None:
        """Start the databases and prepare the municipalities. Raises `ServerError`."""
        self.state.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            self.state.chmod(0o755)  # PostgreSQL runs as another user below it
        self.say("Starting PostgreSQL and Valkey")
        self.postgres = Postgres(self.state / "postgres")
        self.valkey = Valkey(self.state / "valkey")
        self.postgres.start()
        self.valkey.start()
        if not self.postgres.has_database(DATABASE):
            self.postgres.create_roles()
            self.postgres.create_database(DATABASE)
        self.environment = self._environment()
        self._prepare()

    def _environment(self) -> dict[str, str]:
        return os.environ | {
            "DJANGO_SETTINGS_MODULE": "config.settings.dev",
            "SECRET_KEY": self._secret("secret-key"),
            "SANDBOX_PAY_SECRET": self._secret("pay-secret"),
            "DATABASE_URL": self.postgres.url(APP, DATABASE),
            "DATABASE_OWNER_URL": self.postgres.url(OWNER, DATABASE),
            "VALKEY_URL": self.valkey.url,
            "PUBLIC_PORT": str(self.ports.web),
            "MEDIA_ROOT": str(self.state / "media"),
            "STATIC_ROOT": str(self.state / "static"),
            "SANDBOX_MAIL_DIR": str(self.state / "mail"),
            "EID_ISSUER": f"http://localhost:{self.ports.eid}",
            "EID_CONFIG": str(self.state / "eid.json"),
            "PYTHONPATH": str(PROJECT),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
            "LETTER_SIGNING": json.dumps(self._signing_keys()),
        }

    def _signing_keys(self) -> dict[str, dict[str, str]]:
        """One town signs its letters, with a certificate of its own making; the others do not."""
        return {SIGNS: certificates.make(self.state / "keys" / SIGNS, SIGNS)}

    def _secret(self, name: str) -> str:
        path = self.state / name
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(48))
        return path.read_text()

    def _manage(self, what: str, *arguments: str) -> str:
        """Run a management command; its output."""
        self.say(what)
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT,
            env=self.environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout

    def _prepare(self) -> None:
        """Schemas, towns, stylesheets; what was prepared from the very same files is kept."""
        stamp, guide = self.state / "prepared", self.state / "guide.txt"
        now = self._fingerprint()
        if stamp.exists() and stamp.read_text() == now:
            self.guide = guide.read_text()
            return
        self.guide = self._manage("Preparing the municipalities", "seed_demo")
        guide.write_text(self.guide)
        self._manage(
            "Collecting stylesheets and scripts", "collectstatic", "--noinput", "--verbosity=0"
        )
        stamp.write_text(now)

    def _fingerprint(self) -> str:
        sha = hashlib.sha256(f"{self.ports.web} {self.ports.eid}".encode())
        for pattern in _PREPARED_FROM:
            for path in sorted(PROJECT.glob(pattern)):
                if path.is_file():
                    status = path.stat()
                    sha.update(f"{path} {status.st_mtime_ns} {status.st_size}".encode())
        return sha.hexdigest()

    def start_processes(self) -> None:
        """Start the eID provider, web, worker and beat."""
        python = sys.executable
        self.say("Starting the sandbox eID, web, worker and beat")
        self._start("eid", [node_program(), "sandbox/eid/provider.mjs"])
        self._start(
            "web",
            [
                python, "-m", "gunicorn", "config.wsgi:application",
                "--bind", f"127.0.0.1:{self.ports.web}",
                "--workers", str(self.web_workers), "--worker-class", "gthread", "--threads", "4",
                "--keep-alive", "15", "--timeout", "60", "--graceful-timeout", "10",
                "--log-level", "warning",
            ],
        )  # fmt: skip
        self.start_worker()
        self._start(
            "beat",
            [
                python, "-m", "celery", "-A", "config", "beat", "--loglevel", "warning",
                "--schedule", str(self.state / "beat-schedule"), "--pidfile=",
            ],
        )  # fmt: skip

    def start_worker(self) -> None:
        """Start (again) the worker."""
        self._start(
            "worker",
            [
                sys.executable, "-m", "celery", "-A", "config", "worker", "--loglevel", "warning",
                "--concurrency", "2", "--without-gossip", "--without-mingle", "--pool", "prefork",
            ],
        )  # fmt: skip

    def _start(self, name: str, command: list[str]) -> None:
        with (self.state / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command,
                cwd=PROJECT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches us, and we end them in order
            )

    def _wait_until_ready(self, seconds: float = 90.0) -> None:
        deadline = time.monotonic() + seconds
        waiting = {
            "web": f"http://127.0.0.1:{self.ports.web}/readyz",
            "eid": f"http://127.0.0.1:{self.ports.eid}/.well-known/openid-configuration",
        }
        while waiting:
            self.check_processes()
            for name, url in list(waiting.items()):
                with (
                    contextlib.suppress(urllib.error.URLError, OSError),
                    urllib.request.urlopen(url, timeout=5) as answer,  # noqa: S310  loopback
                ):
                    if answer.status == 200:
                        del waiting[name]
            if waiting and time.monotonic() > deadline:
                raise DemoError(
                    f"{', '.join(waiting)} did not become ready. See the logs in {self.state}"
                )
            time.sleep(0.1)

    def check_processes(self) -> None:
        """Raises `DemoError` when one of ours has ended by itself."""
        for name, process in self.processes.items():
            if process.poll() is not None:
                log = (self.state / f"{name}.log").read_text(errors="replace")[-1500:]
                raise DemoError(f"{name} ended unexpectedly (code {process.returncode}).\n{log}")

    # --- down -----------------------------------------------------------------------------

    def down(self) -> None:
        """End every process that was started, the last one first."""
        for process in reversed(self.processes.values()):
            if process.poll() is None:
                process.terminate()
        for name, process in self.processes.items():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                # A whole group: a prefork child may be the one that does not end.
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(5)
                self.say(f"{name} had to be killed")
        self.processes.clear()
        for name in ("valkey", "postgres"):
            server = getattr(self, name, None)
            if server is not None:
                server.close()


@contextlib.contextmanager
def running(demo: Demo) -> Iterator[Demo]:
    """The demo, up for the duration of the block."""
    try:
        demo.up()
        yield demo
    finally:
        demo.down()


#: Ctrl-C, `kill`, and the window that is closed.
_STOPPED_BY = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _stop_on_signal(_signal: int, _frame: object) -> None:
    for number in _STOPPED_BY:  # who presses twice must not leave a half of the processes behind
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--reset", action="store_true", help="throw the demo's data away")
    arguments = parser.parse_args()
    state = state_dir()
    if arguments.reset:
        return _reset(state)
    for number in _STOPPED_BY:
        signal.signal(number, _stop_on_signal)
    try:
        with running(Demo(state, Ports.chosen())) as demo:
            print(demo.guide, flush=True)
            while True:
                demo.check_processes()
                time.sleep(1)
    except KeyboardInterrupt:
        print("\n  Stopped. Your data is kept; `make demo-reset` throws it away.", flush=True)
        return 0
    except (DemoError, ServerError) as error:
        print(f"\n  {error}\n", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"\n  {' '.join(map(str, error.cmd[1:]))} failed; see above.\n", file=sys.stderr)
        return 1


def _reset(state: Path) -> int:
    if served_by(state / "postgres"):
        print("\n  The demo is running. Stop it with Ctrl-C first.\n", file=sys.stderr)
        return 1
    if state.exists():
        shutil.rmtree(state)
    print("  The demo's data is gone; `make demo` starts afresh.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
