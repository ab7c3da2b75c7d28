"""Permutation tests of a meta-regression, all permutations fitted at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import factorial, prod

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.meta_checks import checked
from curv_eval.stats.meta_regression import TESTS, with_errors
from curv_eval.stats.meta_reml import reml

CHUNK = 2048


@dataclass(frozen=True, eq=False)
class PermutationTest:
    """p_value (p,), NaN for a constant beside moderators; qm_p: of all moderators together, NaN without any.

    count: how many arrangements were fitted, the observed one among them; exact: whether these are all there are.
    smallest: 1 / count, the smallest p-value that this many arrangements can give.
    """

    p_value: np.ndarray
    qm_p: float
    count: int
    exact: bool

    @property
    def smallest(self) -> float:
        """The smallest p-value there can be."""
        return 1 / self.count


def permutation_test(
    y: np.ndarray, v: np.ndarray, x: np.ndarray | None = None, *, test: str = "knapp-hartung",
    draws: tuple[int, np.random.Generator] | None = None,
) -> PermutationTest:  # fmt: skip
    """Return permutation p-values of a meta-regression (Higgins & Thompson 2004; Follmann & Proschan 1999).

    y, v: (k,), x: (k, p). Rows of x are dealt out anew to the studies, each of which keeps its effect and variance;
    without moderators the signs of the effects are. Each arrangement has its own tau2 by restricted likelihood. The
    p-value is the share of arrangements whose |t| (|z| where test is "normal"), or joint statistic, is at least the
    observed one, which is counted. Where there are at most 10,000 different arrangements all are taken, and the test is
    exact. Otherwise draws = (how many, generator) says how many are drawn; the observed one is added (Phipson & Smyth
    2010). Raises DesignError for wrong data, or too many arrangements without draws.
    """
    if test not in TESTS:
        raise DesignError(f"test: got {test!r}, expected {' or '.join(TESTS)}")
    y, v, x = checked(y, v, x)
    varies = np.ptp(x, axis=0) > 0
    if not varies.any() and x.shape[1] != 1:
        raise DesignError("design: expected a column of 1, or moderators", do="give the design with its moderators")
    total = arrangements(x)
    exact = total <= 10_000
    if not exact and (draws is None or draws[0] < 1):
        raise DesignError(
            f"{_size(total)} arrangements are too many to take all",
            do="give draws=(9_999, numpy.random.default_rng(seed))",
        )
    sets = _all(y, v, x) if exact else _drawn(y, v, x, draws=draws)
    seen = _statistics(y[None], v[None], x, varies=varies, test=test)[0]
    beyond, count = np.zeros(len(seen)), 0
    for some_y, some_v, design in sets:
        found = _statistics(some_y, some_v, design, varies=varies, test=test)
        # arrangements that are equal but for rounding count as equal
        beyond += (found >= seen * (1 - 1e-8)).sum(axis=0)
        count += len(found)
    if not exact:
        beyond, count = beyond + 1, count + 1
    share = np.where(np.isnan(seen), np.nan, beyond / count)
    p_value = np.where(varies | ~varies.any(), share[:-1], np.nan)
    return PermutationTest(p_value, float(share[-1]), count, exact)


def arrangements(x: np.ndarray) -> int:
    """Return how many arrangements differ: k! / prod m! for rows that occur m times, 2^k for a constant."""
    if not (np.ptp(x, axis=0) > 0).any():
        return 2 ** len(x)
    times = np.unique(x, axis=0, return_counts=True)[1]
    return factorial(len(x)) // prod(factorial(int(m)) for m in times)


def _size(total: int) -> str:
    # 200! is no float
    return f"{total:,}" if total < 10**9 else f"more than 10^{len(str(total)) - 1}"


def _statistics(y: np.ndarray, v: np.ndarray, x: np.ndarray, *, varies: np.ndarray, test: str) -> np.ndarray:
    """Return |b / se| of each coefficient and the joint statistic, (m, p + 1)."""
    fit = reml(y, v, x)
    covariance, _, joint = with_errors(fit, varies, test=test, left=x.shape[0] - x.shape[1])
    error = np.sqrt(np.einsum("mii->mi", covariance))
    return np.column_stack([np.abs(fit.coefficients) / np.maximum(error, 1e-300), joint])


Sets = Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]


def _all(y: np.ndarray, v: np.ndarray, x: np.ndarray) -> Sets:
    """Yield all arrangements as effects and variances dealt to fixed rows of x, which is quicker than the reverse."""
    if not (np.ptp(x, axis=0) > 0).any():
        # both signs of every effect, from the digits of 0 to 2^k - 1
        signs = 1.0 - 2.0 * ((np.arange(2 ** len(y))[:, None] >> np.arange(len(y))) & 1)
        yield from ((part * y, np.broadcast_to(v, part.shape), x) for part in _parts(signs))
        return
    rows, label, times = np.unique(x, axis=0, return_inverse=True, return_counts=True)
    orders = np.array([np.concatenate(one) for one in _dealt(tuple(range(len(y))), tuple(times))])
    design = rows[np.sort(label.ravel())]
    yield from ((y[part], v[part], design) for part in _parts(orders))


def _parts(values: np.ndarray) -> Iterator[np.ndarray]:
    return (values[at : at + CHUNK] for at in range(0, len(values), CHUNK))


def _dealt(studies: tuple[int, ...], times: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], ...]]:
    """Yield every way to deal studies out to groups of the given sizes."""
    if not times:
        yield ()
        return
    for chosen in combinations(studies, times[0]):
        left = tuple(s for s in studies if s not in chosen)
        yield from ((chosen, *rest) for rest in _dealt(left, times[1:]))


def _drawn(
    y: np.ndarray, v: np.ndarray, x: np.ndarray, *, draws: tuple[int, np.random.Generator]
) -> Sets:  # fmt: skip
    many, generator = draws
    flips = not (np.ptp(x, axis=0) > 0).any()
    for at in range(0, many, CHUNK):
        size = (min(CHUNK, many - at), len(y))
        if flips:
            yield generator.choice([-1.0, 1.0], size) * y, np.broadcast_to(v, size), x
        else:
            order = generator.permuted(np.broadcast_to(np.arange(size[1]), size), axis=1)
            yield y[order], v[order], x
