"""Counts with noise, so that nobody can tell whether one person is in them: differential privacy, by OpenDP."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from curv_eval.errors import DisclosureError

HIGHEST = 10.0


@dataclass(frozen=True)
class Noised:
    """Counts after noise. scale: of the noise. within: 95 of 100 noised counts lie no further from the true one.

    epsilon: what they spend of the budget. most: by how much one person can change all counts together.
    """

    counts: tuple[int, ...]
    epsilon: float
    most: int
    scale: float
    within: int


def noised(counts: Sequence[int], *, epsilon: float, most: int) -> Noised:
    """Return each count plus noise of the discrete Laplace distribution, P(k) ~ exp(-|k| epsilon / most).

    With it any answer is at most exp(epsilon) times as likely if one person is taken out. The noise comes from the
    operating system and not from the study's seed, for whoever knew the seed could take it off again: made once, it is
    never the same again. Counts below 0 are set to 0 afterwards, which tells nothing more.
    Source: Ghosh, Roughgarden and Sundararajan (2012); OpenDP draws it exactly, without floating-point leaks.
    Raises DisclosureError for an epsilon or a number that cannot be, and where OpenDP is not installed.
    """
    faults = []
    if not 0 < epsilon <= HIGHEST:
        faults.append(f"epsilon: got {epsilon:g}, expected more than 0 and at most {HIGHEST:g}")
    if most < 1:
        faults.append(f"got {most} as what one person can change, expected 1 or more")
    if faults:
        raise DisclosureError("these counts cannot be noised", faults)
    mechanism, scale = _mechanism(epsilon, most)
    found = mechanism([int(count) for count in counts]) if len(counts) else []
    return Noised(tuple(max(0, int(count)) for count in found), epsilon, most, scale, _within(scale))


def _mechanism(epsilon: float, most: int):
    """Return OpenDP's mechanism and its scale, the least for which OpenDP itself says that epsilon is kept."""
    try:
        import opendp.prelude as dp
    except ImportError:
        raise DisclosureError("OpenDP is not installed", do="pip install curv-eval[private]") from None
    dp.enable_features("contrib")
    space = dp.vector_domain(dp.atom_domain(T="i64")), dp.l1_distance(T="i64")
    scale = most / epsilon
    while (made := space >> dp.m.then_laplace(scale=scale)).map(d_in=most) > epsilon:
        scale = math.nextafter(scale * (1 + 1e-12), math.inf)
    return made, scale


def _within(scale: float) -> int:
    """Return the least t with P(|noise| > t) = 2 a^(t + 1) / (1 + a) at most 0.05, where a = exp(-1 / scale)."""
    a = math.exp(-1 / scale)
    return max(0, math.ceil(math.log(0.05 * (1 + a) / 2) / math.log(a)) - 1)
