"""How far an effect stands when trends part after the start as much as before (Rambachan & Roth 2023)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.honest_did_conditional import LinearTest, dual_vertices, interval, linear_test, pair_vertices
from curv_eval.stats.honest_did_search import largest

RESTRICTIONS = ("none", "positive", "negative", "increasing", "decreasing")


@dataclass(frozen=True)
class EventStudy:
    """Estimated effects by equally spaced periods, all measured against the last period before the start.

    beta: (T,), the n_pre periods before that base period, oldest first, then the periods from the start on. sigma:
    (T, T), their covariance. weights: (T - n_pre,), so that the effect of interest is theta = weights' tau, with tau
    the effects from the start on. In truth beta = delta + (0, tau): delta is the difference in trends, 0 at the base.
    Raises DesignError when the shapes disagree, the covariance is singular or there is no period before the base.
    """

    beta: np.ndarray
    sigma: np.ndarray
    n_pre: int
    weights: np.ndarray

    def __post_init__(self) -> None:
        faults = list(_faults(self))
        if faults:
            raise DesignError("these effects cannot be tested for drift", faults)

    @property
    def estimate(self) -> float:
        """The estimate of theta under exactly parallel trends."""
        return float(self.weights @ self.beta[self.n_pre :])

    @property
    def std_error(self) -> float:
        """Its standard error."""
        return float(np.linalg.norm(self.weights @ self.root[self.n_pre :]))

    @cached_property
    def root(self) -> np.ndarray:
        """The Cholesky factor of sigma, (T, T)."""
        return np.linalg.cholesky(self.sigma)

    def differences(self, order: int) -> np.ndarray:
        """Return the matrix (T + 1 - order, T) of differences of that order of delta, with 0 at the base."""
        return np.diff(np.insert(np.eye(len(self.beta)), self.n_pre, 0.0, axis=0), n=order, axis=0)


def _faults(study: EventStudy) -> list[str]:
    t, faults = len(study.beta), []
    if np.shape(study.sigma) != (t, t) or study.n_pre + len(study.weights) != t:
        faults.append(
            f"got {t} effects, a covariance of shape {np.shape(study.sigma)}, {study.n_pre} periods before "
            f"and {len(study.weights)} weights after"
        )
    elif not _invertible(study.sigma):
        faults.append("the covariance is singular: there are fewer clusters than periods, or periods repeat each other")
    if study.n_pre < 1:
        faults.append(f"got {study.n_pre} periods before the base period, expected at least 1")
    if not np.any(study.weights):
        faults.append("every weight is 0")
    return faults


def _invertible(sigma: np.ndarray) -> bool:
    scale = np.sqrt(np.diag(sigma))
    if not (np.isfinite(sigma).all() and (scale > 0).all() and np.allclose(sigma, sigma.T, rtol=1e-6, atol=0)):
        return False
    return bool(np.linalg.eigvalsh(sigma / np.outer(scale, scale))[0] > 1e-10)


def relative_magnitudes(
    study: EventStudy, bar: float, *, alpha: float = 0.05, restriction: str = "none"
) -> tuple[float, float]:
    """Return the robust confidence set for theta when drift after the start is at most `bar` times that before.

    The set of differences in trends is Delta^RM(bar) = {delta: |delta_{t+1} - delta_t| <= bar max_{s<0}
    |delta_{s+1} - delta_s| for t >= 0} (Rambachan & Roth 2023, section 2.4.1), a union of polyhedra, one for each
    step before the start and its sign. Each is tested by the conditional test of Andrews, Roth & Pakes (2023) with a
    least favourable first stage of size alpha / 10 ("C-LF"); only inequalities about periods after the start are used.
    restriction: besides, the drift's sign after the start (positive, negative) or its direction (increasing,
    decreasing). The set is reported from its lowest to its highest point. Raises DesignError when the data reject
    every drift that is allowed.
    """
    return interval(list(_tests(study, bar, restriction, alpha)), study.estimate, study.std_error)


def allows(study: EventStudy, bar: float, *, value: float = 0.0, alpha: float = 0.05) -> bool:
    """Whether theta = `value` lies in the set of `relative_magnitudes`."""
    return any(one.accepts(np.array([value]))[0] for one in _tests(study, bar, "none", alpha))


def breakdown(study: EventStudy, *, alpha: float = 0.05, most: float = 5.0) -> float:
    """Return the largest `bar` up to which 0 lies outside the set: 0 if it never does, `most` if it still does there.

    A set that lets 0 in and out again counts from the first time it is in.
    """
    return largest(lambda bar: not allows(study, bar, alpha=alpha), most, steps=40)


def _tests(study: EventStudy, bar: float, restriction: str, alpha: float) -> Iterator[LinearTest]:
    """Return the test of one polyhedron {delta: A delta <= 0} for each step before the start and each sign."""
    if bar < 0 or restriction not in RESTRICTIONS:
        allowed = ", ".join(RESTRICTIONS)
        raise DesignError(f"got bar {bar} and restriction {restriction!r}, expected 0 or more and one of {allowed}")
    steps, extra = study.differences(1), _restricted(study, restriction)
    after, plain = steps[study.n_pre :], restriction == "none"
    signed = [sign * bar * before for before in steps[: study.n_pre] for sign in (1.0, -1.0)]
    return (_test(study, np.vstack([after - most, -after - most, extra]), plain, alpha) for most in signed)


def _restricted(study: EventStudy, restriction: str) -> np.ndarray:
    """Return the rows that a sign or a direction adds, as far as they are about periods after the start."""
    k, t = study.n_pre, len(study.beta)
    if restriction == "none":
        return np.empty((0, t))
    rows = np.eye(t) if restriction in ("positive", "negative") else study.differences(1)
    return rows[k:] * (-1.0 if restriction in ("positive", "increasing") else 1.0)


def _test(study: EventStudy, rows: np.ndarray, plain: bool, alpha: float) -> LinearTest:
    """Return the test of A delta <= 0 for the rows A, (m, T): with tau = theta w / w'w + N u, u is free."""
    post, w = rows[:, study.n_pre :], study.weights
    free = post @ np.linalg.svd(w[None, :])[2][1:].T
    root = rows @ study.root
    vertices = pair_vertices(free) if plain else dual_vertices(free, np.linalg.norm(root, axis=1))
    return linear_test(rows @ study.beta, root, direction=post @ w / (w @ w), vertices=vertices, alpha=alpha)
