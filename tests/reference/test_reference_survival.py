"""Numbers that R survival made from the Rossi trial of aid on release; published tests of proportional hazards."""

import json
from pathlib import Path

import numpy as np
import pytest

from curv_eval.estimate.averages import overall
from curv_eval.methods import fit
from curv_eval.people import People
from curv_eval.stats.cox import cox, proportional
from curv_eval.stats.survival import kaplan_meier, log_rank
from curv_eval.study import Design, Span

CASE = json.loads((Path(__file__).parent / "rossi_recidivism.json").read_text("utf-8"))
EXPECTED = CASE["expected"]
DATA = {name: np.array(values) for name, values in CASE["data"]["inline"].items()}
TIME, EVENT, AID = DATA["week"].astype(float), DATA["arrest"].astype(float), DATA["fin"] == "yes"
COLUMNS = np.column_stack([
    AID, DATA["age"], DATA["race"] == "other", DATA["wexp"] == "yes", DATA["mar"] == "not married",
    DATA["paro"] == "yes", DATA["prio"],
]).astype(float)  # fmt: skip


def test_cox_with_efron_ties_is_that_of_survival():
    found = cox(TIME, EVENT, COLUMNS)
    assert found.coefficients == pytest.approx(list(EXPECTED["coef"].values()), abs=1e-5)
    assert found.errors == pytest.approx(list(EXPECTED["se"].values()), abs=1e-5)
    assert found.log_likelihood == pytest.approx(EXPECTED["ll"], abs=1e-5)
    assert len(TIME) == EXPECTED["n"]


def test_log_rank_is_that_of_survival():
    assert log_rank(TIME, EVENT, AID).chi2 == pytest.approx(EXPECTED["logrank_fin"], abs=1e-6)


@pytest.mark.parametrize(("group", "at"), [(~AID, 0), (AID, 1)])
def test_kaplan_meier_is_that_of_survival(group, at):
    assert kaplan_meier(TIME[group], EVENT[group]).survival[-1] == pytest.approx(EXPECTED["km52"][at], abs=1e-9)


# Fox & Weisberg (2011), appendix on Cox regression: cox.zph of arrest on fin, age and prio, survival 2.36
ZPH = {"rho": (-0.00657, -0.20976, -0.08004), "chisq": (0.00507, 6.54147, 0.77288), "p": (0.9433, 0.0105, 0.3793)}


def test_proportional_hazards_test_is_the_published_one():
    found = proportional(cox(TIME, EVENT, COLUMNS[:, [0, 1, 6]]), TIME, EVENT)
    assert found.correlation == pytest.approx(ZPH["rho"], abs=6e-6)
    assert found.chi2 == pytest.approx(ZPH["chisq"], abs=6e-6)
    assert found.p_value == pytest.approx(ZPH["p"], abs=6e-5)
    assert (found.joint_chi2, found.joint_p) == pytest.approx((7.13046, 0.0679), abs=6e-5)


def test_the_method_gives_the_difference_in_risk_and_the_same_numbers_beside():
    people = People(persons=np.arange(432), treated=AID, outcomes={"arrest": EVENT}, time=TIME)
    design = Design(method="time_to_event", window=Span("2000-01", "2001-12"))
    found = fit(people, outcome="arrest", design=design)
    row, beside = overall(found).iloc[0], found.parameters.set_index("term")
    assert row["estimate"] == pytest.approx(EXPECTED["rd"]["yes"] - EXPECTED["rd"]["no"], abs=1e-9)
    assert beside.loc["chance of the event, treated people", "estimate"] == pytest.approx(EXPECTED["rd"]["yes"])
    test = beside.loc["events among the treated beyond those expected (log-rank)"]
    assert (test["estimate"] / test["std_error"]) ** 2 == pytest.approx(EXPECTED["logrank_fin"], abs=1e-6)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("layered", [False, True])
def test_cox_is_that_of_statsmodels_with_both_ties_and_strata(ties, layered):
    from statsmodels.duration.hazard_regression import PHReg

    layers = DATA["paro"] if layered else None
    theirs = PHReg(TIME, COLUMNS[:, :5], status=EVENT, ties=ties, strata=layers).fit()
    found = cox(TIME, EVENT, COLUMNS[:, :5], ties=ties, stratum=layers)
    assert found.coefficients == pytest.approx(theirs.params, abs=1e-8)
    assert found.errors == pytest.approx(theirs.bse, abs=1e-8)


def test_score_residuals_are_those_of_statsmodels():
    from statsmodels.duration.hazard_regression import PHReg

    theirs = PHReg(TIME, COLUMNS, status=EVENT, ties="breslow").fit()
    found = cox(TIME, EVENT, COLUMNS, ties="breslow")
    assert found.scores == pytest.approx(theirs.score_residuals @ theirs.cov_params(), abs=1e-8)


@pytest.mark.parametrize("rho", [0.0, 1.0])
def test_log_rank_with_several_groups_and_strata_is_that_of_statsmodels(rho):
    from statsmodels.duration.survfunc import survdiff

    third = DATA["prio"] % 3
    kind = {} if rho == 0 else {"weight_type": "fh", "fh_p": rho}
    chi2, p = survdiff(TIME, EVENT, third, **kind)
    found = log_rank(TIME, EVENT, third, rho=rho)
    assert (found.chi2, found.p_value) == pytest.approx((chi2, p), rel=1e-6)
    assert found.df == 2
    chi2, _ = survdiff(TIME, EVENT, AID, strata=DATA["paro"], **kind)
    assert log_rank(TIME, EVENT, AID, stratum=DATA["paro"], rho=rho).chi2 == pytest.approx(chi2, rel=1e-6)


def test_greenwood_is_that_of_statsmodels():
    from statsmodels.duration.survfunc import SurvfuncRight

    # people leave early in both; a third are censored at a random week
    left = np.random.default_rng(4).integers(5, 60, len(TIME))
    time, event = np.minimum(TIME, left), np.where(left >= TIME, EVENT, 0.0)
    theirs, found = SurvfuncRight(time, event), kaplan_meier(time, event)
    assert found.time.tolist() == theirs.surv_times.tolist()
    assert found.survival == pytest.approx(theirs.surv_prob, abs=1e-12)
    assert found.std_error == pytest.approx(theirs.surv_prob_se, abs=1e-12)
    assert found.at_risk == pytest.approx(theirs.n_risk)


# Freireich and others (1963), Gehan (1965): weeks in remission of 42 children with leukaemia, printed in many textbooks
TREATED = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
WEEKS = np.array(TREATED + PLACEBO, dtype=float)
RELAPSED = np.repeat([1.0, 0.0, 1.0], [9, 12, 21])
ON_PLACEBO = np.repeat([0.0, 1.0], 21)


def test_kaplan_meier_is_the_textbook_table():
    found = kaplan_meier(WEEKS[:21], RELAPSED[:21])
    assert found.time.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert found.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert found.survival == pytest.approx([0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], abs=5e-4)
    assert found.std_error == pytest.approx([0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346], abs=5e-5)


def test_log_rank_is_the_textbook_number():
    found = log_rank(WEEKS, RELAPSED, ON_PLACEBO)
    assert found.chi2 == pytest.approx(16.79, abs=5e-3)
    assert found.observed.tolist() == [9, 21]
    assert found.expected == pytest.approx([19.25, 10.75], abs=5e-3)


@pytest.mark.parametrize(("ties", "b", "error"), [("breslow", 1.5092, 0.4096), ("efron", 1.5721, 0.4124)])
def test_cox_is_the_textbook_number(ties, b, error):
    found = cox(WEEKS, RELAPSED, ON_PLACEBO[:, None], ties=ties)
    assert found.coefficients[0] == pytest.approx(b, abs=5e-5)
    assert found.errors[0] == pytest.approx(error, abs=5e-5)
