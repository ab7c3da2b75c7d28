"""A finished run as it is handed over: read, and held to its manifest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from curv_eval import inputs, manifest
from curv_eval.contract import Contract
from curv_eval.data import contract_files, data_folder, full_contract
from curv_eval.errors import RunError
from curv_eval.export.appearing import files_below
from curv_eval.linkage.account import account_beside
from curv_eval.run.leaving import refuse_identifiers
from curv_eval.run.records import NAME, read_record
from curv_eval.study import Study, load_study

# what a crate repeats, and what a package must have to make the run again
IN_A_CRATE = ("contracts", "notebooks")
IN_A_PACKAGE = ("study", "registration", "exceptions", "contracts", "code", "notebooks", "environment")


@dataclass(frozen=True)
class Asked:
    """What is asked for beside the run. agent: who ran it. licence: of what is released, as an https:// address.

    url: a page of those who answer for the study. with_data: put open data in. data: the folder of the datasets.
    """

    agent: str = ""
    licence: str = ""
    url: str = ""
    with_data: bool = False
    data: Path | None = None


@dataclass(frozen=True)
class Done:
    """What one notebook did, or several of which only the whole is known. seconds, memory (bytes): None if unknown.

    made: names of files of the run, as in `release/tables/power.csv`.
    """

    notebooks: tuple[str, ...]
    started: str
    finished: str
    seconds: float | None
    memory: int | None
    made: tuple[str, ...]


@dataclass(frozen=True, repr=False)
class Finished:
    """One finished run: its folder, manifest, study, contracts with their files, and what each notebook did."""

    run: Path
    held: dict
    study: Study
    contracts: dict[str, Contract]
    files: dict[str, Path]
    done: tuple[Done, ...]

    def __repr__(self) -> str:
        return f"<Finished: {self.study.study} {self.run.name}>"

    def record(self, notebook: str) -> Path | None:
        """Return the run.json of a notebook, None where its folder is gone."""
        return _record_file(self.run, self.held, notebook)


def finished(run: Path, *, same: Sequence[str] = IN_A_CRATE) -> Finished:
    """Return a finished run. same: which inputs must be here as they were when it was made.

    Raises RunError when its outputs or one of these moved, what reading its study and contracts raises, and
    DisclosureError when something released may name or find a person.
    """
    _refuse_moved(run, manifest.verify(run))
    held = manifest.read(run)
    # the study as it was run; where it looks for contracts and data is the project that holds the run
    study = replace(load_study(run / "study.yaml"), path=run.parents[2] / "params" / held["params"])
    files = contract_files(study)
    now = inputs.inputs(study, data=None, contracts=files)
    _refuse_moved(run, manifest.verify(run, {what: now[what] for what in same}))
    contracts = {name: full_contract(study, name) for name in sorted(study.contracts)}
    # looked at when it was run, by the detectors of that day
    refuse_identifiers(run / "release", study)
    return Finished(run, held, study, contracts, files, _done(run, held))


def _refuse_moved(run: Path, moved: Sequence[manifest.Moved]) -> None:
    if moved:
        do = "bring back what moved, or run the study again; what is handed over must be what was run"
        raise RunError(f"{run.name} is not as it was made", [str(one) for one in moved], do)


def _done(run: Path, held: dict) -> tuple[Done, ...]:
    """Return what each notebook did, by the records beside the run; as one whole where they are gone."""
    steps = held.get("steps") or []
    records = [read_record(path.parent) if path else None for path in (_step(run, step) for step in steps)]
    if not steps or None in records:
        times, made = held["times"], tuple(name for name in held["outputs"] if name != "study.yaml")
        seconds = sum(step["seconds"] for step in steps) or None
        return (
            Done(tuple(held["inputs"]["notebooks"]), times["started"], times["finished"], seconds, _peak(steps), made),
        )
    found, before = [], {}
    for step, record in zip(steps, records, strict=True):
        made = tuple(n for n, h in record["outputs"].items() if before.get(n) != h and n in held["outputs"])
        before = record["outputs"]
        found.append(_one(step, made))
    return tuple(found)


def _one(step: dict, made: tuple[str, ...]) -> Done:
    memory = step.get("peak_memory") or None
    return Done((step["notebook"],), step["started"], step["finished"], step.get("seconds"), memory, made)


def _peak(steps: Sequence[dict]) -> int | None:
    return max((step.get("peak_memory") or 0 for step in steps), default=0) or None


def _step(run: Path, step: dict) -> Path | None:
    path = run.parent / str(step.get("notebook")) / str(step.get("key")) / NAME
    return path if path.is_file() else None


def _record_file(run: Path, held: dict, notebook: str) -> Path | None:
    step = next((one for one in held.get("steps") or [] if one.get("notebook") == notebook), None)
    return _step(run, step) if step else None


def is_open(contract: Contract) -> bool:
    """Whether anyone may have the data: every column is public, anyone may receive them, and nothing ends."""
    ends = contract.expires or contract.delete_by
    return contract.public and "anyone" in contract.recipients and not ends and not contract.options["made_up_only"]


def open_files(done: Finished, asked: Asked) -> dict[str, list[Path]]:
    """Return the files of each open dataset of a study on real data, by contract. Raises RunError when they moved."""
    where = data_folder(done.study, asked.data)
    found: dict[str, list[Path]] = {}
    for name, contract in done.contracts.items():
        if is_open(contract):
            found[name] = dataset_files(where / done.study.contracts[name].location)
    now = {
        f"{name}/{file}": held
        for name in found
        for file, held in inputs.files(where / done.study.contracts[name].location)
    }
    before = {name: held for name, held in done.held["inputs"]["data"].items() if name.split("/")[0] in found}
    _refuse_moved(done.run, manifest.moved_between("data", before, now))
    return found


def dataset_files(at: Path) -> list[Path]:
    """Return the files of a dataset, which is a file with the linker's account beside it, or a folder."""
    if at.is_dir():
        return files_below(at)
    return [one for one in (at, account_beside(at)) if one.is_file()]
