"""Figures of a module that wants a PostgreSQL server of its own, in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.figures import Figure
from bench.processes import BenchError
from sandbox.servers import APP, OWNER, Postgres
from sandbox.state import PROJECT


def measured(module: str, database: str, limits: Mapping[str, float]) -> Iterator[Figure]:
    """What ``python -m module`` prints as ``[figure, value, unit]`` lines against `database`.

    Nothing of the server is left afterwards. Raises `BenchError`.
    """
    root = Path(tempfile.mkdtemp(prefix="madoguchi-bench-own-"))
    root.chmod(0o755)
    server = Postgres(root / "data")
    try:
        server.start()
        server.create_roles()
        server.create_database(database)
        work = subprocess.run(
            [sys.executable, "-m", module],
            cwd=PROJECT,
            env=os.environ
            | {
                "DJANGO_SETTINGS_MODULE": "config.settings.test",
                "DATABASE_URL": server.url(APP, database),
                "DATABASE_OWNER_URL": server.url(OWNER, database),
                "MEDIA_ROOT": str(root / "media"),
                "PYTHONPATH": str(PROJECT),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        if work.returncode:
            raise BenchError(work.stderr[-2000:])
        for line in work.stdout.splitlines():
            name, value, unit = json.loads(line)
            yield Figure(name, value, unit, limits.get(name))
    finally:
        server.close()
        shutil.rmtree(root, ignore_errors=True)
