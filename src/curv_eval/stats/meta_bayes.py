"""Bayesian synthesis of few studies, with stated priors and without simulation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.meta_checks import checked
from curv_eval.stats.meta_posterior import Mixture, Spread, quadrature

SHAPES = ("half-normal", "half-cauchy", "half-t")


@dataclass(frozen=True)
class TauPrior:
    """The prior of tau, the standard deviation of true effects: a shape, its scale, and the df of a half-t.

    For log odds ratios half-normal of scale 0.5 or 1 is common, for standardised means 0.2 to 0.5 (Röver et al. 2021).
    """

    shape: str
    scale: float
    df: float = np.inf

    def log_density(self, tau: np.ndarray) -> np.ndarray:
        """Return the log density at tau (m,), up to a constant."""
        ratio = (tau / self.scale) ** 2
        df = self.tail
        return -ratio / 2 if np.isinf(df) else -(df + 1) / 2 * np.log1p(ratio / df)

    @property
    def tail(self) -> float:
        """Degrees of freedom of the t distribution that it is half of: infinite for a normal, 1 for a Cauchy one."""
        return {"half-normal": np.inf, "half-cauchy": 1.0}.get(self.shape, self.df)


@dataclass(frozen=True, eq=False)
class Bayes:
    """Posteriors of the mean effect mu, of tau, and of the true effect in a new study, with the priors they rest on.

    mu.cdf(0) is the chance of a mean effect below 0, 1 - tau.cdf(x) that of a tau above x. conditional: what
    `shrunken` needs.
    """

    mu: Mixture
    tau: Spread
    prediction: Mixture
    tau_prior: TauPrior
    mu_prior: tuple[float, float]
    conditional: _Conditional


@dataclass(frozen=True, eq=False)
class _Conditional:
    """Nodes of tau and their weights (m,), and mean and variance of mu given tau (m,); the highest moment of tau."""

    tau: np.ndarray
    weight: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    y: np.ndarray
    v: np.ndarray
    moments: int


def bayes(y: np.ndarray, v: np.ndarray, tau_prior: TauPrior, *, mu_prior: tuple[float, float] = (0.0, np.inf)) -> Bayes:
    """Return the random-effects model y_i ~ N(mu, v_i + tau2) with priors (Röver 2020).

    y, v: (k,). mu_prior: mean and standard deviation of the normal prior of mu; an infinite one makes it flat. Given
    tau, mu is normal with precision 1/s0^2 + sum w, w = 1 / (v + tau2), and mean (m0/s0^2 + sum w y) over that. The
    posterior of tau is its prior times the likelihood with mu integrated out, and all else is one integral over tau,
    taken on 1,920 nodes. With few studies results move with the priors: give more than one.
    Raises DesignError for wrong data or priors.
    """
    y, v, _ = checked(y, v, spare=0)
    _refuse(tau_prior, mu_prior)

    def raw(tau: np.ndarray) -> np.ndarray:
        return tau_prior.log_density(tau) + _given(tau, y, v, prior=mu_prior)[0]

    size = np.sqrt(max(v.max(), tau_prior.scale**2, np.ptp(y) ** 2))
    small = min(tau_prior.scale, np.sqrt(v.min()))
    # the marginal likelihood falls as tau^-(k-1), or tau^-k where mu has a prior of its own
    falls = tau_prior.tail + len(y) - (1 if np.isinf(mu_prior[1]) else 0)
    moments = 2 if falls > 2 else int(falls > 1)
    tau, nodes, weight = quadrature(raw, (1e-5 * small, 1e3 * size), moments)
    _, mean, variance = _given(nodes, y, v, prior=mu_prior)
    held = _Conditional(nodes, weight, mean, variance, y, v, moments)
    flat = np.isinf(mu_prior[1])
    mu = _mixture(held, mean, variance, moments=moments if flat else 2)
    return Bayes(mu, tau, _mixture(held, mean, variance + nodes**2, moments=moments), tau_prior, mu_prior, held)


def _refuse(tau_prior: TauPrior, mu_prior: tuple[float, float]) -> None:
    wrong = []
    if tau_prior.shape not in SHAPES:
        wrong.append(f"shape of tau: got {tau_prior.shape!r}, expected {', '.join(SHAPES)}")
    if not (np.isfinite(tau_prior.scale) and tau_prior.scale > 0):
        wrong.append(f"scale of tau: got {tau_prior.scale}, expected a number above 0")
    if tau_prior.shape == "half-t" and not tau_prior.df > 0:
        wrong.append(f"df of tau: got {tau_prior.df}, expected above 0")
    if not np.isfinite(mu_prior[0]) or not mu_prior[1] > 0:
        wrong.append(f"prior of mu: got mean {mu_prior[0]} and sd {mu_prior[1]}, expected a number and one above 0")
    if wrong:
        raise DesignError("these priors cannot be used", wrong, do="state priors on the scale of the effects")


def _given(
    tau: np.ndarray, y: np.ndarray, v: np.ndarray, *, prior: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the log likelihood of tau (m,) with mu integrated out, up to a constant, and mean and variance of mu."""
    w = 1.0 / (v + tau[:, None] ** 2)
    own = 1.0 / prior[1] ** 2
    precision = w.sum(axis=1) + own
    mean = (w @ y + own * prior[0]) / precision
    square = (w * (y - mean[:, None]) ** 2).sum(axis=1) + own * (mean - prior[0]) ** 2
    return 0.5 * (np.log(w).sum(axis=1) - np.log(precision) - square), mean, 1.0 / precision


def _mixture(held: _Conditional, means: np.ndarray, variances: np.ndarray, *, moments: int) -> Mixture:
    mean = float(held.weight @ means) if moments >= 1 else np.nan
    sd = float(np.sqrt(held.weight @ (variances + (means - mean) ** 2))) if moments >= 2 else np.inf
    return Mixture(held.weight, means, np.sqrt(variances), mean, sd)


def shrunken(found: Bayes, study: int) -> Mixture:
    """Return the posterior of the true effect of one study, which is drawn towards the mean.

    Given tau it is normal with mean B y + (1 - B) E(mu) and variance B v + (1 - B)^2 Var(mu), B = tau2 / (tau2 + v).
    study: its row. Raises DesignError where there is none.
    """
    held = found.conditional
    if not 0 <= study < len(held.y):
        raise DesignError(f"study: got row {study}, expected 0 to {len(held.y) - 1}")
    y, v = held.y[study], held.v[study]
    own = held.tau**2 / (held.tau**2 + v)
    variance = own * v + (1 - own) ** 2 * held.variance
    return _mixture(held, own * y + (1 - own) * held.mean, variance, moments=2)
