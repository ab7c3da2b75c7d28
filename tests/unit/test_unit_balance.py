"""The numbers of a balance table, by hand."""

import numpy as np
import pytest

from curv_eval.stats.balance import balance, effective_size, two_valued

TREATED = np.array([True] * 4 + [False] * 4)
AGE = np.array([2.0, 4, 6, 8, 1, 3, 5, 7])
GIRL = np.array([1.0, 1, 1, 0, 1, 0, 0, 0])
X = np.column_stack([AGE, GIRL])
EVEN = np.ones(8)
# the last two of the others count three times
UNEVEN = np.array([1, 1, 1, 1, 0.5, 0.5, 1.5, 1.5])


def test_differences_are_in_standard_deviations_of_the_treated():
    found = balance(TREATED, X, EVEN)
    assert found.before == pytest.approx([1 / np.sqrt(20 / 3), 0.5 / np.sqrt(0.75 * 0.25)])
    assert found.treated_mean == pytest.approx([5, 0.75])
    assert found.other_mean == pytest.approx([4, 0.25])


def test_pooled_differences_are_in_the_mean_spread_of_both():
    x = np.column_stack([np.r_[AGE[:4], 2 * AGE[4:]], GIRL])
    found = balance(TREATED, x, EVEN, by="pooled")
    assert found.before[0] == pytest.approx((5 - 8) / np.sqrt((20 / 3 + 80 / 3) / 2))
    assert found.before[1] == pytest.approx(0.5 / np.sqrt((0.1875 + 0.1875) / 2))


def test_weights_move_means_and_not_the_yardstick():
    found = balance(TREATED, X, UNEVEN)
    assert found.other_mean_after == pytest.approx([(0.5 + 1.5 + 7.5 + 10.5) / 4, 0.5 / 4])
    assert found.after == pytest.approx([0 / np.sqrt(20 / 3), (0.75 - 0.125) / np.sqrt(0.1875)])
    assert found.before == pytest.approx(balance(TREATED, X, EVEN).before)


def test_even_weights_change_nothing():
    found = balance(TREATED, X, EVEN)
    assert found.after == pytest.approx(found.before)
    assert found.ratio_after == pytest.approx(found.ratio_before)
    assert found.ks_after == pytest.approx(found.ks_before)


def test_ratios_of_variances_are_for_covariates_with_several_values():
    found = balance(TREATED, np.column_stack([np.r_[AGE[:4], 3 * AGE[4:]], GIRL]), EVEN)
    assert found.ratio_before == pytest.approx([1 / 9, 1])


def test_weighted_variances_divide_by_what_weights_leave():
    found = balance(TREATED, X, UNEVEN)
    w, v = UNEVEN[4:], AGE[4:]
    variance = (w * (v - 5) ** 2).sum() / (4 - (w**2).sum() / 4)
    assert found.ratio_after[0] == pytest.approx((20 / 3) / variance)


def test_gaps_between_distribution_functions():
    found = balance(TREATED, X, EVEN)
    # others at 1, 3, 5, 7 and treated at 2, 4, 6, 8: a quarter apart at every other value
    assert found.ks_before == pytest.approx([0.25, 0.5])
    assert found.ecdf_before == pytest.approx([0.125, 0.5])


def test_gaps_between_distribution_functions_take_weights():
    found = balance(TREATED, X, UNEVEN)
    # shares of the others: 1/8, 1/8, 3/8, 3/8 at 1, 3, 5, 7
    steps = np.array([1 / 8, -1 / 8, 0, -1 / 4, 1 / 8, -1 / 8, 1 / 4, 0])
    assert found.ks_after[0] == pytest.approx(np.abs(steps).max())
    assert found.ecdf_after[0] == pytest.approx(np.abs(steps).mean())


def test_the_largest_gap_is_that_of_scipy():
    from scipy.stats import ks_2samp

    draw = np.random.default_rng(1)
    x, treated = np.round(draw.normal(size=(200, 1)), 1), np.arange(200) < 80
    found = balance(treated, x, np.ones(200))
    assert found.ks_before[0] == pytest.approx(ks_2samp(x[treated, 0], x[~treated, 0]).statistic)


def test_effective_sizes():
    assert effective_size(np.ones(7)) == pytest.approx(7)
    assert effective_size(np.array([1.0, 0, 0])) == pytest.approx(1)
    assert effective_size(np.array([2.0, 2, 1, 1])) == pytest.approx(36 / 10)
    assert effective_size(np.zeros(3)) == 0
    found = balance(TREATED, X, UNEVEN)
    assert found.effective_treated == pytest.approx(4)
    assert found.effective_others == pytest.approx(16 / 5)


def test_two_values_need_not_be_0_and_1():
    assert two_valued(np.column_stack([GIRL, 5 + 2 * GIRL, AGE, EVEN])).tolist() == [True, True, False, True]
    found = balance(TREATED, (5 + 2 * GIRL)[:, None], EVEN)
    assert found.before == pytest.approx([0.5 / np.sqrt(0.1875)])


def test_where_the_treated_do_not_differ_the_others_are_the_yardstick():
    x = np.r_[np.ones(4), 1.0, 0, 0, 0][:, None]
    assert balance(TREATED, x, EVEN).before == pytest.approx([0.75 / np.sqrt(0.1875 / 2)])


def test_no_gap_is_nothing_even_where_nobody_differs():
    assert balance(TREATED, EVEN[:, None], EVEN).before == pytest.approx([0])


def test_people_left_out_do_not_count():
    weights = np.r_[EVEN[:3], 0, EVEN[:2], 0, 0]
    found = balance(TREATED, X, weights)
    assert found.other_mean_after == pytest.approx([2, 0.5])
    assert found.after[0] == pytest.approx((4 - 2) / np.sqrt(20 / 3))
    assert found.effective_treated == pytest.approx(3)
