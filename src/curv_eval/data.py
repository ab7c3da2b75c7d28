"""The datasets of a study: found, permitted, read, checked against their contracts, and counted."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb

from curv_eval.contract import Contract, load_contract
from curv_eval.errors import ContractError, StudyError
from curv_eval.minimise import LOOKUP, minimise, received_columns, received_contract
from curv_eval.shipped import shipped
from curv_eval.sources import Dataset, load_dataset
from curv_eval.sources._sealed import add_key
from curv_eval.study import MadeUp, Study

VARIABLE = "CURV_EVAL_DATA"


@dataclass(frozen=True, repr=False)
class Data:
    """The checked datasets of one study, as typed tables in one DuckDB connection."""

    con: duckdb.DuckDBPyConnection
    datasets: dict[str, Dataset]
    folder: Path
    made_up: bool

    @property
    def contracts(self) -> dict[str, Contract]:
        """The contract of each dataset, by name."""
        return {name: dataset.contract for name, dataset in self.datasets.items()}

    def __repr__(self) -> str:
        kind = "made-up data" if self.made_up else "data"
        lines = [
            f"  {name} v{d.contract.version}: {d.rows:,} rows in {len(d.files)} file(s), contract kept"
            for name, d in self.datasets.items()
        ]
        return "\n".join([f"<Data: {len(self.datasets)} datasets of {kind}>", *lines])


def contract_file(study: Study, name: str) -> Path:
    """Return the contract file `name` beside the study if there is one, else the one that came with the package."""
    own = study.project / "data_contracts" / f"{name}.yaml"
    return own if own.is_file() else shipped("data_contracts") / f"{name}.yaml"


def contract_files(study: Study) -> dict[str, Path]:
    """Return the file of each of the study's contracts, by name."""
    return {name: contract_file(study, name) for name in sorted(study.contracts)}


def full_contract(study: Study, name: str) -> Contract:
    """Return the contract `name` as it stands beside the study or in the package. Raises ContractError."""
    return load_contract(name, contract_file(study, name).parent)


def study_contract(study: Study, name: str) -> Contract:
    """Return the contract `name` as this study sees it: only the columns it declared, as finely as it declared.

    Raises ContractError.
    """
    contract = full_contract(study, name)
    return received_contract(contract, received_columns(contract, study.contracts[name].columns))


def data_folder(study: Study, given: Path | None = None) -> Path:
    """Return where the study's data are: `given`, else CURV_EVAL_DATA, else `data/` beside `params/`.

    A study with `made_up:` always uses its own made-up data, which are generated where they are missing; raises
    StudyError when such a study is given other data.
    """
    if study.made_up is None:
        return Path(given or os.environ.get(VARIABLE) or study.project / "data").expanduser()
    if given is not None:
        what = f"{study.path.name} makes up its own data (`made_up:`), and --data gives others"
        raise StudyError(what, do="take `made_up:` out of the study to use real data, or leave --data out")
    return _made_up(study)


def existing_data_folder(study: Study, given: Path | None = None) -> Path:
    """Return `data_folder` as an absolute path.

    Raises ContractError when no folder is there, or what the study reads in it is a link that leads out of it, a pipe
    or a device.
    """
    where = data_folder(study, given)
    if where.is_dir():
        _refuse_elsewhere(study, where.resolve())
        return where.resolve()
    said = "--data" if given else VARIABLE if os.environ.get(VARIABLE) else ""
    found = "is a file, not a folder" if where.exists() else "does not exist"
    source = f"{said} names it" if said else f"it was looked for there because neither --data nor {VARIABLE} is given"
    raise ContractError(f"the data folder {where} {found}", [source], _remedy(study))


def _refuse_elsewhere(study: Study, where: Path) -> None:
    """Refuse what is not in the data folder although its name is: nobody agreed to what lies elsewhere."""
    places = [where / use.location for use in study.contracts.values()]
    found = [path for place in places for path in (place, *(place.rglob("*") if place.is_dir() else ()))]
    faults = [f"{path.relative_to(where).as_posix()} {how}" for path in found if (how := _elsewhere(path, where))]
    if faults:
        do = "copy the file to where the link is; or give the folder in which it really lies with --data"
        raise ContractError("the data folder holds what is not data", list(dict.fromkeys(faults))[:_SHOWN], do)


_SHOWN = 12


def _elsewhere(path: Path, where: Path) -> str:
    try:
        away = not path.resolve().is_relative_to(where)
    except (OSError, RuntimeError):  # links that lead to each other
        away = True
    if away:
        return "is a link that leads out of the data folder"
    return "is a pipe or a device, not a file" if path.exists() and not (path.is_file() or path.is_dir()) else ""


def _remedy(study: Study) -> str:
    obtain = f"{study.obtain} Then give" if study.obtain else "put the datasets of the study into one folder and give"
    return f"{obtain} that folder with --data or {VARIABLE}"


def made_up_folder(study: Study) -> Path:
    """Return where the data of a study with `made_up:` are, or will be; other versions of the program have others."""
    from curv_eval.rehearsal import maker

    asked, links = study.made_up, _links(study)
    kind = "" if not links else "linked-" if links == ["people_links"] else "-".join([*links, ""]).replace("_", "-")
    place = "" if asked.geography == "hexagons" else f"{asked.geography.lower()}-"
    name = f"made-up-data-{kind}{place}{asked.seed}-effect{asked.effect:+}-{maker()}"
    return study.project / "outputs" / (study.family or study.study) / name


def _links(study: Study) -> list[str]:
    from curv_eval.rehearsal import LINKS

    return [name for name in LINKS if name in study.contracts]


def _made_up(study: Study) -> Path:
    """Return the study's made-up data. Where it links people, they are encoded and linked as real ones would be."""
    folder = made_up_folder(study)
    if not (folder / "MADE_UP.json").exists():
        _make_up(folder, study.made_up, links=_links(study))
        _remove_older(folder)
    return folder


def _remove_older(folder: Path) -> None:
    """Remove what another version of the program made for the same study."""
    name = folder.name.rpartition("-")[0]
    for other in folder.parent.glob(f"{name}*"):
        if other != folder and re.fullmatch(r"(-[0-9a-f]{8})?", other.name.removeprefix(name)):
            shutil.rmtree(other, ignore_errors=True)


def _make_up(folder: Path, asked: MadeUp, *, links: list[str]) -> None:
    from curv_eval.made_up import Setting, make_up
    from curv_eval.rehearsal import rehearse

    setting = Setting(geography=_public_places() if asked.geography == "Cleveland" else None)
    if links:
        rehearse(folder, seed=asked.seed, effect=asked.effect, setting=setting, links=links)
    else:
        make_up(folder, seed=asked.seed, effect=asked.effect, setting=setting)


def _public_places() -> Path:
    """Return the folder of public data from which Cleveland's real areas are read. Raises ContractError."""
    given = os.environ.get(VARIABLE)
    if given and Path(given).is_dir():
        return Path(given)
    what = "made_up.geography: Cleveland's real areas are read from public data, and there are none at hand"
    raise ContractError(what, do=f"name their folder in {VARIABLE}, or use `geography: hexagons`")


def load_data(study: Study, folder: Path | None = None) -> Data:
    """Return every dataset of the study, each having kept its contract.

    Raises ContractError or StudyError naming, for every dataset at once, what is missing, not permitted or broken.
    """
    where, contracts = existing_data_folder(study, folder), _contracts(study)
    con = duckdb.connect(config={"preserve_insertion_order": True})
    datasets, faults, missing = {}, [], []
    for name in _lookup_first(study):
        try:
            datasets[name] = _load(con, contracts[name], where, study)
        except ContractError as fault:
            faults += [f"{name}: {fault.what}", *(f"  {line}" for line in (*fault.breaches, fault.do) if line)]
            missing += [] if (where / study.contracts[name].location).exists() else [name]
    if faults:
        raise ContractError(f"{study.study} cannot use these data", faults, _remedy(study) if missing else "")
    datasets = {name: datasets[name] for name in study.contracts}
    return Data(con, datasets, where, any(d.made_up for d in datasets.values()))


def _lookup_first(study: Study) -> list[str]:
    """Return the names of the study's contracts; areas for postcodes are there before postcodes are read."""
    return sorted(study.contracts, key=lambda name: name != LOOKUP)


def _load(con, contract: Contract, where: Path, study: Study) -> Dataset:
    use = study.contracts[contract.name]
    if not (where / use.location).exists():
        raise ContractError(f"there is nothing at {use.location} in the data folder", do=contract.obtain)
    received = received_columns(contract, use.columns)
    if use.key:
        add_key(con, contract.name, use.key)
    loaded = load_dataset(con, contract, where / use.location, purpose=study.purpose, today=date.today())
    if use.columns:
        minimise(con, contract, received)
    return replace(loaded, contract=received_contract(contract, received))


def _contracts(study: Study) -> dict[str, Contract]:
    found, faults = {}, []
    for name in study.contracts:
        try:
            found[name] = full_contract(study, name)
            received_columns(found[name], study.contracts[name].columns)
        except ContractError as fault:
            faults += [f"contracts.{name}: {fault.what}", *fault.breaches]
    if faults:
        raise StudyError(f"{study.study} names contracts that cannot be used", faults)
    return found
