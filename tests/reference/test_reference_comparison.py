"""Numbers that other programs made about comparison groups of people: R ebal, MatchIt, glm, Matching and sensemakr."""

import gzip
import json
import time
from pathlib import Path

import causaldata
import numpy as np
import pandas as pd
import pytest

from curv_eval.estimate.averages import overall
from curv_eval.methods import fit
from curv_eval.people import People
from curv_eval.stats import sensitivity
from curv_eval.stats.balance import balance, effective_size
from curv_eval.stats.entropy_balance import entropy_weights
from curv_eval.stats.matched_effect import abadie_imbens, matched
from curv_eval.stats.matching import exact_bins, greedy, nearest
from curv_eval.stats.propensity import propensity
from curv_eval.stats.treated_effect import by_regression, weighted_difference
from curv_eval.stats.weights import comparison_weights
from curv_eval.study import Design, Span

HERE = Path(__file__).parent
NAMES = ("age", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75")


def case(name):
    return json.loads((HERE / f"{name}.json").read_text("utf-8"))


EXPECTED = case("nsw_cps_observational")["expected"]


@pytest.fixture(scope="module")
def trial():
    return causaldata.nsw_mixtape.load_pandas().data


@pytest.fixture(scope="module")
def people(trial):
    """The treated of the trial and everybody of the survey: 185 and 15,992."""
    survey = causaldata.cps_mixtape.load_pandas().data
    both = pd.concat([trial[trial["treat"] == 1], survey], ignore_index=True)
    return as_people(both)


def as_people(table):
    return People(
        persons=np.arange(len(table)), treated=table["treat"].to_numpy() == 1,
        outcomes={"re78": table["re78"].to_numpy(float)},
        covariates={name: table[name].to_numpy(float) for name in NAMES},
    )  # fmt: skip


def effect(people, method, **options):
    design = Design(method=method, window=Span("2000-01", "2001-12"), options=options)
    return fit(people, outcome="re78", design=design), design


def row(people, method, **options):
    return overall(effect(people, method, **options)[0]).iloc[0]


def test_the_naive_difference_is_far_off(people):
    y, treated = people.outcomes["re78"], people.treated
    found = weighted_difference(y, treated, np.ones(len(y)), rule="hc2")
    assert found.value == pytest.approx(EXPECTED["ebal"]["naive"], abs=1e-3)


def test_entropy_balancing_is_that_of_r_ebal(people):
    expected = EXPECTED["ebal"]
    found = row(people, "entropy_balancing")
    assert found["estimate"] == pytest.approx(expected["att"], abs=1e-3)  # asked: 0.5
    for rule in ("hc1", "hc2"):
        error = row(people, "entropy_balancing", errors=rule)["std_error"]
        assert error == pytest.approx(expected[f"se_{rule.upper()}"], abs=1e-4)


def test_entropy_balancing_counts_for_as_many_people_as_in_r_ebal(people):
    x, treated = people.matrix, people.treated
    weights = entropy_weights(x[~treated], x[treated].mean(axis=0))
    assert effective_size(weights) == pytest.approx(EXPECTED["ebal"]["ess"], abs=1e-3)


def test_entropy_balancing_of_sixteen_thousand_people_takes_a_tenth_of_a_second(people):
    treated = people.treated
    x = np.column_stack([people.matrix, people.matrix[:, 0] ** 2, people.matrix[:, 1] ** 2])
    spent = []
    for _ in range(3):
        start = time.perf_counter()
        entropy_weights(x[~treated], x[treated].mean(axis=0))
        spent.append(time.perf_counter() - start)
    assert min(spent) < 0.3  # 0.04 s on a quiet machine


def test_the_error_that_knows_weights_are_estimated_is_another(people):
    known = row(people, "entropy_balancing", errors="hc2")["std_error"]
    estimated = row(people, "entropy_balancing")["std_error"]
    assert estimated == pytest.approx(644.975, abs=0.01)
    assert estimated > known


def test_inverse_probability_weighting_is_that_of_r(people):
    expected = EXPECTED["ipw_att"]
    found = row(people, "inverse_probability_weighting", errors="hc1")
    assert found["estimate"] == pytest.approx(expected["att"], abs=1e-3)  # asked: 0.01
    assert found["std_error"] == pytest.approx(expected["se_HC1"], abs=1e-3)
    whole = row(people, "inverse_probability_weighting")
    assert whole["estimate"] == pytest.approx(found["estimate"], rel=1e-12)
    assert whole["std_error"] > found["std_error"]


def test_the_propensity_is_that_of_r_glm(people):
    expected = EXPECTED["ipw_att"]
    found = propensity(people.treated, people.matrix)
    assert found.coefficients == pytest.approx(list(expected["ps_coef"].values()), rel=1e-6)
    assert found.score[people.treated].mean() == pytest.approx(expected["ps_mean_treated"], abs=1e-9)


def test_doubly_robust_is_that_of_r(people):
    expected = EXPECTED["aipw_att"]
    found = row(people, "doubly_robust")
    assert found["estimate"] == pytest.approx(expected["att"], abs=1e-3)  # asked: 0.01
    assert found["std_error"] == pytest.approx(expected["se_if"], abs=1e-3)


def test_regression_among_the_untreated_is_that_of_r(people):
    fitted = propensity(people.treated, people.matrix)
    found = by_regression(people.outcomes["re78"], people.treated, fitted.basis)
    assert found.value == pytest.approx(EXPECTED["aipw_att"]["reg_att"], abs=1e-3)


def test_nearest_neighbours_without_replacement_are_near_those_of_matchit(people):
    # asked: 300, because MatchIt breaks ties by an order of its own
    found, _ = effect(people, "matching", replacement="without", bias_correction="none")
    expected = EXPECTED["nn"]
    assert overall(found).iloc[0]["estimate"] == pytest.approx(expected["att"], abs=300)
    assert found.cells[["n_units", "n_comparison"]].sum(axis=1).item() == expected["n"]
    assert overall(found).iloc[0]["std_error"] == pytest.approx(expected["se_cl"], rel=0.05)


def test_nearest_neighbours_make_people_as_alike_as_matchit_does(people):
    fitted = propensity(people.treated, people.matrix)
    place, treated = fitted.score[:, None], people.treated
    matches = greedy(place[treated], place[~treated], first=np.argsort(-place[treated, 0], kind="stable"))
    weights = np.ones(len(treated))
    weights[~treated] = matches.uses()
    found = balance(treated, np.column_stack([fitted.score, people.matrix]), weights)
    assert abs(found.after[0]) <= EXPECTED["nn"]["smd_after"]["distance"]
    assert np.abs(found.after).max() < 0.3


def test_nearest_neighbours_with_replacement_use_ties_evenly(people):
    found, _ = effect(people, "matching", bias_correction="none")
    value = overall(found).iloc[0]["estimate"]
    assert value == pytest.approx(EXPECTED["nn_replace"]["att"], abs=300)
    # MatchIt takes 122 untreated people, one for each; here all who are as near count
    assert found.cells["n_comparison"].item() >= EXPECTED["nn_replace"]["n"] - 185


def test_exact_bins_are_those_of_matchit(people):
    found, _ = effect(people, "matching", by="exact bins", bias_correction="none", most_unmatched=0.9)
    expected = EXPECTED["cem"]
    assert overall(found).iloc[0]["estimate"] == pytest.approx(expected["att"], abs=1e-3)
    assert found.cells["n_units"].item() == expected["n_t"]
    assert found.cells["n_comparison"].item() == expected["n_c"]
    matches = exact_bins(people.matrix[people.treated], people.matrix[~people.treated])
    assert (matches.uses() > 0).sum() == expected["n_c"]


def test_differences_before_matching_are_those_of_matchit(people):
    fitted = propensity(people.treated, people.matrix)
    found = balance(people.treated, np.column_stack([fitted.score, people.matrix]), np.ones(len(people.persons)))
    assert found.before == pytest.approx(list(EXPECTED["smd_before"].values()), abs=1e-6)


@pytest.mark.parametrize("method", ["inverse_probability_weighting", "entropy_balancing", "doubly_robust", "matching"])
def test_every_method_comes_near_the_trial_that_the_naive_difference_misses_by_ten_thousand(people, method):
    benchmark = case("nsw_experimental")["expected"]["exp"]["att"]
    found = row(people, method)
    assert abs(found["estimate"] - benchmark) < 700
    assert found["conf_low"] < benchmark < found["conf_high"]


@pytest.mark.parametrize("method", ["inverse_probability_weighting", "entropy_balancing", "doubly_robust", "matching"])
def test_sixteen_thousand_people_take_less_than_a_second(people, method):
    row(people, method)
    start = time.perf_counter()
    row(people, method)
    assert time.perf_counter() - start < 1.0


def test_weights_given_to_a_check_are_those_of_the_method(people):
    found = comparison_weights(
        "entropy_balancing", people.treated, people.matrix, options={"moments": "means"}, names=people.persons
    )
    after = balance(people.treated, people.matrix, found)
    assert np.abs(after.after).max() < 1e-6
    assert after.effective_others == pytest.approx(EXPECTED["ebal"]["ess"], abs=1e-3)


def test_the_trial_itself_has_the_errors_of_r(trial):
    expected = case("nsw_experimental")["expected"]["exp"]
    y, treated = trial["re78"].to_numpy(float), trial["treat"].to_numpy() == 1
    for rule in ("hc1", "hc2"):
        found = weighted_difference(y, treated, np.ones(len(y)), rule=rule)
        # the package holds earnings with seven digits
        assert found.value == pytest.approx(expected["att"], abs=1e-4)
        error = np.sqrt((found.influence**2).sum())
        assert error == pytest.approx(expected[f"se_{rule.upper()}"], abs=1e-4)


def test_matching_on_the_trial_is_that_of_r_matching(trial):
    held = case("matching_sekhon")
    columns = {name: trial[name].to_numpy(float) for name in NAMES}
    squares = [columns[name] ** 2 for name in ("age", "educ", "re74", "re75")]
    nothing = [(columns[name] == 0).astype(float) for name in ("re74", "re75")]
    treated, y = trial["treat"].to_numpy() == 1, trial["re78"].to_numpy(float)
    score = propensity(treated, np.column_stack([*columns.values(), *squares, *nothing])).score
    place = (score / score.std(ddof=1))[:, None]
    matches = nearest(place[treated], place[~treated], tie=1e-5)
    found = matched(y, treated, matches)
    assert found.value == pytest.approx(held["expected"]["att"], abs=held["tolerance"]["att"])
    mine, others = abadie_imbens(found, None)
    error = np.sqrt((mine**2).sum() + (others**2).sum())
    assert error == pytest.approx(held["expected"]["se_abadie_imbens"], abs=held["tolerance"]["se"])
    first = np.bincount(matches.treated_cell)[matches.first]
    assert (first * np.bincount(matches.other_cell)[matches.second]).sum() == held["expected"]["pairs"]
    assert len(found.treated) == held["expected"]["treated"]


def test_e_values_are_those_of_the_paper():
    held = case("evalue_smoking")
    inline, expected, close = held["data"]["inline"], held["expected"], held["tolerance"]["e"]
    assert sensitivity.e_value(inline["RR"]) == pytest.approx(expected["point"], abs=close)
    assert sensitivity.e_value_of_interval(inline["lo"], inline["hi"]) == pytest.approx(expected["ci"], abs=close)
    assert sensitivity.e_value(0.8) == pytest.approx(expected["protective_RR_0_8"], abs=close)


@pytest.fixture(scope="module")
def darfur():
    with gzip.open(HERE / "darfur.csv.gz") as file:
        table = pd.read_csv(file)
    named = table[["female", "age", "farmer_dar", "herder_dar", "pastvoted", "hhsize_darfur"]].to_numpy(float)
    villages = pd.get_dummies(table["village"]).to_numpy(float)
    return table["peacefactor"].to_numpy(float), table["directlyharmed"].to_numpy(float), np.hstack([named, villages])


def test_robustness_values_are_those_of_r_sensemakr(darfur):
    held = case("darfur_sensemakr")
    expected, close = held["expected"]["stats"], held["tolerance"]["stats"] / 1e3
    found = sensitivity.coefficient(*darfur)
    assert found.df == expected["dof"]
    assert found.value == pytest.approx(expected["estimate"], abs=close)
    assert found.std_error == pytest.approx(expected["se"], abs=close)
    assert found.t == pytest.approx(expected["t_statistic"], abs=close)
    assert found.partial_r2 == pytest.approx(expected["r2yd.x"], abs=close)
    assert found.partial_r2 / (1 - found.partial_r2) == pytest.approx(expected["f2yd.x"], abs=close)
    assert sensitivity.robustness_value(found.t, found.df) == pytest.approx(expected["rv_q"], abs=close)
    assert sensitivity.robustness_value(found.t, found.df, alpha=0.05) == pytest.approx(expected["rv_qa"], abs=close)


@pytest.mark.parametrize("times", [1, 2, 3])
def test_what_a_benchmark_would_leave_is_that_of_r_sensemakr(darfur, times):
    bounds = {k: v[times - 1] for k, v in case("darfur_sensemakr")["expected"]["bounds"].items()}
    found = sensitivity.coefficient(*darfur)
    r2dz, r2yz = sensitivity.benchmark(*darfur, columns=np.array([0]), times=times)
    left = sensitivity.adjusted(found, r2dz=r2dz, r2yz=r2yz)
    pairs = {
        "r2dz.x": r2dz, "r2yz.dx": r2yz, "adjusted_estimate": left.value, "adjusted_se": left.std_error,
        "adjusted_t": left.value / left.std_error, "adjusted_lower_CI": left.conf_low,
        "adjusted_upper_CI": left.conf_high,
    }  # fmt: skip
    for name, value in pairs.items():
        assert value == pytest.approx(float(bounds[name]), abs=1e-8), name
