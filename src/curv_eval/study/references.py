"""What the parts of a study file say about each other: names that must be there, and what nothing uses."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping

from curv_eval.study.nouns import Study, Use

# what every panel of areas is made of, whatever the study counts
GEOGRAPHY = ("lsoa_lookup", "ward_lookup", "lsoa_population", "lsoa_boundaries")


def references(study: Study) -> list[str]:
    """Return every name in the study that refers to nothing."""
    faults = []
    if study.primary.role != "primary" or any(o.role == "primary" for o in study.outcomes[1:]):
        faults.append("outcomes: exactly one is primary, and it stands first")
    names = [outcome.name for outcome in study.outcomes]
    faults += [f"outcomes: the name {n} stands twice" for n in sorted({n for n in names if names.count(n) > 1})]
    faults += [f"checks: {n} stands twice" for n in sorted({n for n in study.checks if study.checks.count(n) > 1})]
    used = list(_used(study))
    known = study.contracts
    faults += [
        f"{where}: {name} is not under `contracts:`{_near(name, known)}" for where, name in used if name not in known
    ]
    faults += _units(study)
    faults += _of_harm(study)
    return [*faults, *outside(known)]


def outside(contracts: Mapping[str, Use]) -> list[str]:
    """Return every location that leads out of the data folder."""
    places = {name: use.location for name, use in contracts.items()}
    return [f"contracts.{name}: {at!r} leaves the data folder" for name, at in places.items() if _leaves(at)]


def _used(study: Study) -> Iterator[tuple[str, str]]:
    """Yield where the study names a contract, and which."""
    yield "intervention", study.intervention
    yield from ((f"outcomes.{o.name}.contract", o.contract) for o in study.outcomes)
    if study.linkage:
        yield from ((f"linkage.{key}", getattr(study.linkage, key)) for key in ("people", "records", "links"))
    yield from ((f"covariates.{name}", at.split(".")[0]) for name, at in study.covariates.items())
    yield from _of_people(study)
    yield from _of_lists(study)
    if study.delivery:
        yield from (("delivery", name) for name in (study.delivery.referrals, study.delivery.sessions))


def unused(study: Study) -> list[str]:
    """Return the contracts that nothing in the study uses: it receives what it needs, and no more."""
    used = {name for _, name in _used(study)} | (set(GEOGRAPHY) if study.design.unit == "lsoa" else set())
    return sorted(study.contracts.keys() - used)


def _near(name: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(names), 1)
    return f"; did you mean {close[0]}?" if close else ""


def _of_people(study: Study) -> Iterator[tuple[str, str]]:
    """Yield where a study of people names a contract, and which."""
    if study.people:
        yield "people.contract", study.people.contract
        if study.people.dose:
            yield "people.dose.contract", study.people.dose.contract
    for outcome in study.outcomes:
        if outcome.record and outcome.record.links:
            yield f"outcomes.{outcome.name}.record.links", outcome.record.links


def _of_lists(study: Study) -> Iterator[tuple[str, str]]:
    """Yield where the lists that saw people name a contract, and which."""
    if study.hidden:
        yield from ((f"hidden.lists.{one.name}", one.contract) for one in study.hidden.lists)
        yield from ((f"hidden.links.{one.left} and {one.right}", one.contract) for one in study.hidden.links)


def _units(study: Study) -> Iterator[str]:
    """Yield what does not fit the unit: people need to be found, areas have no records of persons."""
    person = study.design.unit == "person"
    if person != (study.people is not None):
        yield "people: is needed where design.unit is person, and only there"
    for outcome in study.outcomes:
        if person != (outcome.record is not None):
            yield f"outcomes.{outcome.name}.record: is needed where design.unit is person, and only there"
    if person and study.value:
        yield "value: is for incidents in areas; people are not incidents"
    if study.value and (study.value.committed_per_recorded is None) != (study.value.committed_source is None):
        yield "value: committed_per_recorded and committed_source go together"
    if person and study.covariates:
        yield "covariates: are those of areas; people have people.covariates"


def _of_harm(study: Study) -> Iterator[str]:
    """Yield what of `harm` does not fit the outcomes."""
    if study.harm is None:
        return
    names = [outcome.name for outcome in study.outcomes]
    for key, asked in (("offences", study.harm.offences), ("mix", study.harm.mix)):
        for name in asked:
            if name not in names:
                hint = _near(name, names) or f" (it has {', '.join(names)})"
                yield f"harm.{key}: {name} is not an outcome of this study{hint}"
    if "harm" in names:
        yield "harm: an outcome has that name already; call it something else"
    if study.design.unit == "person":
        yield "harm: is for incidents in areas; people are not incidents"


def _leaves(location: str) -> bool:
    parts = re.split(r"[\\/]", location)
    return (
        not location
        or not location.isprintable()
        or ".." in parts
        or parts[0] == ""
        or ":" in parts[0]
        or "~" in parts[0]
    )
