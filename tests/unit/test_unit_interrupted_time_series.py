"""The interrupted time series: from a panel to one series, its counterfactual by hand, its errors, its refusals."""

from dataclasses import replace

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.estimate.averages import by, overall, series
from curv_eval.estimate.one_series import one_series, season_of
from curv_eval.methods import fit, path
from curv_eval.panel import Panel
from curv_eval.study import Design, Span
from panels import known

WINDOW = Span("2000-01", "2004-06")


def design(method="interrupted_time_series", *, anticipation=0, **options):
    return Design(method=method, window=WINDOW, anticipation=anticipation, options=options)


def monthly(*, effect=-0.3, onset=36, n=54, noise=True, seed=3, scale=300.0, season=0.15):
    """One treated area and two others, months from January 2000; the comparison shares trend, season and shocks."""
    draw = np.random.default_rng(seed)
    t = np.arange(n)
    shared = np.exp(-0.004 * t + season * np.sin(2 * np.pi * t / 12) + (0.05 * draw.normal(size=n) if noise else 0))
    mean = np.vstack([scale * shared * np.where(t >= onset, 1 + effect, 1), 2 * scale * shared, 3 * scale * shared])
    y = draw.poisson(mean).astype(float) if noise else mean
    return Panel(
        units=np.array(["a", "b", "c"]), periods=24000 + t, cohort=np.array([24000.0 + onset, np.nan, np.nan]),
        cluster=np.array(["a", "b", "c"]), outcomes={"y": y}, district=np.array(["north", "north", "south"]),
    )  # fmt: skip


def run(panel, **options):
    return fit(panel, outcome="y", design=design(**options))


def row(estimate, term="relative"):
    return overall(estimate).set_index("term").loc[term]


@pytest.mark.parametrize("comparison", ["series", "interaction", "none"])
@pytest.mark.parametrize("change", ["level and slope", "level"])
def test_without_noise_the_counterfactual_is_the_truth(comparison, change):
    panel = monthly(noise=False)
    found = run(panel, comparison=comparison, change=change, season="fourier")
    cells = found.cells
    expected = cells["observed"] - cells["estimate"]
    after = found.after
    assert expected[after].to_numpy() == pytest.approx(cells["observed"][after].to_numpy() / 0.7, rel=1e-7)
    assert cells["estimate"][~after].to_numpy() == pytest.approx(np.zeros(36), abs=1e-6)
    assert row(found)["estimate"] == pytest.approx(-0.3, abs=1e-8)
    level = found.parameters.set_index("term").loc["level", "estimate"]
    assert level == pytest.approx(0.7, abs=1e-8)


def test_least_squares_takes_the_difference_of_counts_brought_to_as_many_areas():
    # treated falls by 5 from 20; two other areas with 10 each are one area of 10
    panel = Panel(
        units=np.array(["a", "b", "c"]), periods=np.arange(10), cohort=np.array([6.0, np.nan, np.nan]),
        cluster=np.array(["a", "b", "c"]), frequency="year",
        outcomes={"y": np.vstack([np.where(np.arange(10) < 6, 20.0, 15.0), np.full(10, 10.0), np.full(10, 10.0)])},
    )  # fmt: skip
    found = run(panel, model="ols")
    assert found.cells["estimate"].to_numpy() == pytest.approx([0] * 6 + [-5] * 4, abs=1e-9)
    assert found.cells["n_comparison"].unique() == [2]


def test_a_shared_shock_is_no_effect_with_a_comparison_and_one_without():
    panel = monthly(effect=0.0, season=0.0)
    y = panel.outcomes["y"] * np.where(np.arange(54) >= 36, 0.6, 1.0)
    shocked = replace(panel, outcomes={"y": y})
    alone, beside = run(shocked, comparison="none"), run(shocked)
    assert row(alone)["conf_high"] < -0.2
    assert row(beside)["conf_low"] < 0 < row(beside)["conf_high"]
    assert "no comparison areas" in " ".join(alone.notes)
    assert alone.comparison == "none"


def test_the_average_of_the_cells_is_the_difference_of_the_sums():
    panel = monthly()
    found = run(panel, comparison="none")
    table = series(found, panel, leads=True)
    after = table[table["period"] >= 24036]
    gap = (after["observed"] - after["expected"]).sum()
    assert row(found, "total")["estimate"] == pytest.approx(gap)
    assert row(found, "total")["unit_periods"] == 18
    assert row(found)["estimate"] == pytest.approx(after["observed"].sum() / after["expected"].sum() - 1)


def test_the_error_of_a_change_of_level_is_the_textbook_one():
    # with only levels and independent Poisson counts the log ratio has variance phi (1 / sum before + 1 / sum after)
    panel = monthly(season=0.0)
    flat = np.random.default_rng(1).poisson(200, (3, 54)).astype(float)
    panel = replace(panel, outcomes={"y": flat})
    found = run(panel, comparison="none", change="level", season="none", errors="none")
    table = found.parameters.set_index("term")
    trendless = table.loc["dispersion", "estimate"] * (1 / flat[0, :36].sum() + 1 / flat[0, 36:].sum())
    # the trend takes information away from the level: the error cannot be smaller, and at 36 + 18 is about twice
    assert (
        np.sqrt(trendless) < table.loc["level", "std_error"] / table.loc["level", "estimate"] < 2.6 * np.sqrt(trendless)
    )


@pytest.mark.parametrize("errors", ["ar1", "newey_west", "none"])
@pytest.mark.parametrize("comparison", ["series", "interaction", "none"])
def test_cells_and_counts_share_one_covariance(errors, comparison):
    found = run(monthly(), errors=errors, comparison=comparison)
    assert found.influence.shape == found.observed_influence.shape
    assert found.influence.shape[1] == 54
    own = np.sqrt((found.influence**2).sum(axis=0))
    assert (own > 0).all()
    # a period's own deviation does not decide its own error
    assert own[:36].max() < 2.5 * own[:36].min()


@pytest.mark.parametrize("errors", ["ar1", "newey_west", "none"])
def test_the_relative_error_is_the_same_by_ratio_and_by_counts(errors):
    # change: level with no trend in the effect: relative = exp(level) - 1, whose error the parameters give
    found = run(monthly(), errors=errors, change="level")
    level = found.parameters.set_index("term").loc["level"]
    assert row(found)["estimate"] == pytest.approx(level["estimate"] - 1, abs=0.01)
    assert row(found)["std_error"] == pytest.approx(level["std_error"], rel=0.05)
    assert row(found)["conf_low"] == pytest.approx(level["conf_low"] - 1, abs=0.01)


def test_newey_west_without_its_correction_is_narrower():
    panel = monthly(seed=5)
    plain, freed = (
        run(panel, comparison="none", errors="newey_west", lag=6, small_sample=s) for s in ("none", "satterthwaite")
    )
    assert row(plain)["std_error"] < row(freed)["std_error"]
    assert plain.df == pytest.approx(54 - 15)
    assert freed.df < plain.df
    assert plain.se_rule == "Newey-West with lag 6, times T/(T-k), t with T-k degrees of freedom"
    assert "freed from bias" in freed.se_rule


def test_autocorrelation_is_found_and_said():
    panel = monthly(effect=0.0, season=0.0, scale=3000.0)
    draw, shock = np.random.default_rng(2), np.zeros(54)
    for t in range(1, 54):
        shock[t] = 0.85 * shock[t - 1] + 0.1 * draw.normal()
    y = panel.outcomes["y"].copy()
    y[0] *= np.exp(shock)
    found = run(replace(panel, outcomes={"y": y}))
    table = found.parameters.set_index("term")
    assert table.loc["autocorrelation", "estimate"] > 0.4
    assert table.loc["durbin_watson", "estimate"] < 1.4
    assert table.loc["ljung_box", "p_value"] < 0.05
    assert any("resembles the one before" in note for note in found.notes)
    assert not any("resembles" in note for note in run(monthly()).notes)


def test_the_automatic_lag_is_said_and_a_chosen_one_is_kept():
    panel = monthly()
    table = run(panel, comparison="none", errors="newey_west").parameters.set_index("term")
    assert table.loc["lag", "estimate"] == int(table.loc["lag", "estimate"]) >= 0
    chosen = run(panel, comparison="none", errors="newey_west", lag=5)
    assert chosen.parameters.set_index("term").loc["lag", "estimate"] == 5
    assert "lag 5" in chosen.se_rule


def test_the_automatic_lag_does_not_depend_on_the_units_of_least_squares():
    panel = monthly()
    tripled = replace(panel, outcomes={"y": 3 * panel.outcomes["y"]})
    lags = [
        run(p, model="ols", comparison="none", errors="newey_west").parameters.set_index("term").loc["lag", "estimate"]
        for p in (panel, tripled)
    ]
    assert lags[0] == lags[1]


def test_negative_binomial_reports_theta():
    panel = monthly(seed=7)
    draw = np.random.default_rng(0)
    y = np.vstack([draw.negative_binomial(8, 8 / (8 + m)) for m in panel.outcomes["y"]]).astype(float)
    found = run(replace(panel, outcomes={"y": y}), model="negative_binomial", comparison="none")
    assert 2 < found.parameters.set_index("term").loc["theta", "estimate"] < 30


def test_least_squares_reports_a_level_in_counts():
    table = run(monthly(), model="ols", comparison="none").parameters.set_index("term")
    assert table.loc["level", "estimate"] < -40


def test_arima_errors_are_fitted_and_reported():
    panel = monthly(effect=-0.3, season=0.3, scale=3000.0)
    found = run(panel, model="arima", comparison="none", season="fourier")
    table = found.parameters.set_index("term")
    assert {"ar", "seasonal ar"} <= set(table.index)
    assert abs(table.loc["ar", "estimate"]) < 1
    assert "generalised least squares" in found.se_rule
    assert found.df == 54 - 8 - 2
    assert row(found)["conf_high"] < 0
    assert abs(row(found)["estimate"] + 0.3) < 4 * row(found)["std_error"]


def test_arima_whitens_what_is_left():
    panel = monthly(effect=0.0, season=0.0, scale=3000.0)
    draw, shock = np.random.default_rng(2), np.zeros(54)
    for t in range(1, 54):
        shock[t] = 0.8 * shock[t - 1] + 0.1 * draw.normal()
    y = panel.outcomes["y"].copy()
    y[0] *= np.exp(shock)
    panel = replace(panel, outcomes={"y": y})
    plain, whitened = (run(panel, model=m, comparison="none", season="none") for m in ("ols", "arima"))
    plain, whitened = (one.parameters.set_index("term")["estimate"] for one in (plain, whitened))
    assert whitened["durbin_watson"] > plain["durbin_watson"]
    assert whitened["ar"] > 0.3


def test_arima_takes_one_series_without_gaps():
    with pytest.raises(DesignError, match="takes one series"):
        run(monthly(), model="arima", comparison="interaction")
    gap = monthly().take(np.full(3, True), ~np.isin(np.arange(54), [10, 11]))
    with pytest.raises(DesignError, match="without gaps"):
        run(gap, model="arima")


def test_gaps_are_time_passed_for_the_other_models():
    gap = monthly().take(np.full(3, True), ~np.isin(np.arange(54), [10, 11, 45]))
    for errors in ("ar1", "newey_west"):
        found = run(gap, errors=errors)
        assert abs(row(found)["estimate"] + 0.3) < 4 * row(found)["std_error"]
        assert row(found)["unit_periods"] == 17


def test_anticipation_moves_the_onset_and_not_the_average():
    panel = monthly()
    early = panel.outcomes["y"].copy()
    early[0, 33:36] *= 0.7
    early = replace(panel, outcomes={"y": early})
    plain = row(run(early, comparison="series"))
    aside = row(fit(early, outcome="y", design=design(anticipation=3)))
    assert aside["unit_periods"] == plain["unit_periods"] == 18
    assert abs(aside["estimate"] + 0.3) < abs(plain["estimate"] + 0.3) + 0.01
    assert aside["estimate"] == pytest.approx(-0.3, abs=0.05)


def test_its_own_leads_are_drawn():
    panel = monthly()
    events = path(panel, outcome="y", design=design())
    assert events.method == "interrupted_time_series"
    leads = by(events, "event_time", seed=1)
    assert leads["event_time"].min() == -36
    assert (leads.loc[leads["event_time"] < 0, "conf_low"] < 0).mean() > 0.8


def test_several_treated_areas_are_added_up_and_the_average_is_per_area():
    panel = monthly()
    both = panel.with_cohort(np.array([24036.0, 24036.0, np.nan]))
    found = run(both)
    assert (found.cells["n_units"] == 2).all()
    assert found.cells["events"].to_numpy() == pytest.approx(panel.outcomes["y"][:2].sum(axis=0))
    assert row(found, "total")["estimate"] == pytest.approx(row(found, "average")["estimate"] * 36)


def test_season_is_months_in_monthly_data_without_a_comparison():
    panel = monthly()
    held = one_series(panel, outcome="y", design=design(), compared=False)
    assert season_of("auto", held, panel, shared=False) == "months"
    assert season_of("auto", held, panel, shared=True) == "none"
    assert season_of("fourier", held, panel, shared=True) == "fourier"
    short = panel.take(np.full(3, True), panel.periods >= 24014)
    held = one_series(short, outcome="y", design=design(), compared=False)
    assert season_of("auto", held, short, shared=False) == "none"


def test_short_series_say_so():
    short = monthly(n=40).take(np.full(3, True), np.arange(40) >= 16)
    notes = " ".join(run(short).notes)
    assert "20 periods before and 4 after" in notes
    assert "use a longer window" in notes
    assert run(monthly()).notes == ()


def everywhere(panel):
    return panel.with_cohort(np.full(3, 24036.0))


REFUSED = {
    "no comparison": (everywhere, {}, "every area is treated", "comparison: none"),
    "an empty comparison": (
        lambda p: replace(p, outcomes={"y": p.outcomes["y"] * np.array([[1], [0], [0]])}),
        {}, "the comparison series is 0 in 54 of 54", "comparison: interaction",
    ),
    "too short for months": (
        lambda p: p.take(np.full(3, True), (p.periods >= 24030) & (p.periods < 24042)),
        {"comparison": "none", "season": "months"}, "for .* coefficients", "season: none",
    ),
    "two periods after": (
        lambda p: p.take(np.full(3, True), p.periods < 24038), {}, "got 2 periods after the start", "change: level",
    ),
    "two periods before": (
        lambda p: p.take(np.full(3, True), p.periods >= 24034), {}, "got 2 periods, expected at least 3", "window",
    ),
    "nothing after": (
        lambda p: replace(p, outcomes={"y": p.outcomes["y"] * np.where(np.arange(54) >= 36, [[0], [1], [1]], 1)}),
        {}, "no finite answer", "wider area",
    ),
    "nothing in treated areas": (
        lambda p: replace(p, outcomes={"y": p.outcomes["y"] * np.array([[0], [1], [1]])}),
        {}, "no incident was counted in any treated area", "wider area",
    ),
    "years with months": (
        lambda p: replace(p, frequency="year"), {"season": "months"}, "takes months, got years", "season: none",
    ),
    "no such outcome": (lambda p: replace(p, outcomes={"z": p.outcomes["y"]}), {}, "not an outcome", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_say_what_to_do(name):
    change, options, said, do = REFUSED[name]
    with pytest.raises(DesignError, match=said) as refusal:
        run(change(monthly()), **options)
    assert do in refusal.value.do


def test_one_treated_area_and_nothing_else_is_enough_without_a_comparison():
    panel = monthly().take(np.array([True, False, False]))
    found = run(panel, comparison="none")
    assert row(found)["conf_high"] < -0.1
    assert (found.cells["n_comparison"] == 0).all()


def test_staggered_starts_are_refused_also_without_a_comparison():
    with pytest.raises(DesignError, match="takes one cohort, got 2"):
        fit(known(starts=(10, 14)), outcome="y", design=design(comparison="none"))


@pytest.mark.parametrize("option", ["series", "interaction", "none"])
def test_every_model_recovers_the_effect(option):
    for model in ("quasi_poisson", "ols"):
        found = row(run(monthly(seed=11), model=model, comparison=option))
        if model == "quasi_poisson" or option == "none":
            assert abs(found["estimate"] + 0.3) < 4 * found["std_error"]
