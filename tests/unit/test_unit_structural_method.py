"""The structural time series as a method: its comparison, season and refusals."""

from dataclasses import replace

import numpy as np
import pytest
from test_unit_interrupted_time_series import monthly

from curv_eval.errors import DesignError
from curv_eval.estimate.averages import chance, overall
from curv_eval.methods import fit
from curv_eval.study import Design, Span

WINDOW = Span("2000-01", "2004-06")


def run(panel, **options):
    design = Design(method="structural_time_series", window=WINDOW, options={"draws": 500, **options})
    return fit(panel, outcome="y", design=design)


def row(estimate, term="relative"):
    return overall(estimate).set_index("term").loc[term]


@pytest.mark.parametrize("comparison", ["series", "districts"])
def test_it_recovers_the_effect_and_its_chance(comparison):
    found = run(monthly(), comparison=comparison)
    assert row(found)["conf_low"] < -0.3 < row(found)["conf_high"] < 0
    assert chance(found, better="lower") > 0.99
    assert chance(found, better="higher") < 0.01


def test_a_shared_shock_is_no_effect():
    panel = monthly(effect=0.0)
    shocked = replace(panel, outcomes={"y": panel.outcomes["y"] * np.where(np.arange(54) >= 36, 0.6, 1.0)})
    assert row(run(shocked))["conf_low"] < 0 < row(run(shocked))["conf_high"]
    assert row(run(shocked, comparison="none"))["estimate"] < -0.2


def test_intervals_come_from_the_draws_and_the_root_has_their_covariance():
    found = run(monthly())
    assert found.draws.shape == (500, 54)
    after = found.draws[:, found.after].mean(axis=1)
    average = row(found, "average")
    assert (average["conf_low"], average["conf_high"]) == pytest.approx(tuple(np.quantile(after, [0.025, 0.975])))
    assert found.influence.T @ found.influence == pytest.approx(np.cov(found.draws.T), abs=1e-8)
    assert "500 draws" in found.se_rule
    assert "seed 20261125" in found.se_rule


def test_districts_are_regressors_of_their_own():
    found = run(monthly(), comparison="districts").parameters["term"].tolist()
    assert found[:2] == ["comparison north", "comparison south"]
    alone = run(monthly()).parameters["term"].tolist()
    assert alone == ["comparison", "level sd", "slope sd", "irregular sd"]


def test_months_are_taken_where_no_comparison_carries_the_season():
    panel = monthly(season=0.4)
    with_months, without = (run(panel, comparison="none", season=s) for s in ("auto", "none"))
    assert row(with_months)["std_error"] < row(without)["std_error"]
    assert abs(row(with_months)["estimate"] + 0.3) < 0.15
    assert with_months.parameters["term"].tolist() == ["level sd", "slope sd", "irregular sd"]


def test_the_level_may_have_a_slope():
    found = run(monthly(), level="local_linear_trend", comparison="none")
    assert found.parameters.set_index("term").loc["slope sd", "estimate"] > 0
    assert run(monthly(), comparison="none").parameters.set_index("term").loc["slope sd", "estimate"] == 0


def test_the_seed_is_an_option():
    panel = monthly()
    first, second, other = run(panel), run(panel), run(panel, seed=3)
    assert (first.draws == second.draws).all()
    assert (first.draws != other.draws).any()
    assert row(first)["estimate"] == pytest.approx(row(other)["estimate"])


def test_rare_counts_are_refused_with_the_remedy():
    panel = monthly(scale=5.0)
    with pytest.raises(DesignError, match="incidents a period before the onset, expected at least 10") as refusal:
        run(panel)
    assert "interrupted_time_series" in refusal.value.do


def test_districts_must_be_known():
    with pytest.raises(DesignError, match="does not know its districts") as refusal:
        run(replace(monthly(), district=None), comparison="districts")
    assert "series" in refusal.value.do


def test_every_area_treated_is_refused_unless_said():
    panel = monthly().take(np.array([True, False, False]))
    with pytest.raises(DesignError, match="every area is treated"):
        run(panel)
    assert row(run(panel, comparison="none"))["conf_high"] < 0


def test_too_few_periods_before_are_refused():
    panel = monthly().take(np.full(3, True), np.arange(54) >= 32)
    with pytest.raises(DesignError, match="got 4 periods before the onset for 2 coefficients"):
        run(panel)
