"""The force's extract and the published files are about the same crimes."""

from __future__ import annotations

import pandas as pd
import pytest
from made_up_support import number_of, read, within

from curv_eval.made_up.police_extract import (
    CANCELLED,
    DOMESTIC,
    FLAGGED_IF_SHARP,
    MISSING,
    OUTCOME_CODES,
    SUSPECT,
    TO_KNOWN,
    WITH_INJURY,
    WITHOUT_INJURY,
)

VIOLENCE = "Violence and sexual offences"


@pytest.fixture(scope="module")
def crimes(table) -> pd.DataFrame:
    return table("police_recorded_crime")


@pytest.fixture(scope="module")
def standing(crimes) -> pd.DataFrame:
    return crimes[crimes.cancelled_flag == "false"]


def test_every_violent_row_of_the_street_files_is_one_crime(standing, street, table):
    """In each month and united area, also of other districts and of no place."""
    lookup = table("lsoa_lookup")
    parent = dict(zip(lookup.lsoa21_code, lookup.lsoa11_code, strict=True)) | {"": ""}
    first = {old: parent[new] for old, new in zip(lookup.lsoa11_code, lookup.lsoa21_code, strict=True)} | {"": ""}
    rows = street[street["Crime type"] == VIOLENCE]
    published = pd.Series(
        list(zip(rows["Month"], rows["LSOA code"].map(lambda c: first.get(c) or parent[c]), strict=True))
    )
    recorded = pd.Series(list(zip(standing.committed_from.str[:7], standing.lsoa.map(parent), strict=True)))
    assert published.value_counts().sort_index().equals(recorded.value_counts().sort_index())


def test_months_are_the_same_when_counted_by_the_day_of_recording(standing):
    assert (standing.recorded_date.str[:7] == standing.committed_from.str[:7]).all()
    assert (standing.recorded_date >= standing.committed_from.str[:10]).all()
    assert 0.2 < (standing.recorded_date > standing.committed_from.str[:10]).mean() < 0.4


def test_times_have_an_order(crimes):
    until = crimes.committed_to != ""
    assert within(until.mean(), TO_KNOWN, len(crimes))
    assert (crimes.committed_from < crimes.committed_to)[until].all()
    assert crimes.committed_from.is_monotonic_increasing
    assert (crimes.recorded_date < crimes.freeze_date).all()
    assert crimes.freeze_date.nunique() == 1


def test_cancelled_crimes_are_in_the_extract_only(crimes, standing, drawn):
    recorded = drawn.happened.incidents.by_police.sum()
    assert within((len(crimes) - len(standing)) / recorded, CANCELLED, recorded)
    assert (crimes[crimes.cancelled_flag == "true"].victim_ref == "").all()


def test_references_are_unique(crimes):
    assert crimes.crime_ref.is_unique
    assert not set(crimes.crime_ref) & set(crimes.victim_ref)


def test_classes_and_codes_belong_together(crimes):
    pairs = {tuple(words.split()) for words in (*WITH_INJURY, *WITHOUT_INJURY)}
    assert set(zip(crimes.ho_class, crimes.ho_code, strict=True)) == pairs


def test_injuries_are_more_often_of_those_treated(standing, drawn):
    injured = standing.ho_code.isin([words.split()[1] for words in WITH_INJURY])
    # A fifth were treated, and 28% of the others are injured without.
    assert within(injured.mean(), 0.2 + 0.8 * 0.28, len(standing), errors=6)


def test_knives_are_flagged_among_injuries_in_their_share(standing):
    injured = standing.ho_code.isin([words.split()[1] for words in WITH_INJURY])
    flagged = standing.knife_flag == "true"
    assert not flagged[~injured].any()
    assert within(flagged[injured].mean(), 0.09 * FLAGGED_IF_SHARP, injured.sum())


def test_other_flags_and_codes_have_their_shares(crimes):
    n = len(crimes)
    assert within((crimes.domestic_flag == "true").mean(), DOMESTIC, n)
    assert within((crimes.suspect_age != "").mean(), SUSPECT, n)
    shares = crimes.outcome_code.value_counts(normalize=True)
    assert all(within(shares[code], share, n) for code, share in OUTCOME_CODES.items())
    assert crimes.suspect_age[crimes.suspect_age != ""].astype(int).between(10, 75).all()


@pytest.mark.parametrize("column", ["victim_age", "victim_sex", "victim_ethnicity_self_defined"])
def test_what_is_known_of_victims_is_missing_in_its_share(crimes, column):
    with_victim = crimes[crimes.victim_ref != ""]
    assert within((with_victim[column] == "").mean(), MISSING[column], len(with_victim))
    assert (crimes[crimes.victim_ref == ""][column] == "").all()


def test_places_and_beats_belong_together(crimes, table):
    ward = table("ward_lookup").set_index("lsoa21_code").ward24_code
    both = crimes[(crimes.lsoa != "") & (crimes.beat != "")]
    assert (both.lsoa.map(ward) == both.beat).all()
    assert (crimes[crimes.lsoa == ""].beat == "").all()


def test_victims_of_crime_and_patients_are_the_same_people(raw_folder):
    """Of those treated, the police know the share that they know of all; and then age and sex agree."""
    truth = read(raw_folder / "partners" / "truth_links.csv").set_index(["source", "record_id"]).person
    crimes = read(raw_folder / "police_recorded_crime.csv").query("victim_ref != ''")
    patients = read(raw_folder / "ae_attendances.csv")
    crimes["person"] = [truth["police", number_of(own)] for own in crimes.victim_ref]
    patients["person"] = [truth["hospital", number_of(own)] for own in patients.patient_id]
    # Adults are victims once, so that a person on both lists was hurt in one incident.
    adults = patients[patients.age_at_arrival.astype(int) >= 26]
    assert within(adults.person.isin(crimes.person).mean(), 0.45, len(adults))
    both = adults.merge(crimes, on="person", suffixes=("", "_police"))
    assert both.person.is_unique
    assert (both.committed_from.str[:10] <= both.arrival_date).all()
    assert (both.arrival_date.str[:7] == both.committed_from.str[:7]).all()
    aged = both.victim_age != ""
    assert (both.victim_age[aged].astype(int) <= both.age_at_arrival[aged].astype(int)).all()
    sexed = (both.victim_sex != "") & (both.sex != "not stated")
    assert (both.victim_sex == both.sex)[sexed].all()
