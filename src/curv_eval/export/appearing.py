"""A folder or a zip that appears whole or not at all, and holds neither restricted files nor places of this machine."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from curv_eval import inputs
from curv_eval.errors import RunError

# the earliest time a zip can hold: the same files make the same bytes
_THEN = (1980, 1, 1, 0, 0, 0)


@contextmanager
def appearing(target: Path, *, top: str = "") -> Iterator[Path]:
    """Yield an empty folder whose files are at `target` when the block ends without an error: a zip if it ends in .zip.

    top: the folder within the zip, "" for none. Raises RunError when `target` is there or its folder is not.
    """
    refuse_taken(target)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=target.parent) as place:
        # the inner folder has the usual permissions, which a temporary one has not
        work = Path(place) / "whole"
        work.mkdir()
        yield work
        whole = work
        if is_zip(target):
            whole = Path(place) / "whole.zip"
            write_zip(work, whole, top=top)
        refuse_taken(target)
        whole.rename(target)


def is_zip(target: Path) -> bool:
    """Whether a zip is asked for."""
    return target.suffix.lower() == ".zip"


def refuse_taken(target: Path) -> None:
    """Raise RunError when something is at `target`, or the folder it would be in is not there."""
    if os.path.lexists(target):
        raise RunError(f"{target} already exists", do="choose another name, or move it away")
    if not target.parent.is_dir():
        raise RunError(f"there is no folder {target.parent}", do="make it first, or choose another place")


def write_zip(folder: Path, path: Path, *, top: str) -> None:
    """Write every file below `folder` into a zip: sorted, without times, and with plain relative names."""
    with zipfile.ZipFile(path, "x") as archive:
        for file in sorted(files_below(folder), key=lambda p: p.relative_to(folder).parts):
            name = Path(top, file.relative_to(folder)).as_posix()
            entry = zipfile.ZipInfo(name, _THEN)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o100644 << 16
            with file.open("rb") as source, archive.open(entry, "w") as held:
                shutil.copyfileobj(source, held)


def files_below(folder: Path) -> list[Path]:
    """Return the files below a folder. Raises RunError for a link, which could lead anywhere."""
    found = sorted(folder.rglob("*"))
    links = [path.relative_to(folder).as_posix() for path in found if path.is_symlink()]
    if links:
        raise RunError(f"{folder.name} holds links", links, "put the files themselves there, or take the links away")
    return [path for path in found if path.is_file()]


def copy(source: Path, target: Path) -> None:
    """Copy the bytes of one file, into folders that are made for it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def copy_tree(source: Path, target: Path) -> None:
    """Copy the bytes of every file below a folder."""
    for file in files_below(source):
        copy(file, target / file.relative_to(source))


def refuse_leaks(folder: Path, run: Path) -> None:
    """Raise RunError when a file to be handed over is one of the run's restricted files, or names a place on this disk.

    The places are the project, the folder of the program, and the home of who exports.
    """
    secret = (
        {inputs.sha256(path) for path in files_below(run / "restricted")} if (run / "restricted").is_dir() else set()
    )
    places = _places(run)
    faults = []
    for path in files_below(folder):
        name, held = path.relative_to(folder).as_posix(), path.read_bytes()
        if held and inputs.sha256(path) in secret:
            faults.append(f"{name} is a restricted file")
        if places.search(held):
            faults.append(f"{name} names a folder of this machine")
    if faults:
        do = "take it out of the study or the contract and run again; nothing was written"
        raise RunError(f"{run.name} cannot be handed over as it is", faults, do)


def _places(run: Path) -> re.Pattern[bytes]:
    """Return what finds the absolute paths that the exported files could hold."""
    asked = {run.parents[2], run.resolve().parents[2], Path(__file__).parents[3], Path.home()}
    # a short one, such as /root or /data, is a word in many texts
    long = sorted({str(path) for path in asked if len(path.parts) > 2})
    return re.compile(
        rb"(?<![\w.])(?:" + b"|".join(re.escape(one.encode()) for one in long) + rb")(?!\w)" if long else b"(?!)"
    )
