"""A site plan to attach: a small drawing, the same for both sides."""

from __future__ import annotations

import struct
import zlib

from bench.browser import Upload


def site_plan(width: int = 640, height: int = 480) -> Upload:
    """A PNG of a map with a marked place."""
    rows = bytearray()
    for y in range(height):
        rows.append(0)  # no filter
        for x in range(width):
            path = (x + y) % 97 < 4 or (x - y) % 131 < 4
            place = 200 < x < 320 and 150 < y < 240
            rows += b"\xc0\x20\x20" if place else b"\x80\x80\x80" if path else b"\xd8\xe8\xd0"
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, data)
        for kind, data in ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    )
    return Upload("site-plan.png", "image/png", content)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
