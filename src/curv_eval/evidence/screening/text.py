"""The text of an export, and what is taken out of it before anybody reads it."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from curv_eval.errors import StudyError
from curv_eval.visible import STEERS

MOST_BYTES, MOST_CHARACTERS = 200_000_000, 100_000
_SAVE = "save the export as UTF-8 and read it again"


def read_text(path: Path) -> str:
    """Return the text of an export, without a byte order mark and with line ends as \\n.

    Raises StudyError where there is no such file, it is not UTF-8 (or UTF-16 with its mark), or it has more than
    200 million bytes.
    """
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode) or about.st_size > MOST_BYTES:
            what = f"{path.name} has {about.st_size:,} bytes or is no file"
            raise StudyError(what, [f"expected a file of at most {MOST_BYTES:,} bytes"], "export it in parts")
        raw = path.read_bytes()
    except (OSError, ValueError):
        raise StudyError(f"there is no readable file {path.name}", do="give the file that the database made") from None
    return _decoded(raw, path.name).replace("\r\n", "\n").replace("\r", "\n")


def _decoded(raw: bytes, name: str) -> str:
    wide = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        return raw.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as fault:
        line = raw[: fault.start].count(b"\n") + 1
        kind = "UTF-16" if wide else "UTF-8"
        raise StudyError(f"{name} is not {kind}", [f"line {line:,}: the first such character"], _SAVE) from None


def tidy(text: str) -> str:
    """Return text on one line, with single spaces and without the characters that nobody sees."""
    return re.sub(r"\s+", " ", STEERS.sub("", re.sub(r"[\n\r\u2028\u2029]", " ", text))).strip()


def unseen(text: str) -> bool:
    """Whether text holds characters that nobody sees and that could steer a terminal."""
    return STEERS.search(re.sub(r"[\n\r\u2028\u2029\u200e\u200f]", "", text)) is not None
