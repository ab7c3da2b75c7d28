"""Appending to the audit log: one line at a time, under a lock, on the disk before the act that it tells of goes on.

An act that cannot be recorded is refused. What a power cut left of a line stays as it is, and the next line says so.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from curv_eval.audit.line import Detail, Line, What
from curv_eval.audit.places import HEAD, LOG, Head, ends, read_head
from curv_eval.errors import RunError

VARIABLE = "CURV_EVAL_USER"
_LONG, _PATIENCE = 100, 60.0
_ASKED: ContextVar[str] = ContextVar("asked", default="")
_REPAIR = (
    "see `curv-eval audit verify`; bring both files back from a copy. Where there is none, keep them elsewhere as they "
    "are, and a new log begins"
)


def who() -> str:
    """Return who acts: CURV_EVAL_USER if it is set, else the login name of the operating system. It is a label."""
    given = "".join(c for c in " ".join(os.environ.get(VARIABLE, "").split()) if c.isprintable())
    return _ASKED.get() or given[:_LONG] or _login()


def _login() -> str:
    import getpass

    try:
        import pwd

        return pwd.getpwuid(os.geteuid()).pw_name
    except (ImportError, KeyError):
        with suppress(OSError, KeyError, ImportError):
            return getpass.getuser()
    return "unknown"


@contextmanager
def on_behalf_of(name: str) -> Iterator[None]:
    """Let `name` stand as who acts while the block lasts: for a worker that does what was asked for elsewhere."""
    before = _ASKED.set(name)
    try:
        yield
    finally:
        _ASKED.reset(before)


def home_of(run: Path) -> Path:
    """Return the folder with the log of a run: the `outputs` above it, else the folder in which it lies."""
    there = run.resolve()
    return next((up for up in there.parents if up.name == "outputs"), there.parent)


def ready(home: Path) -> None:
    """Raise RunError unless the log in the folder `home` can be written to; nothing is made or changed."""
    path = home / LOG
    with _refusing():
        if not any((home / name).exists() for name in (LOG, HEAD)):
            there = next(up for up in (home, *home.parents) if up.exists())
            if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
                raise PermissionError(13, "there is no right to write there")
            return
        with _locked(home):
            _agreed(home)
            with path.open("ab"):
                pass


def record(home: Path, what: What, *, of: str, run: str = "", detail: Detail | None = None) -> Line:
    """Append what was done to the log in the folder `home`, and return the line once it is on the disk.

    of: the study or contract. run: the key of a run. detail: names, hashes and counts of files. Raises RunError where
    it cannot be written, or where the log is not as it was left.
    """
    with _refusing():
        home.mkdir(parents=True, exist_ok=True)
        with _locked(home):
            last, end = _agreed(home), ends(home / LOG)
            begin = b"\n" if end.open else b""
            if end.torn:
                told = {"bytes": len(end.torn), "sha256": hashlib.sha256(end.torn).hexdigest()}
                marked = _next(last, What.TORN, of=LOG, detail=told)
                last, begin = _append(home, marked, begin), b""
            line = _next(last, what, of=of, run=run, detail=detail)
            _append(home, line, begin)
            return line


@dataclass
class Made:
    """What a command made while it is recorded: what to say of it, and what is taken away if that cannot be said."""

    detail: dict[str, str | int] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)


@contextmanager
def recorded(home: Path, what: What, *, of: str, run: str = "") -> Iterator[Made]:
    """Refuse before the block what cannot be recorded, and record after it what was made.

    Where that fails after all, the files that the block named are taken away again. Raises RunError.
    """
    ready(home)
    made = Made()
    yield made
    try:
        record(home, what, of=of, run=run, detail=made.detail)
    except BaseException:
        for path in made.files:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        raise


def _next(last: Head | None, what: What, *, of: str, run: str = "", detail: Detail | None = None) -> Line:
    number, before = (last.number + 1, last.hash) if last else (1, "")
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return Line(number, at, who(), what, of, run, dict(detail or {}), before)


def _agreed(home: Path) -> Head | None:
    """Return number and hash of the last line. Raises RunError where the log and its head do not fit each other.

    The head may be one line behind: that is where a power cut came between the two.
    """
    found, head = ends(home / LOG).last, read_head(home)
    kept = head.number if head else 0
    same = head == (Head(found.number, found.hash) if found else None)
    behind = found is not None and found.number == kept + 1 and found.before == (head.hash if head else "")
    if not same and not behind:
        what = f"outputs/{LOG} is not as it was left"
        said = f"its last line is number {found.number if found else 0}; {HEAD} says {kept or 'nothing'}"
        raise RunError(what, [said, "nothing is done while acts cannot be recorded"], _REPAIR)
    return Head(found.number, found.hash) if found else None


def _append(home: Path, line: Line, begin: bytes) -> Head:
    """Write one line, and then the head; where either fails, the log is left as it was. begin: ends a torn line."""
    head = Head(line.number, line.hash)
    there = os.open(home / LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
    try:
        size = os.fstat(there).st_size
        try:
            _whole(there, begin + line.written())
            _put_head(home, head)
        except BaseException:
            with suppress(OSError):
                if read_head(home) != head:
                    os.ftruncate(there, size)
            raise
    finally:
        os.close(there)
    return head


def _whole(there: int, content: bytes) -> None:
    while content:
        content = content[os.write(there, content) :]
    os.fsync(there)


def _put_head(home: Path, head: Head) -> None:
    partial = home / f".{HEAD}.partial"
    with partial.open("wb") as file:
        file.write(f"{head.number} {head.hash}\n".encode())
        file.flush()
        os.fsync(file.fileno())
    partial.replace(home / HEAD)
    if os.name == "nt":
        return  # there a folder cannot be opened; NTFS keeps a journal of names
    folder = os.open(home, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Hold the lock of the log, which is the system's: it ends with the process, however that ends."""
    from filelock import FileLock, Timeout

    lock = FileLock(home / f".{LOG}.lock", is_singleton=False, thread_local=False)
    try:
        lock.acquire(timeout=_PATIENCE, poll_interval=0.01)
    except Timeout:
        what = f"another process has held outputs/{LOG} for {_PATIENCE:g} seconds"
        raise RunError(what, do="see what it does, end it, and give the same command again") from None
    try:
        yield
    finally:
        # taken away while it is held: who has opened it meanwhile sees that its file is gone, and makes a new one
        with suppress(OSError):
            (home / f".{LOG}.lock").unlink(missing_ok=True)
        lock.release()


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn what a disk says into a refusal: what cannot be recorded is not done."""
    try:
        yield
    except OSError as fault:
        what = f"this cannot be recorded in outputs/{LOG} ({fault.strerror or type(fault).__name__}), so it is not done"
        do = "ask for the right to write there, or make room; then give the same command again"
        raise RunError(what, do=do) from None
