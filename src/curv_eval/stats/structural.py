"""A series continued by its own level, trend and season and by comparison series: a structural time series model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from curv_eval.errors import DesignError

LEVELS = ("local_level", "local_linear_trend")
# standard deviations of the monthly change of level, and of slope, over that of the irregular part
_LEVEL_GRID = np.concatenate([[0.0], np.geomspace(0.005, 5.0, 36)])
_SLOPE_GRID = np.concatenate([[0.0], np.geomspace(0.002, 0.5, 9)])
_NOTHING = 1e-6


@dataclass(frozen=True)
class Model:
    """How a series is continued.

    level: "local_level" or "local_linear_trend". prior: scale of the half-normal prior of the standard deviation of the
    change of level, over that of the irregular part; a tenth of it for that of slope. draws, seed: of the simulation.
    """

    level: str = LEVELS[0]
    prior: float = 0.1
    draws: int = 2000
    seed: int = 0


@dataclass(frozen=True)
class Continued:
    """What a series was expected to be, given what came before `n_before`.

    expected: (T,) the mean: one period ahead before the onset, the whole way after it. draws: (draws, T) of what could
    have been counted, uncertainty about everything included. coefficients, coefficients_error: (k,) of the regressors.
    level, slope, irregular: the standard deviations (posterior means) of the change of level, of slope and of the
    irregular part.
    """

    expected: np.ndarray
    draws: np.ndarray
    coefficients: np.ndarray
    coefficients_error: np.ndarray
    level: float
    slope: float
    irregular: float


@dataclass(frozen=True)
class Node:
    """The model at one pair of ratios (level, slope), irregular variance and regression integrated out.

    weight: log of the marginal likelihood. mean: (T,). scale: (T, T) covariance over the irregular variance, of which
    sum_of_squares / chi2(df) is the posterior. coefficients: (k,), and their covariance over the irregular variance.
    """

    level: float
    slope: float
    weight: float
    mean: np.ndarray
    scale: np.ndarray
    sum_of_squares: float
    df: int
    coefficients: np.ndarray
    bread: np.ndarray


def continued(y: np.ndarray, x: np.ndarray, n_before: int, *, model: Model) -> Continued:
    """Return what y (T,) was expected to be from period `n_before` on, had it gone on as before.

    y_t = m_t + x_t b + e_t, m_t = m_{t-1} + d_t + u_t (Harvey 1989; Brodersen and others 2015): a local level, or with
    "local_linear_trend" also a slope d_t = d_{t-1} + v_t. x: (T, k), known after the onset too. First level, slope, b
    and the log of the irregular variance have flat priors and are integrated out exactly; the standard deviations of u
    and v over that of e have half-normal priors (see Model) and are summed over a grid. So the draws carry the
    uncertainty about variances that maximum likelihood leaves out. Draws below 0 count as 0: y are counts.
    Raises DesignError for too few periods, a series that never changes, and regressors that repeat one another.
    """
    _refuse(y, x, n_before, model.level)
    shift, size = y[:n_before].mean(), y[:n_before].std()
    z, columns = (y - shift) / size, _columns(x, n_before, model.level)
    nodes = [node(z, columns, n_before, ratios=ratios) for ratios in _grid(model.level)]
    weights = _weights(nodes, model.prior)
    # what carries no weight is left out, so that time goes to what does
    held = [(n, w) for n, w in zip(nodes, weights, strict=True) if w > _NOTHING]
    held = [(n, w / sum(w for _, w in held)) for n, w in held]
    drawn = _drawn(held, model.draws, np.random.default_rng(model.seed))
    b, error = _coefficients(held, slice(columns.shape[1] - x.shape[1], None))
    scale = size / x[:n_before].std(axis=0)
    irregular = [(w * size * np.sqrt(n.sum_of_squares / n.df), n) for n, w in held]
    return Continued(
        shift + size * sum(w * n.mean for n, w in held), np.maximum(shift + size * drawn, 0.0),
        scale * b, scale * error, float(sum(sd * n.level for sd, n in irregular)),
        float(sum(sd * n.slope for sd, n in irregular)), float(sum(sd for sd, _ in irregular)),
    )  # fmt: skip


def _grid(level: str) -> Iterator[tuple[float, float]]:
    return product(_LEVEL_GRID, _SLOPE_GRID if level == LEVELS[1] else (0.0,))


def _columns(x: np.ndarray, n_before: int, level: str) -> np.ndarray:
    """Return the first level, the first slope and standardised regressors: (T, 1 + k) or (T, 2 + k)."""
    standard = (x - x[:n_before].mean(axis=0)) / x[:n_before].std(axis=0)
    time = np.arange(len(x)) / n_before
    return np.column_stack([np.ones(len(x)), *([time] if level == LEVELS[1] else []), standard])


def covariance(n: int, *, level: float, slope: float) -> np.ndarray:
    """Return the covariance of m_t + e_t from known first level and slope, over the irregular variance: (n, n).

    level, slope: ratios of standard deviations. Level steps add up min(s, t) times; a slope step at r moves levels by
    s - r and t - r from then on.
    """
    steps = np.arange(n)
    least = np.minimum.outer(steps, steps).astype(float)
    out = np.eye(n) + level**2 * least
    if slope:
        gap = np.abs(np.subtract.outer(steps, steps))
        # sum over r = 1 .. least - 1 of r (r + gap), r counting from the later end
        m = np.maximum(least - 1, 0)
        out += slope**2 * (m * (m + 1) * (2 * m + 1) / 6 + gap * m * (m + 1) / 2)
    return out


def node(z: np.ndarray, x: np.ndarray, n_before: int, *, ratios: tuple[float, float]) -> Node:
    """Return the model of z (T,) on x (T, k) at the ratios (level, slope), learnt from the first n_before periods."""
    from scipy.linalg import solve_triangular

    whole = covariance(len(z), level=ratios[0], slope=ratios[1])
    root = np.linalg.cholesky(whole[:n_before, :n_before])
    white = solve_triangular(
        root, np.column_stack([z[:n_before], x[:n_before], whole[:n_before, n_before:]]), lower=True
    )
    k = x.shape[1]
    zw, xw, cross = white[:, 0], white[:, 1 : 1 + k], white[:, 1 + k :]
    gram = xw.T @ xw
    bread = np.linalg.inv(gram)
    b = bread @ (xw.T @ zw)
    left = zw - xw @ b
    sum_of_squares, df = float(left @ left), n_before - k
    weight = -np.log(np.diag(root)).sum() - 0.5 * np.linalg.slogdet(gram)[1] - 0.5 * df * np.log(sum_of_squares)
    apart = x[n_before:] - cross.T @ xw
    after = x[n_before:] @ b + cross.T @ left
    scale = np.zeros((len(z), len(z)))
    np.fill_diagonal(scale[:n_before, :n_before], np.diag(root) ** 2)
    scale[n_before:, n_before:] = whole[n_before:, n_before:] - cross.T @ cross + apart @ bread @ apart.T
    mean = np.concatenate([z[:n_before] - np.diag(root) * left, after])
    return Node(*ratios, float(weight), mean, scale, sum_of_squares, df, b, bread)


def _weights(nodes: list[Node], prior: float) -> np.ndarray:
    """Return posterior weights: marginal likelihood times half-normal priors times the width of each grid cell."""
    levels, slopes = np.array([n.level for n in nodes]), np.array([n.slope for n in nodes])
    log = np.array([n.weight for n in nodes])
    for values, grid, scale in ((levels, _LEVEL_GRID, prior), (slopes, _SLOPE_GRID, prior / 10)):
        if np.ptp(values):
            width = np.gradient(grid)
            log = log + np.log(width[np.searchsorted(grid, values)]) - 0.5 * (values / scale) ** 2
    weights = np.exp(log - log.max())
    return weights / weights.sum()


def _drawn(held: list[tuple[Node, float]], draws: int, generator: np.random.Generator) -> np.ndarray:
    share = np.array([w for _, w in held])
    often = generator.multinomial(draws, share / share.sum())
    out = []
    for (one, _), times in zip(held, often, strict=True):
        normal = generator.standard_normal((times, len(one.mean)))
        variance = one.sum_of_squares / generator.chisquare(one.df, times)
        root = np.linalg.cholesky(one.scale + 1e-12 * np.eye(len(one.mean)))
        out.append(one.mean + np.sqrt(variance)[:, None] * (normal @ root.T))
    return np.vstack(out)


def _coefficients(held: list[tuple[Node, float]], inner: slice) -> tuple[np.ndarray, np.ndarray]:
    """Return posterior means and standard deviations of the coefficients in `inner`."""
    mean = sum(w * n.coefficients[inner] for n, w in held)
    spread = sum(
        w * (np.diag(n.bread)[inner] * n.sum_of_squares / max(n.df - 2, 1) + (n.coefficients[inner] - mean) ** 2)
        for n, w in held
    )
    return mean, np.sqrt(spread)


def _refuse(y: np.ndarray, x: np.ndarray, n_before: int, level: str) -> None:
    faults, k = [], x.shape[1] + 1 + (level == LEVELS[1])
    if n_before < k + 4:
        faults.append(f"got {n_before} periods before the onset for {k} coefficients, expected at least {k + 4}")
    elif not np.ptp(x[:n_before], axis=0).all() or np.linalg.matrix_rank(_columns(x, n_before, level)[:n_before]) < k:
        faults.append("the regressors repeat one another or never change before the onset")
    if n_before and not np.ptp(y[:n_before]):
        faults.append("the series never changes before the onset")
    if faults:
        raise DesignError("the structural model cannot be fitted", faults, "start the window earlier, or use less")
