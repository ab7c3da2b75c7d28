"""Regression discontinuity: the jump of an outcome at a threshold, with intervals that allow for its bias."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.bandwidth import bandwidths
from curv_eval.stats.local_polynomial import Settings, Side, kernel, local_fit, residuals

DEFAULT = Settings()


@dataclass(frozen=True)
class Jump:
    """The jump at the threshold, as it is and less its estimated bias, with influence of everyone: (n,) each.

    conventional, conventional_influence: by curves of order p at bandwidth h. value, influence: less the bias, which
    comes from curves one order up at bandwidth b; the influence allows for the error of that bias (robust
    bias-corrected). The sum of squares of an influence (added up within clusters) is the variance.
    first_stage: the jump in who received it, None for a sharp threshold. n_left, n_right: people within h.
    """

    conventional: float
    conventional_influence: np.ndarray
    value: float
    influence: np.ndarray
    h: float
    b: float
    n_left: int
    n_right: int
    first_stage: Jump | None = None

    @property
    def std_error(self) -> float:
        """The robust standard error, of the value less its bias."""
        return float(np.linalg.norm(self.influence))

    @property
    def conventional_error(self) -> float:
        """The standard error that takes the bias for 0."""
        return float(np.linalg.norm(self.conventional_influence))


def sharp(
    x: np.ndarray, y: np.ndarray, *, settings: Settings = DEFAULT, widths: tuple[float, float] | None = None
) -> Jump:
    """Return the jump of y (n,) where x (n,), the running variable less its threshold, reaches 0.

    jump = m+(0) - m-(0) by local polynomials of order p in bandwidth h; its bias, from order p + 1 in bandwidth b, is
    taken off, and the interval allows for that (Calonico, Cattaneo & Titiunik 2014, Econometrica 82(6)).
    widths: (h, b) where given, else by curv_eval.stats.bandwidth. Raises DesignError with too few people near the
    threshold.
    """
    return _jump(x, y, settings, widths)


def fuzzy(
    x: np.ndarray, pair: np.ndarray, *, settings: Settings = DEFAULT, widths: tuple[float, float] | None = None
) -> Jump:
    """Return the jump of outcomes over the jump in who received the intervention: pair (n, 2) of both, x (n,).

    The effect on those whom the threshold decided (Hahn, Todd & van der Klaauw 2001). Bias and error are those of the
    ratio linearised at the conventional jumps (Calonico, Cattaneo & Titiunik 2014); bandwidths are those of the jump
    in the outcome. Raises DesignError when nobody's treatment changes at the threshold.
    """
    on_y = _jump(x, pair[:, 0], settings, widths)
    on_d = _jump(x, pair[:, 1], settings, (on_y.h, on_y.b))
    if abs(on_d.conventional) < 1e-10:
        raise DesignError("who received the intervention does not change at the threshold")
    ratio = on_y.conventional / on_d.conventional

    def linear(of_y: float | np.ndarray, of_d: float | np.ndarray) -> float | np.ndarray:
        return (of_y - ratio * of_d) / on_d.conventional

    bias = linear(on_y.conventional - on_y.value, on_d.conventional - on_d.value)
    return Jump(
        ratio, linear(on_y.conventional_influence, on_d.conventional_influence), ratio - bias,
        linear(on_y.influence, on_d.influence), on_y.h, on_y.b, on_y.n_left, on_y.n_right, on_d,
    )  # fmt: skip


def adjusted(x: np.ndarray, y: np.ndarray, z: np.ndarray, *, width: float, settings: Settings) -> np.ndarray:
    """Return y (n,) less what covariates z (n, k) predict near the threshold, with the same slopes on both sides.

    The slopes are those of the local polynomial with covariates in bandwidth `width`, which leaves the jump's meaning
    alone as long as covariates do not jump (Calonico, Cattaneo, Farrell & Titiunik 2019, Rev. Econ. Statistics 101(3)).
    """
    weight = np.sqrt(kernel(x / width, settings.kernel))
    powers = (x / width)[:, None] ** np.arange(settings.order + 1)
    every = np.column_stack([powers, powers * (x >= 0)[:, None], z - z.mean(axis=0)]) * weight[:, None]
    slopes = np.linalg.lstsq(every, y * weight, rcond=None)[0][-z.shape[1] :]
    return y - (z - z.mean(axis=0)) @ slopes


def _jump(x: np.ndarray, y: np.ndarray, settings: Settings, widths: tuple[float, float] | None) -> Jump:
    order = np.argsort(x, kind="stable")
    below = int((x < 0).sum())
    rows = order[:below], order[below:]
    left, right = (Side(x[r], y[r]) for r in rows)
    if not (len(left.x) and len(right.x)):
        raise DesignError("there is nobody on one side of the threshold")
    h, b = widths or bandwidths(left, right, settings)
    found = [_at_edge(side, settings, (h, b)) for side in (left, right)]
    influence = np.zeros((2, len(x)))
    for sign, one, r in zip((-1.0, 1.0), found, rows, strict=True):
        influence[:, r] = sign * one.influence
    low, high = found
    return Jump(
        high.values[0] - low.values[0], influence[0], high.values[1] - low.values[1], influence[1],
        h, b, int(left.within(h).sum()), int(right.within(h).sum()),
    )  # fmt: skip


@dataclass(frozen=True)
class _Edge:
    """The curve's value at the threshold, as it is and less its bias, (2,); influence of the side's people, (2, n)."""

    values: np.ndarray
    influence: np.ndarray


def _at_edge(side: Side, settings: Settings, widths: tuple[float, float]) -> _Edge:
    (h, b), p = widths, settings.order
    near = side.within(max(h, b))
    kept = Side(side.x[near], side.y[near])
    curve = local_fit(kept.x, order=p, width=h, name=settings.kernel)
    above = local_fit(kept.x, order=p + 1, width=b, name=settings.kernel)
    plain = curve.weights[:, 0]
    corrected = plain - (plain @ kept.x ** (p + 1)) * above.weights[:, p + 1]
    influence = np.zeros((2, len(side.x)))
    influence[0, near] = plain * residuals(kept, curve, settings)
    influence[1, near] = corrected * residuals(kept, above, settings)
    return _Edge(np.array([plain @ kept.y, corrected @ kept.y]), influence)
