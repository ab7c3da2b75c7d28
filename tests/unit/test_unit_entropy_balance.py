"""Entropy balancing: what it promises, worked by hand where that is possible, and what it refuses."""

import numpy as np
import pytest
from scipy.optimize import minimize

from curv_eval.errors import DesignError
from curv_eval.stats.entropy_balance import entropy_weights, moments


def drawn(n=400, k=4, seed=3):
    draw = np.random.default_rng(seed)
    c = draw.normal(size=(n, k)) * np.array([1, 50, 0.01, 3])[:k]
    return c, c.mean(axis=0) + 0.4 * c.std(axis=0)


def test_two_values_have_the_weights_of_their_shares():
    # 3 of 4 are 1 and a quarter should be: each 1 gets 1/12, the 0 gets 3/4
    c = np.array([[1.0], [1.0], [1.0], [0.0]])
    assert entropy_weights(c, np.array([0.25])) == pytest.approx([1 / 12] * 3 + [0.75], abs=1e-9)


def test_three_values_have_exponential_weights():
    c = np.array([[0.0], [1.0], [2.0]])
    found = entropy_weights(c, np.array([1.2]))
    # w2 / w1 = w1 / w0 is the exponential form, and the mean is the target
    assert found[2] / found[1] == pytest.approx(found[1] / found[0], rel=1e-8)
    assert found @ c[:, 0] == pytest.approx(1.2, abs=1e-9)


def test_weights_balance_and_add_up():
    c, target = drawn()
    found = entropy_weights(c, target)
    assert found.sum() == pytest.approx(1, abs=1e-12)
    assert (found > 0).all()
    assert (found @ c - target) / c.std(axis=0) == pytest.approx(np.zeros(4), abs=1e-8)


def test_no_other_weights_that_balance_are_more_even():
    c, target = drawn(n=30, k=2)
    found = entropy_weights(c, target)

    def entropy(w):
        return float((w * np.log(np.maximum(w, 1e-300) * len(w))).sum())

    limits = [
        {"type": "eq", "fun": lambda w: w.sum() - 1},
        {"type": "eq", "fun": lambda w: (w @ c - target) / c.std(axis=0)},
    ]
    other = minimize(
        entropy, np.full(30, 1 / 30), bounds=[(1e-9, 1)] * 30, constraints=limits, options={"maxiter": 500}
    )
    assert entropy(found) <= other.fun + 1e-7
    assert found == pytest.approx(other.x, abs=1e-4)


def test_a_target_already_met_leaves_people_even():
    c, _ = drawn()
    assert entropy_weights(c, c.mean(axis=0)) == pytest.approx(np.full(len(c), 1 / len(c)), abs=1e-9)


def test_base_weights_stay_where_nothing_pulls():
    c, _ = drawn()
    base = np.random.default_rng(1).uniform(0.5, 2, len(c))
    base /= base.sum()
    assert entropy_weights(c, base @ c, base=base) == pytest.approx(base, abs=1e-9)


def test_base_weights_count_as_copies_of_people():
    c = np.array([[0.0], [1.0], [2.0], [2.0]])
    once = entropy_weights(c, np.array([1.0]))
    twice = entropy_weights(c[:3], np.array([1.0]), base=np.array([0.25, 0.25, 0.5]))
    assert twice == pytest.approx([once[0], once[1], once[2] + once[3]], abs=1e-9)


def test_units_and_order_do_not_matter():
    c, target = drawn()
    first = entropy_weights(c, target)
    assert entropy_weights(c * 1000 - 4, target * 1000 - 4) == pytest.approx(first, abs=1e-10)
    order = np.random.default_rng(1).permutation(len(c))
    assert entropy_weights(c[order], target) == pytest.approx(first[order], abs=1e-10)


def test_a_target_out_of_reach_is_refused():
    c, _ = drawn(k=1)
    with pytest.raises(DesignError, match="no weights make") as refusal:
        entropy_weights(c, c.max(axis=0) + 1)
    assert "standard deviations" in refusal.value.breaches[0]


def test_a_target_at_the_very_edge_leaves_one_person_whom_the_method_then_refuses():
    c = np.array([[0.0], [1.0], [2.0], [3.0]])
    found = entropy_weights(c, np.array([3.0]))
    assert found == pytest.approx([0, 0, 0, 1], abs=1e-6)


def test_two_targets_that_exclude_one_another_are_refused():
    # nobody has both, so that half of all with each leaves nobody for more
    c = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    with pytest.raises(DesignError, match="no weights make"):
        entropy_weights(c, np.array([0.7, 0.7]))


def test_a_covariate_in_which_nobody_differs_is_refused():
    c, target = drawn(k=1)
    with pytest.raises(DesignError, match="same value for every untreated"):
        entropy_weights(np.column_stack([c, np.ones(len(c))]), np.r_[target, 0.5])


def test_variances_are_balanced_when_asked():
    draw = np.random.default_rng(6)
    x = np.column_stack([draw.normal(size=600), draw.random(600) < 0.4]).astype(float)
    group = np.arange(600) < 200
    x[group, 0] *= 0.6
    c = moments(x, variances=True)
    assert c.shape == (600, 3)  # the square of a 0 and 1 says nothing more
    w = entropy_weights(c[~group], c[group].mean(axis=0))
    mean = w @ x[~group, 0]
    assert mean == pytest.approx(x[group, 0].mean(), abs=1e-8)
    assert w @ (x[~group, 0] - mean) ** 2 == pytest.approx(x[group, 0].var(), abs=1e-8)


def test_means_alone_are_the_covariates_themselves():
    x = np.random.default_rng(6).normal(size=(20, 2))
    assert moments(x) is x
