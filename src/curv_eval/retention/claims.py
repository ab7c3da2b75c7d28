"""Which places belong to which contract, and why."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from curv_eval import manifest
from curv_eval.contract import contract_names
from curv_eval.data import made_up_folder
from curv_eval.errors import CurvError, RunError
from curv_eval.linkage.account import account_beside
from curv_eval.run.folders import PARTIAL
from curv_eval.study import Study, load_studies

QUARANTINE = "quarantine.json"
# what a removal that was cut short calls a file that is about to go
GOING = ".expiring-"
_APART = {"__pycache__", "node_modules"}


@dataclass(frozen=True)
class Claim:
    """A file or folder of a contract. root: the folder below which no link is followed. why: how that is known."""

    contract: str
    place: Path
    root: Path
    why: str


def studies_of(project: Path) -> tuple[list[Study], list[str]]:
    """Return the studies of a project, and which files of studies cannot be read."""
    found: list[Study] = []
    faults = []
    for path in sorted((project / "params").glob("*.y*ml")):
        try:
            found += load_studies(path)
        except CurvError as fault:
            faults.append(fault.what)
    return found, faults


def runs_of(project: Path) -> list[tuple[Path, dict]]:
    """Return the finished runs of a project, each with its manifest; one that cannot be read is left out."""
    found = []
    for path in sorted((project / "outputs").glob("*/*/manifest.json")):
        try:
            found.append((path.parent, manifest.read(path.parent)))
        except RunError:
            continue
    return [(run, held) for run, held in found if not run.name.startswith(PARTIAL)]


def by_study(studies: Iterable[Study], data: Path) -> Iterator[Claim]:
    """Yield what studies name as the place of a contract's data."""
    seen = set()
    for study in studies:
        root = made_up_folder(study) if study.made_up else data
        for name, use in study.contracts.items():
            place = root / use.location
            if (name, place) not in seen:
                seen.add((name, place))
                yield from _with_account(Claim(name, place, root, f"{study.path.name} uses it"))


def by_run(runs: Iterable[tuple[Path, dict]], data: Path) -> Iterator[Claim]:
    """Yield what finished runs were made of: also where their study is gone, or names other data now."""
    for run, held in runs:
        uses = {} if held["made_up"] else held["parameters"].get("contracts", {})
        for name, use in uses.items():
            place = data / use["location"]
            yield from _with_account(Claim(name, place, data, f"{run.parent.name}/{run.name} was made of it"))


def _with_account(claim: Claim) -> Iterator[Claim]:
    """Yield a claim, and that of a linker's account beside it."""
    yield claim
    beside = account_beside(claim.place)
    if beside.is_file() or beside.with_name(f"{GOING}{beside.name}").is_file():
        yield Claim(claim.contract, beside, claim.root, claim.why)


def by_name(data: Path, project: Path) -> Iterator[Claim]:
    """Yield what is called like a contract, and lies where studies look for data."""
    own = project / "data_contracts"
    known = {*contract_names(), *(contract_names(own) if own.is_dir() else ())}
    for path in sorted(data.iterdir()) if data.is_dir() else []:
        name = path.name.removeprefix(GOING).split(".")[0]
        if name in known:
            yield Claim(name, path, data, "it has the contract's name")


def by_quarantine(folders: Iterable[Path]) -> Iterator[Claim]:
    """Yield the rows that `data validate --quarantine` set apart, and those it kept, wherever they lie."""
    for folder in dict.fromkeys(one.resolve() for one in folders):
        for at in _quarantines(folder):
            try:
                held = json.loads(_found(at).read_text("utf-8"))
                contract = held["contract"]["name"]
                names = [held["kept"]["name"], held["quarantined"]["name"]]
            except (OSError, ValueError, KeyError, TypeError):
                continue
            for name in (*names, QUARANTINE):
                # a name that leads elsewhere is not one that this program wrote
                if isinstance(name, str) and Path(name).name == name:
                    yield Claim(str(contract), at / name, at, "set apart by `data validate`")


def _quarantines(folder: Path) -> Iterator[Path]:
    for at, below, names in os.walk(folder):
        below[:] = [one for one in below if one not in _APART and not one.startswith(".")]
        if {QUARANTINE, f"{GOING}{QUARANTINE}"} & set(names):
            yield Path(at)


def _found(at: Path) -> Path:
    return next(path for path in (at / QUARANTINE, at / f"{GOING}{QUARANTINE}") if path.exists())
