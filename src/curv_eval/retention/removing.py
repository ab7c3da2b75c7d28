"""Removing copies so that it can be shown: the intention is recorded first, then the files go, then that is recorded.

A dataset goes whole or not at all: its files are renamed first, and where one cannot be, all keep their names. A
removal that was cut short is found and ended by the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from curv_eval import audit, manifest
from curv_eval.errors import RunError
from curv_eval.retention.claims import GOING, QUARANTINE
from curv_eval.retention.listing import Asked, Held, Listing, Private
from curv_eval.run.folders import locked, tidy

_AT_ONCE = 200


def remove(found: Listing, *, ended: bool = False, with_runs: bool = False) -> list[str]:
    """Remove what is due, and return a sentence for each contract and run.

    ended: also what may stay and be used by nobody. with_runs: also the restricted parts of runs. Raises RunError
    where a study cannot be read, where a removal cannot be recorded, or where a file cannot go.
    """
    if found.faults:
        do = "mend them first: nobody can say which data they name"
        raise RunError("nothing was removed, because a study cannot be read", found.faults, do)
    said = _remove_data(found.asked, found.due(ended=ended))
    for run in found.due_runs(ended=ended) if with_runs else ():
        said.append(_remove_run(found.asked, run))
    return said


def _remove_data(asked: Asked, due: Sequence[Held]) -> list[str]:
    """Remove the files of each contract; those of several go with the first, whose line names the others."""
    said, gone = [], set()
    for i, one in enumerate(due):
        files = [path for path in one.files if path not in gone]
        also = [other.term.contract for other in due[i + 1 :] if not other.files.keys().isdisjoint(files)]
        why = f"v{one.term.version}: {one.term.why}" + (f"; some also under {', '.join(also)}" if also else "")
        if files:
            _remove(asked, files, of=one.term.contract, why=why)
        gone |= set(files)
        before = len(one.files) - len(files)
        said.append(
            f"{one.term.contract}: {_count(len(files))} removed" + (f", {before:,} before it" if before else "")
        )
    return said


def _remove_run(asked: Asked, run: Private) -> str:
    """Remove what a run keeps of its data; what it released, its manifest and its reviews stay."""
    home, folder = asked.project / "outputs", run.folder.parent
    name = folder.relative_to(home).as_posix()
    # what a killed run left there holds the same
    tidy(home / Path(name).parts[0])
    with locked(folder):
        why = f"made of data that are over: {', '.join(run.contracts)}"
        _remove(asked, list(run.files), of=Path(name).parts[0], run=folder.name, why=why)
    return f"{name}: {_count(len(run.files))} of its restricted part removed"


def _count(number: int) -> str:
    return "1 file" if number == 1 else f"{number:,} files"


def _remove(asked: Asked, files: Sequence[Path], *, of: str, why: str, run: str = "") -> None:
    # what names the others goes last, so that a removal that is cut short can be ended
    files = sorted(files, key=lambda path: (path.name.removeprefix(GOING) == QUARANTINE, path))
    told = {shown(path, asked): manifest.sha256(path) for path in files}

    def record(what: audit.What) -> None:
        for detail in _parts(told, why):
            audit.record(asked.project / "outputs", what, of=of, run=run, detail=detail)

    record(audit.What.EXPIRING)
    with _going(files) as gone:
        for path in gone:
            path.unlink()
    record(audit.What.EXPIRED)
    _remove_empty(files, stop={asked.project, asked.data, asked.project / "outputs"})


def _parts(told: dict[str, str], why: str) -> Iterator[dict[str, str | int]]:
    """Yield names and hashes as one line of the log tells them, in several where there are many."""
    names = list(told)
    for at in range(0, len(names), _AT_ONCE):
        yield {"files": len(told), "why": why} | {name: told[name] for name in names[at : at + _AT_ONCE]}


@contextmanager
def _going(files: Sequence[Path]) -> Iterator[list[Path]]:
    """Yield the files under the names of what is about to go; where one cannot be renamed, all have theirs back."""
    renamed: list[tuple[Path, Path]] = []
    try:
        for path in files:
            there = path if path.name.startswith(GOING) else path.with_name(f"{GOING}{path.name}")
            path.rename(there)
            renamed.append((path, there))
    except OSError as fault:
        for path, there in renamed:
            with suppress(OSError):
                there.rename(path)
        what = f"{Path(fault.filename or '').name} cannot be removed ({fault.strerror}), so nothing of its dataset was"
        raise RunError(what, do="ask for the right to write to its folder, then give the same command again") from None
    yield [there for _, there in renamed]


def _remove_empty(files: Iterable[Path], *, stop: set[Path]) -> None:
    """Remove the folders that were left empty, or with nothing but the mark that keeps them out of git."""
    for folder in sorted({path.parent for path in files}, key=lambda p: len(p.parts), reverse=True):
        at = folder
        while at not in stop:
            left = list(at.iterdir()) if at.is_dir() else []
            if [path.name for path in left] == [".gitignore"] and left[0].read_text("utf-8") == "*\n":
                left[0].unlink()
            try:
                at.rmdir()
            except OSError:
                break
            at = at.parent


def shown(path: Path, asked: Asked) -> str:
    """Return a file as it is named in lists and in the log: as seen from the data folder or the project."""
    if path.is_relative_to(asked.data):
        return f"data: {path.relative_to(asked.data).as_posix()}"
    return path.relative_to(asked.project).as_posix() if path.is_relative_to(asked.project) else path.name
