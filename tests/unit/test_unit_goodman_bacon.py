"""What two-way fixed effects compare: weights and estimates by hand, and that they add up to the regression."""

import numpy as np
import pytest
from five_units import COHORT, PERIODS, Y

from curv_eval.errors import DesignError
from curv_eval.stats.goodman_bacon import KINDS, decomposed
from curv_eval.stats.path_regression import least_squares, paths
from panels import known


def regression(y, cohort, periods):
    return least_squares(y, *paths((cohort[:, None] <= periods).astype(float))).value[0]


def test_weights_by_hand():
    # four periods: cohort 3 (two units) is treated for half, cohort 4 (one unit) for a quarter; never: two units
    found = decomposed(Y, COHORT, PERIODS)
    rows = list(zip(found.treated.tolist(), found.against.tolist(), found.kind.tolist(), strict=True))
    assert [row[2] for row in rows] == ["treated_never", "earlier_later", "later_earlier", "treated_never"]
    raw = np.array([
        2 * 2 * (1 / 2) * (1 / 2),            # 3 with never
        2 * 1 * (1 / 2 - 1 / 4) * (1 - 1 / 2),  # 3 with 4, before 4
        2 * 1 * (1 / 4) * (1 / 2 - 1 / 4),    # 4 with 3, from 3 on
        1 * 2 * (1 / 4) * (3 / 4),            # 4 with never
    ])  # fmt: skip
    assert found.weight == pytest.approx(raw / raw.sum())


def test_estimates_by_hand():
    # means: cohort 3: 6, 8, 7, 4; cohort 4: 2, 2, 4, 1; never: 15, 15, 12, 10
    found = decomposed(Y, COHORT, PERIODS)
    assert found.estimate.tolist() == pytest.approx([
        (5.5 - 7) - (11 - 15),
        (7 - 7) - (4 - 2),      # periods 1 to 3
        (1 - 4) - (4 - 7),      # periods 3 and 4, cohort 3 already treated
        (1 - 8 / 3) - (10 - 14),
    ])  # fmt: skip


def test_it_adds_up_to_the_regression():
    for cohort in (COHORT, np.array([2, 3, 4, 4, np.nan]), np.array([2.0, 2, 3, 3, 4])):
        found = decomposed(Y, cohort, PERIODS)
        assert found.weight.sum() == pytest.approx(1)
        assert found.value == pytest.approx(regression(Y, cohort, PERIODS))


def test_it_adds_up_with_areas_treated_throughout():
    # what is treated from the first period on is a comparison too, and a bad one
    cohort = np.array([1.0, 3, 4, np.nan, np.nan])
    found = decomposed(Y, cohort, PERIODS)
    assert "later_always" in found.kind
    assert np.isneginf(found.against[found.kind == "later_always"]).all()
    assert found.value == pytest.approx(regression(Y, cohort, PERIODS))


def test_it_adds_up_with_starts_after_the_window_and_gaps_in_time():
    cohort, periods = np.array([5.0, 5, 9, 99, np.nan]), np.array([1, 2, 8, 9])
    found = decomposed(Y, cohort, periods)
    assert set(found.treated) == {5, 9}
    assert found.value == pytest.approx(regression(Y, cohort, periods))


def test_one_cohort_has_one_comparison():
    found = decomposed(Y, np.array([3, 3, np.nan, np.nan, np.nan]), PERIODS)
    assert found.kind.tolist() == ["treated_never"]
    assert found.of("later_earlier")[0] == 0
    assert np.isnan(found.of("later_earlier")[1])
    assert found.of("treated_never") == pytest.approx((1.0, found.value))


def test_without_never_treated_areas_half_of_two_cohorts_comparisons_may_be_bad():
    found = decomposed(Y[:3], COHORT[:3], PERIODS)
    assert set(found.kind) == {"earlier_later", "later_earlier"}
    assert sum(found.of(kind)[0] for kind in KINDS) == pytest.approx(1)


def test_growing_effects_turn_the_bad_comparisons():
    # noise-free: effects grow by 1 a period in every cohort, and there is no other change
    periods = np.arange(10)
    cohort = np.array([3.0, 6, np.nan])
    since = np.maximum(periods - np.nan_to_num(cohort, nan=99)[:, None] + 1, 0)
    found = decomposed(since.astype(float), cohort, periods)
    assert found.of("treated_never")[1] > 0
    assert found.of("later_earlier")[1] < found.of("treated_never")[1] / 2
    assert found.value < since[since > 0].mean()


def test_weights_are_those_of_the_starts_and_not_of_the_outcome():
    panel = known(starts=(10, 14))
    first = decomposed(panel.outcomes["y"], panel.cohort, panel.periods)
    second = decomposed(panel.outcomes["other"], panel.cohort, panel.periods)
    assert first.weight == pytest.approx(second.weight)
    assert first.value != pytest.approx(second.value)


def test_nobody_who_starts_is_refused():
    for cohort in (np.full(5, np.nan), np.full(5, 1.0)):
        with pytest.raises(DesignError, match="nobody starts within the window"):
            decomposed(Y, cohort, PERIODS)
