"""Empty months by hand."""

import numpy as np
from honest_series import FIRST

from curv_eval.panel.empty_months import absent_months, usual_months


def at(n):
    return np.arange(n) + FIRST  # FIRST is a January


def test_one_empty_month_is_absent_when_the_others_hold_enough():
    assert absent_months(np.array([30, 30, 0, 30]), 30).tolist() == [False, False, True, False]
    assert not absent_months(np.array([29, 29, 0, 29]), 30).any()


def test_empty_months_in_a_row_are_judged_together():
    counts = np.array([10, 10, 0, 0, 0, 10, 0, 10])
    # a mean of 8: three in a row should have held 24 or more, one alone not
    assert absent_months(counts, 24).tolist() == [False, False, True, True, True, False, False, False]


def test_empty_months_before_the_first_and_after_the_last_count_as_runs():
    assert absent_months(np.array([0, 0, 40, 40, 40, 0]), 30).tolist() == [True, True, False, False, False, True]


def test_other_empty_months_lower_what_a_run_should_have_held():
    often_empty = np.array([20, 0, 20, 0, 20, 0, 20, 0, 20])
    assert not absent_months(often_empty, 20).any()
    assert absent_months(np.array([20, 20, 0, 20, 20]), 20).any()


def test_a_source_without_any_row_is_not_known_to_have_holes():
    assert not absent_months(np.zeros(5), 1).any()
    assert not usual_months(np.zeros(5), at(5)).any()


def test_a_source_without_any_month_is_taken():
    assert absent_months(np.zeros(0), 1).shape == (0,)
    assert usual_months(np.zeros(0), at(0)).shape == (0,)


def test_an_august_that_is_empty_in_both_years_is_usual():
    counts = np.full(24, 50)
    counts[[7, 19]] = 0
    assert np.flatnonzero(usual_months(counts, at(24))).tolist() == [7, 19]


def test_an_august_with_rows_in_another_year_is_not_usual():
    counts = np.full(36, 50)
    counts[[7, 19]] = 0
    assert not usual_months(counts, at(36)).any()


def test_a_month_seen_once_is_not_usual():
    counts = np.full(11, 50)
    counts[7] = 0
    assert not usual_months(counts, at(11)).any()


def test_a_summer_of_three_months_is_a_season_and_four_are_not():
    three, four = np.full(24, 50), np.full(24, 50)
    three[[5, 6, 7, 17, 18, 19]] = 0
    four[[4, 5, 6, 7, 16, 17, 18, 19]] = 0
    assert np.flatnonzero(usual_months(three, at(24))).tolist() == [5, 6, 7, 17, 18, 19]
    assert not usual_months(four, at(24)).any()


def test_months_after_the_last_row_are_no_other_year():
    # the second August lies beyond the source
    counts = np.array([50] * 7 + [0] + [50] * 4 + [0] * 12)
    assert not usual_months(counts, at(24))[7]
