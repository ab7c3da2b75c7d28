"""Filling gaps, pooling what follows, and the most that gaps could change."""

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.stats.missing import impute, pool
from curv_eval.stats.missing_bounds import filled_worst, lee, round_ends, surplus, trimmed, worst_case

NAN = np.nan


def holed(n=400, seed=1, share=0.3, slope=1.0):
    """y follows x; y is missing more often where x is high, so that those measured are not like the others."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=n)
    y = 10 + slope * x + draw.normal(size=n)
    gone = draw.random(n) < np.where(x > 0, 2 * share, 0.0)
    return np.column_stack([np.where(gone, NAN, y), x]), y, gone


@pytest.mark.parametrize("kind", ["predictive mean", "normal"])
def test_gaps_are_filled_and_nothing_else_is_touched(kind):
    data, _, gone = holed()
    found = impute(data, m=5, seed=3, kind=kind)
    assert found.shape == (5, 400, 2)
    assert np.isfinite(found).all()
    for one in found:
        assert (one[~gone] == data[~gone]).all()
        assert (one[:, 1] == data[:, 1]).all()
    assert np.ptp(found[:, gone, 0], axis=0).max() > 0


@pytest.mark.parametrize("kind", ["predictive mean", "normal"])
def test_filling_undoes_what_depends_on_what_is_known(kind):
    left_out, filled = [], []
    for seed in range(30):
        data, y, gone = holed(seed=seed)
        left_out.append(y[~gone].mean() - y.mean())
        filled.append(impute(data, m=5, seed=seed, kind=kind)[:, :, 0].mean() - y.mean())
    assert np.mean(left_out) < -0.2
    assert abs(np.mean(filled)) < 0.03


def test_predictive_means_give_only_values_that_occur():
    data, _, gone = holed()
    data[:, 0] = np.round(data[:, 0])
    found = impute(data, m=3, seed=1)
    assert set(found[:, gone, 0].ravel()) <= set(data[~gone, 0])


def test_an_event_stays_an_event():
    data, _, _ = holed()
    data[:, 0] = np.where(np.isnan(data[:, 0]), NAN, data[:, 0] > 10)
    assert set(impute(data, m=3, seed=1)[:, :, 0].ravel()) == {0.0, 1.0}


def test_two_columns_with_gaps_inform_one_another():
    draw = np.random.default_rng(5)
    z = draw.normal(size=500)
    data = np.column_stack([z + 0.1 * draw.normal(size=500), z + 0.1 * draw.normal(size=500), draw.normal(size=500)])
    whole = data.copy()
    data[:150, 0] = NAN
    data[100:300, 1] = NAN
    found = impute(data, m=5, seed=2)
    assert np.corrcoef(found[:, 150:300, 1].mean(axis=0), whole[150:300, 1])[0, 1] > 0.95
    assert np.corrcoef(found[:, :100, 0].mean(axis=0), whole[:100, 0])[0, 1] > 0.95


def test_draws_differ_by_as_much_as_is_not_known():
    data, _, gone = holed(slope=0.0)
    found = impute(data, m=200, seed=1, kind="normal")
    assert found[:, gone, 0].std(axis=0).mean() == pytest.approx(1.0, rel=0.1)


def test_few_known_make_copies_differ_as_a_whole():
    # 16 known and 400 gaps: the regression itself is known only to about 1 / sqrt(16)
    draw = np.random.default_rng(8)
    data = np.column_stack([np.r_[draw.normal(size=16), np.full(400, NAN)], np.zeros(416)])
    means = impute(data, m=300, seed=1, kind="normal")[:, 16:, 0].mean(axis=1)
    spread = data[:16, 0].std(ddof=1)
    # with the error's own variance drawn too, the regression is a t with 15 degrees of freedom
    assert means.std() == pytest.approx(spread / 4 * np.sqrt(15 / 13), rel=0.15)


def test_the_same_seed_gives_the_same_and_another_another():
    data, _, _ = holed()
    assert (impute(data, m=2, seed=1) == impute(data, m=2, seed=1)).all()
    assert (impute(data, m=2, seed=1) != impute(data, m=2, seed=2)).any()


def test_nothing_missing_is_returned_as_it_is():
    data = np.random.default_rng(1).normal(size=(20, 3))
    assert (impute(data, m=2, seed=1) == data).all()


def test_constant_columns_do_no_harm():
    data, _, _ = holed()
    found = impute(np.column_stack([data, np.ones(400)]), m=2, seed=1)
    assert np.isfinite(found).all()


def test_too_little_to_fill_from_is_refused():
    data = np.full((30, 2), 1.0)
    data[:28, 0] = NAN
    with pytest.raises(DesignError, match="2 values, expected at least 4"):
        impute(data, m=2, seed=1)


def test_rubin_s_rules_by_hand():
    # means 1, 2, 3: B = 1, W = 4, T = 4 + 4/3
    found = pool(np.array([1.0, 2, 3]), np.array([3.0, 4, 5]))
    assert found.value == pytest.approx(2)
    assert found.std_error == pytest.approx(np.sqrt(16 / 3))
    assert found.lost == pytest.approx(1 / 4)
    assert found.df == pytest.approx(2 / (1 / 4) ** 2)


def test_degrees_of_freedom_of_barnard_and_rubin_by_hand():
    found = pool(np.array([1.0, 2, 3]), np.array([3.0, 4, 5]), df=20)
    seen = 21 / 23 * 20 * (3 / 4)
    assert found.df == pytest.approx(1 / (1 / 32 + 1 / seen))
    assert found.df < 20


def test_the_interval_is_that_of_t():
    from scipy.stats import t

    found = pool(np.array([1.0, 2, 3]), np.array([3.0, 4, 5]), df=20, alpha=0.1)
    width = t.ppf(0.95, found.df) * found.std_error
    assert (found.conf_low, found.conf_high) == pytest.approx((2 - width, 2 + width))


def test_the_same_answer_every_time_is_one_answer():
    found = pool(np.full(5, 2.0), np.full(5, 4.0), df=30)
    assert found.std_error == pytest.approx(2)
    assert found.lost == 0
    assert found.df == pytest.approx(31 / 33 * 30)


def test_one_copy_cannot_be_pooled():
    with pytest.raises(DesignError, match="at least 2"):
        pool(np.array([1.0]), np.array([1.0]))


def test_pooled_intervals_hold_the_truth_as_often_as_they_say():
    held = []
    for seed in range(200):
        data, _, _ = holed(n=120, seed=1000 + seed)
        copies = impute(data, m=10, seed=seed, kind="normal")[:, :, 0]
        found = pool(copies.mean(axis=1), copies.var(axis=1, ddof=1) / 120, df=119)
        held.append(found.conf_low <= 10 <= found.conf_high)
    assert 0.90 <= np.mean(held) <= 0.99


TREATED = np.array([True] * 4 + [False] * 5)


def test_the_worst_case_by_hand():
    y = np.array([1.0, 2, 3, NAN, 4, 4, 6, NAN, NAN])
    found = worst_case(y, TREATED, low=0.0, high=10.0)
    assert found.low == pytest.approx(6 / 4 - 34 / 5)
    assert found.high == pytest.approx(16 / 4 - 14 / 5)


def test_the_worst_case_of_nothing_missing_is_the_difference():
    y = np.arange(9.0)
    found = worst_case(y, TREATED, low=0.0, high=10.0)
    assert found.low == found.high == pytest.approx(1.5 - 6)


@pytest.mark.parametrize(
    ("known", "ends"),
    [
        ([0.0, 1.0], (0.0, 1.0)), ([3.5, 41.0], (0.0, 45.0)), ([7.0, 35.0], (5.0, 35.0)), ([-13.0, 4.0], (-14.0, 4.0)),
        ([0.12, 0.87], (0.1, 0.9)), ([5.0, 5.0], (5.0, 5.0)), ([1003.0, 1999.0], (1000.0, 2000.0)),
    ],
)  # fmt: skip
def test_the_ends_of_a_score_are_round_numbers_beyond_it(known, ends):
    found = round_ends(np.array([*known, np.nan]))
    assert found == pytest.approx(ends)
    assert found[0] <= known[0]
    assert found[1] >= known[1]


def test_without_an_outcome_there_are_no_ends():
    with pytest.raises(ValueError, match="no outcome"):
        round_ends(np.array([np.nan]))


def test_filling_worst_goes_both_ways():
    y = np.array([NAN, 1, 1, 1, NAN, 1, 1, 1, 1])
    assert filled_worst(y, TREATED, low=0, high=9, up=True)[[0, 4]].tolist() == [9, 0]
    assert filled_worst(y, TREATED, low=0, high=9, up=False)[[0, 4]].tolist() == [0, 9]


def test_lee_s_bounds_by_hand():
    # 4 of 4 treated known, 4 of 5 others: a fifth of the treated is too many, which is one person
    y = np.array([1.0, 2, 3, 10, 5, 5, 5, 5, NAN])
    found = lee(y, TREATED)
    assert found.trimmed == pytest.approx(0.2)
    assert found.low == pytest.approx(2 - 5)
    assert found.high == pytest.approx(5 - 5)


def test_lee_s_bounds_trim_the_others_where_more_of_them_are_known():
    y = np.array([1.0, 2, 3, NAN, 0, 5, 5, 5, 9])
    which, share = surplus(y, TREATED)
    assert which is False
    assert share == pytest.approx(0.25)
    found = lee(y, TREATED)  # a quarter of five is one person
    assert found.low == pytest.approx(2 - 6)
    assert found.high == pytest.approx(2 - 15 / 4)


def test_the_surplus_is_a_share_of_those_known():
    # 3 of 4 treated and 2 of 5 others: 1 - (2/5) / (3/4)
    y = np.array([1.0, 2, 3, NAN, 4, 5, NAN, NAN, NAN])
    assert surplus(y, TREATED) == (True, pytest.approx(7 / 15))
    found = lee(y, TREATED)  # of three known, the nearest whole person to 1.4
    assert (found.low, found.high) == pytest.approx((1.5 - 4.5, 2.5 - 4.5))


def test_lee_s_bounds_meet_where_as_many_are_known():
    y = np.array([1.0, 2, 3, 4, 5, 5, 5, 5, 5])
    found = lee(y, TREATED)
    assert found.low == found.high == pytest.approx(2.5 - 5)
    assert found.trimmed == 0


def test_trimming_leaves_out_those_not_known_and_the_surplus():
    y = np.array([1.0, 2, 3, 10, 5, 5, 5, 5, NAN])
    assert trimmed(y, TREATED, highest=True).tolist() == [True, True, True, False] + [True] * 4 + [False]
    assert trimmed(y, TREATED, highest=False).tolist() == [False, True, True, True] + [True] * 4 + [False]


def test_lee_s_bounds_hold_the_effect_on_those_always_known():
    draw = np.random.default_rng(9)
    n = 20_000
    treated, ability = draw.random(n) < 0.5, draw.normal(size=n)
    known = ability + 0.5 * treated > 0  # treatment makes more of them known, and never fewer
    y = np.where(known, ability + draw.normal(size=n) + 1.0 * treated, NAN)
    found = lee(y, treated)
    assert found.low < 1.0 < found.high
    assert np.nanmean(y[treated]) - np.nanmean(y[~treated]) < 0.9  # what those measured say


def test_nobody_known_has_no_surplus():
    assert surplus(np.full(9, NAN), TREATED) == (True, 0.0)
