"""What each partner keeps to itself: its list of people in clear. It stands apart from what analysts receive."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from curv_eval.made_up import identity, links
from curv_eval.made_up.drawing import Drawn
from curv_eval.made_up.registers import Register
from curv_eval.made_up.tables import write_csv, write_text

# the pairs that a linker returned: the contract, the stream they are drawn from, and the two partners
LINKED = {
    "people_links": ("links", "vcse", "hospital"),
    "hospital_police_links": ("hospital_police_links", "hospital", "police"),
    "vcse_police_links": ("vcse_police_links", "vcse", "police"),
}
FOLDER, PEOPLE, TRUE_LINKS = "partners", "people.csv", "truth_links.csv"


def write_partners(folder: Path, drawn: Drawn, mark: tuple[str, str]) -> None:
    """Write the partners' lists, who is who among all records, and the links that a linker returned.

    mark: name and text of the file that says that all is made up; it stands in every folder.
    """
    for source, contact in _contacts(drawn).items():
        register, habits = drawn.registers[source], identity.HABITS[source]
        place = folder / FOLDER / source
        place.mkdir(parents=True)
        stream = drawn.stream[f"{source}_clear"]
        rows = identity.people_rows(stream, register, drawn.everyone, habits=habits, contact=contact)
        write_csv(place / PEOPLE, identity.HEADER, rows)
        write_text(place / mark[0], mark[1])
    write_text(folder / FOLDER / mark[0], mark[1])
    write_csv(folder / FOLDER / TRUE_LINKS, links.TRUTH_HEADER, links.truth_rows(drawn.registers.values()))
    for name, (stream, left, right) in LINKED.items():
        found = links.linked_rows(drawn.stream[stream], drawn.registers[left], drawn.registers[right])
        write_csv(folder / f"{name}.csv", links.LINKS_HEADER, found)


def _contacts(drawn: Drawn) -> dict[str, np.ndarray]:
    """The day on which each record's person first came to the partner."""
    happened, referrals = drawn.happened, drawn.referrals
    days, n = happened.time.astype("datetime64[D]"), drawn.everyone.area.size
    seen = happened.incidents
    hospital = [(happened.victim[seen.by_hospital], days[seen.by_hospital])]
    hospital += [(drawn.admissions.person, drawn.admissions.day)]
    police = [(happened.victim[seen.by_police], days[seen.by_police])]
    found = {"hospital": _first(hospital, n), "police": _first(police, n)}
    contacts = {source: first[drawn.registers[source].person] for source, first in found.items()}
    return {"vcse": referrals.referred, **contacts}


def _first(events: Iterable[tuple[np.ndarray, np.ndarray]], n: int) -> np.ndarray:
    first = np.full(n, np.datetime64("9999-12-31"), "datetime64[D]")
    for person, day in events:
        np.minimum.at(first, person, day)
    return first


def true_links(drawn: Drawn) -> dict[str, dict[str, int]]:
    """Return for pairs of sources how many people are on the lists of both, and pairs of records of one person.

    "vcse and ae_attendances" counts those who were treated after an assault, whatever else the hospital knows them for.
    """
    registers, happened = drawn.registers, drawn.happened
    treated = np.isin(registers["hospital"].person, happened.victim[happened.incidents.by_hospital])
    lists = {name: registers[name] for name in registers if name != "vcse"}
    lists["ae_attendances"] = _part(registers["hospital"], treated)
    found = {f"vcse and {name}": _shared(registers["vcse"], other) for name, other in lists.items()}
    return found | {"hospital and police": _shared(registers["hospital"], registers["police"])}


def _part(register: Register, kept: np.ndarray) -> Register:
    which = np.flatnonzero(kept).tolist()
    texts = ([column[i] for i in which] for column in (register.raw, register.table))
    return Register(register.source, register.person[kept], *texts)


def _shared(left: Register, right: Register) -> dict[str, int]:
    pairs = links.true_pairs(left, right)
    return {"people": int(np.unique(left.person[pairs[:, 0]]).size), "pairs": len(pairs)}
