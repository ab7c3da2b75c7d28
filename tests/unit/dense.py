"""Regressions with every dummy written out, against which the shortcuts of stats/ are held."""

import numpy as np


def dummies(n, t):
    """Unit effects and period effects but the first: (n t, n + t - 1)."""
    return np.column_stack([np.repeat(np.eye(n), t, axis=0), np.tile(np.eye(t)[:, 1:], (n, 1))])


def least_squares(x, y, weight=None):
    """Coefficients and residuals, both times root weights as the errors want them."""
    root = np.ones(len(y)) if weight is None else np.sqrt(weight)
    xw, yw = x * root[:, None], y * root
    found = np.linalg.lstsq(xw, yw, rcond=None)[0]
    return found, xw, yw - xw @ found


def power(matrix, exponent):
    """A symmetric matrix to a power, 0 where its eigenvalues are."""
    values, vectors = np.linalg.eigh(matrix)
    some = values > 1e-9
    return (vectors[:, some] * values[some] ** exponent) @ vectors[:, some].T


def cr2(x, residual, cluster, contrast):
    """Scores (clusters,) and Satterthwaite's degrees of freedom of contrast' coefficients, by the definition.

    x, residual: times root weights. A_c = (I - H_cc)^(-1/2), the score is contrast' M X_c' A_c e_c; with g_c = (I -
    H)_c A_c X_c M contrast, df = (trace G'G)^2 / trace((G'G)^2).
    """
    bread = np.linalg.pinv(x.T @ x)
    left = np.eye(len(x)) - x @ bread @ x.T
    scores, columns = [], []
    for name in np.unique(cluster):
        rows = cluster == name
        weights = power(left[np.ix_(rows, rows)], -0.5) @ x[rows] @ bread @ contrast
        scores.append(weights @ residual[rows])
        columns.append(left[:, rows] @ weights)
    inner = np.array(columns) @ np.array(columns).T
    return np.array(scores), np.trace(inner) ** 2 / (inner**2).sum()


def cr0(x, residual, cluster, contrast):
    """Scores (clusters,) without any small-sample rule."""
    one = (x @ (np.linalg.pinv(x.T @ x) @ contrast)) * residual
    return np.array([one[cluster == name].sum() for name in np.unique(cluster)])
