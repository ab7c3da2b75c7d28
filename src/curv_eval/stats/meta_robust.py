"""Cluster-robust errors of a synthesis for any working model, with small-sample corrections (CR2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.meta_checks import Blocks, checked, studies_of
from curv_eval.stats.meta_covariance import as_blocks, rows_of
from curv_eval.stats.meta_multilevel import Multilevel

LEAST_DF = 4.0


@dataclass(frozen=True, eq=False)
class WorkingModel:
    """What is believed of the effects for the weights: the errors hold where it is wrong.

    y (n,), x (n, p), code (n,) the study of each effect; covariance and weights: one block (n_s, n_s) for each study.
    inverse: whether the weights are the inverse of the covariance.
    """

    y: np.ndarray
    x: np.ndarray
    code: np.ndarray
    covariance: tuple[np.ndarray, ...]
    weights: tuple[np.ndarray, ...]
    inverse: bool = True


def working_model(fit: Multilevel) -> WorkingModel:
    """Return the fitted three-level model as a working model, Omega_s = V_s + sigma2_study 11' + sigma2_effect I."""
    blocks = tuple(v + fit.sigma2[0] + fit.sigma2[1] * np.eye(len(v)) for v in fit.blocks)
    return WorkingModel(fit.y, fit.x, fit.code, blocks, tuple(np.linalg.inv(block) for block in blocks))


def given_model(
    y: np.ndarray, x: np.ndarray, covariance: Blocks, *, study: np.ndarray, weights: Blocks | None = None
) -> WorkingModel:
    """Return a working model of given blocks, in the order of np.unique(study); weights are inverses where not given.

    y: (n,), x: (n, p), study: (n,). Raises DesignError for data or blocks that are wrong.
    """
    code = studies_of(study, len(y))
    blocks = as_blocks(tuple(covariance), code) or ()
    variances = np.concatenate([np.diag(block) for block in blocks])
    y, _, x = checked(y, variances, x)
    if weights is None:
        return WorkingModel(y, x, code, blocks, tuple(np.linalg.inv(block) for block in blocks))
    return WorkingModel(y, x, code, blocks, as_blocks(tuple(weights), code) or (), inverse=False)


@dataclass(frozen=True, eq=False)
class Robust:
    """Coefficients (p,) with their CR2 covariance (p, p) and Satterthwaite degrees of freedom (p,).

    studies: how many clusters. alone: (p,) whether a coefficient cannot be told without one study, so that nothing
    says how it varies between studies. parts: what Wald tests of several coefficients need.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    df: np.ndarray
    studies: int
    alone: np.ndarray
    parts: _Parts

    @property
    def std_error(self) -> np.ndarray:
        """Cluster-robust standard errors, (p,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def trusted(self) -> np.ndarray:
        """Whether each coefficient rests on several studies and on 4 degrees of freedom, (p,).

        With fewer the t test is wrong more often than it says (Tipton 2015).
        """
        return (self.df >= LEAST_DF) & ~self.alone

    @property
    def p_value(self) -> np.ndarray:
        """The chance of a t as far from 0, (p,); NaN where not trusted."""
        from scipy.stats import t

        error = np.where(self.trusted, self.std_error, 1.0)
        value = 2 * t.sf(np.abs(self.coefficients / error), np.maximum(self.df, 1e-9))
        return np.where(self.trusted, value, np.nan)

    def interval(self, level: float = 0.95) -> np.ndarray:
        """Return b +- t_df se for each coefficient, (p, 2); NaN where not trusted."""
        from scipy.stats import t

        half = t.ppf(0.5 + level / 2, np.maximum(self.df, 1e-9)) * self.std_error
        half = np.where(self.trusted, half, np.nan)
        return np.column_stack([self.coefficients - half, self.coefficients + half])

    def why(self) -> tuple[str, ...]:
        """Return the words for each coefficient whose test and interval are refused, "" for the others."""
        words = [_ALONE if one else _refusal(df, self.studies) for one, df in zip(self.alone, self.df, strict=True)]
        return tuple("" if held else one for held, one in zip(self.trusted, words, strict=True))


_ALONE = (
    "one study alone carries this, so that nothing says how it differs between studies: no test and no interval; "
    "give the estimate as that study's, or leave the moderator out"
)


def _refusal(df: float, studies: int) -> str:
    return (
        f"{df:.1f} degrees of freedom from {studies} studies, expected at least 4: no test and no interval can be "
        "trusted; give the estimate alone, or find more studies that differ in this"
    )


@dataclass(frozen=True, eq=False)
class _Parts:
    """For each study, with G = A'W X (n_s, p): own G'Phi G, near X'G, far X'W Phi G, each (S, p, p).

    bread: M = (X'WX)^-1, meat: X'W Phi W X. lost: directions of the coefficients that one study carries, (p, m).
    """

    own: np.ndarray
    near: np.ndarray
    far: np.ndarray
    bread: np.ndarray
    meat: np.ndarray
    lost: np.ndarray

    def pairs(self, contrasts: np.ndarray) -> np.ndarray:
        """Return p_si' Phi p_tj of contrasts (q, p) and studies i, j under the working model: (S, S, q, q)."""
        turned = self.bread @ contrasts.T
        near, far = self.near @ turned, self.far @ turned
        cross = _across(near, self.bread, far)
        out = _across(near, self.bread @ self.meat @ self.bread, near) - cross - cross.transpose(1, 0, 3, 2)
        at = np.arange(len(near))
        out[at, at] += np.einsum("as,iab,bt->ist", turned, self.own, turned)
        return out


def _across(left: np.ndarray, middle: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return left_i' middle right_j of all studies, (S, S, q, q); left and right: (S, p, q)."""
    (studies, _, q), flat = left.shape, [one.transpose(0, 2, 1).reshape(-1, one.shape[1]) for one in (left, right)]
    return (flat[0] @ middle @ flat[1].T).reshape(studies, q, studies, q).transpose(0, 2, 1, 3)


def robust(model: WorkingModel) -> Robust:
    """Return weighted least squares with CR2 errors and Satterthwaite df (Tipton 2015; Pustejovsky & Tipton 2018).

    b = M X'Wy, M = (X'WX)^-1; V = M [sum_s X_s'W_s A_s r_s r_s'A_s'W_s X_s] M, with A_s = D_s' B_s^(-1/2) D_s,
    B_s = D_s [(I - H) Phi (I - H)']_ss D_s' and Phi_s = D_s'D_s: exactly unbiased where the working model Phi holds,
    and consistent in the number of studies where it does not. df = 2 E(V)^2 / Var(V) under Phi.
    Raises DesignError where there are not more studies than coefficients.
    """
    rows, p = rows_of(model.code), model.x.shape[1]
    if len(rows) <= p:
        raise DesignError(f"{len(rows)} studies, expected more than the {p} coefficients", do="leave moderators out")
    x = [model.x[at] for at in rows]
    weighted = [w @ xs for w, xs in zip(model.weights, x, strict=True)]
    bread = np.linalg.inv(sum(xs.T @ wx for xs, wx in zip(x, weighted, strict=True)))
    b = bread @ sum(wx.T @ model.y[at] for wx, at in zip(weighted, rows, strict=True))
    spread = [phi @ wx for phi, wx in zip(model.covariance, weighted, strict=True)]
    meat = sum(wx.T @ one for wx, one in zip(weighted, spread, strict=True))
    turned, scores = [], []
    for xs, wx, phi, one, at in zip(x, weighted, model.covariance, spread, rows, strict=True):
        left = _left(xs, phi, one, bread=bread, meat=meat)
        g = _adjustment(phi, left).T @ wx
        turned.append((g.T @ phi @ g, xs.T @ g, one.T @ g))
        scores.append(bread @ (g.T @ (model.y[at] - xs @ b)))
    lost = _lost(model.x, rows)
    parts = _Parts(*(np.array(each) for each in zip(*turned, strict=True)), bread, meat, lost)
    score = np.array(scores)
    df = np.array([_satterthwaite(parts.pairs(row[None])[:, :, 0, 0]) for row in np.eye(p)])
    return Robust(b, score.T @ score, df, len(rows), _touches(np.eye(p), lost), parts)


def _lost(x: np.ndarray, rows: list[np.ndarray]) -> np.ndarray:
    """Return every direction n of the coefficients for which x n is 0 outside one study, (p, m)."""
    q, r = np.linalg.qr(x)
    found = []
    for at in rows:
        values, vectors = np.linalg.eigh(q[at].T @ q[at])
        found.append(np.linalg.solve(r, vectors[:, values > 1 - 1e-9]))
    return np.column_stack(found)


def _touches(contrasts: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """Return which contrasts (q, p) need a direction that is lost with one study, (q,) bool."""
    size = np.abs(lost).max(axis=0, initial=1e-300)
    return (np.abs(contrasts @ (lost / size)) > 1e-6 * np.abs(contrasts).max(axis=1, keepdims=True)).any(axis=1)


def _left(x: np.ndarray, phi: np.ndarray, spread: np.ndarray, *, bread: np.ndarray, meat: np.ndarray) -> np.ndarray:
    """Return [(I - H) Phi (I - H)']_ss; spread: Phi W X of the study."""
    crossed = x @ bread @ spread.T
    return phi - crossed - crossed.T + x @ bread @ meat @ bread @ x.T


def _adjustment(phi: np.ndarray, left: np.ndarray) -> np.ndarray:
    root = np.linalg.cholesky(phi).T
    values, vectors = np.linalg.eigh(root @ left @ root.T)
    # a study that alone carries a coefficient leaves a direction without residual
    some = values > 1e-10 * np.abs(values).max()
    power = np.where(some, np.where(some, values, 1.0) ** -0.5, 0.0)
    return root.T @ ((vectors * power) @ vectors.T) @ root


def _satterthwaite(pairs: np.ndarray) -> float:
    spread = float((pairs**2).sum())
    return float(np.trace(pairs) ** 2 / spread) if spread > 0 else 0.0


@dataclass(frozen=True)
class Wald:
    """A test of q contrasts at once: F on q and df degrees of freedom; p is NaN and `why` says it where refused."""

    f: float
    q: int
    df: float
    p: float
    why: str


def wald(fit: Robust, contrasts: np.ndarray) -> Wald:
    """Test that contrasts (q, p) of the coefficients are 0, by AHZ (Tipton & Pustejovsky 2015).

    Q = (Cb)'(C V C')^-1 (Cb) is taken as Hotelling's T2 with eta degrees of freedom: (eta - q + 1) / (eta q) Q is F on
    q and eta - q + 1. eta = q (q + 1) / sum_st Var(D_st), D = O^(-1/2) C V C' O^(-1/2), O = Cov(Cb) under the working
    model. With q = 1 it is the t test with Satterthwaite's df. Raises DesignError where contrasts follow from others.
    """
    from scipy.stats import f as f_distribution

    c = np.atleast_2d(np.asarray(contrasts, float))
    q = len(c)
    if c.shape[1] != len(fit.coefficients) or np.linalg.matrix_rank(c) < q:
        raise DesignError(f"contrasts: got {c.shape}, expected independent rows of {len(fit.coefficients)} numbers")
    parts = fit.parts
    if _touches(c, parts.lost).any():
        return Wald(np.nan, q, np.nan, np.nan, _ALONE)
    values, vectors = np.linalg.eigh(c @ parts.bread @ parts.meat @ parts.bread @ c.T)
    pairs = parts.pairs((vectors / np.sqrt(values)).T @ c)
    own = np.einsum("ijss->ijs", pairs)
    eta = q * (q + 1) / (np.einsum("ijs,ijt->", own, own) + np.einsum("ijst,ijts->", pairs, pairs))
    gap = c @ fit.coefficients
    statistic = float(gap @ np.linalg.solve(c @ fit.covariance @ c.T, gap))
    df = float(eta - q + 1)
    f = float(df / (eta * q)) * statistic
    if df < LEAST_DF:
        return Wald(f, q, df, np.nan, _refusal(df, fit.studies))
    return Wald(f, q, df, float(f_distribution.sf(f, q, df)), "")
