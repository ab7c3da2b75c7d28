"""The two files of the audit log, read from their ends: the last line, and the head beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from curv_eval.audit.line import Line, read_line
from curv_eval.errors import RunError

LOG, HEAD = "audit.jsonl", "audit.head"
_PIECE = 1 << 16


@dataclass(frozen=True)
class Head:
    """Number and hash of the last line."""

    number: int
    hash: str


@dataclass(frozen=True)
class Ends:
    """The last whole line of a log, None where there is none, and what comes after it: what was left of a line.

    open: whether the file ends without the end of a line.
    """

    last: Line | None
    torn: bytes = b""
    open: bool = False


def ends(path: Path) -> Ends:
    """Return the end of a log, of which only as much is read as is needed."""
    if not path.exists():
        return Ends(None)
    size, piece = path.stat().st_size, _PIECE
    with path.open("rb") as file:
        while True:
            file.seek(max(0, size - piece))
            held = file.read()
            found = _ends(held, begun=piece >= size)
            if found:
                return found
            piece *= 4


def _ends(held: bytes, *, begun: bool) -> Ends | None:
    """Return the ends in the last bytes of a log, None where no whole line begins in them. begun: these are all."""
    opened = not held.endswith(b"\n")
    # a line that lacks nothing but its end counts
    after = len(held) + opened
    while after > 0:
        start = held.rfind(b"\n", 0, after - 1) + 1
        if start == 0 and not begun:
            return None
        found = read_line(held[start : after - 1])
        if found and found.whole:
            return Ends(found.line, held[after:], opened)
        after = start
    return Ends(None, held, opened) if begun else None


def read_head(home: Path) -> Head | None:
    """Return what the head says, None where there is none. Raises RunError where it cannot be understood."""
    try:
        number, held = (home / HEAD).read_text("utf-8").split()
        return Head(int(number), held)
    except FileNotFoundError:
        return None
    except ValueError:
        what = f"outputs/{HEAD} does not hold a number and a hash"
        raise RunError(what, do="bring it back from a copy; see `curv-eval audit verify`") from None
