"""What must hold for every series: how often a hole is found, how often one is seen that is not there."""

import numpy as np
import pytest
from honest_series import FIRST, found, of_kinds, rows_of, verdicts
from hypothesis import given, settings
from hypothesis import strategies as st

from curv_eval.panel.completeness import FAR, HALF, Verdict
from curv_eval.panel.empty_months import absent_months, usual_months
from curv_eval.stats.completeness import judge_series

HOLES = {Verdict.INCOMPLETE, Verdict.ABSENT}
series = st.builds(
    lambda seed, n, level: np.random.default_rng(seed).poisson(level, n),
    st.integers(0, 10_000), st.integers(12, 60), st.integers(200, 5_000),
)  # fmt: skip


@pytest.mark.parametrize("months", [16, 24, 36, 54])
def test_a_loss_of_sixty_in_a_hundred_is_found_at_least_95_times_in_100(months):
    # the hardest case: the fewest rows (200 a month) and the least loss
    rng, draws = np.random.default_rng(20261123), 1_000
    rows = rng.poisson(200, (draws, months)).astype(float)
    planted = np.zeros(rows.shape, dtype=bool)
    planted[np.arange(draws), rng.integers(months, size=draws)] = True
    rows[planted] = rng.poisson(80, draws)
    judged = judge_series(rows, np.arange(months) + FIRST, groups=np.arange(draws))
    low = (judged.ratio < HALF) & (judged.distance < FAR)
    assert low[planted].mean() >= 0.95
    assert not low[~planted].any()


@settings(max_examples=30, deadline=None)
@given(series, st.data())
def test_a_planted_loss_of_seventy_in_a_hundred_is_found_in_any_month(counts, data):
    hole = data.draw(st.integers(0, len(counts) - 1))
    counts[hole] = int(counts[hole] * 0.3)
    told = list(verdicts(found(rows_of(counts))).values())
    assert told[hole] in HOLES
    assert not any(v in HOLES for i, v in enumerate(told) if i != hole)


@settings(max_examples=30, deadline=None)
@given(series)
def test_a_series_without_a_hole_has_none(counts):
    assert not any(v in HOLES for v in verdicts(found(rows_of(counts))).values())


@settings(max_examples=20, deadline=None)
@given(series, st.integers(2, 20), st.data())
def test_a_series_many_times_as_large_has_the_same_holes(counts, times, data):
    counts[data.draw(st.integers(0, len(counts) - 1))] //= 5
    small, large = found(rows_of(counts)), found(rows_of(counts * times))
    assert large.months["ratio"].to_numpy() == pytest.approx(small.months["ratio"].to_numpy(), rel=1e-9)
    assert large.months["expected"].to_numpy() == pytest.approx(small.months["expected"].to_numpy() * times, rel=1e-9)
    assert {m for m, v in verdicts(small).items() if v in HOLES} <= {
        m for m, v in verdicts(large).items() if v in HOLES
    }


@settings(max_examples=20, deadline=None)
@given(series, st.integers(-240, 240).filter(lambda years: years % 12 == 0))
def test_the_year_it_happens_in_does_not_matter(counts, moved):
    counts[5] //= 4
    first, second = found(rows_of(counts)), found(rows_of(counts, first=FIRST + moved))
    assert list(verdicts(first).values()) == list(verdicts(second).values())


@settings(max_examples=15, deadline=None)
@given(series, st.integers(0, 1000))
def test_the_name_and_the_place_of_a_supplier_do_not_matter(counts, seed):
    others = [rows_of(np.random.default_rng(seed + i).poisson(500, len(counts)), supplier=f"b{i}") for i in range(6)]
    mine = {name: verdicts(found(rows_of(counts, supplier=name), *others), name) for name in ("a", "z")}
    assert mine["a"] == mine["z"]


@settings(max_examples=15, deadline=None)
@given(series)
def test_kinds_that_fall_alike_never_hide_a_hole(counts):
    counts = counts + 2_000
    counts[7] = counts[7] // 5
    assert list(verdicts(found(of_kinds(counts))).values())[7] is Verdict.INCOMPLETE


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=1, max_size=48), st.integers(1, 100))
def test_only_empty_months_are_absent_or_usual(counts, minimum):
    counts = np.array(counts)
    absent, usual = absent_months(counts, minimum), usual_months(counts, np.arange(len(counts)) + FIRST)
    assert not (counts[absent] > 0).any()
    assert not (counts[usual] > 0).any()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=2, max_size=48), st.integers(1, 99))
def test_the_fewer_rows_are_needed_the_more_months_are_absent(counts, minimum):
    counts = np.array(counts)
    assert not (absent_months(counts, minimum + 1) & ~absent_months(counts, minimum)).any()
