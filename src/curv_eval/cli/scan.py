"""curv-eval scan: what would leave, looked at once more."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curv_eval.cli.say import say

Leaving = Annotated[str, typer.Argument(help="a study (its latest run), study/key, a run, or any folder or file")]


def scan(run: Leaving) -> None:
    """Look in every file for what names or finds a person, and say where and what kind; never the value.

    Of a run, its release/ is read. A finished brief is read where its file is given. Leaves with 5 if anything is
    found, or if a file cannot be read.
    """
    from curv_eval.run.leaving import refuse_identifiers, study_of

    folder, held = _found(run)
    refuse_identifiers(folder, study_of(held) if held else None)
    read = sum(path.is_file() for path in folder.rglob("*")) if folder.is_dir() else 1
    say(f"{folder.name}: {read:,} {'file' if read == 1 else 'files'} read; nothing names or finds a person")


def _found(run: str) -> tuple[Path, Path | None]:
    """Return what is to be read, and the run it belongs to, None for a folder or file that is not a run."""
    from curv_eval.run.folders import find

    path = Path(run)
    if path.exists() and not (path / "manifest.json").is_file() and not (path / "latest").is_file():
        return path, None
    held = find(run, Path.cwd())
    return held / "release", held
