"""A folder with the rows that break a contract set apart, the rest to go on with, and what was found."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from curv_eval.errors import RunError
from curv_eval.sources import MADE_UP
from curv_eval.validation.checked import Checked
from curv_eval.validation.halves import Halves

_NOTE = "the kept and the quarantined file hold rows as they came: personal data, if the source holds any"
_PUBLISHED = ("release", "brief")


def refuse_folder(folder: Path) -> None:
    """Raise RunError when `folder` exists, or lies where a run keeps what it lets out."""
    if folder.exists():
        raise RunError(f"{folder} exists already; a quarantine is not written over", do="name a folder that is new")
    inside = [part for part in folder.resolve().parts if part in _PUBLISHED]
    if inside:
        what = f"{folder} lies inside {inside[0]}/, which is published; quarantined rows hold personal data"
        raise RunError(what, do="name a folder that only you and the data's steward can open")


def refuse_several(checked: Checked) -> None:
    """Raise RunError when the data are several files."""
    count = len(checked.source.files)
    if count != 1:
        what = f"{checked.validation.name} is {count:,} files; rows can be set apart in one file at a time"
        raise RunError(what, do="leave --quarantine out, or give one file")


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """Yield a folder that only its owner can open; it becomes `folder` once all is written, and else is removed."""
    work = folder.with_name(f".partial-{folder.name}-{os.getpid()}")
    folder.parent.mkdir(parents=True, exist_ok=True)
    work.mkdir(mode=0o700)
    try:
        # what lies here is personal data, and git would keep it for good
        (work / ".gitignore").write_text("*\n", "utf-8")
        yield work
        work.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def write_facts(work: Path, checked: Checked, halves: Halves) -> None:
    """Write quarantine.json: which contract, which file, and how many rows each file has. No value, and no time."""
    contract, (file,) = checked.contract, checked.source.files
    facts = {
        "note": _NOTE,
        "contract": {"name": contract.name, "version": contract.version, "sha256": contract.sha256},
        "source": {"name": file.name, "sha256": file.sha256, "rows": file.rows},
        "kept": {"name": halves.kept.name, "sha256": _sha256(halves.kept), "rows": halves.rows_kept},
        "quarantined": {"name": halves.apart.name, "sha256": _sha256(halves.apart), "rows": halves.rows_apart},
        "breaches": [{"column": b.column, "rule": b.rule, "count": b.count} for b in checked.validation.breaches],
    }
    (work / "quarantine.json").write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", "utf-8")


def pass_on_made_up(path: Path, work: Path) -> None:
    """Copy the label of made-up data, so that what is written is known to be made up as well."""
    place = path.resolve()
    labels = [folder / MADE_UP for folder in (place, *place.parents) if (folder / MADE_UP).is_file()]
    if labels:
        shutil.copyfile(labels[0], work / MADE_UP)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
