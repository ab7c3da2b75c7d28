"""What holds of comparison groups whoever the people are, and how often intervals hold the truth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curv_eval.errors import DesignError
from curv_eval.estimate.averages import overall
from curv_eval.methods import fit
from curv_eval.stats.balance import balance
from curv_eval.stats.entropy_balance import entropy_weights
from curv_eval.stats.matching import exact_bins, greedy, nearest
from curv_eval.stats.missing import pool
from curv_eval.stats.missing_bounds import lee, worst_case
from curv_eval.stats.sensitivity import Coefficient, adjusted, e_value, robustness_value
from curv_eval.stats.weights import WEIGHTED
from curv_eval.study import Design, Span
from people import known_people

SEEDS = st.integers(0, 2**32 - 1)


def places(seed, n, digits):
    return np.round(np.random.default_rng(seed).normal(size=(n, 2)), digits)


@given(SEEDS, st.integers(2, 30), st.integers(3, 40), st.integers(1, 3), st.integers(0, 3))
def test_every_match_with_replacement_is_at_least_as_near_as_anybody_else(seed, mine, others, ratio, digits):
    a, b = places(seed, mine, digits), places(seed + 1, others, digits)
    found = nearest(a, b, ratio=ratio)
    assert found.matched.all()
    assert found.uses().sum() == pytest.approx(mine)
    gaps = np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=2))
    within = np.sort(gaps, axis=1)[:, min(ratio, others) - 1]
    used = found.uses() > 0
    assert used.sum() >= min(ratio, others)
    for i in range(mine):
        near = gaps[i] <= within[i] + 1e-9
        assert (used >= near).all()
        assert found.expected(gaps[i])[i] <= within[i] + 1e-6


@given(SEEDS, st.integers(2, 20), st.integers(0, 20), st.integers(0, 3))
def test_nobody_is_used_twice_without_replacement(seed, mine, more, digits):
    a, b = places(seed, mine, digits), places(seed + 1, mine + more, digits)
    found = greedy(a, b, first=np.random.default_rng(seed).permutation(mine))
    assert found.matched.all()
    assert set(found.uses()) <= {0.0, 1.0}
    assert found.uses().sum() == mine


@given(SEEDS, st.integers(2, 40), st.integers(2, 40), st.integers(1, 6))
def test_exact_bins_match_who_is_in_the_same_bins(seed, mine, others, bins):
    a, b = places(seed, mine, 1), places(seed + 1, others, 1)
    found = exact_bins(a, b, bins=bins)
    assert found.uses().sum() == pytest.approx(found.matched.sum())
    width = (np.vstack([a, b]).max(axis=0) - np.vstack([a, b]).min(axis=0)) / bins
    if found.matched.any():
        far = np.abs(a[found.matched] - np.column_stack([found.expected(column) for column in b.T]))
        assert (far <= width + 1e-9).all()


@given(SEEDS, st.integers(1, 4), st.floats(0.05, 0.6))
def test_entropy_weights_balance_or_refuse(seed, k, away):
    draw = np.random.default_rng(seed)
    c = draw.normal(size=(60, k))
    target = c.mean(axis=0) + away * draw.normal(size=k)
    try:
        w = entropy_weights(c, target)
    except DesignError:
        return
    assert w.sum() == pytest.approx(1)
    assert w @ c == pytest.approx(target, abs=1e-6)


@given(SEEDS)
def test_balance_does_not_care_for_units_or_the_scale_of_weights(seed):
    draw = np.random.default_rng(seed)
    x, treated, w = draw.normal(size=(50, 2)), np.arange(50) < 20, draw.uniform(0.1, 2, 50)
    one, two = balance(treated, x, w), balance(treated, 1000 * x + 5, 0.01 * w)
    for name in ("before", "after", "ratio_after", "ks_after", "ecdf_after", "effective_others"):
        assert np.asarray(getattr(two, name)) == pytest.approx(np.asarray(getattr(one, name)), rel=1e-6)


@given(SEEDS, st.floats(0, 0.6), st.floats(0, 0.6))
def test_the_worst_case_holds_what_is_true_and_lee_lies_within(seed, lost, others_lost):
    draw = np.random.default_rng(seed)
    treated = np.arange(60) < 30
    y = draw.integers(0, 11, 60).astype(float)
    seen = np.where(draw.random(60) < np.where(treated, lost, others_lost), np.nan, y)
    if min(np.isfinite(seen[treated]).sum(), np.isfinite(seen[~treated]).sum()) < 3:
        return
    worst, inner = worst_case(seen, treated, low=0, high=10), lee(seen, treated)
    assert worst.low - 1e-9 <= y[treated].mean() - y[~treated].mean() <= worst.high + 1e-9
    assert inner.low <= np.nanmean(seen[treated]) - np.nanmean(seen[~treated]) + 1e-9
    assert inner.high >= np.nanmean(seen[treated]) - np.nanmean(seen[~treated]) - 1e-9


@given(st.floats(0.01, 50), st.integers(3, 5000))
def test_the_robustness_value_is_the_strength_that_leaves_nothing(t, df):
    strength = robustness_value(t, df)
    assert 0 < strength < 1
    assert adjusted(Coefficient(t, 1.0, df), r2dz=strength, r2yz=strength).value == pytest.approx(0, abs=1e-6 * t)
    assert robustness_value(t, df, alpha=0.05) <= strength


@given(st.floats(1e-3, 1e3))
def test_an_e_value_is_at_least_the_ratio(ratio):
    assert e_value(ratio) >= max(ratio, 1 / ratio) - 1e-12


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=30), st.floats(0.01, 5))
def test_pooling_never_narrows(values, variance):
    found = pool(np.array(values), np.full(len(values), variance), df=50)
    assert found.std_error >= np.sqrt(variance) * (1 - 1e-12)
    assert found.df <= 51 / 53 * 50 + 1e-9
    assert found.conf_low < found.value < found.conf_high


@pytest.mark.parametrize("method", WEIGHTED)
def test_intervals_hold_the_truth_as_often_as_they_say(method):
    design = Design(method=method, window=Span("2000-01", "2001-12"))
    rows = [overall(fit(known_people(seed=7000 + s, n=400), outcome="y", design=design)).iloc[0] for s in range(120)]
    held = np.mean([row["conf_low"] <= -2 <= row["conf_high"] for row in rows])
    values = np.array([row["estimate"] for row in rows])
    assert held >= 0.89  # 0.95 less three Monte Carlo errors
    assert abs(values.mean() + 2) < 3 * values.std() / np.sqrt(120)
    assert np.mean([row["std_error"] for row in rows]) == pytest.approx(values.std(), rel=0.15)
