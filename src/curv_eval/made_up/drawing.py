"""Everything that is drawn before a file is written: places, people, what happened to them, and who recorded it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from curv_eval.made_up.admissions import Admissions, draw_admissions
from curv_eval.made_up.cleveland import cleveland_facts, make_cleveland
from curv_eval.made_up.country import Facts
from curv_eval.made_up.justice import ADULT, CHILD, DISPOSALS, SENTENCES, Decisions, draw_decisions
from curv_eval.made_up.mentoring import Referrals, draw_referrals
from curv_eval.made_up.outcomes import Asked, draw_asked
from curv_eval.made_up.people import People, draw_young
from curv_eval.made_up.places import facts
from curv_eval.made_up.process import World, draw_incidents, make_world
from curv_eval.made_up.registers import Pseudonym, Register, number, register
from curv_eval.made_up.schools import Pupils, draw_pupils
from curv_eval.made_up.victims import Happened, Streams, draw_happened

# A stream of its own for each part: a change in one leaves the others' bytes alone. New ones go to the end.
PARTS = (
    *("world", "incidents", "street", "hospital", "mentoring", "places", "key", "people", "times", "victims"),
    *("sightings", "vcse_list", "hospital_list", "police_list", "youth_justice", "probation", "schools", "admissions"),
    *("extract", "outcomes", "searches", "counts", "ambulance", "asked", "workbook", "survey", "training", "postcodes"),
    *("vcse_clear", "hospital_clear", "police_clear", "links", "sessions"),
    *("youth_justice_list", "probation_list", "schools_list", "hospital_police_links", "vcse_police_links"),
)
TWICE = {"hospital": 0.03, "police": 0.02}


@dataclass(frozen=True)
class Drawn:
    """What a folder is written from. stream: one for each of PARTS. registers: the records of each partner."""

    stream: dict[str, np.random.Generator]
    pseudonym: Pseudonym
    world: World
    facts: Facts
    young: People
    everyone: People
    referrals: Referrals
    asked: Asked
    happened: Happened
    admissions: Admissions
    disposals: Decisions
    sentences: Decisions
    pupils: Pupils
    registers: dict[str, Register]


def streams_of(seed: int) -> dict[str, np.random.Generator]:
    """Return the streams of random numbers of a seed, by part."""
    return dict(zip(PARTS, np.random.default_rng(seed).spawn(len(PARTS)), strict=True))


def draw_places(stream: dict[str, np.random.Generator], geography: Path | None) -> tuple[World, Facts]:
    """Return the world and what is known of it: of hexagons, or Cleveland's from the folder `geography`."""
    if geography is None:
        world = make_world(stream["world"])
        return world, facts(stream["places"], world)
    world = make_cleveland(stream["world"], geography)
    return world, cleveland_facts(world, geography)


def draw_all(
    stream: dict[str, np.random.Generator],
    geography: Path | None,
    effects: tuple[float, float],
    *,
    pseudonym: Pseudonym,
) -> Drawn:
    """Draw everything. effects: of mentoring on areas, and on the young people themselves."""
    world, known = draw_places(stream, geography)
    young = draw_young(stream["people"], known.young)
    referrals = draw_referrals(stream["mentoring"], world, young)
    incidents = draw_incidents(stream["incidents"], world, effects[0])
    streams = Streams(stream["times"], stream["victims"], stream["sightings"])
    started = referrals.started(young.area.size)
    happened, everyone = draw_happened(streams, incidents, young, started=started, person_effect=effects[1])
    shared = referrals.take(referrals.consent)
    admissions = draw_admissions(stream["admissions"], happened, young.area.size)
    disposals = draw_decisions(stream["youth_justice"], young, DISPOSALS, ages=CHILD)
    sentences = draw_decisions(stream["probation"], young, SENTENCES, ages=ADULT)
    pupils = draw_pupils(stream["schools"], young)
    treated = np.concatenate([happened.victim[incidents.by_hospital], admissions.person])
    registers = {
        "vcse": number(stream["vcse_list"], "vcse", shared.person, pseudonym=pseudonym),
        "hospital": _listed(stream, "hospital", treated, pseudonym),
        "police": _listed(stream, "police", happened.victim[incidents.by_police], pseudonym),
        "youth_justice": _listed(stream, "youth_justice", disposals.person, pseudonym),
        "probation": _listed(stream, "probation", sentences.person, pseudonym),
        "schools": _listed(stream, "schools", pupils.person, pseudonym),
    }
    asked = draw_asked(stream["asked"], shared)
    return Drawn(
        stream, pseudonym, world, known, young, everyone, shared, asked,
        happened, admissions, disposals, sentences, pupils, registers,
    )  # fmt: skip


def _listed(stream: dict[str, np.random.Generator], source: str, person: np.ndarray, pseudonym: Pseudonym) -> Register:
    return register(stream[f"{source}_list"], source, person, twice=TWICE.get(source, 0), pseudonym=pseudonym)
