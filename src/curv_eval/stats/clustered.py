"""Least squares with the errors that published rules give: HC0 to HC3 for people, CR0 to CR3 for clusters of people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError

PEOPLE_RULES = ("iid", "HC0", "HC1", "HC2", "HC3")
CLUSTER_RULES = ("CR0", "CR1", "CR1S", "CR2", "CR3")
_CLOSE = 1e-9


@dataclass(frozen=True)
class Robust:
    """Influence of every person or cluster on each of m numbers, (G, m): its cross-product is their covariance.

    df: (m,) degrees of freedom of the t distribution. rule: how the error was made.
    """

    scores: np.ndarray
    df: np.ndarray
    rule: str

    @property
    def covariance(self) -> np.ndarray:
        """The covariance of the numbers, (m, m)."""
        return self.scores.T @ self.scores

    @property
    def errors(self) -> np.ndarray:
        """The standard errors, (m,)."""
        return np.sqrt((self.scores**2).sum(axis=0))


@dataclass(frozen=True)
class Fit:
    """Least squares: coefficients (k,), residual (n,), and their errors (Robust with m = k)."""

    coefficients: np.ndarray
    residual: np.ndarray
    robust: Robust


def least_squares(
    x: np.ndarray, y: np.ndarray, *, rule: str = "CR2", cluster: np.ndarray | None = None,
    weights: np.ndarray | None = None,
) -> Fit:  # fmt: skip
    """Return b = (X'WX)^-1 X'Wy with errors by `rule` (see robust).

    x: (n, k), y: (n,), cluster: (n,), weights: (n,) positive. Raises DesignError for columns that repeat each other.
    """
    root = np.ones(len(y)) if weights is None else np.sqrt(weights)
    x, y = x * root[:, None], y * root
    if not independent(x).all():
        raise DesignError(
            f"{int((~independent(x)).sum())} of {x.shape[1]} terms of the regression repeat others",
            do="leave out covariates that follow from others",
        )
    if len(x) <= x.shape[1]:
        raise DesignError(f"{len(x)} people cannot say how {x.shape[1]} terms vary", do="leave covariates out")
    coefficients = np.linalg.lstsq(x, y, rcond=None)[0]
    residual = y - x @ coefficients
    return Fit(coefficients, residual / root, robust(x, residual, rule=rule, cluster=cluster))


def independent(x: np.ndarray) -> np.ndarray:
    """Return which columns of x (n, k) do not follow from the columns before them: (k,) bool."""
    length = np.linalg.norm(x, axis=0)
    some = length > 0
    left = np.zeros(x.shape[1])
    scaled = x[:, some] / length[some]
    kept = np.abs(np.diagonal(np.linalg.qr(scaled, mode="r")))
    left[np.flatnonzero(some)[: len(kept)]] = kept
    return left > 1e-8


def robust(
    x: np.ndarray, residual: np.ndarray, *, rule: str = "CR2", cluster: np.ndarray | None = None,
    contrasts: np.ndarray | None = None,
) -> Robust:  # fmt: skip
    """Return the errors of C'b, b the least-squares coefficients of regressors x (n, k) with residuals (n,).

    contrasts: C, (k, m), each coefficient where not given. The influence of cluster c is C'M X_c' A_c r_c with
    M = (X'X)^-1 and H_cc = X_c M X_c'. For people each is a cluster:
    HC0 and CR0: A = I. HC1: times sqrt(n / (n-k)). CR1: times sqrt(G / (G-1)). CR1S: times
    sqrt(G (n-1) / ((G-1)(n-k))), as Stata. HC2 and CR2: A = (I - H_cc)^(-1/2), exact if errors are alike and
    independent. HC3 and CR3: A = (I - H_cc)^(-1). "iid": s^2 M.
    df: Satterthwaite for HC2 and CR2 (Bell & McCaffrey 2002; Pustejovsky & Tipton 2018), n-k for the other rules for
    people and G-1 for the other rules for clusters. Regressors of two-stage least squares are the fitted ones.
    Raises DesignError for an unknown rule, or a rule for clusters without them.
    """
    _refuse(rule, cluster)
    c = np.eye(x.shape[1]) if contrasts is None else contrasts
    # columns of one length keep digits where units differ by thousands
    length = np.linalg.norm(x, axis=0)
    length = np.where(length > 0, length, 1.0)
    x, c = x / length, c / length[:, None]
    bread = np.linalg.pinv(x.T @ x, hermitian=True)
    if rule == "iid":
        return _alike(x, residual, bread, c)
    if cluster is None or rule.startswith("HC"):
        return _people(x, residual, bread, c, rule=rule)
    return _clusters(_sums(x, residual, cluster), bread, c, rule=rule, rows=len(x))


def _refuse(rule: str, cluster: np.ndarray | None) -> None:
    if rule not in PEOPLE_RULES + CLUSTER_RULES:
        raise DesignError(f"errors by {rule!r}: expected one of {', '.join(PEOPLE_RULES + CLUSTER_RULES)}")
    if cluster is None and rule in ("CR0", "CR1", "CR1S", "CR3"):
        raise DesignError(f"errors by {rule} need clusters", do="use an HC rule for people who are not in clusters")
    if cluster is not None and len(np.unique(cluster)) < 2:
        raise DesignError("clusters: got 1, expected at least 2", do="name smaller clusters")


def _alike(x: np.ndarray, residual: np.ndarray, bread: np.ndarray, c: np.ndarray) -> Robust:
    left = len(x) - x.shape[1]
    spread = np.sqrt((residual**2).sum() / left)
    return Robust(spread * (x @ bread @ c), np.full(c.shape[1], float(left)), "iid")


def _people(x: np.ndarray, residual: np.ndarray, bread: np.ndarray, c: np.ndarray, *, rule: str) -> Robust:
    n, k = x.shape
    gap = 1.0 - ((x @ bread) * x).sum(axis=1)
    open_ = gap > _CLOSE
    safe = np.where(open_, gap, 1.0)
    power = {"HC2": 0.5, "CR2": 0.5, "HC3": 1.0}.get(rule, 0.0)
    lift = np.where(open_, safe**-power, 0.0 if power else 1.0)
    factor = np.sqrt(n / (n - k)) if rule == "HC1" else 1.0
    weights = factor * lift[:, None] * (x @ bread @ c)
    df = _satterthwaite(weights**2, weights, x, bread) if power == 0.5 else np.full(c.shape[1], float(n - k))
    return Robust(weights * residual[:, None], df, "HC2" if rule == "CR2" else rule)


@dataclass(frozen=True)
class _Sums:
    """Per cluster, in the order of np.unique: X_c'X_c (G, k, k) and X_c'r_c (G, k)."""

    squares: np.ndarray
    products: np.ndarray


def _sums(x: np.ndarray, residual: np.ndarray, cluster: np.ndarray) -> _Sums:
    _, code = np.unique(cluster, return_inverse=True)
    order = np.argsort(code, kind="stable")
    edges = np.flatnonzero(np.diff(code[order], prepend=-1))
    held = x[order]
    squares = np.add.reduceat(held[:, :, None] * held[:, None, :], edges, axis=0)
    return _Sums(squares, np.add.reduceat(held * residual[order][:, None], edges, axis=0))


def _clusters(sums: _Sums, bread: np.ndarray, c: np.ndarray, *, rule: str, rows: int) -> Robust:
    groups, k = sums.products.shape
    turn = _turned(sums.squares, bread, c, rule)
    factor = {"CR1": groups / (groups - 1), "CR1S": groups * (rows - 1) / ((groups - 1) * (rows - k))}.get(rule, 1.0)
    scores = np.sqrt(factor) * np.einsum("gkm,gk->gm", turn, sums.products)
    if rule != "CR2":
        return Robust(scores, np.full(c.shape[1], groups - 1.0), rule)
    inner = sums.squares @ turn
    own = np.einsum("gkm,gkm->gm", turn, inner)
    df = np.array([_degrees(own[:, j], inner[:, :, j], bread) for j in range(c.shape[1])])
    return Robust(scores, df, rule)


def _turned(squares: np.ndarray, bread: np.ndarray, c: np.ndarray, rule: str) -> np.ndarray:
    """Return T_c (G, k, m) such that X_c T_c = A_c X_c M C, by the k x k eigenproblem of X_c M X_c'."""
    base = np.broadcast_to(bread @ c, (len(squares), *c.shape))
    power = {"CR2": 0.5, "CR3": 1.0}.get(rule)
    if power is None:
        return base
    values, vectors = np.linalg.eigh(bread)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    shares, turn = np.linalg.eigh(root.T @ squares @ root)
    gap = 1.0 - shares
    lift = np.where(gap > _CLOSE, np.maximum(gap, _CLOSE) ** -power, 0.0) - 1.0
    ratio = np.where(shares > 1e-12, lift / np.maximum(shares, 1e-12), power)
    turned = root @ turn
    return base + turned @ (ratio[:, :, None] * (np.swapaxes(turned, 1, 2) @ (squares @ base)))


def _satterthwaite(own: np.ndarray, weights: np.ndarray, x: np.ndarray, bread: np.ndarray) -> np.ndarray:
    return np.array([_degrees(own[:, j], x * weights[:, [j]], bread) for j in range(weights.shape[1])])


def _degrees(own: np.ndarray, inner: np.ndarray, bread: np.ndarray) -> float:
    """Return (trace P)^2 / trace(P P) for P = diag(own) - B M B' without forming it; own: (G,), inner: B (G, k).

    0 where every cluster fits its own part, so that nothing is left to vary.
    """
    crossed = ((inner @ bread) * inner).sum(axis=1)
    middle = bread @ (inner.T @ inner)
    trace = own.sum() - crossed.sum()
    square = (own**2).sum() - 2 * (own * crossed).sum() + np.sum(middle * middle.T)
    return float(trace**2 / square) if square > 1e-20 * max((own**2).sum(), 1e-300) else 0.0
