"""Writes a whole made-up data folder in one step."""

from __future__ import annotations

import csv
import json
import math
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from curv_eval.errors import RunError
from curv_eval.made_up.truth import Truth, write_truth

if TYPE_CHECKING:
    import numpy as np

    from curv_eval.made_up.process import Incidents, World

STREET_FOLDER, MARK = "police-uk-made-up", "MADE_UP.json"
NOTE = "Made up from a random seed by curv-eval: no row describes a real person, place or event."


def make_up(folder: Path, *, seed: int, effect: float) -> Truth:
    """Write a data folder for the demo study "street mentoring" and return the truth behind it.

    folder: must not exist yet, or be empty; it appears complete or not at all.
    seed: int >= 0; the same seed and effect give the same bytes. Areas, their levels of violence, the start months and
        the providers' records depend on the seed alone, so that two effects can be compared on one made-up country.
    effect: relative change of violence from the month mentoring starts, e.g. -0.2; at least -1.
    Raises RunError, naming everything that stands in the way.
    """
    _check(folder, seed, effect)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # The inner folder has the usual permissions, which those of a temporary one are not, and is renamed as a whole.
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as part:
        whole = Path(part) / folder.name
        whole.mkdir()
        truth = _write(whole, seed, effect)
        _put(whole, folder)
    return truth


def _put(whole: Path, folder: Path) -> None:
    """Rename `whole` to `folder`, unless another run was faster and has put the same there."""
    try:
        if folder.is_dir():
            folder.rmdir()
        whole.rename(folder)
    except OSError as fault:
        theirs, ours = folder / MARK, whole / MARK
        if not (theirs.is_file() and theirs.read_bytes() == ours.read_bytes()):
            raise RunError(f"could not put made-up data into {folder}", [str(fault)], "give another folder") from fault


def _check(folder: Path, seed: int, effect: float) -> None:
    faults = []
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        faults.append("folder: got one that holds something; expected none, or an empty one")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        faults.append(f"seed: got {seed!r}; expected a whole number, 0 or more")
    if not math.isfinite(effect) or effect < -1:
        faults.append(f"effect: got {effect!r}; expected a relative change of at least -1, such as -0.2")
    if faults:
        raise RunError(f"cannot make up data in {folder}", faults, do="change what is named and run it again")


def _write(folder: Path, seed: int, effect: float) -> Truth:
    import numpy as np

    from curv_eval.made_up import process
    from curv_eval.made_up.known import truth_of

    # A stream of its own for each part: a change in one leaves the others' bytes alone.
    for_world, for_incidents, for_street, for_hospital, for_mentoring, for_places = np.random.default_rng(seed).spawn(6)
    world = process.make_world(for_world)
    incidents = process.draw_incidents(for_incidents, world, effect)
    _write_street(folder / STREET_FOLDER, for_street, world, incidents)
    _write_hospital(folder, for_hospital, world, incidents)
    _write_mentoring(folder, for_mentoring, world)
    _write_places(folder, for_places, world)
    _write_text(folder / MARK, json.dumps({"made_up": True, "seed": seed, "effect": effect, "note": NOTE}))
    truth = truth_of(world, seed, effect)
    write_truth(folder, truth)
    return truth


def _write_street(folder: Path, rng: np.random.Generator, world: World, incidents: Incidents) -> None:
    from curv_eval.made_up import police

    crimes = police.draw_crimes(rng, world, incidents)
    for month, rows in police.street_files(rng, world, crimes):
        (folder / month).mkdir(parents=True)
        _write_csv(folder / month / f"{month}-made-up-street.csv", police.HEADER, rows)


def _write_hospital(folder: Path, rng: np.random.Generator, world: World, incidents: Incidents) -> None:
    from curv_eval.made_up import hospital

    _write_csv(folder / "ae_assaults.csv", hospital.HEADER, hospital.attendances(rng, world, incidents))


def _write_mentoring(folder: Path, rng: np.random.Generator, world: World) -> None:
    from curv_eval.made_up import mentoring

    referrals = mentoring.draw_referrals(rng, world)
    sessions = mentoring.draw_sessions(rng, referrals)
    _write_csv(folder / "vcse_referrals.csv", mentoring.Referral._fields, referrals)
    _write_csv(folder / "vcse_sessions.csv", mentoring.Session._fields, sessions)


def _write_places(folder: Path, rng: np.random.Generator, world: World) -> None:
    from curv_eval.made_up import places

    _write_csv(folder / "lsoa_lookup.csv", places.LSOA_HEADER, places.lsoa_lookup(world))
    _write_csv(folder / "ward_lookup.csv", places.WARD_HEADER, places.ward_lookup(world))
    _write_csv(folder / "lsoa_population.csv", places.POPULATION_HEADER, places.population(rng, world))
    _write_csv(folder / "intervention_register.csv", places.REGISTER_HEADER, places.register(world))
    _write_text(folder / "lsoa_boundaries.geojson", places.boundaries(world))


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8", newline="\n")
