"""What a notebook must leave alone, looked at before and after: what others made, and how Python starts.

Not a wall: a notebook is a program, and can do what its user can. This finds what would otherwise pass for a result.
"""

from __future__ import annotations

import fnmatch
import re
import site
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from curv_eval import manifest
from curv_eval.errors import RunError
from curv_eval.inputs import NOTEBOOKS, sha256, tree
from curv_eval.run.folders import OLD, PARTIAL
from curv_eval.run.records import NAME

# files that Python runs when it starts, in every program and without being asked
_STARTS = ("*.pth", "sitecustomize.py", "usercustomize.py")
_KEY = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True)
class Before:
    """What was there when a notebook began. made: hashes of the files in its folder. beside: names in the folder of
    the study's runs that no run has. starts: hashes of the files Python starts with."""

    made: dict[str, str]
    beside: frozenset[str]
    starts: dict[str, str]


def look(work: Path, home: Path) -> Before:
    """Return what is there. work: the notebook's folder. home: the folder of the study's runs."""
    return Before(tree(work), frozenset(_beside(home)), _starts())


def refuse_touched(work: Path, home: Path, *, before: Before, declared: Sequence[str], notebook: str) -> None:
    """Refuse a notebook that left a link or a pipe, changed what it does not declare, or wrote beside its folder.

    work, home: as in `look`. Raises RunError with everything found.
    """
    now = look(work, home)
    faults = [f"{path.relative_to(work).as_posix()} is {_odd(path)}" for path in sorted(work.rglob("*")) if _odd(path)]
    faults += [f"{name} is gone" for name in before.made if name not in now.made]
    kept = [name for name in before.made if not any(fnmatch.fnmatch(name, one) for one in declared)]
    faults += [f"{name} changed" for name in kept if now.made.get(name, before.made[name]) != before.made[name]]
    faults += [f"outputs/{home.name}/{name} was put beside the runs" for name in sorted(now.beside - before.beside)]
    faults += [str(one) for one in manifest.moved_between("Python starts otherwise", before.starts, now.starts)]
    if faults:
        do = f"let notebooks/{notebook}.ipynb write into its own folder only; nothing of this notebook was kept"
        raise RunError(f"the {notebook} notebook touched what is not its own", faults[:_SHOWN], do)


_SHOWN = 12


def refuse_earlier(folders: Sequence[Path], records: Sequence[dict], *, notebook: str) -> None:
    """Refuse a notebook that changed what earlier notebooks of its run had made.

    folders, records: of the earlier notebooks, in the same order.
    """
    faults = [
        f"{folder.parent.name}: {one.name} {one.how}"
        for folder, record in zip(folders, records, strict=True)
        for one in manifest.moved_between("output", record["outputs"], manifest.outputs(folder))
    ]
    if faults:
        do = f"let notebooks/{notebook}.ipynb write into its own folder only; what was changed is made again"
        raise RunError(f"the {notebook} notebook changed what others had made", faults[:_SHOWN], do)


def _odd(path: Path) -> str:
    if path.is_symlink():
        return "a link, which may lead to what was not released"
    return "" if path.is_file() or path.is_dir() else "a pipe or a device"


def _beside(home: Path) -> list[str]:
    """Return what is in the folder of a study's runs and is neither a run nor what makes one."""
    found = [*home.glob("*"), *(path for name in NOTEBOOKS for path in home.glob(f"{name}/*"))]
    return [path.relative_to(home).as_posix() for path in found if not _known(path, home)]


def _known(path: Path, home: Path) -> bool:
    if path.parent == home and (path.name in (*NOTEBOOKS, "latest") or path.name.startswith("made-up-data-")):
        return True
    of_a_run = "manifest.json" if path.parent == home else NAME
    at_work = path.name.startswith((PARTIAL, OLD, ".latest-"))
    return at_work or (bool(_KEY.fullmatch(path.name)) and (path / of_a_run).is_file())


def _starts() -> dict[str, str]:
    folders = [Path(one) for one in (*site.getsitepackages(), site.getusersitepackages())]
    return {str(path): sha256(path) for one in folders for name in _STARTS for path in one.glob(name) if path.is_file()}
