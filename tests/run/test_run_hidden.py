"""A study that asks how many people no list shows, from made-up lists to its section, with the truth beside it."""

import functools
from pathlib import Path

import numpy as np
import pytest
from projects import curv_eval, project

from curv_eval.captured import captured
from curv_eval.data import load_data
from curv_eval.hidden import multiple_systems
from curv_eval.made_up import read_truth
from curv_eval.report.hidden_parts import hidden_part, hidden_tables
from curv_eval.study import load_study

TEXT = (Path(__file__).parents[2] / "params" / "demo-hidden.yaml").read_text("utf-8")


@functools.cache
def asked():
    folder = project("hidden", study=TEXT, keep=True)
    study = load_study(folder / "params" / "study.yaml")
    return study, load_data(study)


@functools.cache
def found():
    study, data = asked()
    people = captured(data.con, study.hidden, data.contracts)
    return people, multiple_systems(people.histories, lists=[one.name for one in study.hidden.lists])


@pytest.mark.slow
def test_the_true_number_of_people_lies_in_the_range_from_real_links():
    _, data = asked()
    truth = read_truth(data.folder).hurt["2024"]
    people, total = found()
    assert total.low <= truth <= total.high
    assert len(people.histories) < 0.65 * truth, "most of what is to be found no list shows"


def test_without_the_links_the_lists_would_be_far_too_many_people():
    people, _ = found()
    assert people.histories.sum() > 1.1 * len(people.histories)


def test_the_section_names_the_range_and_the_list_that_is_too_thin():
    study, data = asked()
    tables = {one.name: one for one in hidden_tables(study, data)}
    row = tables["hidden_total"].table.iloc[0]
    truth = read_truth(data.folder).hurt["2024"]
    assert row["low"] <= truth <= row["high"]
    text = hidden_part(study, tables)
    assert f"there may be between about {row['low']:,.0f} and {row['high']:,.0f}" in text
    assert "Left out below: charities." in text
    assert tables["hidden_lists"].suppressed == 0


def test_no_count_of_the_thin_list_is_in_any_table():
    study, data = asked()
    people, _ = found()
    small = {int(n) for n in np.unique(people.histories, axis=0, return_counts=True)[1] if n < 100}
    shown = {x for one in hidden_tables(study, data) for x in one.table.select_dtypes("number").to_numpy().ravel()}
    assert not small & shown


BAD = {
    "contract: hospital_police_links }": (
        "contract: hospital_polce_links }",
        "hidden.links.A&E and police: hospital_polce_links is not under `contracts:`",
    ),
    "person: victim_ref": ("person: victim", "hidden.lists.police: police_recorded_crime has no column `victim`"),
    "first: 2024-01\n": ("first: 2025-01\n", "a last month that is not before the first (2025-01 to 2024-12)"),
    "left: A&E, right: police": ("left: A&E, right: polis", "links between two of the lists (police, A&E, charities)"),
    "positive: item_1": ("positiv: item_1", "hidden.lists (entry 3).positiv: unknown key; did you mean `positive`?"),
}


@pytest.mark.parametrize("old", BAD)
def test_what_a_tired_evaluator_writes_is_refused(old):
    new, said = BAD[old]
    assert old in TEXT
    told = curv_eval(project(study=TEXT.replace(old, new, 1)), "plan", "params/study.yaml")
    assert told.code == 2
    assert said in told.err


def test_a_linkage_that_an_agreement_does_not_allow_is_refused(tmp_path):
    folder = project(study=TEXT)
    home = folder / "data_contracts"
    home.mkdir()
    text = (Path(__file__).parents[2] / "data_contracts" / "ae_attendances.yaml").read_text("utf-8")
    assert ", police_recorded_crime, vcse_outcomes, vcse_referrals]" in text
    (home / "ae_attendances.yaml").write_text(text.replace(", police_recorded_crime, vcse_outcomes", ""), "utf-8")
    told = curv_eval(folder, "plan", "params/study.yaml")
    assert told.code == 2
    assert "ae_attendances may not be linked with police_recorded_crime" in told.err.replace(
        "police_recorded_crime may not be linked with ae_attendances",
        "ae_attendances may not be linked with police_recorded_crime",
    )
