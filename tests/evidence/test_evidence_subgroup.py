"""Groups of studies: against metafor, analysis of variance by hand, and what must hold."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import assume, given
from meta_cases import BCG, PUBLISHED, bcg, half_a_last_digit, made
from meta_cases import studies as some_studies
from scipy.stats import chi2, f

from curv_eval.errors import DesignError
from curv_eval.stats.meta_between import between
from curv_eval.stats.meta_pooled import pooled
from curv_eval.stats.meta_subgroup import subgroups

Y, V = bcg()
ALLOCATION = np.array(BCG["data"]["inline"]["alloc"])
RANDOM = np.where(ALLOCATION == "random", "random", "other")
EXPECTED = PUBLISHED["bcg_by_allocation"]["expected"]


def same(values, expected):
    assert len(values) == len(expected)
    for value, one in zip(values, expected, strict=True):
        assert value == pytest.approx(one, abs=max(half_a_last_digit(one), 5.001e-5))


def test_one_tau2_for_all_groups_is_metafor_s():
    found, expected = subgroups(Y, V, ALLOCATION, spread="common", interval="normal"), EXPECTED["common"]
    assert list(found.names) == expected["names"]
    same(found.estimate, expected["estimate"])
    same(found.std_error, expected["std_error"])
    same(
        [found.tau2[0], found.statistic, found.p_value], [expected["tau2"], expected["statistic"], expected["p_value"]]
    )
    assert (found.df_between, found.df_residual) == (2, np.inf)
    assert found.studies.tolist() == [2, 7, 4]
    assert np.isnan(found.i2).all()


def test_a_tau2_for_each_group_is_metafor_s():
    found, expected = subgroups(Y, V, RANDOM, interval="normal"), EXPECTED["separate"]
    assert list(found.names) == expected["names"]
    same(found.estimate, expected["estimate"])
    same(found.std_error, expected["std_error"])
    same([found.statistic, found.p_value], [expected["statistic"], expected["p_value"]])


@pytest.mark.parametrize("choices", [{}, {"tau2": "dl"}, {"interval": "normal"}, {"alpha": 0.1}])
def test_separate_groups_are_pooled_as_if_there_were_no_others(choices):
    found = subgroups(Y, V, RANDOM, **choices)
    for row, name in enumerate(found.names):
        alone = pooled(Y[name == RANDOM], V[name == RANDOM], **choices)
        assert found.estimate[row] == alone.estimate
        assert (found.conf_low[row], found.conf_high[row]) == (alone.conf_low, alone.conf_high)
        assert (found.tau2[row], found.i2[row], found.df[row]) == (alone.between.tau2, alone.between.i2, alone.df)
        assert found.q[row] == alone.between.q
    gap, error = np.diff(found.estimate)[0], np.hypot(*found.std_error)
    assert found.statistic == pytest.approx((gap / error) ** 2, rel=1e-10)
    assert found.p_value == pytest.approx(chi2.sf(found.statistic, 1), rel=1e-9)


def test_with_the_fixed_model_q_between_is_what_q_has_more_than_its_groups():
    found = subgroups(Y, V, ALLOCATION, model="fixed")
    whole = pooled(Y, V, model="fixed").between.q
    assert found.statistic == pytest.approx(whole - found.q.sum(), rel=1e-9)
    assert found.p_value == pytest.approx(chi2.sf(found.statistic, 2), rel=1e-9)
    assert (found.tau2 == 0).all()
    common = subgroups(Y, V, ALLOCATION, spread="common", model="fixed")
    assert common.statistic == pytest.approx(found.statistic, rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_the_common_hartung_knapp_test_is_weighted_analysis_of_variance(seed):
    rng = np.random.default_rng(seed)
    y, v = made(rng, 12)
    groups = np.repeat(["a", "b", "c"], 4)
    x = np.column_stack([groups == name for name in "abc"]).astype(float)
    tau2 = between(y, v, x=x).tau2
    fit = sm.WLS(y, x, weights=1 / (v + tau2)).fit()
    found = subgroups(y, v, groups, spread="common", interval="hartung_knapp_uncorrected")
    test = fit.f_test(np.array([[1, -1, 0], [0, 1, -1]]))
    assert found.estimate == pytest.approx(fit.params, rel=1e-9)
    assert found.std_error == pytest.approx(fit.bse, rel=1e-8)
    assert np.column_stack([found.conf_low, found.conf_high]) == pytest.approx(fit.conf_int(), rel=1e-7)
    assert found.statistic == pytest.approx(float(test.fvalue), rel=1e-7)
    assert (found.df_between, found.df_residual) == (2, 9)
    assert found.p_value == pytest.approx(float(test.pvalue), rel=1e-6)
    assert found.p_value == pytest.approx(f.sf(found.statistic, 2, 9), rel=1e-9)


def test_the_common_corrected_interval_is_never_narrower():
    y = np.array([0.1, 0.11, 0.09, 0.5, 0.51, 0.49])
    groups, v = np.array([1, 1, 1, 2, 2, 2]), np.full(6, 0.05)
    corrected, plain, normal = (
        subgroups(y, v, groups, spread="common", interval=name)
        for name in ("hartung_knapp", "hartung_knapp_uncorrected", "normal")
    )
    assert corrected.std_error == pytest.approx(normal.std_error)
    assert (plain.std_error < corrected.std_error).all()
    assert corrected.p_value > plain.p_value


def test_a_case_by_hand():
    # means 0 and 2, each with variance 1/2: Q = (2)^2 / (1/2 + 1/2)
    found = subgroups([-0.5, 0.5, 1.5, 2.5], np.ones(4), ["x", "x", "y", "y"], model="fixed")
    assert found.estimate == pytest.approx([0, 2])
    assert found.std_error == pytest.approx([0.5**0.5] * 2)
    assert found.statistic == pytest.approx(4)
    assert found.q == pytest.approx([0.5, 0.5])


def test_few_studies_a_group_are_said():
    assert "fewer than 5 studies" in subgroups(Y, V, ALLOCATION).notes[0]
    assert subgroups(Y, V, RANDOM).notes == ()
    assert subgroups(Y, V, ALLOCATION, spread="common").notes == ()


@given(some_studies(least=6, most=10))
def test_names_and_order_of_groups_do_not_matter(held):
    y, v = held
    assume(np.ptp(y) > 0.1)
    groups = np.resize([0, 1], len(y))
    for spread in ("separate", "common"):
        plain = subgroups(y, v, groups, spread=spread)
        named = subgroups(y[::-1], v[::-1], np.array(["b", "a"])[groups[::-1]], spread=spread)
        assert named.estimate[::-1] == pytest.approx(plain.estimate, rel=1e-5, abs=1e-6)
        assert named.statistic == pytest.approx(plain.statistic, rel=1e-4, abs=1e-6)
        assert 0 <= plain.p_value <= 1
        assert plain.statistic >= 0


@given(some_studies(least=6, most=10))
def test_moving_all_effects_leaves_the_test_as_it_is(held):
    y, v = held
    groups = np.resize([0, 1, 2], len(y))
    plain, moved = (subgroups(one, v, groups, spread="common", interval="normal") for one in (y, y + 2))
    assert moved.statistic == pytest.approx(plain.statistic, rel=1e-4, abs=1e-5)
    assert moved.estimate == pytest.approx(plain.estimate + 2, rel=1e-5, abs=1e-5)


def test_a_group_of_one_study_needs_a_common_tau2():
    groups = np.array(["a"] * 12 + ["b"])
    with pytest.raises(DesignError, match="groups of one study have no tau2 of their own: b") as raised:
        subgroups(Y, V, groups)
    assert raised.value.do == "take spread 'common'"
    assert subgroups(Y, V, groups, spread="common").estimate[1] == pytest.approx(Y[12])
    assert subgroups(Y, V, groups, model="fixed").estimate[1] == pytest.approx(Y[12])


def test_as_many_groups_as_studies_leave_nothing():
    with pytest.raises(DesignError, match="3 studies in 3 groups leave nothing"):
        subgroups(Y[:3], V[:3], ["a", "b", "c"], spread="common")


def test_a_group_whose_effects_are_the_same_has_no_uncorrected_error():
    with pytest.raises(DesignError, match="its effects are all the same"):
        subgroups([0.1, 0.1, 0.5, 0.9], np.ones(4), [1, 1, 2, 2], interval="hartung_knapp_uncorrected")


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        (["a"] * 13, "all studies are in one group"),
        (["a", "b"], "got shape"),
        (np.array(["a"] * 12 + [None], dtype=object), "some studies have no group"),
        (np.r_[np.ones(12), np.nan], "some studies have no group"),
    ],
)
def test_groups_that_cannot_be_compared_are_refused(groups, words):
    with pytest.raises(DesignError, match=words):
        subgroups(Y, V, groups)


def test_another_spread_and_wrong_groups_are_named_at_once():
    with pytest.raises(DesignError) as raised:
        subgroups(Y, V, ["a"], spread="pooled")
    assert len(raised.value.breaches) == 2
