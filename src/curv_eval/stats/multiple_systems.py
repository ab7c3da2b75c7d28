"""Log-linear models of overlapping lists, safe where pairs of lists have nobody in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np
from scipy.special import gammaln, xlogy

from curv_eval.errors import DesignError
from curv_eval.stats.captures import Captures

Term = tuple[int, ...]
Model = tuple[Term, ...]
MOST_MODELS, CHUNK = 40_000, 1024


def every_model(lists: int, order: int) -> list[Model]:
    """Return every hierarchical model with main effects and interactions of up to `order` lists.

    An interaction of three lists stands only with its three pairs. The interaction of all lists is never identified.
    Raises DesignError where there are more than 40,000 models.
    """
    highest = min(order, lists - 1)
    pairs = list(combinations(range(lists), 2)) if highest >= 2 else []
    if 2 ** len(pairs) > MOST_MODELS:
        raise DesignError(f"{lists} lists make 2^{len(pairs)} models, too many to fit all", do="join small lists")
    models = list(chain.from_iterable(combinations(pairs, k) for k in range(len(pairs) + 1)))
    for size in range(3, highest + 1):
        models = [one for model in models for one in _grown(model, lists, size)]
        if len(models) > MOST_MODELS:
            raise DesignError(f"got more than {MOST_MODELS:,} models", do="use a lower `order`, or join small lists")
    return models


def _grown(model: Model, lists: int, size: int) -> list[Model]:
    """Return the model with every set of interactions of `size` lists whose parts it all has."""
    held = set(model)
    able = [term for term in combinations(range(lists), size) if held >= set(combinations(term, size - 1))]
    return [(*model, *more) for k in range(len(able) + 1) for more in combinations(able, k)]


@dataclass(frozen=True)
class LogLinear:
    """Fits of m models: totals, errors, deviances and log-likelihoods (m,), NaN where the model has no estimate.

    parameters: (m,), counting those at minus infinity. empty: (m,) how many interactions are at minus infinity.
    why: (m,) "" or why there is no estimate: "not identified", "no maximum" or "no convergence".
    """

    models: tuple[Model, ...]
    total: np.ndarray
    std_error: np.ndarray
    deviance: np.ndarray
    log_likelihood: np.ndarray
    parameters: np.ndarray
    empty: np.ndarray
    why: np.ndarray

    def criterion(self, name: str, seen: float) -> np.ndarray:
        """Return "aic" or "bic" (with the number of people seen) of every model: (m,)."""
        price = 2.0 if name == "aic" else np.log(seen)
        return price * self.parameters - 2 * self.log_likelihood


def fit_models(captures: Captures, models: Sequence[Model]) -> LogLinear:
    """Return the fits of log mu = sum of the terms that a history holds, with the total n + exp(intercept).

    Where nobody is on all lists of an interaction, its estimate is minus infinity: the histories that hold it have mean
    0, and it and they are left out of the fit (Chan, Silverman & Vincent 2021, JASA 116). Of the rest the maximum must
    exist (Fienberg & Rinaldo 2012) and be identified; other models have no estimate, and `why` says so. Var N =
    exp(a) + exp(2 a) Var a.
    """
    parts = [_fit(captures, models[at : at + CHUNK]) for at in range(0, len(models), CHUNK)]
    joined = [np.concatenate([part[k] for part in parts]) for k in range(7)]
    return LogLinear(tuple(models), *joined)


def matrix(captures: Captures, terms: Sequence[Term]) -> np.ndarray:
    """Return the design: intercept, lists, and the product of the lists of each term, (2^L - 1, 1 + L + terms)."""
    h = captures.histories
    products = [h[:, list(term)].prod(axis=1) for term in terms]
    return np.column_stack([np.ones(len(h)), h, *products])


def _fit(captures: Captures, models: Sequence[Model]) -> tuple[np.ndarray, ...]:
    terms = sorted({term for model in models for term in model}, key=lambda term: (len(term), term))
    x, y, main = matrix(captures, terms), captures.counts, 1 + captures.lists
    held = np.array([[True] * main + [term in model for term in terms] for model in map(set, models)])
    void = held & (x.T @ y <= 0)
    void[:, 0] = False
    cells = ~((void.astype(float) @ x.T) > 0)
    used = held & ~void
    fits = _newton(x, y, used, cells)
    why = _reasons(x, y, used, cells, fits)
    unseen = np.where(why == "", np.exp(np.clip(fits.intercept, -700, 700)), np.nan)
    error = np.sqrt(unseen + unseen**2 * fits.variance)
    known = [np.where(why == "", one, np.nan) for one in (fits.deviance, fits.log_likelihood)]
    return captures.seen + unseen, error, *known, held.sum(axis=1), void.sum(axis=1), why


@dataclass(frozen=True)
class _Batch:
    """intercept, its variance, deviance, log_likelihood, and whether each model converged and how small a mean got."""

    intercept: np.ndarray
    variance: np.ndarray
    deviance: np.ndarray
    log_likelihood: np.ndarray
    converged: np.ndarray
    least: np.ndarray


def _newton(x: np.ndarray, y: np.ndarray, used: np.ndarray, cells: np.ndarray) -> _Batch:
    """Fit all models at once by reweighted least squares; used: (m, p), cells: (m, C)."""
    mean = np.where(cells, y + 0.5, 0.0)
    eta, b, ridge = np.log(np.where(cells, mean, 1.0)), np.zeros(used.shape), 1e-12 * np.eye(x.shape[1])
    score = np.full(len(used), np.inf)
    for _ in range(100):
        information = _information(x, mean, used) + ridge
        working = np.where(cells, mean * eta + y - mean, 0.0) @ x
        b = np.linalg.solve(information, np.where(used, working, 0.0)[:, :, None])[:, :, 0]
        eta = np.clip(b @ x.T, -60, 60)
        mean = np.where(cells, np.exp(eta), 0.0)
        score = np.abs(np.where(used, (np.where(cells, y, 0.0) - mean) @ x, 0.0)).max(axis=1)
        if (score <= 1e-11 * (1 + y.sum())).all():
            break
    logged = xlogy(y, np.where(cells, mean, 1.0))
    deviance = 2 * (xlogy(y, y) - logged - (y - mean)).sum(axis=1)
    inverse = np.linalg.inv(_information(x, mean, used) + ridge)
    likelihood = (logged - mean - gammaln(y + 1)).sum(axis=1)
    least = np.where(cells, mean, np.inf).min(axis=1)
    return _Batch(b[:, 0], inverse[:, 0, 0], deviance, likelihood, score <= 1e-8 * (1 + y.sum()), least)


def _information(x: np.ndarray, mean: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Return X' W X of every model, with 1 in the diagonal of a column that is not used: (m, p, p)."""
    outer = (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)
    full = (mean @ outer).reshape(len(mean), x.shape[1], x.shape[1])
    both = used[:, :, None] & used[:, None, :]
    return np.where(both, full, 0.0) + np.where(used, 0.0, 1.0)[:, :, None] * np.eye(x.shape[1])


def _reasons(x: np.ndarray, y: np.ndarray, used: np.ndarray, cells: np.ndarray, fits: _Batch) -> np.ndarray:
    rank = np.linalg.matrix_rank(np.where(cells[:, :, None] & used[:, None, :], x, 0.0))
    why = np.where(rank < used.sum(axis=1), "not identified", "").astype("<U16")
    # means that are all positive and add up to what was seen are a maximum; only the others need the linear program
    doubtful = (why == "") & ~(fits.converged & (fits.least > 1e-6))
    for m in np.flatnonzero(doubtful):
        exists = maximum_exists(x[cells[m]][:, used[m]], y[cells[m]])
        why[m] = "no maximum" if not exists else ("" if fits.converged[m] else "no convergence")
    return why


def maximum_exists(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether some mean above 0 everywhere has the sums X' mean = X' y (Fienberg & Rinaldo 2012, by linear program)."""
    from scipy.optimize import linprog

    n, p = x.shape
    bounds = [(0, None)] * n + [(None, 1.0)]
    equal = np.column_stack([x.T, np.zeros(p)])
    above = np.column_stack([-np.eye(n), np.ones(n)])
    found = linprog(np.r_[np.zeros(n), -1.0], above, np.zeros(n), equal, x.T @ y, bounds=bounds)
    return bool(found.status == 0 and -found.fun > 1e-7)


def weights(criterion: np.ndarray) -> np.ndarray:
    """Return exp(-c / 2) over its sum, 0 where there is no estimate (Burnham & Anderson 2002): (m,)."""
    if not np.isfinite(criterion).any():
        raise DesignError("no model of these lists has an estimate", do="join lists, or take a longer time")
    raw = np.where(np.isfinite(criterion), np.exp(-(criterion - np.nanmin(criterion)) / 2), 0.0)
    return raw / raw.sum()


def averaged(total: np.ndarray, std_error: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """Return the weighted total and sqrt(sum w (SE^2 + (N - mean)^2)), which counts that models disagree."""
    some = weight > 0
    mean = float(weight[some] @ total[some])
    return mean, float(np.sqrt(weight[some] @ (std_error[some] ** 2 + (total[some] - mean) ** 2)))


def supported(weight: np.ndarray, share: float = 0.95) -> np.ndarray:
    """Return the models, best first, whose weights add up to at least `share`."""
    order = np.argsort(-weight, kind="stable")
    return order[: int(np.searchsorted(np.cumsum(weight[order]), share - 1e-12)) + 1]
