"""The numbers behind the completeness check, worked out by hand."""

import numpy as np
import pytest

from curv_eval.stats.completeness import EACH_SIDE, ENOUGH, LEAST_SPREAD, judge_series

AT = np.arange(24_000, 24_040)


def one(series, months=None):
    series = np.atleast_2d(np.asarray(series, dtype=float))
    return judge_series(series, AT[: series.shape[1]] if months is None else np.asarray(months))


def test_a_constant_series_expects_itself():
    judged = one(np.full(30, 250.0))
    assert judged.expected == pytest.approx(np.full((1, 30), 250.0))
    assert judged.ratio == pytest.approx(np.ones((1, 30)))
    assert judged.distance == pytest.approx(np.zeros((1, 30)))


def test_the_distance_of_a_hole_in_a_constant_series_by_hand():
    series = np.full(30, 400.0)
    series[12] = 100
    judged = one(series)
    assert judged.ratio[0, 12] == pytest.approx(0.25)
    # no spread of its own: the least one, and the Poisson error of 400 expected
    assert judged.distance[0, 12] == pytest.approx(np.log(0.25) / np.sqrt(LEAST_SPREAD**2 + 1 / 400))


def test_the_level_is_the_lower_of_the_medians_before_and_after():
    series = np.array([100.0] * 15 + [300.0] * 15)
    judged = one(series)
    assert judged.expected[0, 14] == pytest.approx(100)  # the last low month: 100 before, 300 after
    assert judged.expected[0, 15] == pytest.approx(100)  # the first high one
    assert judged.expected[0, 29] == pytest.approx(300)  # only months before it


def test_a_level_is_a_median_on_the_log_scale_of_the_nearest_months_with_a_value():
    series = np.array([1.0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 7])
    # before the last: the nearest eight are 4 to 512; the two in the middle are 32 and 64
    assert EACH_SIDE == 8
    assert one(series).expected[0, -1] == pytest.approx(np.sqrt(32 * 64))


def test_months_more_than_two_years_away_are_no_neighbours():
    far = one(np.full(10, 100.0), months=[0, 1, 2, 3, 4, 40, 41, 42, 43, 44])
    assert np.isfinite(far.expected).all()
    apart = one([100, 100, 100, 100, 100, 900.0], months=[0, 1, 2, 3, 4, 29])
    assert np.isnan(apart.expected[0, 5])
    assert apart.expected[0, :5] == pytest.approx(np.full(5, 100.0))


def test_four_neighbours_are_needed():
    assert np.isnan(one([100, 100, 100, 100.0]).expected).all()
    assert one([100, 100, 100, 100, 50.0]).expected[0, 4] == pytest.approx(100)


def test_a_short_series_has_an_expectation_and_no_distance():
    judged = one(np.full(ENOUGH - 1, 100.0))
    assert np.isfinite(judged.expected).all()
    assert np.isnan(judged.distance).all()
    assert np.isfinite(one(np.full(ENOUGH, 100.0)).distance).all()


def test_a_missing_month_is_not_a_value_but_has_an_expectation():
    series = np.full(30, 100.0)
    series[[7, 8]] = np.nan
    judged = one(series)
    assert judged.expected[0, 7] == pytest.approx(100)
    assert np.isnan(judged.ratio[0, 7])


def test_the_season_is_the_median_of_other_years_and_a_zero():
    series = np.full(48, 100.0)
    series[[5, 17, 29, 41]] = [50, 50, 50, 10]
    judged = judge_series(series[None], np.arange(48) + 24_000)
    assert judged.expected[0, 41] == pytest.approx(50)
    # for the others the odd year is outvoted
    assert judged.expected[0, 5] == pytest.approx(50)


def test_one_odd_year_makes_no_season():
    series = np.full(36, 100.0)
    series[5] = 10
    judged = judge_series(series[None], np.arange(36) + 24_000)
    assert judged.expected[0, [5, 17, 29]] == pytest.approx(np.full(3, 100.0))


def test_a_single_other_year_excuses_a_clearly_low_month_only():
    low, high = np.full(24, 100.0), np.full(24, 100.0)
    low[[5, 17]], high[[5, 17]] = 20, 500
    months = np.arange(24) + 24_000
    assert judge_series(low[None], months).expected[0, 17] == pytest.approx(20)
    assert judge_series(high[None], months).expected[0, 17] == pytest.approx(100)


def test_what_all_series_share_is_taken_out_and_put_back():
    shape = np.where(np.arange(30) == 12, 0.4, 1.0)
    rows = np.outer([100, 200, 300, 400, 500], shape)
    judged = judge_series(rows, AT[:30])
    assert judged.expected[:, 12] == pytest.approx(rows[:, 12])
    assert judge_series(rows[:4], AT[:30]).expected[:, 12] == pytest.approx([100, 200, 300, 400])


def test_only_series_of_one_group_speak_for_each_other():
    shape = np.where(np.arange(30) == 12, 0.4, 1.0)
    rows = np.vstack([np.outer(np.full(5, 100.0), shape), np.full((5, 30), 100.0)])
    judged = judge_series(rows, AT[:30], groups=np.repeat([0, 1], 5))
    assert judged.expected[:5, 12] == pytest.approx(np.full(5, 40.0))
    assert judged.expected[5:, 12] == pytest.approx(np.full(5, 100.0))


def test_groups_of_one_are_judged_as_if_alone():
    rng = np.random.default_rng(1)
    rows = rng.poisson(200, (3, 30)).astype(float)
    together = judge_series(rows, AT[:30], groups=np.arange(3))
    for i in range(3):
        assert together.distance[i] == pytest.approx(one(rows[i]).distance[0])


def test_a_month_of_nothing_is_half_a_row():
    series = np.full(30, 400.0)
    series[3] = 0
    assert one(series).ratio[0, 3] == pytest.approx(0.5 / 400)


def test_the_rows_given_stay_as_they_are():
    rows = np.random.default_rng(2).poisson(50, (3, 20)).astype(float)
    before = rows.copy()
    judge_series(rows, AT[:20])
    assert (rows == before).all()


def test_whole_numbers_and_an_empty_table_are_taken():
    assert judge_series(np.full((1, 20), 10), AT[:20]).expected[0, 0] == pytest.approx(10)
    assert judge_series(np.zeros((0, 20)), AT[:20]).expected.shape == (0, 20)


def test_nothing_known_is_judged_as_nothing():
    judged = judge_series(np.full((2, 20), np.nan), AT[:20])
    assert np.isnan(judged.expected).all()
    assert np.isnan(judged.distance).all()
