"""Where an array is wrong, as a picture within a page: PNG, without a library for images."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence

from markupsafe import Markup

PICTURE_PIXELS = 176  # of the longer side on the page, about
SMALL = 9  # the logarithm of the bytes that zlib looks back
RAMP = b"".join(bytes((255 - v * 127 // 255, 250 - v * 250 // 255, 240 - v * 220 // 255)) for v in range(256))


def png(rows: Sequence[Sequence[int]]) -> bytes:
    """Draw rows of 0 to 255 as a picture of one pixel each, white for 0 to dark red for 255."""
    height, width = len(rows), len(rows[0])
    pixels = b"".join(b"\x00" + bytes(row) for row in rows)  # each row begins with its filter: none
    small = zlib.compressobj(9, zlib.DEFLATED, SMALL, 1)  # what it takes for megabytes costs more than such a picture
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),  # 8 bits, palette
        (b"PLTE", RAMP),
        (b"IDAT", small.compress(pixels) + small.flush()),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def picture(rows: Sequence[Sequence[int]]) -> Markup:
    """Draw rows of 0 to 255 as an image element."""
    height, width = len(rows), len(rows[0])
    zoom = max(1, PICTURE_PIXELS // max(height, width, 8))
    data = base64.b64encode(png(rows)).decode()
    return Markup(  # numbers, and nothing that needs to be escaped
        f'<img alt="picture of the error" width="{width * zoom}" height="{height * zoom}" '
        f'src="data:image/png;base64,{data}">'
    )
