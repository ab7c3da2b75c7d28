"""What was run, on what, by which code, and what it made; and whether that still holds."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from curv_eval.errors import RunError
from curv_eval.shipped import shipped
from curv_eval.study import Study

PACKAGES = "curv-eval duckdb linearmodels matplotlib numpy pandas papermill pyarrow pydantic scipy seaborn statsmodels"
SCHEMA = 1
_APART = {"__pycache__", "_shipped"}


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def tree(folder: Path, pattern: str = "*") -> dict[str, str]:
    """Return relative path -> SHA-256 for every file below `folder`, except caches and the copies in a wheel."""
    files = (p for p in sorted(folder.rglob(pattern)) if p.is_file() and not _APART & {*p.relative_to(folder).parts})
    return {p.relative_to(folder).as_posix(): sha256(p) for p in files}


def digest(held: object) -> str:
    """Return the SHA-256 of the canonical JSON of `held`."""
    return hashlib.sha256(json.dumps(held, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def inputs(study: Study, *, data: Path | None, contracts: dict[str, Path]) -> dict:
    """Return everything a result depends on, as hashes: study, contracts, data, code, notebooks, environment.

    contracts: the file of each contract by name. data: the data folder; None leaves the data out.
    """
    held = {
        "study": sha256(study.path),
        "contracts": {name: sha256(path) for name, path in contracts.items() if path.is_file()},
        "code": digest(tree(Path(__file__).parent, "*.*")),
        "notebooks": digest(tree(shipped("notebooks"), "*.ipynb")),
        "environment": _versions(),
    }
    if data is not None:
        held["data"] = {
            f"{name}/{f}": h for name, use in study.contracts.items() for f, h in _files(data / use.location)
        }
    return held


def key(found: dict) -> str:
    """Return the content key of a run: the same inputs give the same key, wherever and whenever."""
    return digest(found)[:12]


def write(run: Path, *, study: Study, found: dict, times: dict[str, str]) -> Path:
    """Write manifest.json into the run folder and return its path."""
    held = {
        "schema": SCHEMA, "study": study.study, "params": study.path.name, "key": key(found), "seed": study.seed,
        "made_up": _made_up(run), "inputs": found, "commit": _commit(), "times": times,
        "platform": f"{platform.system()} {platform.machine()}", "outputs": _outputs(run),
    }  # fmt: skip
    path = run / "manifest.json"
    path.write_text(json.dumps(held, indent=1, sort_keys=True) + "\n", "utf-8", newline="\n")
    return path


def read(run: Path) -> dict:
    """Return the manifest of a run folder. Raises RunError when there is none or it is not whole."""
    try:
        held = json.loads((run / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError):
        raise RunError(f"{run} has no readable manifest.json", do="give the folder of a finished run") from None
    if held.get("schema") != SCHEMA:
        raise RunError(f"{run.name}: manifest schema {held.get('schema')}, expected {SCHEMA}")
    return held


@dataclass(frozen=True)
class Moved:
    """One thing that is not as the manifest says: what, which file, and how."""

    what: str
    name: str
    how: str

    def __str__(self) -> str:
        return f"{self.what}: {self.name} {self.how}"


def verify(run: Path, now: dict | None = None) -> list[Moved]:
    """Return what moved since the run was made: its manifest and outputs, and what of `now` they depend on.

    now: `inputs` of the day, or some of them; those that are not given are not compared.
    """
    held = read(run)
    moved = [] if held["key"] == key(held["inputs"]) else [Moved("manifest", "manifest.json", "was edited")]
    moved += _differences("output", held["outputs"], _outputs(run))
    for what, before in held["inputs"].items():
        if what not in (now or {}):
            continue
        if isinstance(before, dict):
            moved += _differences(what, before, now[what])
        elif before != now[what]:
            moved.append(Moved(what, held["params"] if what == "study" else "the program", "changed"))
    return moved


def _differences(what: str, before: dict[str, str], now: dict[str, str]) -> list[Moved]:
    changed = [Moved(what, n, "changed") for n in before if n in now and before[n] != now[n]]
    gone = [Moved(what, n, "is gone") for n in before if n not in now]
    return changed + gone + [Moved(what, n, "is new") for n in now if n not in before]


def _files(where: Path) -> Iterable[tuple[str, str]]:
    if where.is_file():
        return [(where.name, sha256(where))]
    return tree(where).items() if where.is_dir() else []


def _outputs(run: Path) -> dict[str, str]:
    """Return the hash of what a run made, but not of its manifest, its reviews and the brief, which follows them."""
    parts = (run / "release", run / "restricted")
    found = {f"{part.name}/{name}": h for part in parts if part.exists() for name, h in tree(part).items()}
    return {**found, **dict(_files(run / "study.yaml"))}


def _made_up(run: Path) -> bool:
    """Whether the run's bundle says that its data are made up."""
    return json.loads((run / "release" / "results.json").read_text("utf-8"))["made_up"] is True


def _versions() -> dict[str, str]:
    found = {"python": f"{sys.version_info.major}.{sys.version_info.minor}"}
    for name in PACKAGES.split():
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def _commit() -> dict[str, str | bool]:
    """Return the commit of the checkout and whether it was clean; an installed package has neither."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return {"commit": "installed package", "clean": True}
    try:
        commit = _git(root, "rev-parse", "HEAD")
        return {"commit": commit, "clean": not _git(root, "status", "--porcelain", "--untracked-files=no")}
    except (OSError, subprocess.CalledProcessError):
        return {"commit": "unknown", "clean": False}


def _git(root: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True).stdout.strip()


def now() -> str:
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
