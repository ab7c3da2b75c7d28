"""Log-linear models of a closed population: M0, Mt, Mh, Mth, Mb and Mbh."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.captures import Captures
from curv_eval.stats.poisson import PoissonFit, fit_poisson

HETEROGENEITY = {
    "Poisson2": lambda k: 2.0**k - 1,
    "Darroch": lambda k: k**2 / 2,
    "Gamma3.5": lambda k: np.log(3.5) - np.log(3.5 + k),
}
MODELS = (
    "M0", "Mt", "Mh Chao (LB)", "Mh Poisson2", "Mh Darroch", "Mh Gamma3.5",
    "Mth Chao (LB)", "Mth Poisson2", "Mth Darroch", "Mth Gamma3.5", "Mb", "Mbh",
)  # fmt: skip


@dataclass(frozen=True)
class Closed:
    """One model: its total and error, deviance, degrees of freedom and Akaike's criterion.

    rcapture_std_error: the error that Rcapture 1.4-4 prints. It is std_error but for Mbh, where Rcapture's derivative
    leaves out a factor.
    """

    model: str
    total: float
    std_error: float
    deviance: float
    df: int
    aic: float
    rcapture_std_error: float


def closed_population(captures: Captures, model: str) -> Closed:
    """Return the total under one of MODELS (Otis et al. 1978; Baillargeon & Rivest 2007, J. Stat. Software 19(5)).

    0: everybody and every list alike. t: lists differ. h: people differ, by a column in the number k of lists a person
    is on: 2^k - 1, k^2 / 2, -log(3.5 + k) + log(3.5), or for Chao's lower bound one effect for each k from 3 on, of
    which negative ones are set to 0 (Rivest & Baillargeon 2007). b: being seen changes the chance of being seen again
    (the order of the lists then matters); bh: and the chance on the first list is another. N = n + exp(intercept),
    Var N = exp(b) + exp(2 b) Var b. Raises DesignError for a model with as many parameters as histories.
    """
    if model not in MODELS:
        raise DesignError(f"there is no closed-population model {model}", [f"there are {', '.join(MODELS)}"])
    if captures.lists == 2 and "h" in model:
        raise DesignError(f"{model}: got 2 lists, expected at least 3 to see that people differ")
    if model in ("Mb", "Mbh"):
        return _behaviour(captures, model)
    kind, _, form = model.partition(" ")
    k = captures.times
    listed = captures.histories if "t" in kind else k[:, None]
    x = np.column_stack([np.ones(len(k)), listed])
    if form.startswith("Chao"):
        return _result(captures, model, _lower_bound(x, captures))
    if form:
        x = np.column_stack([x, HETEROGENEITY[form](k)])
    return _result(captures, model, fit_poisson(x, captures.counts))


def _result(captures: Captures, model: str, fit: PoissonFit) -> Closed:
    unseen = np.exp(fit.coefficients[0])
    error = np.sqrt(unseen + unseen**2 * fit.covariance[0, 0])
    df = len(captures.counts) - len(fit.coefficients)
    return Closed(model, captures.seen + float(unseen), float(error), fit.deviance, df, fit.aic, float(error))


def _lower_bound(x: np.ndarray, captures: Captures) -> PoissonFit:
    """Fit a bend at each number of lists from 2 on, taking negative ones out one after the other.

    A bend at or above the largest number seen is negative without end, and is left out from the start.
    """
    k, plain = captures.times, x.shape[1]
    bends = list(range(2, int(k[captures.counts > 0].max())))
    while True:
        fit = fit_poisson(np.column_stack([x, *[np.maximum(k - j, 0.0) for j in bends]]), captures.counts)
        negative = np.flatnonzero(fit.coefficients[plain:] < 0)
        if not len(negative):
            return fit
        bends.pop(negative[0])


def _behaviour(captures: Captures, model: str) -> Closed:
    """Fit log mu = a + b later + c again (+ d where first seen on the first list).

    later: lists after the first sighting; again: sightings after it. c is the logit of the chance of being seen again,
    and b = log((1 - c) / (1 - p)); those never seen are exp(a) (1 - p) / p, with the error of the delta method.
    """
    h, lists = captures.histories, captures.lists
    first = h.argmax(axis=1)
    x = np.column_stack([np.ones(len(h)), lists - 1 - first, captures.times - 1])
    if model == "Mbh":
        x = np.column_stack([x, first == 0])
    fit = fit_poisson(x, captures.counts)
    unseen, gradient = _never_seen(fit.coefficients)
    error = float(np.sqrt(unseen + gradient @ fit.covariance @ gradient))
    df = len(captures.counts) - x.shape[1]
    printed = error if model == "Mb" else _printed_by_rcapture(captures)
    return Closed(model, captures.seen + unseen, error, fit.deviance, df, fit.aic, printed)


def _never_seen(b: np.ndarray) -> tuple[float, np.ndarray]:
    """Return exp(a) (1 - p) / p and its gradient, with 1 - p = exp(-b) / (1 + exp(c))."""
    q = np.exp(-b[1]) / (1 + np.exp(b[2]))
    unseen = np.exp(b[0]) * q / (1 - q)
    again = 1 / (1 + np.exp(-b[2]))
    gradient = np.zeros(len(b))
    gradient[:3] = unseen, -unseen / (1 - q), -unseen * again / (1 - q)
    return float(unseen), gradient


def _printed_by_rcapture(captures: Captures) -> float:
    """Return the error of Mbh that Rcapture 1.4-4 prints.

    N = exp(a) (1 + e^c)^(L-1) K with K = 1 + e^(d+b) / (1 + e^c - e^b). Its derivative by c is
    exp(a) (1 + e^c)^(L-1) [(L-1) e^c / (1 + e^c) K - ...], and the printed error leaves out that K.
    """
    h, lists = captures.histories, captures.lists
    first = h.argmax(axis=1)
    fit = fit_poisson(np.column_stack([np.ones(len(h)), 1 - h[:, 0], first, captures.times - 1]), captures.counts)
    a, d, b, c = fit.coefficients
    gap, grown = 1 + np.exp(c) - np.exp(b), np.exp(a) * (1 + np.exp(c)) ** (lists - 1)
    k = 1 + np.exp(d + b) / gap
    by_b = np.exp(d + b) / gap + np.exp(d + 2 * b) / gap**2
    by_c = (lists - 1) * np.exp(c) / (1 + np.exp(c)) - np.exp(d + b + c) / gap**2
    gradient = grown * np.array([k, k - 1, by_b, by_c])
    return float(np.sqrt(max(gradient @ fit.covariance @ gradient - grown * k, 0.0)))
