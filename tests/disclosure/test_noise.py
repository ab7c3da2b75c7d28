"""Counts with noise: how far off they are, what that promises, and what is refused."""

import math
import sys

import numpy as np
import pytest

from curv_eval.disclosure.noise import HIGHEST, noised
from curv_eval.errors import DisclosureError


def test_the_noise_is_that_of_the_scale():
    """Discrete Laplace: variance 2 a / (1 - a)^2, a = exp(-1 / scale); 40,000 draws stand within 5 standard errors."""
    made = noised([10_000] * 40_000, epsilon=0.5, most=2)
    off = np.array(made.counts) - 10_000
    a = math.exp(-1 / made.scale)
    variance = 2 * a / (1 - a) ** 2
    assert made.scale == pytest.approx(4.0, rel=1e-9)
    assert abs(off.mean()) < 5 * math.sqrt(variance / len(off))
    # the fourth moment of a Laplace is 6 times the variance squared, so its square has variance of 5 times that
    assert abs(off.var() - variance) < 5 * variance * math.sqrt(5.0 / len(off))


def test_the_half_width_is_told_as_it_is():
    made = noised([10_000] * 40_000, epsilon=0.5, most=2)
    far = np.abs(np.array(made.counts) - 10_000)
    assert (far > made.within).mean() < 0.05 + 5 * math.sqrt(0.05 * 0.95 / len(far))
    assert (far > made.within - 1).mean() > 0.05 - 5 * math.sqrt(0.05 * 0.95 / len(far))


def test_one_person_more_makes_no_answer_much_more_likely():
    """The definition itself, on 60,000 draws beside each other: the log ratio of each answer is at most epsilon."""
    here, there = (np.array(noised([n] * 60_000, epsilon=1.0, most=1).counts) for n in (50, 51))
    for answer in range(46, 56):
        one, other = (here == answer).sum(), (there == answer).sum()
        slack = 5 * math.sqrt(1 / one + 1 / other)
        assert abs(math.log(one / other)) <= 1.0 + slack


def test_no_count_is_below_nothing_and_zeros_are_noised_too():
    made = noised([0] * 2_000, epsilon=0.2, most=1)
    assert min(made.counts) == 0
    assert 0.3 < np.mean(np.array(made.counts) > 0) < 0.6


def test_it_is_never_the_same_twice():
    assert noised([5_000] * 50, epsilon=0.1, most=1).counts != noised([5_000] * 50, epsilon=0.1, most=1).counts


def test_more_that_one_person_can_change_needs_more_noise():
    one, ten = (noised([5], epsilon=1.0, most=most) for most in (1, 10))
    assert ten.scale == pytest.approx(10 * one.scale)
    assert ten.within > one.within


@pytest.mark.parametrize("epsilon", [0.1, 0.3, 1 / 3, 0.7, 1.0, 2.5])
@pytest.mark.parametrize("most", [1, 3, 7, 49])
def test_what_opendp_says_it_costs_is_never_more_than_was_asked(epsilon, most):
    import opendp.prelude as dp

    made = noised([5], epsilon=epsilon, most=most)
    space = dp.vector_domain(dp.atom_domain(T="i64")), dp.l1_distance(T="i64")
    assert (space >> dp.m.then_laplace(scale=made.scale)).map(d_in=most) <= epsilon
    assert made.scale == pytest.approx(most / epsilon, rel=1e-9)


@pytest.mark.parametrize("epsilon", [0, -1, HIGHEST + 1, float("nan"), float("inf")])
def test_an_epsilon_that_promises_nothing_is_refused(epsilon):
    with pytest.raises(DisclosureError, match="cannot be noised") as fault:
        noised([5], epsilon=epsilon, most=0)
    assert "epsilon: got" in str(fault.value)
    assert "what one person can change" in str(fault.value)


def test_nothing_has_no_noise():
    assert noised([], epsilon=1.0, most=1).counts == ()


def test_without_opendp_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "opendp", None)
    monkeypatch.setitem(sys.modules, "opendp.prelude", None)
    with pytest.raises(DisclosureError, match=r"pip install curv-eval\[private\]"):
        noised([5], epsilon=1.0, most=1)
