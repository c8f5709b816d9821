"""The database that every test starts from, built once for a given set of migrations and seeds.

Building it takes seconds (hundreds of migrations); copying a stopped cluster takes a tenth of one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from sandbox.servers import APP, OWNER, Postgres

PROJECT = Path(__file__).resolve().parent.parent
DATABASE = "madoguchi"
KEPT = 3

_SOURCES = (
    "*/migrations/*.py", "tenants/*.py", "services/**/*.yaml", "sandbox/seed/*.py",
    "sandbox/content/**/*", "requirements/base.txt", "cms/seeding.py", "tests/golden.py",
    "tests/seed.py", "audit/*.py",
)  # fmt: skip


def digest() -> str:
    """A name for what the golden database is made from."""
    sha = hashlib.sha256(sys.version.encode())
    for pattern in _SOURCES:
        for path in sorted(PROJECT.glob(pattern)):
            if path.is_file() and "__pycache__" not in path.parts:
                sha.update(str(path.relative_to(PROJECT)).encode())
                sha.update(path.read_bytes())
    return sha.hexdigest()[:16]


def copy_to(target: Path) -> None:
    """A private copy of the golden cluster in `target`; builds it first where it is missing."""
    home = Path(tempfile.gettempdir()) / f"madoguchi-golden-{os.geteuid()}"
    home.mkdir(exist_ok=True)
    home.chmod(0o755)  # PostgreSQL may run as another user below it
    golden = home / digest()
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not golden.exists():
            _build(home, golden)
        golden.touch()
        copy_owned(golden, target)


def copy_owned(source: Path, target: Path) -> None:
    """A copy of a folder whose files belong to whom they belonged."""
    shutil.copytree(source, target, copy_function=_copy_owned)
    _own_like(source, target)


def _copy_owned(source: str, target: str) -> str:
    shutil.copy2(source, target)
    status = Path(source).stat()
    if os.geteuid() == 0:
        os.chown(target, status.st_uid, status.st_gid)
    return target


def _own_like(source: Path, target: Path) -> None:
    if os.geteuid() != 0:
        return
    for folder in [source, *(path for path in source.rglob("*") if path.is_dir())]:
        status = folder.stat()
        os.chown(target / folder.relative_to(source), status.st_uid, status.st_gid)


def _build(home: Path, golden: Path) -> None:
    work = Path(tempfile.mkdtemp(prefix="build-", dir=home))
    work.chmod(0o755)
    server = Postgres(work / "data", durable=False)
    try:
        server.start()
        server.create_roles()
        server.create_database(DATABASE)
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
            "DATABASE_URL": server.url(APP, DATABASE),
            "DATABASE_OWNER_URL": server.url(OWNER, DATABASE),
            "MEDIA_ROOT": str(work / "media"),
            "PYTHONPATH": str(PROJECT),
        }
        subprocess.run([sys.executable, "-m", "tests.seed"], check=True, env=environment)
    finally:
        server.close()
    (work / "data").rename(golden)
    shutil.rmtree(work)
    others = sorted(
        (path for path in home.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime
    )
    for old in others[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
