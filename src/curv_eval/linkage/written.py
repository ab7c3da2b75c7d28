"""Where a linkage may write and read: asked before the work begins, which may take hours."""

from __future__ import annotations

import re
from pathlib import Path

from curv_eval.errors import RunError

_HELD = {".parquet": "Parquet", ".csv": "CSV"}


def refuse_out(out: Path, suffix: str = "") -> None:
    """Raise RunError unless a new file can be written at `out`, whose name ends in `suffix` (".csv", ".parquet")."""
    refuse_folder(out)
    if out.exists():
        raise RunError(f"{out.name} already exists", do="choose another name, or move it away")
    if not out.resolve().parent.is_dir():
        raise RunError(f"there is no folder for {out.name}", do="make the folder first")
    if suffix and out.suffix.lower() != suffix:
        # a partner opens what its name says it is
        raise RunError(f"{out.name} would hold {_HELD[suffix]}", do=f"give a name that ends in {suffix}")


def refuse_missing(path: Path) -> None:
    """Raise RunError unless `path` is a file."""
    if path.is_dir():
        raise RunError(f"there is no file to read: {path} is a folder", do="give the name of a file in it")
    if not path.is_file():
        raise RunError(f"there is no file {path.name}", do="check the path")


def refuse_folder(path: Path) -> None:
    """Raise RunError where `path` is a folder."""
    if path.is_dir():
        raise RunError(f"{path} is a folder", do="give the name of a file in it")


def source_fault(source: str) -> list[str]:
    """Return what is wrong with the label of a partner: it goes into every record_id, so all must write it alike."""
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", source):
        return []
    return ["source: expected a short label of small letters, digits, - and _, such as vcse"]
