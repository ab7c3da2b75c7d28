"""What a review answers: pinned to what others published of the same studies, and worked out by hand."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from projects import ROOT

from curv_eval.errors import DesignError, StudyError
from curv_eval.evidence.answered import Answered, answer, by_moderator, other_ways
from curv_eval.evidence.coded import coded, effects_of
from curv_eval.evidence.several import alone, several
from curv_eval.evidence.sizes import Effect, Measure
from curv_eval.study import Coded, load_study

REFERENCE = json.loads((ROOT / "tests" / "reference" / "konstantopoulos_multilevel_rve.json").read_text("utf-8"))
FOLDER = "evidence-meta-analysis"


def review(name):
    return load_study(ROOT / "params" / f"review-{name}.yaml")


def calendar():
    held = pd.DataFrame(REFERENCE["data"]["inline"])
    return held.rename(columns={"yi": "difference", "vi": "variance"})


@pytest.fixture(scope="module")
def cbt(real_folder):
    path = real_folder / FOLDER / "dat.landenberger2005.csv"
    if not path.is_file():
        pytest.skip("the table of studies is not here: set CURV_EVAL_DATA to test with it")
    held = pd.read_csv(path).rename(columns={
        "n.ctrl.rec": "comparison_reoffended", "n.ctrl.non": "comparison_did_not", "n.cbt.rec": "programme_reoffended",
        "n.cbt.non": "programme_did_not", "group": "people",
    })  # fmt: skip
    return answer(review("cbt-offending"), {"cbt_offending_studies": held})


def test_the_published_odds_ratio_is_recomputed(cbt):
    """Landenberger and Lipsey (2005) say 1.53 for not reoffending; metafor's DL gives 1.5328 (1.3543 to 1.7347)."""
    table = other_ways(cbt).set_index("term")
    dl = np.exp(-table.loc["DerSimonian and Laird's spread, normal interval", ["estimate", "conf_low", "conf_high"]])
    assert dl.tolist() == pytest.approx([1.5328, 1.7347, 1.3543], abs=5e-5)
    assert 1 / cbt.pooled.estimate == pytest.approx(1.53, abs=0.005)
    assert cbt.said.found == "better"
    assert cbt.designs == {"randomised": 19, "compared": 39, "alone": 0}
    assert cbt.certainty.level == "very low"


def test_a_new_place_could_see_harm_and_that_is_said(cbt):
    assert cbt.pooled.prediction[0] < 1 < cbt.pooled.prediction[1]
    assert "We cannot tell whether it would work here" in cbt.said.text


def test_three_levels_give_what_metafor_and_club_sandwich_give():
    asked = review("school-calendar")
    found = answer(asked, {"school_calendar_studies": calendar()})
    expected = REFERENCE["expected"]
    assert -found.found.estimate == pytest.approx(expected["CR2"]["beta"], abs=1e-6)
    assert found.found.std_error == pytest.approx(expected["CR2"]["SE"], abs=1e-6)
    assert found.found.df == pytest.approx(expected["CR2"]["df"], abs=1e-5)
    assert found.found.sigma2 == pytest.approx(tuple(expected["mv"]["sigma2"]), abs=1e-6)
    assert len(found.alone) == 11
    assert found.said.found == "unclear"
    assert found.pooled.prediction[0] <= found.pooled.low
    assert found.certainty is None


def test_dropping_out_agrees_with_the_published_review(real_folder):
    path = real_folder / FOLDER / "clubSandwich.dropoutPrevention.csv"
    if not path.is_file():
        pytest.skip("the table of studies is not here: set CURV_EVAL_DATA to test with it")
    names = {"LOR1": "log_odds_ratio", "varLOR": "variance", "studyID": "study", "study_design": "design",
             "implementation_quality": "implementation", "program_site": "site"}  # fmt: skip
    found = answer(review("school-dropout"), {"dropout_prevention_studies": pd.read_csv(path).rename(columns=names)})
    # the published review splits them: 1.72 for general programmes, 1.83 for young parents, by another model
    assert 1.5 < 1 / found.pooled.estimate < 1.9
    assert len(found.alone) == 152
    table = other_ways(found)
    assert {"effects of one study correlated 0.2", "effects of one study correlated 0.8"} <= set(table["term"])
    assert (np.exp(table["conf_high"]) < 1).all()


ASKED = Coded(
    contract="c", study="who", reports="two_by_two", measure="log_odds_ratio",
    columns={"events_treated": "a", "n_treated": "a + b", "events_control": "c", "n_control": "c + d"},
)  # fmt: skip
TABLE = pd.DataFrame(
    {"who": ["x", "y", "x"], "a": [3, 5, 8], "b": [7, 15, 2], "c": [5, 10, 4], "d": [5, 10, 6], "e": ["p", "q", "p"]}
)


def test_columns_are_added_where_the_file_adds_them():
    made = coded(replace(ASKED, same_label="samples"), TABLE)
    assert made["n_treated"].tolist() == [10, 20, 10]
    assert made["study"].tolist() == ["x", "y", "x, sample 2"]
    assert made["better"].tolist() == ["lower"] * 3
    assert "measure" not in made


def test_a_label_that_stands_twice_is_a_fault_unless_the_file_says_what_it_means():
    with pytest.raises(StudyError, match="x: 2 times"):
        effects_of(ASKED, TABLE)
    assert [one.study for one in effects_of(replace(ASKED, same_label="effects"), TABLE)] == ["x", "y", "x"]


def test_every_column_that_is_not_there_is_named():
    with pytest.raises(StudyError) as fault:
        coded(replace(ASKED, study="name", moderators=("age",)), TABLE.drop(columns="d"))
    assert {line.split(":")[0] for line in fault.value.breaches} == {
        "studies.study", "studies.columns.n_control", "studies.moderators.age",
    }  # fmt: skip


def effect(study, value, variance=0.04):
    return Effect(study, Measure.LOG_ODDS_RATIO, value, variance, "by hand")


def test_effects_of_one_study_are_weighed_by_their_covariance():
    found = alone([effect("a", -0.2), effect("b", -0.5), effect("a", -0.4)], 0.5)
    # two effects of equal variance v, correlated r: their mean has variance v (1 + r) / 2
    assert [(one.study, one.value) for one in found] == [("a", pytest.approx(-0.3)), ("b", -0.5)]
    assert found[0].variance == pytest.approx(0.04 * 1.5 / 2)
    assert found[1].variance == pytest.approx(0.04)
    assert "2 effects put together" in found[0].how


def test_another_effect_on_the_same_people_adds_no_people():
    """The same effect told twice, wholly alike, must not make the average surer than told once."""
    draw = np.random.default_rng(4)
    once = [effect(f"s{i}", float(x)) for i, x in enumerate(draw.normal(-0.3, 0.3, 12))]
    given = {"outcome": "violence", "smallest": 0.05}
    plain = several([*once, effect("s0", once[0].value)], **given, correlation=0.0)
    tied = several([*once, effect("s0", once[0].value)], **given, correlation=0.99)
    assert tied.std_error == pytest.approx(plain.std_error, rel=0.2)
    assert tied.alone[0].variance > 1.9 * plain.alone[0].variance


def test_effects_on_different_measures_are_not_put_together():
    other = replace(effect("b", -0.1), measure=Measure.LOG_RISK_RATIO)
    with pytest.raises(StudyError, match="different measures"):
        several([effect("a", -0.2), other], outcome="violence", smallest=0.1, correlation=0.5)


def answered(values, groups, **changed) -> Answered:
    table = pd.DataFrame({"who": [f"s{i}" for i in range(len(values))], "y": values, "v": 0.01, "group": groups})
    asked = Coded(
        contract="c", study="who", reports="effect", given="log_odds_ratio", measure="log_odds_ratio",
        columns={"yi": "y", "vi": "v"}, moderators=("group",),
    )  # fmt: skip
    held = replace(review("cbt-offending"), studies=asked, **changed)
    return answer(held, {"c": table})


def test_groups_differ_where_they_do():
    found = answered([-0.5, -0.52, -0.48, -0.1, -0.12, -0.08], ["a"] * 3 + ["b"] * 3)
    table, p = by_moderator(found, "group")
    assert table["term"].tolist() == ["a", "b"]
    assert table["estimate"].tolist() == pytest.approx([-0.5, -0.1])
    assert p < 0.01


def test_a_number_is_split_at_its_median():
    found = answered([-0.5, -0.52, -0.48, -0.1, -0.12, -0.08], [10, 11, 12, 20, 21, 22])
    table, _ = by_moderator(found, "group")
    assert sorted(table["term"]) == ["16 or less", "more than 16"]


def test_groups_of_one_or_two_studies_show_nothing():
    found = answered([-0.5, -0.52, -0.48, -0.1, -0.12], ["a"] * 3 + ["b"] * 2)
    with pytest.raises(DesignError, match="fewer than two groups"):
        by_moderator(found, "group")


def test_the_study_that_moves_the_average_most_is_named():
    found = answered([-0.1, -0.12, -0.08, -0.11, -2.0], ["a"] * 5)
    (term,) = [term for term in other_ways(found)["term"] if term.startswith("without")]
    assert term == "without s4, which moves it most"


def test_harm_is_said_as_plainly_as_benefit():
    found = answered([0.5, 0.52, 0.48, 0.55, 0.45], ["a"] * 5)
    assert found.said.found == "worse"
    assert "rose by about 65%" in found.said.text
    assert "That is harm" in found.said.text


def test_with_two_studies_nothing_is_said_in_general():
    found = answered([-0.5, -0.4], ["a", "a"])
    assert found.said.found == "too few"
    assert found.said.text.startswith("We cannot tell")
    assert found.small_studies is None
