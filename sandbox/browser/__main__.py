"""Unpacks the browser of the npm package: ``python -m sandbox.browser``."""

from __future__ import annotations

import subprocess
import sys

import brotli

from sandbox.browser import PACKED, UNPACKED


def main() -> int:
    """Whole and able to start, or not at all: an interrupted run leaves no half of a browser."""
    UNPACKED.parent.mkdir(parents=True, exist_ok=True)
    new = UNPACKED.with_suffix(".new")
    unpacker = brotli.Decompressor()
    with PACKED.open("rb") as packed, new.open("wb") as unpacked:
        while piece := packed.read(1 << 20):
            unpacked.write(unpacker.process(piece))
    new.chmod(0o755)
    tried = subprocess.run([new, "--version"], capture_output=True, text=True, check=False)
    if tried.returncode:
        print(
            f"\n  The tests' browser does not start here: {tried.stderr.strip()}\n"
            "  Name one that does: CHROMIUM=/path/to/chromium make test\n",
            file=sys.stderr,
        )
        return 1
    new.replace(UNPACKED)
    return 0


if __name__ == "__main__":
    sys.exit(main())
