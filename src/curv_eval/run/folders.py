"""Where runs live, and how a folder appears there whole or not at all.

outputs/<study>/<notebook>/<key>/   what one notebook made, and run.json
outputs/<study>/<key>/              the finished run: everything its notebooks made, and manifest.json
outputs/.locks/, outputs/.journal/  who is at work, and what was said
"""

from __future__ import annotations

import errno
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from curv_eval.errors import RunError
from curv_eval.study import Study

KEPT = ("reviews.json",)  # what people decided outlives a second run; it approves only the run it names by hash
PARTIAL, OLD = ".partial-", ".old-"


def outputs(study: Study) -> Path:
    """Return the folder that holds the runs of a study."""
    return study.project / "outputs" / study.study


@contextmanager
def staged(final: Path) -> Iterator[Path]:
    """Yield a working folder and rename it to `final` when the block ends without an error.

    What was at `final` is replaced whole; what killed runs left beside it is removed. A second process that wants the
    same folder is refused. Every byte is on the disk before the name is. Raises RunError.
    """
    made = _missing(final.parent)
    with writing(final), locked(final):
        try:
            final.parent.mkdir(parents=True, exist_ok=True)
            _recover(final)
            work = final.with_name(f"{PARTIAL}{final.name}-{uuid.uuid4().hex[:8]}")
            work.mkdir()
            yield work
            _to_disk(work)
            _swap(work, final)
        finally:
            for left in final.parent.glob(f"{PARTIAL}{final.name}-*"):
                shutil.rmtree(left, ignore_errors=True)
            _remove_empty(made)


_FULL, _FORBIDDEN = {errno.ENOSPC, errno.EDQUOT}, {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def writing(final: Path) -> Iterator[None]:
    """Turn what a disk says into a message: full, or not to be written."""
    try:
        yield
    except OSError as fault:
        elsewhere = fault.filename and not str(fault.filename).startswith(str(_home(final)))
        if fault.errno in _FULL:
            do = "make room, then run again: what was finished before is still there and is not repeated"
        elif fault.errno in _FORBIDDEN and not elsewhere:
            do = "ask for the right to write there; nothing that was finished before was touched"
        else:
            raise
        where = final.parent.relative_to(_home(final)).as_posix()
        raise RunError(f"cannot write to outputs/{where} ({fault.strerror})", do=do) from None


def _home(final: Path) -> Path:
    """Return the `outputs` folder above a run's or a notebook's folder."""
    return next((up for up in final.parents if up.name == "outputs"), final.parent)


@contextmanager
def locked(final: Path) -> Iterator[None]:
    """Hold the lock of a folder. Raises RunError where another process, or another thread, holds it.

    The lock is the system's: it ends with the process, however that ends.
    """
    from filelock import FileLock, Timeout

    home, held = _home(final), _lock(final)
    made = _missing(held.parent)
    held.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(held, is_singleton=False, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        what = f"{final.relative_to(home.parent)} is being made by another run at this moment"
        raise RunError(what, do="wait until it has ended; `curv-eval status` shows it") from None
    try:
        yield
    finally:
        # taken away while it is held: who has opened it meanwhile sees that its file is gone, and makes a new one
        with suppress(OSError):
            held.unlink(missing_ok=True)
        lock.release()
        _remove_empty(made)


def _lock(final: Path) -> Path:
    home = _home(final)
    return home / ".locks" / f"{'-'.join(final.relative_to(home).parts)}.lock"


def busy(final: Path) -> bool:
    """Whether a process is at work on a folder; the file of its lock is there only then, or after a kill."""
    if not _lock(final).exists():
        return False
    try:
        with locked(final):
            return False
    except RunError:
        return True


def _swap(work: Path, final: Path) -> None:
    """Put `work` in the place of `final`; killed between the two renames, `_recover` puts the old one back."""
    old = final.with_name(f"{OLD}{final.name}")
    if final.exists():
        for name in KEPT:
            if (final / name).exists():
                shutil.copyfile(final / name, work / name)
        final.rename(old)
    work.rename(final)
    _sync(final.parent)
    shutil.rmtree(old, ignore_errors=True)


def _recover(final: Path) -> None:
    """Remove what killed runs left of this folder, and bring back what was being replaced."""
    old = final.with_name(f"{OLD}{final.name}")
    if old.exists():
        if final.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.rename(final)
    for left in final.parent.glob(f"{PARTIAL}{final.name}-*"):
        shutil.rmtree(left, ignore_errors=True)


def tidy(home: Path) -> None:
    """Remove what killed runs left below a study's outputs, except where a process is at work."""
    for left in [
        *home.glob(f"{PARTIAL}*"),
        *home.glob(f"*/{PARTIAL}*"),
        *home.glob(f"{OLD}*"),
        *home.glob(f"*/{OLD}*"),
    ]:
        key = left.name.removeprefix(PARTIAL).rsplit("-", 1)[0] if PARTIAL in left.name else left.name.removeprefix(OLD)
        with suppress(RunError, OSError), locked(left.with_name(key)):
            _recover(left.with_name(key))


def _to_disk(folder: Path) -> None:
    """Wait until every file below `folder` is on the disk: a power cut must not leave a name without its bytes."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    _sync(folder)


def _sync(folder: Path) -> None:
    if os.name == "nt":
        return  # there a folder cannot be opened; NTFS keeps a journal of names
    there = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(there)
    finally:
        os.close(there)


def _missing(folder: Path) -> list[Path]:
    """Return the folders that are not there yet, the innermost first."""
    return [one for one in (folder, *folder.parents) if not one.exists()]


def _remove_empty(folders: list[Path]) -> None:
    """Remove the folders that hold nothing, the innermost first."""
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return


def find(run: str, project: Path) -> Path:
    """Return the run folder that `run` names: a path, a study (its latest run), or study/key. Raises RunError."""
    for home in (Path(run), project / "outputs" / run):
        for folder in (home, home / latest(home)):
            if (folder / "manifest.json").is_file():
                return folder.resolve()
    runs = sorted((project / "outputs").glob("*/*/manifest.json"))
    known = [f"{path.parent.parent.name}/{path.parent.name}" for path in runs if not path.parent.name.startswith(".")]
    listed = ", ".join(known[:10]) + (f" and {len(known) - 10:,} more" if len(known) > 10 else "")
    do = "give one of these, or its study for the latest" if known else "run `curv-eval run` in this folder first"
    raise RunError(f"there is no finished run {run!r}", [f"runs here: {listed or 'none'}"], do)


def latest(home: Path) -> str:
    """Return the key of a study's latest run, "." where there is none."""
    try:
        return (home / "latest").read_text("utf-8").strip() or "."
    except (OSError, UnicodeDecodeError):
        return "."


def name_latest(run: Path) -> None:
    """Let `latest` name this run, in one step."""
    part = run.with_name(f".latest-{uuid.uuid4().hex[:8]}")
    try:
        part.write_text(run.name + "\n", "utf-8")
        part.replace(run.with_name("latest"))
    finally:
        part.unlink(missing_ok=True)
