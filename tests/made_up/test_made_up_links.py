"""Which records are of one person is known, in every file alike."""

from __future__ import annotations

import hashlib
import itertools
from functools import partial

import numpy as np
import pandas as pd
import pytest
from made_up_support import EFFECT, SEED, number_of, numbered, read, within

from curv_eval.made_up import make_up
from curv_eval.made_up.links import FOUND, linked_rows, true_pairs, truth_rows
from curv_eval.made_up.partners import true_links
from curv_eval.made_up.registers import Register


def held(source, person):
    raw = [f"{source}{i}" for i in range(len(person))]
    return Register(source, np.array(person), raw, [f"p{one}" for one in raw])


@pytest.fixture(scope="module")
def who(raw_folder) -> pd.Series:
    rows = read(raw_folder / "partners" / "truth_links.csv")
    return rows.set_index(["source", "record_id"]).person


def test_pairs_are_all_pairs_of_records_of_one_person():
    left, right = held("a", [3, 1, 3, 7]), held("b", [7, 3, 2, 3, 3])
    expected = {(i, j) for i, j in itertools.product(range(4), range(5)) if left.person[i] == right.person[j]}
    found = true_pairs(left, right)
    assert {tuple(pair) for pair in found.tolist()} == expected
    assert len(found) == len(expected)


def test_strangers_have_no_pairs():
    assert true_pairs(held("a", [1]), held("b", [2])).shape == (0, 2)


def test_truth_gives_one_row_per_record():
    rows = truth_rows([held("a", [2, 1]), held("b", [1])])
    assert rows == [("P0000001", "a", "a1"), ("P0000001", "b", "b0"), ("P0000002", "a", "a0")]


def test_a_linker_finds_most_pairs_and_a_few_that_are_none():
    many = np.arange(4000)
    left, right = held("a", many), held("b", many)
    rows = linked_rows(np.random.default_rng(1), left, right)
    true = {(f"pa{i}", f"pb{i}") for i in many}
    found = {(a, b): float(p) for a, b, p in rows}
    assert len(found) == len(rows)
    assert within(len(true & set(found)) / 4000, FOUND, 4000)
    false = set(found) - true
    assert 0.01 < len(false) / len(rows) < 0.03
    assert min(found.values()) >= 0.5
    assert np.mean([found[pair] for pair in false]) < np.mean([found[pair] for pair in true & set(found)])


class TestFolder:
    def test_every_record_of_every_partner_is_there_once(self, raw_folder, who, asked):
        assert who.index.is_unique
        people = {"vcse", "hospital", "police", "youth_justice", "probation", "schools"}
        assert set(who.index) == {(source, own) for source, own in asked if source in people}

    def test_the_truth_counts_what_the_files_hold(self, truth, who):
        sets = {source: rows.droplevel("source") for source, rows in who.groupby(level="source")}
        for name, said in truth.links.items():
            one, other = (sets.get(source) for source in name.split(" and "))
            if other is not None:
                assert said["people"] == len(set(one) & set(other)), name
                records = one.value_counts() * other.value_counts()
                assert said["pairs"] == records.sum(), name

    def test_the_truth_counts_who_came_to_the_emergency_department(self, raw_folder, truth, who):
        patients = {number_of(own) for own in read(raw_folder / "ae_attendances.csv").patient_id}
        treated = {who["hospital", own] for own in patients}
        referred = {who["vcse", number_of(own)] for own in read(raw_folder / "vcse_referrals.csv").person_id}
        assert truth.links["vcse and ae_attendances"]["people"] == len(treated & referred)
        assert 100 < len(treated & referred) < len(referred)

    def test_the_truth_is_counted_from_what_was_drawn(self, drawn, truth):
        assert true_links(drawn) == truth.links

    def test_a_person_is_the_same_in_every_file(self, raw_folder, who):
        """Sex where it is stated and age agree between the files of two partners, up to how they are recorded."""
        hospital = read(raw_folder / "ae_attendances.csv")
        hospital["person"] = [who["hospital", number_of(own)] for own in hospital.patient_id]
        referred = read(raw_folder / "vcse_referrals.csv")
        referred["person"] = [who["vcse", number_of(own)] for own in referred.person_id]
        both = hospital.merge(referred, on="person", suffixes=("", "_vcse"))
        assert both.person.nunique() > 150
        stated = (both.sex != "not stated") & (both.sex_vcse != "not stated")
        assert (both.sex == both.sex_vcse)[stated].all()
        home = (both.lsoa_home != "") & (both.lsoa_home_vcse != "")
        assert (both.lsoa_home == both.lsoa_home_vcse)[home].all()
        years = (pd.to_datetime(both.arrival_date) - pd.to_datetime(both.referral_date)).dt.days / 365.25
        gap = both.age_at_arrival.astype(int) - both.age_at_referral.astype(int) - years
        assert gap.abs().max() < 1.01

    def test_children_in_the_justice_system_are_children_and_adults_adults(self, raw_folder, who, drawn):
        person = {f"P{i:07d}": i for i in range(drawn.young.area.size)}
        for name, column, day in (
            ("youth_justice", "ypid", "disposal_date"),
            ("probation", "person_id", "sentence_date"),
        ):
            rows = read(raw_folder / f"{name}.csv")
            born = drawn.young.birth[[person[who[name, number_of(own)]] for own in rows[column]]]
            age = (pd.to_datetime(rows[day]).to_numpy() - born).astype("timedelta64[D]").astype(int) / 365.25
            assert (age < 18.01).all() if name == "youth_justice" else (age > 17.99).all()

    def test_most_true_pairs_can_be_found_and_not_all_at_once(self, raw_folder, who):
        """Names and dates agree for most records of one person, but not for all: that is what linkage is for."""
        from curv_eval.linkage.fields import normalise
        from curv_eval.linkage.scheme import UK

        def keyed(source: str) -> pd.DataFrame:
            rows = read(raw_folder / "partners" / source / "people.csv")
            for name in ("given_name", "surname", "date_of_birth"):
                field = UK.field(name)
                rows[name] = [str(normalise(value, field)) for value in rows[name]]
            rows["person"] = [who[source, own] for own in rows.record_id]
            return rows

        both = keyed("vcse").merge(keyed("hospital"), on="person", suffixes=("", "_h"))
        whole = (both.given_name == both.given_name_h) & (both.surname == both.surname_h)
        whole &= both.date_of_birth == both.date_of_birth_h
        assert 0.4 < whole.mean() < 0.85

    def test_links_of_the_linker_are_between_records_of_the_two(self, raw_folder, who):
        rows = read(raw_folder / "people_links.csv")
        left = [who["vcse", number_of(own)] for own in rows.left_id]
        right = [who["hospital", number_of(own)] for own in rows.right_id]
        right_ones = np.mean(np.array(left) == np.array(right))
        assert 0.9 < right_ones < 1
        assert rows.probability.astype(float).between(0.5, 1).all()


def test_pseudonyms_of_the_tests_can_be_undone():
    assert number_of(numbered("vcse", "VC-0000012")) == "VC-0000012"
    assert len(numbered("youth_justice", "YO-0000012")) == 32


class TestWithTheRealPseudonyms:
    """Made with the project's key, the analysts' tables hold what the partners' encoding gives."""

    def test_encoded_lists_have_the_pseudonyms_of_the_tables(self, tmp_path):
        import pyarrow.parquet as pq

        from curv_eval.linkage.encode import encode, record_pseudonym
        from curv_eval.linkage.keys import Key
        from curv_eval.linkage.scheme import UK

        key = Key(hashlib.sha256(b"a key for tests").digest(), project="tests")
        folder = tmp_path / "data"
        make_up(folder, seed=SEED, effect=EFFECT, pseudonym=partial(record_pseudonym, key))
        encoded = {}
        for source in ("vcse", "hospital"):
            people, out = folder / "partners" / source / "people.csv", tmp_path / f"{source}.parquet"
            said = encode(
                people, out, key=key, scheme=UK, source=source, record_id="record_id", purpose="a test", made_up=True
            )
            assert set(said.unreadable.values()) == {0}
            assert said.not_leaving == ("first_contact_date",)
            encoded[source] = set(pq.read_table(out)["record_id"].to_pylist())
        assert encoded["vcse"] == set(read(folder / "vcse_referrals.csv").person_id)
        patients = set(read(folder / "ae_attendances.csv").patient_id)
        assert patients < encoded["hospital"]
