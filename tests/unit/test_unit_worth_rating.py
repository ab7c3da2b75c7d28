"""The parts of a brief on value and on the rating: made of released facts, and withheld with the effect."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from curv_eval.checks import Check, Verdict
from curv_eval.disclosure.rules import rules
from curv_eval.errors import DesignError, StudyError
from curv_eval.estimate.averages import overall
from curv_eval.methods import fit
from curv_eval.report.bundle import add_facts, add_table
from curv_eval.report.effect_tables import check_tables, power_table, results
from curv_eval.report.method_words import chances, counted, method_words
from curv_eval.report.rating_parts import rating_part, rating_table
from curv_eval.report.value_parts import value_of, value_part, value_table
from curv_eval.study import Design, Outcome, Span, Words, Worth
from panels import known

DESIGN = Design(method="difference_in_differences", window=Span("2000-01", "2001-12"))
WORTH = Worth(
    offence="Violence with injury", costs=(1000.0, 1000.0), price_year="2024-25", costs_source="made up for a test",
)  # fmt: skip
OUTCOME = Outcome(name="y", label="incidents", contract="police", role="primary")
STUDY = SimpleNamespace(
    design=DESIGN, seed=5, value=WORTH, primary=OUTCOME, outcomes=(OUTCOME,), smallest_worthwhile=0.1, people=None,
    registered="1990-01-01", subgroups=(), series_breaks=(), study="made-for-a-test", registration_note="None.",
    project=Path("no-project-lies-here"),
    words=Words("the patrols", "patrol wards", "other wards", "patrols begin", "without the patrols"),
)  # fmt: skip


def found(**given):
    return fit(known(**given), outcome="y", design=DESIGN)


def test_benefits_are_incidents_times_unit_cost_and_said_as_released():
    estimate = found()
    value = value_of(STUDY, estimate)
    table = value_table(value, estimate, rules()["open"])
    rows = table.table.set_index("term")["estimate"]
    total = overall(estimate).set_index("term").loc["total", "estimate"]
    assert rows["incidents prevented"] == pytest.approx(-total)
    assert rows["benefit-cost ratio"] == pytest.approx(
        rows["present value of benefits"] / rows["present value of costs"]
    )
    said = value_part(STUDY, value, table)
    assert said.startswith("## What it was worth {#sec-value}")
    assert f"£{rows['benefit-cost ratio']:,.2f}" in said
    assert f"| Present value of costs | £{rows['present value of costs']:,.0f} |" in said
    assert "Costs of the programme: made up for a test." in said


def test_without_an_effect_no_ratio_leads():
    estimate = found(effect=0.0, seed=3)
    value = value_of(STUDY, estimate)
    said = value_part(STUDY, value, value_table(value, estimate, rules()["open"]))
    assert "We cannot tell whether it prevented any harm" in said
    assert "Each £1" not in said


def test_the_multiplier_from_recorded_to_committed_is_stated():
    more = replace(WORTH, committed_per_recorded=2.0, committed_source="a survey of victims")
    estimate = found()
    doubled, plain = (
        value_of(SimpleNamespace(**{**vars(STUDY), "value": w}), estimate).table.set_index(["scope", "term"])[
            "estimate"
        ]
        for w in (more, WORTH)
    )
    key = ("all offences", "present value of benefits")
    assert doubled[key] == pytest.approx(2 * plain[key])
    value = value_of(SimpleNamespace(**{**vars(STUDY), "value": more}), estimate)
    assert "a survey of victims" in value.text


def test_an_unknown_offence_is_refused_with_the_nearest_name():
    wrong = SimpleNamespace(**{**vars(STUDY), "value": replace(WORTH, offence="Violence with injuries")})
    with pytest.raises(DesignError, match="Violence with injury"):
        value_of(wrong, found())


def test_the_value_is_withheld_with_the_effect():
    few = known(n=40, level=0.05, effect=0.5, seed=2)
    estimate = fit(few, outcome="y", design=DESIGN)
    strict = replace(rules()["under_10"], events_below=10_000, round_to=5)
    value = value_of(STUDY, estimate)
    table = value_table(value, estimate, strict)
    assert table.table["estimate"].isna().all()
    said = value_part(STUDY, value, table)
    assert "withheld" in said
    assert "£" not in said


def check(name, verdict=Verdict.HOLDS, events=1000):
    import pandas as pd

    row = {"term": "a", "estimate": 0.1, "conf_low": 0.0, "conf_high": 0.2, "n_units": 50, "events": events}
    return Check(name, "Is it?", verdict, "It is.", pd.DataFrame([row]))


def rated(tmp_path, checks, rule="open"):
    released = check_tables(checks, rules()[rule])
    pairs = [(one, released[one.name]) for one in checks]
    (tmp_path / "release").mkdir(exist_ok=True)
    return rating_table(STUDY, found(), checks=pairs, folder=tmp_path)


def score(rating, name):
    return next(part.score for part in rating.parts if part.name == name)


def test_a_rating_names_every_lost_point(tmp_path):
    rating, table = rated(tmp_path, [check("pre_trends"), check("placebo_period")])
    said = rating_part(rating, table)
    assert "CURV's own rating" in said.replace("’", "'").replace("\\'", "'")
    assert all(part.reason for part in rating.parts)
    assert table.table["part"].tolist() == [part.name for part in rating.parts]
    assert score(rating, "power") == 0  # nobody asked
    assert "A named reviewer has still to confirm it." in said


def test_power_counts_when_it_was_released(tmp_path):
    power = SimpleNamespace(smallest=0.05, covered=0.95, draws=range(100), clusters=10, wanted=10)
    add_table(tmp_path, power_table(power, panel=known(), study=STUDY, rule=rules()["open"]))
    rating, _ = rated(tmp_path, [check("pre_trends")])
    assert score(rating, "power") == 5


@pytest.mark.parametrize(("periods", "points"), [(24, 5), (23, 4), (15, 1)])
def test_months_that_no_source_supplied_cost_points(tmp_path, periods, points):
    """The panel knows how many months it has; the plan knows only what it leaves out on purpose."""
    (tmp_path / "release").mkdir()
    add_facts(tmp_path, periods=periods)
    rating, table = rated(tmp_path, [check("pre_trends")])
    assert score(rating, "missing data") == points
    said = rating_part(rating, table)
    assert (f"{24 - periods} of 24 months are missing or left out" in said) == (periods < 24)
    assert "`" not in said


def test_a_withheld_check_counts_as_not_examined(tmp_path):
    """Else the rating's reason would give away what the check may not say."""
    open_, withheld = (rated(tmp_path, [check("pre_trends", events=n), check("placebo_period")], "under_10")[0]
                       for n in (1000, 3))  # fmt: skip
    assert score(open_, "balance") > score(withheld, "balance")


def test_the_method_says_what_must_be_true():
    said = method_words(STUDY, found(), rules()["open"])
    assert "Without the patrols, incidents would have changed by the same number in both kinds of area." in said
    assert "errors: CR2" in said
    assert "clusters: 30 wards, 15 of them treated." in said


def test_the_notes_of_the_method_are_said():
    estimate = replace(found(), notes=("7 people were left out",))
    assert "Note: a few people were left out." in method_words(STUDY, estimate, rules()["under_10"])
    assert "Note: 7 people were left out." in method_words(STUDY, estimate, rules()["open"])


@pytest.mark.parametrize(
    ("note", "open_", "strict"),
    [
        ("3 people received it", "3 people received it", "a few people received it"),
        ("1,203 people were kept", "1,203 people were kept", "about 1,205 people were kept"),
        ("12 treated people have no match", "12 treated people have no match", "about 10 treated people have no match"),
        ("only 4 events among those treated", "only 4 events among those treated", "a few events among those treated"),
        ("0 people were lost", "0 people were lost", "about 0 people were lost"),
        ("9 people below and 40 people above it", None, "a few people below and about 40 people above it"),
        ("3 clusters; t with 12 degrees of freedom", None, "3 clusters; t with 12 degrees of freedom"),
        ("fewer than 30 people on one side", None, "fewer than 30 people on one side"),
    ],
)
def test_a_note_counts_people_as_the_rule_shows_counts(note, open_, strict):
    assert counted(note, rules()["open"]) == (open_ or note)
    assert counted(note, rules()["under_10"]) == strict


def test_a_p_value_stands_beside_the_smallest_it_could_be():
    from curv_eval.estimate import Tested as ByTest

    estimate = replace(found(), tested=ByTest(-3.0, -1.0, 0.02, 0.01, 99, "99 assignments"))
    said = chances(STUDY, results(OUTCOME, estimate, rules()["open"]), estimate)
    assert said == [
        "If the patrols had changed nothing, a result as large as this would come up 2.0 times in 100. With so few "
        "places to compare, this test could not have said less than 1.0 times in 100 (99 assignments)."
    ]
    drawn = replace(found(), draws=np.linspace(-2, 0.5, 101)[:, None] * np.ones(len(found().cells)))
    said = chances(STUDY, results(OUTCOME, drawn, rules()["open"]), drawn)
    assert said[0].endswith("changed things for the better is about 79 in 100.")


def test_an_interval_from_a_formula_says_nothing_of_chance():
    assert chances(STUDY, results(OUTCOME, found(), rules()["open"]), found()) == []


def test_a_study_whose_multiplier_has_no_source_is_refused(tmp_path):
    from pathlib import Path

    from curv_eval.study import load_study

    text = (Path(__file__).parents[2] / "params" / "demo.yaml").read_text("utf-8")
    path = tmp_path / "demo.yaml"
    path.write_text(
        text.replace("  price_year: 2024-25\n", "  price_year: 2024-25\n  committed_per_recorded: 2.5\n"), "utf-8"
    )
    with pytest.raises(StudyError, match="committed_per_recorded and committed_source go together"):
        load_study(path)
