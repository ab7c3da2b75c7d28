"""What was run, on what, by which code, and what it made; and whether that still holds."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from curv_eval.errors import RunError
from curv_eval.inputs import digest, files, inputs, key, sha256, tree
from curv_eval.study import Study, canonical

__all__ = [
    "Moved",
    "digest",
    "inputs",
    "key",
    "moved_between",
    "now",
    "outputs",
    "read",
    "sha256",
    "tree",
    "verify",
    "whole",
    "write",
]
SCHEMA = 2
_NEEDED = {"schema", "study", "params", "key", "made_up", "inputs", "parameters", "steps", "outputs", "bytes"}


def write(run: Path, *, study: Study, found: dict, times: dict[str, str], steps: Sequence[dict] = ()) -> Path:
    """Write manifest.json into the run folder and return its path. steps: the record of each notebook."""
    held = {
        "schema": SCHEMA, "study": study.study, "params": Path(study.reference).name, "key": key(found),
        "seed": study.seed, "made_up": _made_up(run), "inputs": found, "parameters": canonical(study),
        "commit": _commit(), "times": times, "platform": f"{platform.system()} {platform.machine()}",
        "steps": list(steps), "outputs": outputs(run), "bytes": sizes(run, outputs(run)),
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
    schema = held.get("schema") if isinstance(held, dict) else None
    if schema != SCHEMA:
        do = "run the study again: this run was made by another version of curv-eval"
        raise RunError(f"{run.name}: manifest schema {schema}, expected {SCHEMA}", do=do)
    if lost := sorted(_NEEDED - held.keys()):
        raise RunError(f"{run.name}: manifest.json is not whole", [f"{name} is missing" for name in lost], "run again")
    return held


def sizes(run: Path, names: Sequence[str]) -> dict[str, int]:
    """Return the size of each of a run's files in bytes."""
    return {name: (run / name).stat().st_size for name in names}


def whole(run: Path, held: dict) -> list[str]:
    """Return which outputs are gone or of another size: quick, where `verify` reads every byte.

    held: what a manifest, or the record of a notebook, says under "bytes".
    """
    said, home = [], os.fspath(run)
    for name, size in held["bytes"].items():
        try:
            # text and not Path: a plan of a thousand studies asks for 80,000 files
            if os.stat(f"{home}/{name}").st_size != size:  # noqa: PTH116
                said.append(f"{name} has another size")
        except OSError:
            said.append(f"{name} is gone")
    return said


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
    moved += moved_between("output", held["outputs"], outputs(run))
    for what, before in held["inputs"].items():
        if what not in (now or {}):
            continue
        if isinstance(before, dict):
            moved += moved_between(what, before, now[what])
        elif before != now[what]:
            moved.append(Moved(what, held["params"], "changed"))
    return moved


def moved_between(what: str, before: dict[str, str], now: dict[str, str]) -> list[Moved]:
    """Return which names changed, are gone or are new between two lists of hashes."""
    changed = [Moved(what, n, "changed") for n in before if n in now and before[n] != now[n]]
    gone = [Moved(what, n, "is gone") for n in before if n not in now]
    return changed + gone + [Moved(what, n, "is new") for n in now if n not in before]


def outputs(run: Path) -> dict[str, str]:
    """Return the hash of what a run made, but not of its manifest, its reviews and the brief, which follows them."""
    parts = (run / "release", run / "restricted")
    found = {f"{part.name}/{name}": h for part in parts if part.exists() for name, h in tree(part).items()}
    return {**found, **dict(files(run / "study.yaml"))}


def _made_up(run: Path) -> bool:
    """Whether the run's bundle says that its data are made up."""
    return json.loads((run / "release" / "results.json").read_text("utf-8"))["made_up"] is True


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
