"""A picture for the demo's receipts, painted here: a carton with a dent in its side."""

from __future__ import annotations

import struct
import zlib

from procure.attachments import CheckedFile

WIDTH, HEIGHT = 240, 180
WALL, CARTON, SHADE, TAPE = (214, 210, 202), (178, 136, 92), (120, 86, 54), (206, 178, 138)


def _colour(x: int, y: int) -> tuple[int, int, int]:
    """Which colour stands at a point: wall, carton, tape, or the dent."""
    if not (40 <= x < 200 and 40 <= y < 160):
        return WALL
    if abs(x - 165) + abs(y - 120) < 34 + (x * 7 + y * 3) % 9:
        return SHADE if (x + 2 * y) % 7 < 4 else CARTON
    if 112 <= x < 128 or y < 44:
        return TAPE
    return CARTON


def _chunk(name: bytes, content: bytes) -> bytes:
    crc = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + crc


def _png() -> bytes:
    rows = (b"\0" + b"".join(bytes(_colour(x, y)) for x in range(WIDTH)) for y in range(HEIGHT))
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    body = _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(b"".join(rows)))
    return b"\x89PNG\r\n\x1a\n" + body + _chunk(b"IEND", b"")


CRUSHED_CARTON = CheckedFile("crushed-carton.png", _png(), "image/png")
