"""The browser that the tests and `sandbox.screenshots` look through.

Debian has Chromium. Ubuntu has it as a snap only, which sees neither temporary folders nor the
files that a test uploads: there `requirements/install` takes the one of an npm package.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from sandbox.state import PROJECT
from sandbox.walk import WalkError

PACKED = Path(__file__).parent / "node_modules/@sparticuz/chromium/bin/chromium.br"
UNPACKED = PROJECT / "var" / "chromium" / "chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str:
    """``CHROMIUM``, else what was unpacked, else the system's. Raises `WalkError` without one."""
    if found := os.environ.get("CHROMIUM"):
        return found
    if UNPACKED.exists():
        return str(UNPACKED)
    if found := shutil.which("chromium") or shutil.which("chromium-browser"):
        return found
    raise WalkError("Chromium is missing. Run requirements/install dev, or set CHROMIUM.")
