"""People found in tables: who counts, from when, for how long, and what came of them. Worked out by hand."""

from types import SimpleNamespace

import duckdb
import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.people.assemble import assemble_people
from curv_eval.people.outcomes import outcome_of
from curv_eval.study import Design, Dose, Outcome, Persons, Record, Running, Span

ASKED = Persons(contract="referrals", person="id", since="came", treated="accepted", months=6)
EVENT = Outcome(
    name="hurt", label="people hurt", contract="visits", role="primary",
    record=Record(person="patient", on="day", links="links"),
)  # fmt: skip
SCORE = Outcome(
    name="mood", label="mood", contract="forms", role="secondary", where={"kind": "M"},
    record=Record(person="id", on="day", value="score"),
)  # fmt: skip


@pytest.fixture
def con():
    """Ann came twice, Bob had a visit too early and one too late, Cat one in time; Dan came after the window."""
    con = duckdb.connect()
    con.execute("""
        CREATE TABLE referrals AS FROM (VALUES
            ('ann', DATE '2023-01-10', true, 15, 'f', 'north', 12.0),
            ('ann', DATE '2023-03-10', false, 16, 'm', 'south', 1.0),
            ('bob', DATE '2023-02-01', false, NULL, 'm', 'south', 8.0),
            ('cat', DATE '2023-02-01', true, 17, NULL, 'south', 11.0),
            ('dan', DATE '2024-02-01', true, 17, 'm', 'north', 11.0),
            ('eve', DATE '2023-11-30', false, 14, 'm', 'north', 9.0)
        ) t(id, came, accepted, age, sex, team, risk)""").fetchall()
    con.execute("""
        CREATE TABLE links AS FROM (VALUES ('ann', 'p1'), ('bob', 'p2'), ('cat', 'p3')) t(left_id, right_id)
        """).fetchall()
    con.execute("""
        CREATE TABLE visits AS FROM (VALUES
            ('p2', DATE '2023-01-31'), ('p2', DATE '2023-08-01'), ('p3', DATE '2023-07-31'), ('p9', DATE '2023-12-31')
        ) t(patient, day)""").fetchall()
    con.execute("""
        CREATE TABLE forms AS FROM (VALUES
            ('ann', DATE '2023-01-05', 'M', 20), ('ann', DATE '2023-06-01', 'M', 15),
            ('ann', DATE '2023-06-30', 'M', 14), ('bob', DATE '2023-02-20', 'M', 18),
            ('bob', DATE '2023-05-01', 'M', 17), ('cat', DATE '2023-03-01', 'X', 3),
            ('cat', DATE '2023-02-01', 'M', 12)
        ) t(id, day, kind, score)""").fetchall()
    con.execute(
        "CREATE TABLE sessions AS FROM (VALUES ('ann', 30), ('ann', 60), ('cat', 45)) t(id, minutes)"
    ).fetchall()
    return con


def study(asked=ASKED, outcomes=(EVENT,), first="2023-01", last="2023-12"):
    return SimpleNamespace(people=asked, outcomes=outcomes, design=Design(method="ancova", window=Span(first, last)))


def asked(**given):
    return Persons(**{**ASKED.__dict__, **given})


def test_the_first_row_in_the_window_counts_and_the_rest_is_left(con):
    found = assemble_people(con, study())
    # eve came too late to be followed for six months; dan outside the window
    assert found.account.to_dict("records") == [
        {"group": "treated", "followed": 2, "too_recent": 0}, {"group": "comparison", "followed": 1, "too_recent": 1},
    ]  # fmt: skip
    assert found.people.treated.tolist() == [True, False, True]
    assert repr(found) == "<Followed: 3 people>"
    assert found.panel is found.people


def test_a_record_counts_from_the_day_on_and_before_the_time_is_over(con):
    assert assemble_people(con, study()).people.outcomes["hurt"].tolist() == [0.0, 0.0, 1.0]


def test_a_year_is_over_with_its_last_day(con):
    # eve: six months from 30 November are over on 29 May; the records end on 31 December, or on 29 May
    con.execute("INSERT INTO visits VALUES ('p8', DATE '2024-05-28')").fetchall()
    assert assemble_people(con, study()).account["too_recent"].sum() == 1
    con.execute("INSERT INTO visits VALUES ('p8', DATE '2024-05-29')").fetchall()
    assert assemble_people(con, study()).account["too_recent"].sum() == 0


def test_no_pseudonym_goes_on(con):
    assert assemble_people(con, study()).people.persons.tolist() == [0, 1, 2]


def test_scores_are_the_last_in_time_and_the_last_before(con):
    found = assemble_people(con, study(outcomes=(SCORE,))).people
    # bob had none before he came: the first of all is his start; cat's other form is of another kind
    assert found.outcomes["mood"].tolist()[:2] == [14.0, 17.0]
    assert np.isnan(found.outcomes["mood"][2])
    assert found.before["mood"].tolist()[:3] == [20.0, 18.0, 12.0]


def test_items_are_scored_here(con):
    items = ", ".join(f"item_{i}" for i in range(1, 8))
    con.execute(
        f"CREATE TABLE answers AS FROM (VALUES ('ann', DATE '2023-03-01', 5,5,5,5,5,5,5)) t(id, day, {items})"
    ).fetchall()
    outcome = Outcome(
        name="well", label="wellbeing", contract="answers", role="primary",
        record=Record(person="id", on="day", value="swemwbs_metric"),
    )  # fmt: skip
    assert assemble_people(con, study(outcomes=(outcome,))).people.outcomes["well"][0] == 35.0


def test_what_people_were_like_becomes_numbers(con):
    x = assemble_people(con, study(asked(covariates=("age", "sex")))).people.covariates
    assert x["age"].tolist() == [15.0, 16.0, 17.0]  # bob's missing age is the median, and said to be missing
    assert x["age_missing"].tolist() == [0.0, 1.0, 0.0]
    # one of each: the first by name is left out
    assert sorted(x) == ["age", "age_missing", "sex_m", "sex_not_known"]


def test_clusters_doses_and_thresholds_come_along(con):
    found = assemble_people(
        con, study(asked(cluster="team", dose=Dose(contract="sessions", person="id", column="minutes"),
                         running=Running(column="risk", threshold=10.0))),
    ).people  # fmt: skip
    assert found.cluster.tolist() == ["north", "south", "south"]
    assert found.dose.tolist() == [90.0, 0.0, 45.0]
    assert found.running.tolist() == [2.0, -2.0, 1.0]
    counted = assemble_people(con, study(asked(dose=Dose(contract="sessions", person="id")))).people
    assert counted.dose.tolist() == [2.0, 0.0, 1.0]


def test_a_month_is_not_enough_to_tell_before_from_after(con):
    con.execute("ALTER TABLE visits ALTER day TYPE VARCHAR USING strftime(day, '%Y-%m')").fetchall()
    with pytest.raises(DesignError, match=r"visits\.day is not a date as it was given"):
        assemble_people(con, study())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"first": "2025-01", "last": "2025-12"}, "nobody in referrals has a `came` in the window"),
        ({"asked": asked(months=60)}, "nobody could be followed for 60 months"),
    ],
)
def test_nobody_is_refused(con, given, said):
    with pytest.raises(DesignError, match=said):
        assemble_people(con, study(**given))


def test_records_without_any_date_are_refused(con):
    con.execute("CREATE TABLE followed AS SELECT 'ann' AS person, DATE '2023-01-01' AS since").fetchall()
    con.execute("UPDATE visits SET day = NULL").fetchall()
    with pytest.raises(DesignError, match="no record with a date"):
        outcome_of(con, EVENT, ASKED)
