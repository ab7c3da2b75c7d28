"""The panel between notebooks of one run: restricted/, never released."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from curv_eval.errors import RunError
from curv_eval.panel import Panel
from curv_eval.people import People

_OPTIONAL = ("population", "district", "neighbours")
_OF_PEOPLE = ("assigned", "cluster", "stratum", "dose", "running", "time")
_GROUPS = ("outcomes", "before", "covariates")


def keep_panel(panel: Panel | People, folder: str | Path) -> None:
    """Write the panel, or the people, to `folder`/restricted/panel.npz."""
    path = Path(folder) / "restricted" / "panel.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    held = _of_people(panel) if isinstance(panel, People) else _of_panel(panel)
    staged = path.with_name("panel.partial.npz")
    np.savez(staged, **held)
    staged.replace(path)


def _of_people(people: People) -> dict[str, np.ndarray]:
    held = {"persons": people.persons, "treated": people.treated}
    held |= {name: getattr(people, name) for name in _OF_PEOPLE if getattr(people, name) is not None}
    return held | {f"{group}_{name}": x for group in _GROUPS for name, x in getattr(people, group).items()}


def _of_panel(panel: Panel) -> dict[str, np.ndarray]:
    held = {name: getattr(panel, name) for name in ("units", "periods", "cohort", "cluster")}
    held |= {name: getattr(panel, name) for name in _OPTIONAL if getattr(panel, name) is not None}
    held |= {f"outcome_{name}": y for name, y in panel.outcomes.items()}
    held |= {f"covariate_{name}": x for name, x in panel.covariates.items()}
    return held | {"frequency": np.array(panel.frequency)}


def read_panel(folder: str | Path) -> Panel | People:
    """Return the panel, or the people, that the data notebook kept in `folder`. Raises RunError when there is none."""
    path = Path(folder) / "restricted" / "panel.npz"
    if not path.exists():
        raise RunError("this folder holds no panel yet", do="run the data notebook with the same `folder` first")
    with np.load(path, allow_pickle=False) as held:
        if "persons" in held.files:
            groups = {group: _named(held, f"{group}_") for group in _GROUPS}
            optional = {name: held[name] for name in _OF_PEOPLE if name in held.files}
            return People(persons=held["persons"], treated=held["treated"], **groups, **optional)
        outcomes, covariates = _named(held, "outcome_"), _named(held, "covariate_")
        optional = {name: held[name] if name in held.files else None for name in _OPTIONAL}
        return Panel(
            units=held["units"], periods=held["periods"], cohort=held["cohort"], cluster=held["cluster"],
            outcomes=outcomes, covariates=covariates, frequency=str(held["frequency"]), **optional,
        )  # fmt: skip


def _named(held: Mapping[str, np.ndarray], start: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(start): held[name] for name in held if name.startswith(start)}
