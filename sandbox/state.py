"""Where the demo keeps its data between runs."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


def state_dir() -> Path:
    """``MADOGUCHI_STATE``, else ``var/demo``.

    For root it lies outside the project: PostgreSQL then runs as another user, who must not need
    to enter a home folder.
    """
    given = os.environ.get("MADOGUCHI_STATE")
    if given:
        return Path(given).resolve()
    if os.geteuid() == 0:
        name = hashlib.sha256(str(PROJECT).encode()).hexdigest()[:8]
        return Path("/var/lib") / f"madoguchi-demo-{name}"
    return PROJECT / "var" / "demo"
