"""Sign flips drawn a few at a time are those that were drawn all at once."""

import numpy as np
import pytest

from curv_eval.stats import multipliers
from curv_eval.stats.cluster import sup_t
from curv_eval.stats.multipliers import largest_t


@pytest.mark.parametrize(("clusters", "k", "draws"), [(7, 3, 11), (1, 1, 5), (400, 6, 99), (33, 2, 1)])
def test_the_largest_t_is_that_of_all_signs_at_once(clusters, k, draws):
    influence = np.random.default_rng(1).normal(size=(clusters, k))
    signs = np.random.default_rng(9).integers(0, 2, size=(draws, clusters)) * 2.0 - 1.0
    expected = np.abs(signs @ (influence / np.linalg.norm(influence, axis=0))).max(axis=1)
    assert largest_t(influence, draws=draws, seed=9) == pytest.approx(expected)


def test_it_is_that_of_the_simultaneous_band():
    influence = np.random.default_rng(2).normal(size=(50, 8))
    _, expected = sup_t(influence, alpha=0.05, seed=4)
    assert largest_t(influence, draws=999, seed=4) == pytest.approx(expected)


@pytest.mark.parametrize("cells", [1, 10, 17, 10**6])
def test_how_many_are_drawn_at_once_does_not_matter(monkeypatch, cells):
    influence = np.random.default_rng(3).normal(size=(5, 3))
    expected = largest_t(influence, draws=23, seed=1)
    monkeypatch.setattr(multipliers, "_CELLS", cells)
    assert largest_t(influence, draws=23, seed=1) == pytest.approx(expected, rel=1e-12)


def test_numbers_without_any_influence_are_left_out():
    influence = np.random.default_rng(4).normal(size=(20, 3))
    with_nothing = np.column_stack([influence, np.zeros(20)])
    assert (largest_t(with_nothing, draws=9, seed=1) == largest_t(influence, draws=9, seed=1)).all()
    assert (largest_t(np.zeros((20, 2)), draws=9, seed=1) == 0).all()
