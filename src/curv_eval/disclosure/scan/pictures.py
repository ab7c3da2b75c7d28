"""Pictures: what of a PNG is text. Words that are drawn cannot be read here."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from curv_eval.disclosure.scan.items import Item, Piece, Refused

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_NO_TEXT = {
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"pHYs", b"sBIT", b"bKGD", b"hIST", b"cICP",
    b"tIME",
}  # fmt: skip
_TEXT = (b"tEXt", b"zTXt", b"iTXt")
# what programs say of themselves; anything else is said by a person
_KEYWORDS = {"Software", "Title", "Description", "Copyright", "Source"}


def png_items(raw: bytes) -> Iterator[Item]:
    """Yield the texts of a PNG; what may hold others, such as EXIF, is refused."""
    if not raw.startswith(_SIGNATURE):
        yield Refused("", "its name says PNG, and it is not one")
        return
    at, ended = len(_SIGNATURE), False
    while at + 8 <= len(raw) and not ended:
        (size,), kind = struct.unpack(">I", raw[at : at + 4]), raw[at + 4 : at + 8]
        yield from _chunk(kind, raw[at + 8 : at + 8 + size])
        at, ended = at + 12 + size, kind == b"IEND"
    if not ended or at != len(raw):
        yield Refused("", "a PNG that is cut off, or that goes on after its end")


def _chunk(kind: bytes, body: bytes) -> Iterator[Item]:
    if kind in _NO_TEXT:
        return
    if kind not in _TEXT:
        yield Refused("", "a PNG with a part that may hold text, such as EXIF; write it anew without")
        return
    keyword, _, rest = body.partition(b"\0")
    name = keyword.decode("latin-1")
    if name not in _KEYWORDS:
        yield Refused("", "a PNG with a text of its own; write it anew without")
    text = _unpacked(kind, rest)
    if text is None:
        yield Refused("", "a PNG with a text that cannot be unpacked")
    else:
        yield Piece("text in the picture", f"{name}: {text}")


def _unpacked(kind: bytes, rest: bytes) -> str | None:
    """Return the text of a chunk after its keyword, None where it cannot be unpacked."""
    try:
        if kind == b"tEXt":
            return rest.decode("latin-1")
        if kind == b"zTXt":
            return _inflated(rest[1:]).decode("latin-1")
        flag, _, rest = rest[:1], rest[1:2], rest[2:]
        language, translated, text = rest.split(b"\0", 2)
        body = _inflated(text) if flag == b"\x01" else text
        return b" ".join((language, translated, body)).decode("utf-8")
    except (ValueError, zlib.error):
        return None


def _inflated(body: bytes) -> bytes:
    return zlib.decompressobj().decompress(body, 2**20)
