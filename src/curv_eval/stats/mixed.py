"""Linear mixed model with one grouping factor: REML or ML for random intercepts and slopes, by group sums alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.clustered import independent


@dataclass(frozen=True)
class Mixed:
    """y = X b + Z_g u_g + e, u_g ~ N(0, `between`), e ~ N(0, `within`).

    coefficients (p,) and their covariance (p, p); between (q, q); within; deviance: -2 log-likelihood (REML or ML).
    whitened: x (n, p) and y (n,) turned so that rows are independent with variance `within`. boundary: whether a
    random effect came out without variance. effects: (G, q) predictions of u, in the order of np.unique(group).
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    between: np.ndarray
    within: float
    deviance: float
    whitened: tuple[np.ndarray, np.ndarray]
    boundary: bool
    effects: np.ndarray

    @property
    def errors(self) -> np.ndarray:
        """Standard errors of the coefficients under the model, (p,)."""
        return np.sqrt(np.diagonal(self.covariance))

    @property
    def icc(self) -> float:
        """The share of the variance of a row that lies between groups, where the first column of Z is 1."""
        return float(self.between[0, 0] / (self.between[0, 0] + self.within))


@dataclass(frozen=True)
class _Sums:
    """Cross-products: within groups Z'Z (G, q, q), Z'X (G, q, p), Z'y (G, q); and over all rows X'X, X'y, y'y."""

    zz: np.ndarray
    zx: np.ndarray
    zy: np.ndarray
    xx: np.ndarray
    xy: np.ndarray
    yy: float
    n: int


@dataclass(frozen=True)
class _Profile:
    """The criterion at given relative covariances, and what it is made of."""

    deviance: float
    b: np.ndarray
    rxx: np.ndarray
    rss: float


def mixed_model(
    x: np.ndarray, y: np.ndarray, group: np.ndarray, *, z: np.ndarray | None = None, reml: bool = True
) -> Mixed:
    """Return the mixed model of y (n,) on x (n, p) with random effects of z (n, q) by group (n,); z: 1 if not given.

    The covariance of u is within times LL', L lower triangular; b and within are profiled out, and the criterion (Bates
    and others 2015, J. Statistical Software 67(1), equations 39 and 41) is minimised over L, all by sums over groups.
    Raises DesignError for columns that repeat each other, fewer than two groups, or no row more than coefficients.
    """
    z = np.ones((len(y), 1)) if z is None else z
    groups = len(np.unique(group))
    if not independent(x).all() or groups < 2 or len(y) <= x.shape[1] + z.shape[1] or groups == len(y):
        raise DesignError(
            f"a mixed model needs groups with several rows and columns that say different things; "
            f"got {len(y)} rows in {groups} groups"
        )
    sums = _products(x, y, z, group)
    theta = _best(sums, z.shape[1], reml=reml)
    root = _lower(theta, z.shape[1])
    top = _profile(sums, root, reml=reml)
    within = top.rss / (len(y) - (x.shape[1] if reml else 0))
    white = _whiten(np.column_stack([x, y]), z, group, root)
    boundary = bool((np.abs(np.diagonal(root)) < 1e-5).any())
    return Mixed(
        top.b, within * np.linalg.inv(top.rxx), within * root @ root.T, within, top.deviance,
        (white[:, :-1], white[:, -1]), boundary, _effects(sums, root, top.b),
    )  # fmt: skip


def _products(x: np.ndarray, y: np.ndarray, z: np.ndarray, group: np.ndarray) -> _Sums:
    every = np.column_stack([z, x, y])
    within, q = _by_group(z, every, group), z.shape[1]
    return _Sums(within[:, :, :q], within[:, :, q:-1], within[:, :, -1], x.T @ x, x.T @ y, float(y @ y), len(y))


def _by_group(z: np.ndarray, every: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return z' every within each group, (G, q, k)."""
    code = np.unique(group, return_inverse=True)[1]
    order = np.argsort(code, kind="stable")
    edges = np.flatnonzero(np.diff(code[order], prepend=-1))
    return np.add.reduceat(z[order][:, :, None] * every[order][:, None, :], edges, axis=0)


def _lower(theta: np.ndarray, q: int) -> np.ndarray:
    root = np.zeros((q, q))
    root[np.tril_indices(q)] = theta
    return root


def _profile(sums: _Sums, root: np.ndarray, *, reml: bool) -> _Profile:
    """Return the profiled deviance at u's relative root L: by M_g = I + L'Z'Z L, V^-1 = I - Z L M^-1 L'Z'."""
    middle = np.eye(len(root)) + root.T @ sums.zz @ root
    lx, ly = root.T @ sums.zx, np.einsum("qr,gq->gr", root, sums.zy)
    solved_x, solved_y = np.linalg.solve(middle, lx), np.linalg.solve(middle, ly[:, :, None])[:, :, 0]
    rxx = sums.xx - np.einsum("gqp,gqr->pr", lx, solved_x)
    rxy = sums.xy - np.einsum("gqp,gq->p", lx, solved_y)
    b = np.linalg.solve(rxx, rxy)
    rss = max(float(sums.yy - (ly * solved_y).sum() - b @ rxy), 1e-300)
    size = float(np.linalg.slogdet(middle)[1].sum())
    df = sums.n - (len(b) if reml else 0)
    more = float(np.linalg.slogdet(rxx)[1]) if reml else 0.0
    return _Profile(size + more + df * (1 + np.log(2 * np.pi * rss / df)), b, rxx, rss)


def _best(sums: _Sums, q: int, *, reml: bool) -> np.ndarray:
    """Return the root L that minimises the criterion: from two starts, then polished without derivatives."""
    from scipy.optimize import minimize, minimize_scalar

    # each random effect is measured in its own unit, so that one step size fits all
    scale = 1 / np.sqrt(np.maximum(np.einsum("gqq->q", sums.zz) / sums.n, 1e-300))
    unit = np.repeat(scale, np.arange(1, q + 1))

    def criterion(theta: np.ndarray) -> float:
        return _profile(sums, _lower(theta * unit, q), reml=reml).deviance

    if q == 1:
        found = minimize_scalar(lambda t: criterion(np.array([np.sinh(t)])), bounds=(0, 9), method="bounded",
                                options={"xatol": 1e-10})  # fmt: skip
        theta = np.array([np.sinh(found.x)])
        return np.zeros(1) if criterion(np.zeros(1)) <= found.fun else theta * unit
    eye = np.eye(q)[np.tril_indices(q)]
    bounds = [(0.0, None) if one else (None, None) for one in eye]
    tries = [minimize(criterion, size * eye, method="L-BFGS-B", bounds=bounds) for size in (1.0, 0.1)]
    first = min(tries, key=lambda one: one.fun)
    polished = minimize(criterion, first.x, method="Nelder-Mead", bounds=bounds,
                        options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 4000, "maxfev": 8000})  # fmt: skip
    if not polished.success:
        raise DesignError("the mixed model did not converge", do="leave out the random slope")
    return polished.x * unit


def _whiten(every: np.ndarray, z: np.ndarray, group: np.ndarray, root: np.ndarray) -> np.ndarray:
    """Return V^(-1/2) every, V_g = I + W W', W = Z L: rows of a group less what they share."""
    w = z @ root
    values, vectors = np.linalg.eigh(_by_group(w, w, group))
    kept = np.maximum(values, 0.0)
    pull = np.where(kept > 1e-12, (1 / np.sqrt(1 + kept) - 1) / np.maximum(kept, 1e-12), -0.5)
    core = np.einsum("gqr,gr,gsr->gqs", vectors, pull, vectors)
    code = np.unique(group, return_inverse=True)[1]
    return every + np.einsum("nq,nqk->nk", w, (core @ _by_group(w, every, group))[code])


def _effects(sums: _Sums, root: np.ndarray, b: np.ndarray) -> np.ndarray:
    left = sums.zy - sums.zx @ b
    middle = np.eye(len(root)) + root.T @ sums.zz @ root
    return np.linalg.solve(middle, (left @ root)[:, :, None])[:, :, 0] @ root.T
