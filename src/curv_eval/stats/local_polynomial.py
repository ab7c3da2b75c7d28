"""Local polynomials on one side of a threshold, and residuals from nearest neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError

KERNELS = ("triangular", "epanechnikov", "uniform")
ERRORS = ("neighbours", "HC0", "HC1", "HC2", "HC3")
OPTIMAL = ("mse", "coverage")


@dataclass(frozen=True)
class Settings:
    """How a threshold is estimated.

    order: of the curve. kernel: of KERNELS. neighbours: how many stand for the mean around each person. optimal: which
    bandwidth, of OPTIMAL. errors: of ERRORS; from nearest neighbours, or from residuals of the curve by an HC rule.
    """

    order: int = 1
    kernel: str = "triangular"
    neighbours: int = 3
    optimal: str = "mse"
    errors: str = "neighbours"

    def __post_init__(self) -> None:
        for what, given, allowed in (
            ("kernel", self.kernel, KERNELS), ("errors", self.errors, ERRORS), ("optimal", self.optimal, OPTIMAL),
        ):  # fmt: skip
            if given not in allowed:
                raise DesignError(f"{what}: got {given!r}, expected one of {', '.join(allowed)}")


@dataclass(frozen=True)
class Side:
    """People on one side: x (n,) the running variable less its threshold, in order, and y (n,) outcomes."""

    x: np.ndarray
    y: np.ndarray

    def within(self, width: float) -> np.ndarray:
        """Return whom a kernel of this bandwidth weighs: (n,) bool."""
        return np.abs(self.x) < width


@dataclass(frozen=True)
class LocalFit:
    """Weighted least squares at the threshold of order p on everyone of a side (weight 0 outside the bandwidth).

    bread: (p+1, p+1) inverse of R'KR. regressors: R (n, p+1), powers of x. weight: K (n,).
    """

    bread: np.ndarray
    regressors: np.ndarray
    weight: np.ndarray

    def coefficients(self, y: np.ndarray) -> np.ndarray:
        """Return (p+1,): the v-th times v! is the v-th derivative at the threshold."""
        return self.weights.T @ y

    @property
    def weights(self) -> np.ndarray:
        """What each person's outcome adds to each coefficient, (n, p+1)."""
        return (self.regressors * self.weight[:, None]) @ self.bread


def kernel(u: np.ndarray, name: str) -> np.ndarray:
    """Return the kernel's weights of u: triangular 1 - |u|, epanechnikov 3/4 (1 - u^2), uniform 1/2, on |u| < 1."""
    near = np.abs(u) < 1
    if name == "triangular":
        return np.where(near, 1 - np.abs(u), 0.0)
    if name == "epanechnikov":
        return np.where(near, 0.75 * (1 - u**2), 0.0)
    return np.where(near, 0.5, 0.0)


def local_fit(x: np.ndarray, *, order: int, width: float, name: str) -> LocalFit:
    """Return the local polynomial of `order` at 0 with bandwidth `width` and kernel `name` on x (n,).

    Raises DesignError where the bandwidth holds no more different values of x than the order asks.
    """
    weight = kernel(x / width, name) / width
    if len(np.unique(x[weight > 0])) <= order:
        raise DesignError(
            f"within {width:.3g} of the threshold there are too few people on one side for a curve of order {order}",
            do="give a wider `bandwidth`",
        )
    # powers of x / width keep the normal equations well conditioned; scaled back by the same powers
    scale = width ** np.arange(order + 1)
    powers = (x / width)[:, None] ** np.arange(order + 1)
    bread = np.linalg.inv((powers * weight[:, None]).T @ powers)
    return LocalFit(bread / np.outer(scale, scale), powers * scale, weight)


def neighbour_residuals(x: np.ndarray, y: np.ndarray, *, neighbours: int) -> np.ndarray:
    """Return sqrt(J / (J+1)) (y_i - mean of y over the J nearest other people), (n,); x (n,) in order.

    People at equal distance all count, so J may exceed `neighbours` (Calonico, Cattaneo & Titiunik 2014, after Abadie
    & Imbens 2006): its square is unbiased for the variance of y_i where the mean hardly changes between neighbours.
    """
    n, most = len(x), min(neighbours, len(x) - 1)
    if most < 1:
        raise DesignError("nearest neighbours need at least two people on each side of the threshold")
    steps = np.concatenate([np.arange(-most, 0), np.arange(1, most + 1)])
    at = np.arange(n)[:, None] + steps
    inside = (at >= 0) & (at < n)
    distance = np.where(inside, np.abs(x[np.clip(at, 0, n - 1)] - x[:, None]), np.inf)
    reach = np.sort(distance, axis=1)[:, most - 1] + 1e-12 * max(float(np.abs(x).max()), 1e-300)
    low, high = np.searchsorted(x, x - reach, "left"), np.searchsorted(x, x + reach, "right")
    total = np.concatenate([[0.0], np.cumsum(y)])
    count = (high - low - 1).astype(float)
    mean = (total[high] - total[low] - y) / count
    return np.sqrt(count / (count + 1)) * (y - mean)


def residuals(side: Side, fit: LocalFit, settings: Settings) -> np.ndarray:
    """Return the residuals behind an error, (n,): of the nearest neighbours, or of the curve by an HC rule.

    HC1: times sqrt(n / (n-k)). HC2, HC3: over (1 - leverage)^(1/2) and (1 - leverage).
    """
    if settings.errors == "neighbours":
        return neighbour_residuals(side.x, side.y, neighbours=settings.neighbours)
    left = side.y - fit.regressors @ fit.coefficients(side.y)
    if settings.errors == "HC1":
        return left * np.sqrt(len(left) / (len(left) - fit.regressors.shape[1]))
    power = {"HC0": 0.0, "HC2": 0.5, "HC3": 1.0}[settings.errors]
    leverage = (fit.weights * fit.regressors).sum(axis=1)
    return left / np.maximum(1 - leverage, 1e-9) ** power
