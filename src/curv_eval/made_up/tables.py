"""The files of a made-up folder, each written from what was drawn."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from curv_eval.made_up import (
    admissions,
    ambulance,
    hospital,
    justice,
    mentoring,
    organisations,
    outcomes,
    places,
    police,
    police_extract,
    police_public,
    schools,
)
from curv_eval.made_up.drawing import Drawn
from curv_eval.made_up.registers import Register, number
from curv_eval.made_up.workbook import write_workbook

STREET_FOLDER = "police-uk-made-up"


def write_tables(folder: Path, drawn: Drawn) -> None:
    """Write the tables that analysts receive into `folder`."""
    _write_police(folder, drawn)
    _write_health(folder, drawn)
    _write_mentoring(folder, drawn)
    _write_services(folder, drawn)
    _write_organisations(folder, drawn)
    _write_places(folder, drawn)


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence]) -> None:
    """Write rows under a header as UTF-8, commas and line feeds."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_text(path: Path, text: str) -> None:
    """Write text as UTF-8 that ends with a line feed."""
    path.write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8", newline="\n")


def _write_police(folder: Path, drawn: Drawn) -> None:
    stream, world = drawn.stream, drawn.world
    crimes = police.draw_crimes(stream["street"], world, drawn.happened.incidents)
    street = dict(police.street_files(stream["street"], world, crimes))
    _write_months(folder, "street", police.HEADER, street.items())
    outcome_files = police_public.outcome_files(stream["outcomes"], street)
    _write_months(folder, "outcomes", police_public.OUTCOMES_HEADER, outcome_files)
    searches = police_public.search_files(stream["searches"], world)
    _write_months(folder, "stop-and-search", police_public.SEARCH_HEADER, searches)
    counts = police_public.counts(stream["counts"], world, street)
    write_csv(folder / "police_forces_counts.csv", police_public.COUNTS_HEADER, counts)
    recorded = police_extract.draw_recorded(stream["extract"], drawn.happened, crimes, n_studied=world.level.size)
    refs = number(stream["extract"], "police_crimes", recorded.victim, pseudonym=drawn.pseudonym).table
    known = np.flatnonzero(recorded.victim >= 0)
    victims = np.full(recorded.victim.size, "", "<U32")
    victims[known] = _pseudonyms(stream["extract"], drawn.registers["police"], recorded.victim[known])
    rows = police_extract.recorded_rows(
        stream["extract"], world, recorded, everyone=drawn.everyone, ids=(refs, victims.tolist())
    )
    write_csv(folder / "police_recorded_crime.csv", police_extract.HEADER, rows)


def _write_months(folder: Path, kind: str, header: Sequence[str], months: Iterable[tuple[str, list[tuple]]]) -> None:
    for month, rows in months:
        place = folder / STREET_FOLDER / month
        place.mkdir(parents=True, exist_ok=True)
        write_csv(place / f"{month}-made-up-{kind}.csv", header, rows)


def _pseudonyms(rng: np.random.Generator, register: Register, person: np.ndarray) -> list[str]:
    """The pseudonym of one record of each person."""
    return [register.table[record] for record in register.record_of(rng, person).tolist()]


def _write_health(folder: Path, drawn: Drawn) -> None:
    stream, world, happened, listed = drawn.stream, drawn.world, drawn.happened, drawn.registers["hospital"]
    sites, rows = hospital.attendances(stream["hospital"], world, happened)
    write_csv(folder / "ae_assaults.csv", hospital.HEADER, rows)
    ids = _pseudonyms(stream["hospital"], listed, happened.victim[hospital.attended(happened)])
    rows = hospital.patient_rows(stream["hospital"], world, happened, everyone=drawn.everyone, ids=(ids, sites))
    write_csv(folder / "ae_attendances.csv", hospital.PATIENT_HEADER, rows)
    ids = _pseudonyms(stream["admissions"], listed, drawn.admissions.person)
    rows = admissions.admission_rows(stream["admissions"], world, drawn.admissions, everyone=drawn.everyone, ids=ids)
    write_csv(folder / "hospital_admissions.csv", admissions.HEADER, rows)
    calls = number(stream["ambulance"], "ambulance", ambulance.called(happened), pseudonym=drawn.pseudonym)
    rows = ambulance.incident_rows(stream["ambulance"], world, happened, everyone=drawn.everyone, ids=calls.table)
    write_csv(folder / "ambulance_incidents.csv", ambulance.HEADER, rows)


def _write_mentoring(folder: Path, drawn: Drawn) -> None:
    stream, referrals, ids = drawn.stream, drawn.referrals, drawn.registers["vcse"].table
    rows = mentoring.referral_rows(stream["mentoring"], drawn.world, drawn.young, referrals=referrals, ids=ids)
    write_csv(folder / "vcse_referrals.csv", mentoring.HEADER, rows)
    sessions = mentoring.draw_sessions(stream["sessions"], referrals, ids)
    write_csv(folder / "vcse_sessions.csv", mentoring.Session._fields, sessions)
    asked = outcomes.outcome_rows(stream["asked"], drawn.asked, referrals, young=drawn.young, ids=ids)
    rows = asked + outcomes.told_rows(referrals, _told(drawn)[referrals.person], ids)
    write_csv(folder / "vcse_outcomes.csv", outcomes.HEADER, rows)
    write_workbook(folder / "vcse_outcomes.xlsx", stream["workbook"], header=outcomes.HEADER, rows=rows)


def _told(drawn: Drawn) -> np.ndarray:
    """How many incidents each young person told their mentor of, of those from the start to the end of the stay."""
    happened, n = drawn.happened, drawn.young.area.size
    victim, day = happened.victim[happened.told], happened.time[happened.told].astype("datetime64[D]")
    return np.bincount(victim[day <= drawn.referrals.ended(n)[victim]], minlength=n)


def _write_services(folder: Path, drawn: Drawn) -> None:
    stream, registers = drawn.stream, drawn.registers
    ids = _pseudonyms(stream["youth_justice"], registers["youth_justice"], drawn.disposals.person)
    rows = justice.youth_rows(stream["youth_justice"], drawn.disposals, ids)
    write_csv(folder / "youth_justice.csv", justice.YOUTH_HEADER, rows)
    ids = _pseudonyms(stream["probation"], registers["probation"], drawn.sentences.person)
    rows = justice.probation_rows(stream["probation"], drawn.sentences, young=drawn.young, ids=ids)
    write_csv(folder / "probation.csv", justice.PROBATION_HEADER, rows)
    ids = _pseudonyms(stream["schools"], registers["schools"], drawn.pupils.person)
    rows = schools.exclusion_rows(stream["schools"], drawn.pupils, ids)
    write_csv(folder / "school_exclusions.csv", schools.EXCLUSIONS_HEADER, rows)
    rows = schools.absence_rows(stream["schools"], drawn.pupils, ids)
    write_csv(folder / "school_absence.csv", schools.ABSENCE_HEADER, rows)


def _write_organisations(folder: Path, drawn: Drawn) -> None:
    stream = drawn.stream
    write_csv(folder / "vcse_survey.csv", organisations.SURVEY_HEADER, organisations.survey(stream["survey"]))
    trainees = number(stream["training"], "training", np.arange(organisations.TRAINEES), pseudonym=drawn.pseudonym)
    rows = organisations.training(stream["training"], trainees.table)
    write_csv(folder / "training_pre_post.csv", organisations.TRAINING_HEADER, rows)
    write_csv(folder / "theory_of_change.csv", organisations.THEORY_HEADER, organisations.THEORY)


def _write_places(folder: Path, drawn: Drawn) -> None:
    world, facts = drawn.world, drawn.facts
    write_csv(folder / "lsoa_lookup.csv", places.LSOA_HEADER, places.lsoa_lookup(world))
    write_csv(folder / "ward_lookup.csv", places.WARD_HEADER, places.ward_lookup(world))
    write_csv(folder / "lsoa_population.csv", places.POPULATION_HEADER, facts.population)
    write_csv(folder / "deprivation_2019.csv", *facts.deprived_2019)
    write_csv(folder / "deprivation_2025.csv", *facts.deprived_2025)
    write_csv(
        folder / "postcode_lookup.csv", places.POSTCODE_HEADER, places.postcodes(drawn.stream["postcodes"], world)
    )
    write_csv(folder / "intervention_register.csv", places.REGISTER_HEADER, places.register(world))
    write_text(folder / "lsoa_boundaries.geojson", places.boundaries(world))
