"""Partners write people down with known shares of slips, and nobody on a list is somebody else."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from made_up_support import number_of, numbered, read, within

from curv_eval.made_up.identity import (
    BLANKS,
    HABITS,
    HEADER,
    MISSING,
    NAME_MISSING,
    OTHER_SURNAME,
    SPACES,
    SWAPPED,
    TYPO,
    Habits,
    people_rows,
    slip,
)
from curv_eval.made_up.names import NICKNAMES
from curv_eval.made_up.people import SEXES, draw_young, postcode_text
from curv_eval.made_up.registers import number, register

PLAIN = Habits(moved=0.0, short=0.0, upper=0.0, lower=0.0, closed=0.0)
N_AREAS = 60


@pytest.fixture(scope="module")
def young():
    return draw_young(np.random.default_rng(5), np.full(N_AREAS, 400))


def listed(young, habits) -> pd.DataFrame:
    """A list with everybody on it, beside what is true of each."""
    rng = np.random.default_rng(6)
    everyone = number(rng, "vcse", np.arange(young.area.size), pseudonym=numbered)
    contact = np.full(young.area.size, np.datetime64("2024-03-05"))
    rows = people_rows(rng, everyone, young, habits=habits, contact=contact)
    held = pd.DataFrame(rows, columns=list(HEADER)).set_index("record_id")
    true = pd.DataFrame(
        {
            "true_given": young.given,
            "true_surname": young.surname,
            "true_birth": young.birth.astype(str),
            "true_sex": np.array(SEXES)[young.sex],
            "true_postcode": [postcode_text(one) for one in young.postcode.tolist()],
        },
        index=everyone.raw,
    )
    return held.join(true, how="inner", validate="one_to_one")


@pytest.fixture(scope="module")
def plain(young):
    return listed(young, PLAIN)


def known(column: pd.Series) -> pd.Series:
    return ~column.str.strip().isin(list(BLANKS))


class TestSlips:
    @pytest.mark.parametrize(("kind", "expected"), [(0, "Snith"), (1, "Sith"), (2, "Simth"), (3, "Smmith")])
    def test_each_kind(self, kind, expected):
        assert slip("Smith", kind=kind, place=0.0) == expected

    def test_a_slip_is_never_in_the_first_letter_and_never_beyond_the_last(self):
        for word in ("Jon", "Elizabeth", "O'Neill"):
            for kind in range(4):
                for place in (0.0, 0.3, 0.999):
                    found = slip(word, kind=kind, place=place)
                    assert found[0] == word[0]
                    assert abs(len(found) - len(word)) <= 1

    def test_short_words_are_left(self):
        assert slip("Li", kind=1, place=0.0) == "Li"


class TestShares:
    def test_everybody_is_there_once_and_in_the_order_of_numbers(self, young, plain):
        assert len(plain) == young.area.size
        assert plain.index.is_monotonic_increasing
        assert plain.index.is_unique

    @pytest.mark.parametrize("column", ["given_name", "surname"])
    def test_names_are_missing_in_their_share(self, plain, column):
        assert within((~known(plain[column])).mean(), NAME_MISSING, len(plain))

    @pytest.mark.parametrize("column", ["date_of_birth", "postcode"])
    def test_other_fields_are_missing_in_their_share(self, plain, column):
        assert within((~known(plain[column])).mean(), MISSING, len(plain))

    def test_sex_is_not_stated_in_its_share_and_otherwise_true(self, plain):
        said = plain.sex != "not stated"
        assert within((~said).mean(), MISSING, len(plain))
        assert (plain.sex == plain.true_sex)[said].all()

    def test_given_names_have_slips_in_their_share(self, plain):
        there = known(plain.given_name)
        long = there & (plain.true_given.str.len() > 2)
        wrong = (plain.given_name.str.strip() != plain.true_given)[long].mean()
        # A slip that swaps two like letters changes nothing.
        assert within(wrong, 0.985 * TYPO, long.sum(), errors=5)

    def test_surnames_have_slips_and_a_few_are_other_names(self, plain):
        there = known(plain.surname) & ~plain.true_surname.str.contains("[-']")
        wrong = (plain.surname.str.strip() != plain.true_surname)[there].mean()
        assert within(wrong, TYPO + OTHER_SURNAME, there.sum(), errors=5)

    def test_two_surnames_are_often_written_as_one_or_apart(self, plain):
        double = plain[plain.true_surname.str.contains("-") & known(plain.surname)]
        kept = (double.surname.str.strip() == double.true_surname).mean()
        assert 0.3 < kept < 0.5
        apart = double.surname.str.strip() == double.true_surname.str.replace("-", " ")
        first = double.surname.str.strip() == double.true_surname.str.split("-").str[0]
        assert min(apart.mean(), first.mean()) > 0.1

    def test_apostrophes_are_sometimes_lost(self, plain):
        irish = plain[plain.true_surname.str.fullmatch("O'[A-Z][a-z]+") & known(plain.surname)]
        assert 0.2 < (~irish.surname.str.contains("'")).mean() < 0.9

    def test_day_and_month_are_swapped_in_their_share(self, plain):
        true = plain.true_birth
        swapped = plain.date_of_birth == true.str[:5] + true.str[8:] + "-" + true.str[5:7]
        could = (true.str[8:].astype(int) <= 12) & (true.str[8:] != true.str[5:7]) & known(plain.date_of_birth)
        assert within(swapped[could].mean(), SWAPPED, could.sum(), errors=5)

    def test_years_are_wrong_by_one_in_their_share(self, plain):
        there = known(plain.date_of_birth)
        step = (plain.date_of_birth.str[:4] != plain.true_birth.str[:4])[there]
        assert within(step.mean(), TYPO / 3, there.sum())
        gap = plain.date_of_birth[there].str[:4].astype(int) - plain.true_birth[there].str[:4].astype(int)
        assert set(gap) == {-1, 0, 1}

    def test_every_date_is_a_date(self, plain):
        pd.to_datetime(plain.date_of_birth[known(plain.date_of_birth)], format="%Y-%m-%d")

    def test_postcodes_have_a_wrong_figure_in_their_share(self, plain):
        there = known(plain.postcode)
        wrong = (plain.postcode != plain.true_postcode)[there].mean()
        assert within(wrong, 0.9 * TYPO, there.sum())

    def test_a_few_names_have_spaces_around_them(self, plain):
        assert within(plain.surname.str.startswith(" ").mean(), SPACES, len(plain))


class TestHabits:
    @pytest.mark.parametrize("source", sorted(HABITS))
    def test_each_partner_has_its_share_of_old_addresses(self, young, source):
        held = listed(young, HABITS[source])
        there = known(held.postcode)
        same = held.postcode.str.replace(" ", "")[there] == held.true_postcode.str.replace(" ", "")[there]
        kept = (1 - HABITS[source].moved) * (1 - 0.9 * TYPO)
        assert within(same.mean(), kept, there.sum(), errors=5)
        assert within((~held.postcode[there].str.contains(" ")).mean(), HABITS[source].closed, there.sum(), errors=5)

    @pytest.mark.parametrize("source", sorted(HABITS))
    def test_each_partner_has_its_share_of_short_names(self, young, source):
        held = listed(young, HABITS[source])
        could = held.true_given.isin(list(NICKNAMES)) & known(held.given_name)
        short = (
            held.given_name[could].str.strip().str.casefold() == held.true_given[could].map(NICKNAMES).str.casefold()
        )
        assert within(short.mean(), HABITS[source].short * (1 - TYPO), could.sum(), errors=5)

    def test_hospitals_write_surnames_in_capitals(self, young):
        surname = listed(young, HABITS["hospital"]).surname
        assert (surname[known(surname)] == surname[known(surname)].str.upper()).all()

    def test_dates_are_as_the_contract_has_them_whoever_wrote_the_list(self, folder):
        for source in HABITS:
            held = read(folder / "partners" / source / "people.csv")
            for column in ("date_of_birth", "first_contact_date"):
                assert held[column].str.fullmatch(r"(\d{4}-\d\d-\d\d)?").all(), source
            assert (held.first_contact_date != "").all()

    def test_gaps_in_names_are_written_in_words_at_times(self, plain):
        said = plain.surname[~known(plain.surname)].str.strip()
        assert set(said) == set(BLANKS)
        assert said.value_counts().idxmax() == ""


class TestRegisters:
    def test_a_share_has_two_records_and_everybody_one(self):
        person = np.arange(10_000).repeat(2)
        held = register(np.random.default_rng(1), "police", person, twice=0.1, pseudonym=numbered)
        times = np.bincount(held.person)
        assert (times.min(), times.max()) == (1, 2)
        assert within((times == 2).mean(), 0.1, 10_000)
        assert len(set(held.raw)) == len(held.raw) == len(set(held.table))

    def test_a_record_is_one_of_the_person(self):
        rng = np.random.default_rng(2)
        held = register(rng, "police", np.arange(50), twice=0.5, pseudonym=numbered)
        person = np.arange(50).repeat(40)
        found = held.record_of(rng, person)
        assert (held.person[found] == person).all()
        used = np.unique(found)
        # With two records, either is used.
        assert used.size == held.person.size

    def test_numbers_say_nothing_about_the_order(self):
        held = number(np.random.default_rng(3), "vcse", np.arange(1000), pseudonym=numbered)
        figures = np.array([int(raw[3:]) for raw in held.raw])
        assert abs(np.corrcoef(figures, np.arange(1000))[0, 1]) < 0.12
        assert all(re.fullmatch(r"VC-\d{7}", raw) for raw in held.raw)


class TestLists:
    def test_who_is_on_a_list_has_a_row_in_the_partner_s_tables(self, raw_folder):
        for source, name, column in (
            ("vcse", "vcse_referrals", "person_id"),
            ("hospital", "ae_attendances", "patient_id"),
            ("hospital", "hospital_admissions", "PATIENT_ID"),
            ("police", "police_recorded_crime", "victim_ref"),
        ):
            ids = set(read(raw_folder / f"{name}.csv")[column]) - {""}
            assert {number_of(one) for one in ids} <= set(
                read(raw_folder / "partners" / source / "people.csv").record_id
            )

    def test_everybody_referred_is_on_the_providers_list_from_that_day(self, raw_folder):
        referrals = read(raw_folder / "vcse_referrals.csv")
        day = dict(zip(referrals.person_id.map(number_of), referrals.referral_date, strict=True))
        held = read(raw_folder / "partners" / "vcse" / "people.csv").set_index("record_id").first_contact_date
        assert set(held.index) == set(day)
        assert all(day[own] == said for own, said in held.items())

    def test_a_hospital_knows_nobody_before_they_came(self, raw_folder):
        came = read(raw_folder / "ae_attendances.csv").groupby("patient_id").arrival_date.min()
        held = read(raw_folder / "partners" / "hospital" / "people.csv").set_index("record_id").first_contact_date
        # Midnight lies between an assault and the arrival of some.
        late = [held[number_of(own)] > day for own, day in came.items()]
        assert not any(late)

    def test_ages_in_tables_are_those_of_the_list(self, raw_folder):
        rows = read(raw_folder / "ae_attendances.csv").assign(own=lambda r: r.patient_id.map(number_of))
        people = read(raw_folder / "partners" / "hospital" / "people.csv")
        both = rows.merge(people, left_on="own", right_on="record_id")
        both = both[known(both.date_of_birth)]
        years = both.arrival_date.str[:4].astype(int) - both.date_of_birth.str[:4].astype(int)
        before = both.arrival_date.str[5:] < both.date_of_birth.str[5:]
        # Wrong years and swapped days are the exception.
        assert ((years - before) == both.age_at_arrival.astype(int)).mean() > 0.97
