"""What a project holds that is no longer covered: data, copies of them, and what runs keep of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from curv_eval import manifest
from curv_eval.retention.claims import Claim, by_name, by_quarantine, by_run, by_study, runs_of, studies_of
from curv_eval.retention.files import walked
from curv_eval.retention.private import Private, private
from curv_eval.retention.standing import Stands, Term, term
from curv_eval.sources import MADE_UP, is_made_up

__all__ = ["Asked", "Held", "Listing", "Private", "listing"]
_OVER = (Stands.DUE, Stands.ENDED)


@dataclass(frozen=True)
class Asked:
    """What is looked at. data: the folder of the datasets. made_up: made-up data too, which are else left alone."""

    project: Path
    data: Path
    today: date
    made_up: bool = False


@dataclass(frozen=True)
class Held:
    """The files of one contract that is over. kept: file -> the contracts that still cover it, or let it stay."""

    term: Term
    files: Mapping[Path, str]
    kept: Mapping[Path, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Listing:
    """What was found. links: left alone. strange: files in the data folder that belong to no contract.

    unknown: contracts that are not there or cannot be read; their files stay. faults: files of studies that cannot be
    read, so that nobody can say which data they name.
    """

    asked: Asked
    held: tuple[Held, ...]
    runs: tuple[Private, ...]
    links: tuple[Path, ...]
    strange: tuple[Path, ...]
    made_up: int
    unknown: tuple[Term, ...]
    faults: tuple[str, ...]

    def due(self, *, ended: bool = False) -> list[Held]:
        """Return the data that must go; with `ended` also those that may stay and be used by nobody."""
        return [one for one in self.held if one.files and one.term.stands in (_OVER if ended else _OVER[:1])]

    def due_runs(self, *, ended: bool = False) -> list[Private]:
        """Return what runs keep of such data."""
        return [one for one in self.runs if one.stands in (_OVER if ended else _OVER[:1])]


def listing(asked: Asked) -> Listing:
    """Return everything in a project and its data folder that an agreement no longer covers. Nothing is changed."""
    studies, faults = studies_of(asked.project)
    studies = [one for one in studies if asked.made_up or not one.made_up]
    every = runs_of(asked.project)
    runs = [(run, held) for run, held in every if asked.made_up or not held["made_up"]]
    places = (asked.project, asked.data)
    claims = [*by_study(studies, asked.data), *by_run(runs, asked.data), *by_name(asked.data, asked.project)]
    claims += by_quarantine(places)
    uses = {run: frozenset(used(held)) for run, held in runs}
    names = {one.contract for one in claims}.union(*uses.values(), *(one.contracts for one in studies))
    terms = {name: term(name, asked.project, asked.today) for name in sorted(names)}
    owners, links, passed = _owners(claims, made_up=asked.made_up)
    strange = _strange(asked, owners, passed)
    for path, claim in _copies(strange, runs, terms):
        owners[path] = {claim.contract: claim}
    unknown = tuple(one for one in terms.values() if one.stands is Stands.UNKNOWN)
    kept = private(asked.project, _made(every, uses), studies, terms=terms)
    return Listing(
        asked, tuple(_held(owners, terms)), tuple(kept), tuple(links),
        tuple(path for path in strange if path not in owners), len(passed), unknown, tuple(faults),
    )  # fmt: skip


def used(held: dict) -> list[str]:
    """Return the contracts of a run, from its manifest."""
    return sorted({path.partition("/")[0] for path in held["inputs"].get("data", {})})


def _made(runs: Iterable[tuple[Path, dict]], uses: Mapping[Path, frozenset[str]]) -> dict[Path, frozenset[str]]:
    """Return of which contracts each folder was made: a run's own, and those of its notebooks; none where made up."""
    found: dict[Path, frozenset[str]] = {}
    for run, held in runs:
        for folder in (run, *(run.parent / step["notebook"] / step["key"] for step in held["steps"])):
            found[folder] = uses.get(run, frozenset())
    return found


Owners = dict[Path, dict[str, Claim]]


def _owners(claims: Iterable[Claim], *, made_up: bool) -> tuple[Owners, list[Path], set[Path]]:
    """Return the contracts of each file, which links were met, and which files of made-up data were passed over."""
    owners: Owners = {}
    links: dict[Path, None] = {}
    passed: set[Path] = set()
    for claim in claims:
        found = walked(claim)
        links |= dict.fromkeys(found.links)
        if found.files and not made_up and is_made_up(claim.place):
            passed |= set(found.files)
            continue
        for path in found.files:
            owners.setdefault(path, {}).setdefault(claim.contract, claim)
    return owners, list(links), passed


def _strange(asked: Asked, owners: Owners, passed: set[Path]) -> list[Path]:
    if not asked.data.is_dir() or (is_made_up(asked.data) and not asked.made_up):
        return []
    there = walked(Claim("", asked.data, asked.data, "")).files
    return [path for path in there if path not in owners and path not in passed and path.name != MADE_UP]


def _copies(
    strange: Iterable[Path], runs: Iterable[tuple[Path, dict]], terms: Mapping[str, Term]
) -> Iterator[tuple[Path, Claim]]:
    """Yield files under other names that have the content of data which a run was made of and which are over."""
    known: dict[str, str] = {}
    for _, held in runs:
        for path, found in held["inputs"].get("data", {}).items():
            name = path.partition("/")[0]
            if terms[name].stands is Stands.COVERED:
                known[found] = ""
            elif terms[name].stands in _OVER:
                known.setdefault(found, name)
    for path in strange if any(known.values()) else ():
        if name := known.get(manifest.sha256(path)):
            yield path, Claim(name, path, path.parent, "it has the content of data that a run was made of")


def _held(owners: Owners, terms: Mapping[str, Term]) -> Iterator[Held]:
    """Yield each contract that is over with its files; a file of several goes when the last of them lets it go."""
    for name, one in terms.items():
        mine = {path: claims for path, claims in owners.items() if name in claims}
        if one.stands not in _OVER or not mine:
            continue
        keeps = {path: _keeping(one, claims, terms) for path, claims in sorted(mine.items())}
        files = {path: mine[path][name].why for path, by in keeps.items() if not by}
        yield Held(one, files, {path: by for path, by in keeps.items() if by})


def _keeping(one: Term, claims: Iterable[str], terms: Mapping[str, Term]) -> str:
    """Return which other contracts of a file let it stay although `one` does not."""
    order = (Stands.DUE, Stands.ENDED, Stands.COVERED, Stands.UNKNOWN)
    longer = [other for other in sorted(claims) if order.index(terms[other].stands) > order.index(one.stands)]
    return ", ".join(longer)
