"""Regressions with unit and period effects in which units of the same path share their regressors.

A path is what a unit goes through: the units of one cohort share theirs. The unit effects then come out exactly, and
everything but the residuals has the size of the table of paths and periods, however many units there are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.sums import Groups, sum_rows

_TOGETHER = 1e-10  # an eigenvalue of the scaled cross-products below which regressors are not told apart


@dataclass(frozen=True)
class Working:
    """A fitted working regression of n units, P paths and T periods, with J regressors of which K are of interest.

    value: (K,) their coefficients. path: (n,) the path of each unit. size: (n,) what each unit's weights are a
    multiple of. root: (P, T) square roots of the weights of one unit of size 1, 0 where a period is not used.
    scaled: (P, T, J) regressors less their unit means, times root. bread: (J, J) the inverse of the cross-products.
    residual: (n, T) residuals times weights.
    """

    value: np.ndarray
    path: np.ndarray
    size: np.ndarray
    root: np.ndarray
    scaled: np.ndarray
    bread: np.ndarray
    residual: np.ndarray

    @property
    def rows(self) -> int:
        """How many unit-periods were used."""
        return int((self.root > 0).sum(axis=1)[self.path].sum())

    @property
    def periods(self) -> int:
        """How many periods were used."""
        return int((self.root > 0).any(axis=0).sum())


def least_squares(
    y: np.ndarray, x: np.ndarray, path: np.ndarray, *, used: np.ndarray | None = None, weight: np.ndarray | None = None
) -> Working:
    """Return the regression y_it = a_i + b_t + x_it' c + e_it by least squares.

    y: (n, T). x: (P, T, K), the regressors of each path. path: (n,) codes 0 to P - 1. used: (P, T) bool, the periods
    in which a path's units are used (all by default). weight: (n,) what each unit counts for (1 by default). By the
    theorem of Frisch, Waugh and Lovell the unit effects come out as means over the periods used. Raises DesignError
    when the regressors cannot be told apart.
    """
    use = np.ones(x.shape[:2]) if used is None else used.astype(float)
    size = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=float)
    scaled, bread = crossed(with_periods(x, use), use, np.bincount(path, size, len(x)), names=x.shape[2])
    some = np.maximum(use.sum(axis=1), 1.0)
    means = (use[path] * y).sum(axis=1) / some[path]
    left = (size[:, None] * use[path]) * (y - means[:, None])
    found = bread @ np.einsum("ptj,pt->j", scaled, sum_rows(left, Groups(path, len(x))))
    residual = left - (size[:, None] * use[path]) * (scaled @ found)[path]
    return Working(found[: x.shape[2]], path, size, np.sqrt(use), scaled, bread, residual)


def with_periods(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return x (P, T, K) with a column for each period that is used, but the first: (P, T, K + periods - 1)."""
    used = np.flatnonzero((weight > 0).any(axis=0))[1:]
    dummies = np.eye(x.shape[1])[:, used]
    return np.concatenate([x, np.broadcast_to(dummies, (len(x), *dummies.shape))], axis=2)


def crossed(x: np.ndarray, weight: np.ndarray, total: np.ndarray, *, names: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the scaled regressors (P, T, J) and the inverse of their cross-products (J, J).

    x: (P, T, J). weight: (P, T) of a unit of size 1. total: (P,) the sizes of each path's units together. names: how
    many of the columns are of interest. Raises DesignError when the columns cannot be told apart.
    """
    some = np.maximum(weight.sum(axis=1), 1e-300)
    means = np.einsum("pt,ptj->pj", weight, x) / some[:, None]
    scaled = np.sqrt(weight)[:, :, None] * (x - means[:, None, :])
    stacked = (np.sqrt(total)[:, None, None] * scaled).reshape(-1, x.shape[2])
    return scaled, _inverse(stacked.T @ stacked, names)


def _inverse(cross: np.ndarray, names: int) -> np.ndarray:
    scale = np.sqrt(np.diag(cross))
    if (scale > 0).all():
        values, vectors = np.linalg.eigh(cross / np.outer(scale, scale))
        if values[0] > _TOGETHER:
            return (vectors / values) @ vectors.T / np.outer(scale, scale)
    raise DesignError(
        f"the {names} effects and the periods cannot be told apart",
        do="start the window earlier, or keep areas that are never treated",
    )


def paths(regressors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct rows of regressors (n, T) as x (P, T, 1), and the path of each unit (n,)."""
    wide = np.ascontiguousarray(regressors, dtype=float) + 0.0  # -0.0 and 0.0 are the same regressor
    whole = wide.view([("", f"V{wide.shape[1] * 8}")]).ravel()
    _, first, path = np.unique(whole, return_index=True, return_inverse=True)
    return wide[first][:, :, None], path
