"""Adjusted p-values by hand, by brute force, and by the logic of closed testing."""

from itertools import combinations, product

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.stats.multiplicity import (
    benjamini_hochberg,
    benjamini_yekutieli,
    bonferroni,
    hochberg,
    holm,
    hommel,
    sign_flips,
    step_down,
)

ALL = (bonferroni, holm, hochberg, hommel, benjamini_hochberg, benjamini_yekutieli)


def test_by_hand():
    p = np.array([0.04, 0.01, 0.03])
    assert bonferroni(p) == pytest.approx([0.12, 0.03, 0.09])
    assert holm(p) == pytest.approx([0.06, 0.03, 0.06])
    assert hochberg(p) == pytest.approx([0.04, 0.03, 0.04])
    assert benjamini_hochberg(p) == pytest.approx([0.04, 0.03, 0.04])
    assert benjamini_yekutieli(p) == pytest.approx(np.minimum(1, np.array([0.04, 0.03, 0.04]) * (1 + 1 / 2 + 1 / 3)))


@pytest.mark.parametrize("adjust", ALL)
def test_one_test_is_left_as_it_is(adjust):
    assert adjust(np.array([0.037])) == pytest.approx([0.037])


@pytest.mark.parametrize("adjust", ALL)
def test_adjusting_never_makes_smaller_and_keeps_the_order(adjust):
    draw = np.random.default_rng(1)
    for _ in range(30):
        p = draw.random(draw.integers(1, 9)) ** 2
        found = adjust(p)
        assert (found >= p - 1e-15).all()
        assert (found <= 1).all()
        assert (np.diff(found[np.argsort(p)]) >= -1e-12).all()


def test_hommel_lies_between_hochberg_and_the_p_values():
    draw = np.random.default_rng(2)
    for _ in range(50):
        p = draw.random(6) ** 2
        assert (hommel(p) <= hochberg(p) + 1e-12).all()
        assert (hochberg(p) <= holm(p) + 1e-12).all()
        assert (holm(p) <= bonferroni(p) + 1e-12).all()


def closed(p, joint):
    """The largest joint p-value of every set of hypotheses that holds the one adjusted."""
    m = len(p)
    sets = [s for k in range(1, m + 1) for s in combinations(range(m), k)]
    return np.array([max(min(1.0, joint(np.sort(p[list(s)]))) for s in sets if i in s) for i in range(m)])


def test_holm_and_hommel_are_closed_tests_of_bonferroni_and_simes():
    draw = np.random.default_rng(3)
    for _ in range(20):
        p = draw.random(5) ** 2
        assert holm(p) == pytest.approx(closed(p, lambda q: len(q) * q[0]), abs=1e-12)
        simes = closed(p, lambda q: (len(q) * q / np.arange(1, len(q) + 1)).min())
        assert hommel(p) == pytest.approx(simes, abs=1e-12)


@pytest.mark.parametrize("wrong", [[], [0.5, 1.2], [-0.1], [np.nan, 0.2], [[0.1, 0.2]]])
@pytest.mark.parametrize("adjust", ALL)
def test_what_is_not_a_chance_is_refused(adjust, wrong):
    with pytest.raises(DesignError, match="from 0 to 1"):
        adjust(np.array(wrong))


def step_down_by_force(statistic, drawn):
    """Romano and Wolf's algorithm as it is written: one step after the other, on the hypotheses that are left."""
    left, p, so_far = list(np.argsort(-statistic, kind="stable")), np.empty(len(statistic)), 0.0
    while left:
        strongest = left[0]
        beaten = sum(row[left].max() >= statistic[strongest] for row in drawn)
        so_far = max(so_far, (1 + beaten) / (1 + len(drawn)))
        p[strongest] = so_far
        left = left[1:]
    return p


@pytest.mark.parametrize("seed", range(5))
def test_step_down_is_the_algorithm_as_it_is_written(seed):
    draw = np.random.default_rng(seed)
    statistic, drawn = np.abs(draw.normal(scale=2, size=5)), np.abs(draw.normal(size=(200, 5)))
    assert step_down(statistic, drawn) == pytest.approx(step_down_by_force(statistic, drawn))


def test_step_down_by_hand():
    drawn = np.array([[0.0, 3.0], [1.0, 0.0], [2.5, 1.0]])
    # the second: 3.0 is beaten by (0, 3) alone; the first, alone then, by 2.5 of the last draw: 2 of 4 each
    assert step_down(np.array([2.0, 3.0]), drawn) == pytest.approx([0.5, 0.5])
    assert step_down(np.array([9.0, 9.0]), drawn) == pytest.approx([0.25, 0.25])


def test_step_down_of_one_is_a_permutation_p_value():
    drawn = np.array([[1.0], [2.0], [3.0]])
    assert step_down(np.array([2.0]), drawn) == pytest.approx([(1 + 2) / 4])


def test_outcomes_that_are_the_same_need_no_adjustment_and_independent_ones_about_twice_the_p():
    draw = np.random.default_rng(4)
    x = draw.normal(size=(60, 1))
    copies = np.hstack([x, x])
    one = sign_flips(x, draws=4000, seed=1)
    two = sign_flips(copies, draws=4000, seed=1)
    assert step_down(np.array([2.2, 2.2]), two)[0] == pytest.approx(step_down(np.array([2.2]), one)[0])
    apart = sign_flips(draw.normal(size=(60, 2)), draws=20_000, seed=1)
    single, joint = step_down(np.array([2.2]), apart[:, :1])[0], step_down(np.array([2.2, 2.2]), apart)[0]
    assert joint == pytest.approx(1 - (1 - single) ** 2, abs=0.01)


def test_step_down_is_never_stricter_than_one_maximum_for_all():
    # Westfall and Young's single step: every statistic is compared with the maximum over all
    draw = np.random.default_rng(5)
    statistic, drawn = np.abs(draw.normal(scale=2, size=4)), np.abs(draw.normal(size=(500, 4)))
    single = (1 + (drawn.max(axis=1)[:, None] >= statistic).sum(axis=0)) / 501
    assert (step_down(statistic, drawn) <= single + 1e-12).all()
    assert step_down(statistic, drawn)[statistic.argmax()] == pytest.approx(single[statistic.argmax()])


def test_step_down_holds_the_chance_of_any_false_finding():
    draw, false = np.random.default_rng(6), 0
    for seed in range(400):
        psi = draw.normal(size=(40, 3)) + draw.normal(size=(40, 1))
        t = np.abs(psi.sum(axis=0)) / np.sqrt(((psi - psi.mean(axis=0)) ** 2).sum(axis=0))
        false += step_down(t, sign_flips(psi - psi.mean(axis=0), draws=199, seed=seed)).min() < 0.05
    assert false / 400 < 0.08


def test_sign_flips_take_every_assignment_once_where_there_are_few():
    psi = np.array([[1.0, 2.0], [3.0, -1.0], [2.0, 0.5]])
    found = sign_flips(psi, draws=100, seed=1)
    scale = np.sqrt((psi**2).sum(axis=0))
    expected = np.array([np.abs(np.array(s) @ psi) / scale for s in product((-1.0, 1.0), repeat=3)])
    assert sorted(map(tuple, found.round(12))) == sorted(map(tuple, expected.round(12)))


def test_sign_flips_keep_clusters_together_and_are_the_same_twice():
    psi = np.random.default_rng(7).normal(size=(30, 1)) @ np.array([[1.0, -2.0]])
    found = sign_flips(psi, draws=500, seed=3)
    assert found.shape == (500, 2)
    assert found[:, 0] == pytest.approx(found[:, 1])
    assert (found == sign_flips(psi, draws=500, seed=3)).all()
    assert (found != sign_flips(psi, draws=500, seed=4)).any()
    assert np.quantile(found[:, 0], 0.95) == pytest.approx(1.96, abs=0.25)
