"""What is known about made-up data because it was put in."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from curv_eval.errors import RunError

FILE_NAME = "truth.json"


@dataclass(frozen=True)
class Truth:
    """The effects that methods should find in a made-up folder, and what else was put in.

    Three fields are keyed by the outcomes of the demo study: "police_violence" (police_uk_street, crime type "Violence
    and sexual offences") and "ae_assaults" (ae_assaults, attendances whose place is known). All are differences of
    expected counts, with mentoring minus without, given each area's own level of violence and averaged over ward
    shocks and noise; negative when effect < 0.

    seed, effect: as asked for; effect is relative, -0.2 meaning that mentoring takes away a fifth of the violence.
    first_month, last_month, n_months: the months covered, YYYY-MM.
    cohorts: start month -> number of united areas that start then. A united area is the smallest group of LSOAs that
        has one boundary under both the 2011 and the 2021 codes, so that it can be counted in every month.
    n_areas, n_treated_areas, n_treated_unit_months: united areas in all, treated ones, and the sum over treated united
        areas of the months from their start to last_month.
    average_per_unit_month: the mean difference over those united-area months; the overall ATT of a panel of areas.
    average_per_lsoa21_month: the same difference, per 2021 LSOA and month.
    total: the sum of the differences.

    geography: "hexagons", or "Cleveland" where places and their sizes are real and only people and events made up.
    person_effect: relative change of a young person's own rate of being a victim from the day mentoring starts, beside
        what changes for everybody in the area.
    people: "accepted" and "declined" (people who consented) -> how many, and what was expected to happen to them; see
        known_people.people_truth.
    reporting: source -> share of violent incidents it sees; "a given b" where two are not independent.
    links: "source and source" -> people on the lists of both, and pairs of records that are of one person. Counted.
    hurt: year -> people to whom any violence was done in it, seen by somebody or not. Counted.
    improvement: expected change from start to end of those who answered twice: SDQ total difficulties, SWEMWBS raw.
    """

    seed: int
    effect: float
    first_month: str
    last_month: str
    n_months: int
    cohorts: dict[str, int]
    n_areas: int
    n_treated_areas: int
    n_treated_unit_months: int
    average_per_unit_month: dict[str, float]
    average_per_lsoa21_month: dict[str, float]
    total: dict[str, float]
    geography: str
    person_effect: float
    people: dict[str, dict[str, float]]
    reporting: dict[str, float]
    links: dict[str, dict[str, int]]
    hurt: dict[str, int]
    improvement: dict[str, float]


def write_truth(folder: Path, truth: Truth) -> None:
    """Write `truth` to truth.json in `folder`."""
    text = json.dumps(asdict(truth), indent=2) + "\n"
    (folder / FILE_NAME).write_text(text, encoding="utf-8", newline="\n")


def read_truth(folder: Path) -> Truth:
    """Return the truth behind a made-up folder; RunError if truth.json is missing or holds something else."""
    path = folder / FILE_NAME
    if not path.is_file():
        raise RunError(f"no {FILE_NAME} in {folder}", do="give a folder that make_up wrote")
    got, expected = json.loads(path.read_text(encoding="utf-8")), {field.name for field in fields(Truth)}
    if set(got) != expected:
        wrong = [f"got {', '.join(sorted(got))}", f"expected {', '.join(sorted(expected))}"]
        raise RunError(f"{path} has other fields than this version writes", wrong, do="make the folder up again")
    return Truth(**got)
