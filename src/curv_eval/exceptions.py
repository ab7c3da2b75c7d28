"""Exceptions to a rule for small numbers: what a study asks for, where each stands, and what a review decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from curv_eval import audit, granted, manifest
from curv_eval.errors import DisclosureError
from curv_eval.granted import FOLDER
from curv_eval.report.asked import Standing, standings
from curv_eval.report.evidence import read_evidence
from curv_eval.study import Asked, short


@dataclass(frozen=True)
class Decided:
    """What is to be done after a review: grants to write, requests whose grants are taken back."""

    home: Path
    study: str
    granted: tuple[Standing, ...] = ()
    withdrawn: tuple[Asked, ...] = ()


def requests(run: Path) -> list[Standing]:
    """Return every exception that the study of a run asks for, and where it stands there."""
    asked = [Asked(**one) for one in manifest.read(run)["parameters"].get("exceptions", [])]
    return standings(asked, read_evidence(run)) if asked else []


def decided(run: Path, reviewer: str, *, granted: Sequence[int], withdrawn: Sequence[int]) -> Decided:
    """Return what a review decides about exceptions. Raises DisclosureError with everything that cannot be.

    A request is granted by somebody else than who asks, and only for a cell that a rule withholds for its own sake.
    """
    held = manifest.read(run)
    home = audit.home_of(run) / FOLDER / held["study"]
    if not granted and not withdrawn:
        return Decided(home, held["study"])
    found = {one.number: one for one in requests(run)}
    faults = list(_faults(found, reviewer, granted=granted, withdrawn=withdrawn))
    if faults:
        do = "see the requests in the evidence record of the run (curv-eval release RUN names its page)"
        raise DisclosureError("these exceptions cannot be decided so", faults, do)
    return Decided(home, held["study"], tuple(found[n] for n in granted), tuple(found[n].asked for n in withdrawn))


def _faults(
    found: dict[int, Standing], reviewer: str, *, granted: Sequence[int], withdrawn: Sequence[int]
) -> Iterator[str]:
    for number in dict.fromkeys([*granted, *withdrawn]):
        if number not in found:
            yield f"{number}: the study asks for {len(found) or 'no'} exception{'' if len(found) == 1 else 's'}"
        elif number in granted and number in withdrawn:
            yield f"{number}: is both granted and withdrawn"
    for number in (n for n in dict.fromkeys(granted) if n in found):
        one = found[number]
        if one.asked.by.casefold().split() == reviewer.casefold().split():
            yield f"{number}: {reviewer} asked for it, and somebody else must decide"
        if one.why:
            yield f"{number}: {one.why}"


def put(what: Decided, run: Path, *, reviewer: str, at: str) -> None:
    """Write what a review granted, and take away what it withdrew; both stand in the audit log first."""
    for asked in what.withdrawn:
        granted.take_back(what.home, asked, study=what.study, run=run.name, reviewer=reviewer)
    looked_at = manifest.sha256(run / "manifest.json")
    for one in what.granted:
        grant = granted.Grant(
            what.study, one.asked, one.seen, run=run.name, manifest=looked_at, reviewer=reviewer, at=at,
            salt=granted.salt(),
        )  # fmt: skip
        granted.write(what.home, grant)


def told(run: Path) -> list[str]:
    """Return a line for each exception that a study asks for: the cell, who asks, why, and where it stands."""
    return [
        f"{one.number}. {one.cell}: {one.decision or 'no such cell'}. "
        f"{one.asked.by} asks: {short(one.asked.reason)}" + (f" (cannot be granted: {one.why})" if one.why else "")
        for one in requests(run)
    ]
