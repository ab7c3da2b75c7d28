"""A made-up folder is complete, the same for the same seed, and appears in one step or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from made_up_support import contents, read

from curv_eval.errors import RunError
from curv_eval.made_up import Setting, Truth, make_up, read_truth
from curv_eval.made_up.truth import write_truth

MONTHS = [f"{year}-{month:02d}" for year in (2022, 2023, 2024) for month in range(1, 13)]
# Nothing that happens changes these.
ONLY_SEED = [
    *("deprivation_2019.csv", "deprivation_2025.csv", "intervention_register.csv", "lsoa_boundaries.geojson"),
    *("lsoa_lookup.csv", "lsoa_population.csv", "partners/vcse/people.csv", "postcode_lookup.csv", "probation.csv"),
    *("school_absence.csv", "school_exclusions.csv", "theory_of_change.csv", "training_pre_post.csv"),
    *("vcse_referrals.csv", "vcse_sessions.csv", "vcse_survey.csv", "ward_lookup.csv", "youth_justice.csv"),
]
# What is counted by area: the effect on areas changes these, that on people does not.
BY_AREA = ["ae_assaults.csv", "police_forces_counts.csv"]
# What is known of victims, and who is on whose list.
BY_PERSON = [
    *("ae_attendances.csv", "ambulance_incidents.csv", "hospital_admissions.csv", "people_links.csv"),
    *("hospital_police_links.csv", "vcse_police_links.csv"),
    *("police_recorded_crime.csv", "vcse_outcomes.csv", "vcse_outcomes.xlsx", "partners/truth_links.csv"),
    *("partners/hospital/people.csv", "partners/police/people.csv"),
]
MARKS = ["MADE_UP.json", *(f"partners/{name}MADE_UP.json" for name in ("", "vcse/", "hospital/", "police/"))]


@pytest.fixture
def quick(monkeypatch):
    """Folders with their mark and truth and nothing else."""
    monkeypatch.setattr("curv_eval.made_up.tables.write_tables", lambda folder, drawn: None)
    monkeypatch.setattr("curv_eval.made_up.partners.write_partners", lambda folder, drawn, mark: None)


def archive(kind: str, months: list[str]) -> list[str]:
    return [f"police-uk-made-up/{month}/{month}-made-up-{kind}.csv" for month in months]


PUBLIC = [*archive("street", MONTHS), *archive("outcomes", MONTHS[24:])]
SEARCHES = archive("stop-and-search", MONTHS[12:])


def test_every_file_of_the_layout_is_there_and_no_other(folder):
    expected = [*ONLY_SEED, *BY_AREA, *BY_PERSON, *MARKS, *PUBLIC, *SEARCHES, "truth.json"]
    assert sorted(contents(folder)) == sorted(expected)


def test_same_seed_gives_the_same_bytes_in_another_process(folder, tmp_path):
    # Another process with another hash seed, so that the order of a set or dict cannot leak into the files; and another
    # day and time zone, so that the clock cannot.
    code = "import sys, pathlib, curv_eval.made_up as m; m.make_up(pathlib.Path(sys.argv[1]), seed=7, effect=-0.2)"
    environment = os.environ | {"PYTHONHASHSEED": "12345", "TZ": "Asia/Tokyo"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "again")], check=True, env=environment)
    again, ours = contents(tmp_path / "again"), contents(folder)
    assert [name for name in ours if ours[name] != again[name]] == []
    assert set(again) == set(ours)


def test_another_seed_gives_other_bytes_in_every_file(folder, tmp_path):
    make_up(tmp_path / "other", seed=8, effect=-0.2)
    ours, other = contents(folder), contents(tmp_path / "other")
    # Where the hexagons lie is the same for all seeds; which codes they carry is not. A belief is nothing drawn.
    assert [name for name in ours if ours[name] == other[name]] == ["theory_of_change.csv"]


def test_the_effect_leaves_the_country_and_the_providers_records_alone(folder, null_folder):
    ours, null = contents(folder), contents(null_folder)
    assert [name for name in [*ONLY_SEED, *SEARCHES] if ours[name] != null[name]] == []
    # The files of months before the first start are the same as well, but the identifiers drawn with them are not.
    assert [name for name in [*BY_AREA, *BY_PERSON, *PUBLIC, *MARKS] if ours[name] == null[name]] == []


def test_the_effect_on_people_leaves_counts_of_areas_alone(folder, tmp_path):
    make_up(tmp_path / "data", seed=7, effect=-0.2, setting=Setting(person_effect=0.0))
    ours, other = contents(folder), contents(tmp_path / "data")
    same = [*ONLY_SEED, *BY_AREA, *PUBLIC, *SEARCHES]
    assert [name for name in same if ours[name] != other[name]] == []
    assert [name for name in [*BY_PERSON, *MARKS] if ours[name] == other[name]] == []
    before, after = read_truth(folder), read_truth(tmp_path / "data")
    assert (after.total, after.person_effect, before.person_effect) == (before.total, 0.0, -0.35)


def test_pseudonyms_come_from_whoever_gives_them(folder, raw_folder):
    """Nothing but the pseudonyms differs, and with them the order of rows that are sorted by them."""
    ours, theirs = contents(folder), contents(raw_folder)
    differ = {name for name in ours if ours[name] != theirs[name]}
    assert differ == {
        *("ae_attendances.csv", "ambulance_incidents.csv", "hospital_admissions.csv", "people_links.csv"),
        *("hospital_police_links.csv", "vcse_police_links.csv"),
        *("police_recorded_crime.csv", "probation.csv", "school_absence.csv", "school_exclusions.csv"),
        *("training_pre_post.csv", "vcse_outcomes.csv", "vcse_outcomes.xlsx", "vcse_referrals.csv"),
        *("vcse_sessions.csv", "youth_justice.csv"),
    }


def test_a_pseudonym_is_asked_for_by_partner_and_own_number(raw_folder, asked):
    assert len(set(asked)) == len(asked)
    assert {source for source, _ in asked} == {
        *("vcse", "hospital", "police", "police_crimes", "youth_justice", "probation", "schools", "ambulance"),
        "training",
    }
    for source in ("vcse", "hospital", "police"):
        listed = read(raw_folder / "partners" / source / "people.csv").record_id
        assert {own for given, own in asked if given == source} == set(listed)


def test_the_global_generator_is_not_touched(quick, tmp_path):
    np.random.seed(3)
    before = np.random.get_state()[1].copy()
    make_up(tmp_path / "data", seed=1, effect=0.0)
    assert (np.random.get_state()[1] == before).all()


def test_the_folder_says_that_it_is_made_up(folder):
    said = json.loads((folder / "MADE_UP.json").read_text())
    assert said.pop("note").startswith("Made up from a random seed")
    assert said == {"made_up": True, "seed": 7, "effect": -0.2, "person_effect": -0.35, "geography": "hexagons"}


def test_every_folder_with_people_says_it_too(folder):
    marks = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("MADE_UP.json")}
    assert sorted(marks) == sorted(MARKS)
    assert len(set(marks.values())) == 1


def test_an_interrupted_run_leaves_nothing_behind(quick, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("curv_eval.made_up.folder.write_truth", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make_up(tmp_path / "data", seed=1, effect=0.0)
    assert list(tmp_path.iterdir()) == []


def test_of_two_runs_at_once_one_is_kept(quick, tmp_path, monkeypatch):
    def slow(folder, truth):
        monkeypatch.setattr("curv_eval.made_up.folder.write_truth", write_truth)
        make_up(tmp_path / "data", seed=1, effect=other)
        write_truth(folder, truth)

    other = 0.0
    monkeypatch.setattr("curv_eval.made_up.folder.write_truth", slow)
    assert make_up(tmp_path / "data", seed=1, effect=0.0) == read_truth(tmp_path / "data")
    (tmp_path / "data").rename(tmp_path / "first")
    other = 0.1
    monkeypatch.setattr("curv_eval.made_up.folder.write_truth", slow)
    with pytest.raises(RunError, match="could not put"):
        make_up(tmp_path / "data", seed=1, effect=0.0)
    assert read_truth(tmp_path / "data").effect == 0.1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "first"]


def test_missing_parents_are_made_and_an_empty_folder_is_filled(quick, tmp_path):
    target = tmp_path / "a" / "b"
    target.mkdir(parents=True)
    make_up(target, seed=1, effect=0.1)
    make_up(tmp_path / "c" / "d", seed=1, effect=0.1)
    assert contents(target) == contents(tmp_path / "c" / "d")


def test_a_folder_that_holds_something_is_refused_and_kept(tmp_path):
    (tmp_path / "real.csv").write_text("precious")
    with pytest.raises(RunError, match="holds something"):
        make_up(tmp_path, seed=1, effect=0.0)
    assert [path.name for path in tmp_path.iterdir()] == ["real.csv"]


@pytest.mark.parametrize("person_effect", [-1.5, 2.5, float("nan")])
@pytest.mark.parametrize("effect", [-1.01, float("nan"), float("inf")])
@pytest.mark.parametrize("seed", [-1, 1.5, True])
def test_every_fault_of_the_call_is_named_at_once(tmp_path, seed, effect, person_effect):
    with pytest.raises(RunError) as error:
        make_up(tmp_path / "data", seed=seed, effect=effect, setting=Setting(person_effect=person_effect))
    assert [breach.split(":")[0] for breach in error.value.breaches] == ["seed", "effect", "person_effect"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("person_effect", [-1.0, 2.0])
def test_the_ends_of_the_range_are_allowed(quick, tmp_path, person_effect):
    truth = make_up(tmp_path / "data", seed=2, effect=-1.0, setting=Setting(person_effect=person_effect))
    accepted = truth.people["accepted"]
    assert (accepted["attended_6_months"] < accepted["attended_6_months_without"]) == (person_effect < 0)


def test_the_truth_is_read_back_as_it_was_returned(quick, tmp_path):
    truth = make_up(tmp_path / "data", seed=5, effect=-0.35)
    assert isinstance(truth, Truth)
    assert read_truth(tmp_path / "data") == truth


def test_a_folder_without_a_truth_or_with_another_is_refused(tmp_path):
    with pytest.raises(RunError, match="no truth"):
        read_truth(tmp_path)
    (tmp_path / "truth.json").write_text('{"seed": 1}')
    with pytest.raises(RunError, match="other fields"):
        read_truth(tmp_path)
