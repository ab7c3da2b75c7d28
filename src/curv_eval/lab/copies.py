"""The notebooks of a project that has none: copies of those that came with the package."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from curv_eval.lab.settings import PLACE
from curv_eval.manifest import sha256
from curv_eval.shipped import shipped

# the study that the notebooks open unless another is named in their first cell
STUDY = "demo.yaml"
_RECORD = "copied.json"
_SHOWN = 5


def copy_notebooks(project: Path) -> list[str]:
    """Copy the shipped notebooks, and the study they open, into a project; what somebody changed is left alone.

    A copy that nobody changed is brought up to date. Returns what was done, in sentences.
    """
    source, target = shipped("notebooks"), project / "notebooks"
    if target.exists() and target.samefile(source):
        return [f"notebooks/: {len(list(source.glob('*.ipynb')))} notebooks, those of this checkout"]
    before = _read(project)
    now = {path.relative_to(source).as_posix(): path for path in sorted(source.rglob("*")) if _travels(path, source)}
    done = {name: _copy(path, target / name, before.get(name)) for name, path in now.items()}
    _write(project, before | {name: sha256(now[name]) for name, how in done.items() if how != "kept"})
    return [*_said(done), *_study(project)]


def _travels(path: Path, source: Path) -> bool:
    return path.is_file() and not any(part.startswith((".", "_")) for part in path.relative_to(source).parts)


def _copy(path: Path, target: Path, known: str | None) -> str:
    """Copy one file unless somebody changed it. known: the hash of what was copied there before."""
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        return "copied"
    there = sha256(target)
    if there == sha256(path):
        return "same"
    if there != known:
        return "kept"
    shutil.copyfile(path, target)
    return "brought up to date"


def _said(done: dict[str, str]) -> list[str]:
    said = []
    for how in ("copied", "brought up to date"):
        many = sum(one == how for one in done.values())
        said += [f"notebooks/: {many} files {how} from the package"] if many else []
    kept = [name for name, how in done.items() if how == "kept"]
    if kept:
        more = f" and {len(kept) - _SHOWN} more" if len(kept) > _SHOWN else ""
        said.append(f"notebooks/: yours kept as they are: {', '.join(kept[:_SHOWN])}{more}")
    return said or ["notebooks/: as they came with the package"]


def _study(project: Path) -> list[str]:
    target = project / "params" / STUDY
    if target.exists():
        return []
    target.parent.mkdir(exist_ok=True)
    shutil.copyfile(shipped("params") / STUDY, target)
    return [f"params/{STUDY}: copied, the example study that the notebooks open"]


def _read(project: Path) -> dict[str, str]:
    try:
        held = json.loads((project / PLACE / _RECORD).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return held if isinstance(held, dict) else {}


def _write(project: Path, held: dict[str, str]) -> None:
    home = project / PLACE
    home.mkdir(parents=True, exist_ok=True)
    (home / _RECORD).write_text(json.dumps(held, indent=1, sort_keys=True) + "\n", "utf-8")
