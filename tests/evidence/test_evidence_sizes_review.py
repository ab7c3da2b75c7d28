"""A coding table as a reviewer types it, from file to effects, worked out by hand beside it."""

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from curv_eval.errors import StudyError
from curv_eval.evidence.sizes import Measure, Run, effect_of_results, effects_from

# made-up studies; columns that another kind needs are blank, as in a spreadsheet
TYPED = """study,year,reports,better,measure,events_treated,n_treated,events_control,n_control,estimate,conf_low,\
conf_high,p_value,p_is_bound,baseline_risk,cluster_size,icc,icc_source
Mentoring trial,2012,two_by_two,lower,,18,120,30,118,,,,,,,,,
Classroom trial,2015,two_by_two,lower,,40,400,52,390,,,,,,,25,0.02,a trial in Kent
Staying out of trouble,2009,two_by_two,higher,,70,90,60,95,,,,,,,,,
Regression on registers,2018,coefficient,lower,odds_ratio,,,,,0.81,0.66,0.99,,,,,,
Conference abstract,2020,coefficient,lower,odds_ratio,,,,,0.6,,,<0.05,yes,,,,
Cohort,2011,coefficient,lower,risk_ratio,,,,,0.9,0.8,1.0125,,,0.3,,,
"""


@pytest.fixture
def typed():
    return pd.read_csv(io.StringIO(TYPED))


def by_hand():
    """Log odds ratios and standard errors, from the equations."""
    cells = [(18, 102, 30, 88), (40, 360, 52, 338), (20, 70, 35, 60)]
    rows = [(np.log(a * d / (b * c)), np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)) for a, b, c, d in cells]
    rows[1] = (rows[1][0], rows[1][1] * np.sqrt(1 + 24 * 0.02))
    z = 1.959963984540054
    rows.append((np.log(0.81), np.log(0.99 / 0.66) / (2 * z)))
    rows.append((np.log(0.6), -np.log(0.6) / z))
    p1 = 0.3 * 0.9
    slope = 1 / (1 - p1)
    rows.append((np.log(p1 / (1 - p1) / (0.3 / 0.7)), slope * np.log(1.0125 / 0.8) / (2 * z)))
    return rows


def test_a_typed_table_becomes_odds_ratios(typed):
    found = effects_from(typed, measure=Measure.LOG_ODDS_RATIO)
    assert [e.study for e in found] == typed["study"].tolist()
    for effect, (value, error) in zip(found, by_hand(), strict=True):
        assert effect.value == pytest.approx(value), effect.study
        assert effect.std_error == pytest.approx(error), effect.study
    assert [e.n for e in found] == [238, 790, 185, None, None, None]


def test_a_typed_table_says_what_was_assumed(typed):
    found = {e.study: e for e in effects_from(typed, measure=Measure.LOG_ODDS_RATIO)}
    assert found["Mentoring trial"].assumptions == ()
    assert found["Classroom trial"].assumptions == (
        "intraclass correlation: 0.02, from a trial in Kent",
        "cluster sizes: all alike",
    )
    assert found["Conference abstract"].assumptions == (
        "p-value: two-sided",
        "bound: p is taken as 0.05 and the error is at most this large",
    )
    assert "turned into its lack" in found["Staying out of trouble"].how
    cohort = found["Cohort"]
    assert cohort.how == (
        "odds ratio, from a printed risk ratio and its 95% interval; converted from log_risk_ratio to log_odds_ratio"
    )
    assert cohort.assumptions[-1] == "baseline risk: 0.3 in the comparison group, taken as known"


def test_every_way_to_less_violence_has_the_same_sign(typed):
    for measure in (Measure.LOG_ODDS_RATIO, Measure.STANDARDISED_DIFFERENCE, Measure.FISHER_Z):
        assert all(e.value < 0 for e in effects_from(typed, measure=measure))


def test_what_is_missing_for_another_measure_is_asked_for_row_by_row(typed):
    with pytest.raises(StudyError) as refusal:
        effects_from(typed, measure=Measure.RISK_DIFFERENCE)
    assert [line.split(":")[0] for line in refusal.value.breaches] == [
        "row 4 (Regression on registers), column baseline_risk",
        "row 5 (Conference abstract), column baseline_risk",
    ]
    filled = typed.assign(baseline_risk=typed["baseline_risk"].fillna(0.25))
    assert {e.measure for e in effects_from(filled, measure=Measure.RISK_DIFFERENCE)} == {Measure.RISK_DIFFERENCE}


def test_text_columns_and_number_columns_read_alike(typed):
    as_text = pd.read_csv(io.StringIO(TYPED), dtype=str)
    assert effects_from(as_text) == effects_from(typed)
    assert effects_from(typed.convert_dtypes()) == effects_from(typed)


def test_a_table_is_not_changed(typed):
    before = typed.copy()
    effects_from(typed, measure=Measure.FISHER_Z)
    pd.testing.assert_frame_equal(typed, before)


def test_a_run_of_this_workbench_stands_beside_published_studies_of_areas():
    bundle = Path(__file__).parents[2] / "briefs" / "bundle" / "results.json"
    own = effect_of_results(
        json.loads(bundle.read_text("utf-8")), Run("demo", "0" * 64), outcome="police_violence", made_up=True
    )
    published = effects_from(
        pd.DataFrame(
            {
                "study": ["Patrols"], "reports": ["area_counts"], "better": ["lower"], "treated_before": [50],
                "treated_after": [30], "control_before": [60], "control_after": [55], "dispersion": [2],
            }
        )
    )  # fmt: skip
    assert own.measure is published[0].measure
    assert own.value < 0 > published[0].value
