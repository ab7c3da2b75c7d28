"""Hospitals and ambulances record the incidents that were drawn; what a definition has to leave out is there too."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from made_up_support import within

from curv_eval.made_up.admissions import (
    CAUSES,
    EMERGENCY,
    OTHER_CAUSES,
    OTHERS,
    PLANNED_AFTER_ASSAULT,
    SECOND_EPISODE,
)
from curv_eval.made_up.ambulance import AGE_UNKNOWN, AMPDS, BANDS, NOT_PLACED
from curv_eval.made_up.codes import ASSAULT_METHOD, ETHNIC_CATEGORY, ETHNICITY
from curv_eval.made_up.hospital import ETHNICITY_MISSING, HOME_MISSING, NOT_RECORDED, SEX_MISSING

DIAGNOSES = [f"DIAG_{i:02d}" for i in range(1, 21)]


@pytest.fixture(scope="module")
def patients(table):
    return table("ae_attendances")


@pytest.fixture(scope="module")
def episodes(table):
    return table("hospital_admissions")


def violence(rows: pd.DataFrame) -> pd.Series:
    """Emergency, first episode, X85 to Y09 in any position: the definition of the public health indicator."""
    coded = rows[DIAGNOSES].apply(lambda column: column.str[:3].between("X85", "Y09")).any(axis=1)
    return coded & rows.ADMIMETH.str.startswith("2") & (rows.EPIORDER == "1")


class TestPatients:
    def test_both_files_hold_the_same_attendances(self, patients, table):
        assaults = table("ae_assaults")
        assert len(patients) == len(assaults)
        assert (patients.arrival_date == assaults["ARRIVAL DATE AND TIME AT A&E"].str[:10]).all()
        sites = "SITE CODE (OF TREATMENT)"
        assert (patients[sites] == assaults[sites]).all()

    def test_means_agree_where_they_are_recorded(self, patients, table):
        method, said = table("ae_assaults")["ASSAULT METHOD"], patients.injury_mechanism
        assert within((said == "not recorded").mean(), NOT_RECORDED, len(said))
        known = said != "not recorded"
        assert set(zip(method[known], said[known], strict=True)) == {
            ("01", "bodily force"),
            ("02", "blunt object"),
            ("03", "sharp object"),
            ("04", "other"),
            ("05", "other"),
            ("06", "other"),
        }

    def test_missing_values_have_their_shares(self, patients, drawn):
        n = len(patients)
        assert within((patients.lsoa_home == "").mean(), HOME_MISSING, n)
        assert within((patients.ethnic_category == "X").mean(), ETHNICITY_MISSING, n)
        assert within((patients.sex == "not stated").mean(), SEX_MISSING, n)

    def test_three_in_ten_are_young_and_the_others_adults(self, patients):
        age = patients.age_at_arrival.astype(int)
        assert within((age < 25).mean(), 0.3, len(age), errors=6)
        assert (age.min() >= 8, age.max() < 80) == (True, True)

    def test_admitted_is_rare_and_as_drawn(self, patients, drawn):
        assert (patients.admitted == "true").sum() == drawn.happened.admitted.sum()

    def test_most_patients_come_once(self, patients):
        times = patients.patient_id.value_counts()
        assert 0.85 < (times == 1).mean() < 0.999
        assert times.max() > 3

    def test_every_ethnicity_has_a_category(self):
        assert list(ETHNIC_CATEGORY) == list(ETHNICITY)
        assert (ETHNIC_CATEGORY["W1"], ETHNIC_CATEGORY["A4"], ETHNIC_CATEGORY["NS"]) == ("A", "R", "Z")


class TestAdmissions:
    def test_the_definition_finds_the_assaults_and_nothing_else(self, episodes, drawn, patients):
        found = episodes[violence(episodes)]
        assert len(found) == drawn.happened.admitted.sum()
        admitted = patients[patients.admitted == "true"]
        pairs = set(zip(admitted.arrival_date, admitted.age_at_arrival, strict=True))
        assert set(zip(found.ADMIDATE, found.STARTAGE, strict=True)) == pairs

    def test_a_fifth_are_by_sharp_object(self, episodes, drawn):
        found = episodes[violence(episodes)]
        sharp = found[DIAGNOSES].eq("X999").any(axis=1)
        # 9% of methods, admitted with 5.6%, of 2.5% in all.
        assert within(sharp.mean(), 0.2, len(found))
        assert set(found.CAUSE) <= set(CAUSES)

    @pytest.mark.parametrize(
        ("without", "which"),
        [
            ("emergency", lambda rows: rows.ADMIMETH.str.startswith("2")),
            ("first episode", lambda rows: rows.EPIORDER == "1"),
        ],
    )
    def test_leaving_out_a_part_of_the_definition_finds_too_many(self, episodes, without, which):
        coded = episodes[DIAGNOSES].apply(lambda column: column.str[:3].between("X85", "Y09")).any(axis=1)
        assert (coded & ~which(episodes)).sum() > 3, without

    def test_looking_at_the_first_diagnosis_only_finds_nothing(self, episodes):
        assert not episodes.DIAG_01.str[:3].between("X85", "Y09").any()
        positions = [episodes[name].isin(CAUSES).sum() for name in DIAGNOSES[1:5]]
        assert min(positions) > 0

    def test_what_looks_like_a_knife_is_not_always_an_assault(self, episodes):
        cut = episodes.DIAG_01.isin(["S219", "S311", "S419", "S619", "S719"])
        assert (cut & ~violence(episodes)).sum() > 2 * (cut & violence(episodes)).sum()
        for code in ("X789", "W260", "W259", "Y289"):
            assert (code == episodes.CAUSE).sum() > 0

    def test_others_come_in_their_numbers(self, episodes, drawn):
        assaults = drawn.happened.admitted.sum()
        others = episodes[~episodes.CAUSE.isin(CAUSES) & (episodes.EPIORDER == "1")]
        assert len(others) == round(OTHERS * assaults)
        assert within(others.ADMIMETH.str.startswith("2").mean(), EMERGENCY, len(others))
        shares = others.CAUSE.value_counts(normalize=True)
        assert all(within(shares.get(code, 0), share, len(others)) for code, share in OTHER_CAUSES.items())

    def test_second_episodes_and_planned_stays_come_in_their_shares(self, episodes, drawn):
        second = (episodes.EPIORDER == "2").sum()
        assert within(second / (len(episodes) - second), SECOND_EPISODE, len(episodes))
        planned = episodes.CAUSE.isin(CAUSES) & (episodes.ADMIMETH == "11") & (episodes.EPIORDER == "1")
        assaults = drawn.happened.admitted.sum()
        assert within(planned.sum() / assaults, PLANNED_AFTER_ASSAULT, assaults)

    def test_diagnoses_are_filled_from_the_front(self, episodes):
        filled = episodes[DIAGNOSES].ne("").to_numpy()
        assert (filled[:, :-1] >= filled[:, 1:]).all()
        assert filled[:, 0].all()
        assert filled.sum(axis=1).max() == 5

    def test_the_cause_is_among_the_diagnoses(self, episodes):
        caused = episodes[episodes.CAUSE != ""]
        assert caused[DIAGNOSES].eq(caused.CAUSE, axis=0).sum(axis=1).eq(1).all()

    def test_days_lie_in_the_period_and_in_order(self, episodes):
        assert episodes.ADMIDATE.is_monotonic_increasing
        assert (episodes.ADMIDATE >= "2022-01-01").all()
        assert (episodes.ADMIDATE <= "2024-12-31").all()

    def test_both_vintages_of_an_area_belong_together(self, episodes, table):
        lookup = table("lsoa_lookup")
        pairs = set(zip(lookup.lsoa11_code, lookup.lsoa21_code, strict=True)) | {("", "")}
        assert set(zip(episodes.LSOA11, episodes.LSOA21, strict=True)) <= pairs


class TestAmbulance:
    def test_one_row_per_incident_to_which_it_was_called(self, table, drawn):
        rows = table("ambulance_incidents")
        assert len(rows) == drawn.happened.by_ambulance.sum()
        assert rows.incident_id.is_unique

    def test_cards_belong_to_systems(self, table):
        rows = table("ambulance_incidents")
        assert set(zip(rows.triage_system, rows.symptom_or_card, strict=True)) == {
            ("AMPDS", "4"),
            ("AMPDS", "27"),
            ("NHS Pathways", "assault"),
            ("NHS Pathways", "stabbing or gunshot"),
        }
        assert within((rows.triage_system == "AMPDS").mean(), AMPDS, len(rows))
        sharp = rows.symptom_or_card.isin(["27", "stabbing or gunshot"])
        assert within(sharp.mean(), ASSAULT_METHOD["03"], len(rows))

    def test_missing_values_have_their_shares(self, table):
        rows = table("ambulance_incidents")
        assert within((rows.lsoa == "").mean(), NOT_PLACED, len(rows))
        assert within((rows.age_band == "").mean(), AGE_UNKNOWN, len(rows))
        assert set(rows.age_band) - {""} <= set(BANDS)

    def test_most_of_those_brought_were_treated(self, table):
        rows = table("ambulance_incidents")
        # 7 of 10.2 hundredths were treated, and a tenth of the others were taken there too.
        assert within((rows.conveyed == "true").mean(), (0.07 + 0.1 * 0.032) / 0.102, len(rows))

    def test_bands_are_those_of_the_victims(self, table, drawn):
        rows = table("ambulance_incidents")
        young = rows.age_band.isin(["0-9", "10-14", "15-17", "18-24"])[rows.age_band != ""]
        assert within(young.mean(), 0.3, len(young), errors=6)
        assert (rows.call_time.str[:4].astype(int) <= 2025).all()
        assert np.sort(rows.call_time.str[:7].unique()).tolist()[:2] == ["2022-01", "2022-02"]
