"""Whether small studies report larger effects: Egger, Begg, PET-PEESE, and the contours of a funnel plot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.meta_between import between, effects
from curv_eval.stats.meta_pooled import quantile, two_sided

FEWEST = 10


@dataclass(frozen=True)
class FunnelLine:
    """A line of effects on a measure of imprecision. df: inf where its tests are normal.

    slope, slope_error, statistic, p_value: of the line's slope, the test of asymmetry. limit, limit_error, limit_low,
    limit_high, limit_p: the effect at perfect precision. tau2: NaN in the classical model.
    """

    predictor: str
    model: str
    studies: int
    slope: float
    slope_error: float
    statistic: float
    df: float
    p_value: float
    limit: float
    limit_error: float
    limit_low: float
    limit_high: float
    limit_p: float
    tau2: float


@dataclass(frozen=True)
class RankTest:
    """Kendall's tau between effects and variances, with its two-sided p."""

    tau: float
    p_value: float


@dataclass(frozen=True)
class PetPeese:
    """The two lines, which one the rule takes ("pet" or "peese"), and the effect it gives, in the units of y."""

    pet: FunnelLine
    peese: FunnelLine
    chosen: str
    estimate: float
    std_error: float
    conf_low: float
    conf_high: float


def enough(y: np.ndarray, v: np.ndarray, *, what: str) -> tuple[np.ndarray, np.ndarray]:
    """Return y and v, or raise DesignError: with fewer than 10 studies methods of small-study effects cannot tell."""
    y, v = effects(y, v)
    if len(y) < FEWEST:
        raise DesignError(
            f"{what} cannot tell with {len(y)} studies: too few to know chance from missing studies",
            do=f"wait for at least {FEWEST} studies (Sterne and others 2011), and say that it could not be looked at",
        )
    return y, v


def egger(
    y: np.ndarray, v: np.ndarray, *, model: str = "random", tau2: str = "reml", alpha: float = 0.05
) -> FunnelLine:
    """Return Egger's test: the slope b of y_i = a + b sqrt(v_i), and the limit a.

    model "random": w = 1 / (v + tau2) with the tau2 left beside the line, normal tests (Sterne & Egger 2005; metafor's
    regtest with predictor "sei"). "classical": w = 1 / v with an estimated multiplier, t with k - 2 df (Egger and
    others 1997). A slope has other causes than missing studies: small studies may be of other people, or worse made.
    Log odds ratios and their v are tied, so that for large effects the test says "asymmetric" too often.
    Raises DesignError for fewer than 10 studies, another model, and variances that are all alike.
    """
    y, v = enough(y, v, what="Egger's test")
    return _line(y, v, "standard error", _Fit(model, tau2, alpha))


def begg(y: np.ndarray, v: np.ndarray) -> RankTest:
    """Return the rank correlation of (y - mu) / sqrt(v - 1 / sum w) with v, mu by w = 1 / v (Begg & Mazumdar 1994).

    Exact p without ties. The test sees little: with fewer than 25 studies it misses most asymmetry. Raises
    DesignError for fewer than 10 studies, and where effects or variances are all alike.
    """
    from scipy.stats import kendalltau

    y, v = enough(y, v, what="Begg's test")
    w = 1 / v
    z = (y - (w @ y) / w.sum()) / np.sqrt(v - 1 / w.sum())
    if len(set(v.tolist())) == 1 or len(set(z.tolist())) == 1:
        raise DesignError("Begg's test needs effects and variances that differ")
    ties = len(set(v.tolist())) < len(v) or len(set(z.tolist())) < len(z)
    found = kendalltau(z, v, method="asymptotic" if ties else "exact")
    return RankTest(float(found.statistic), float(found.pvalue))


def pet_peese(y: np.ndarray, v: np.ndarray, *, step: float = 0.1, alpha: float = 0.05) -> PetPeese:
    """Return the effect at perfect precision by PET or PEESE (Stanley & Doucouliagos 2014).

    PET is the limit of the classical Egger line; PEESE that of y_i = a + b v_i, both w = 1 / v, t with k - 2 df. Where
    PET's limit differs from 0 at `step` (two-sided, so 5% in either direction) PEESE is taken, otherwise PET. Both
    err where effects differ much (I2 above 80%), k is below 20, or all studies are small (Stanley 2017): read them as
    one more look, not as the answer. Raises DesignError as `egger` does.
    """
    y, v = enough(y, v, what="PET-PEESE")
    fit = _Fit("classical", "reml", alpha)
    pet, peese = (_line(y, v, name, fit) for name in ("standard error", "variance"))
    taken = peese if pet.limit_p < step else pet
    ends = taken.limit, taken.limit_error, taken.limit_low, taken.limit_high
    return PetPeese(pet, peese, "peese" if taken is peese else "pet", *ends)


def funnel_contours(
    largest: float, *, centre: float = 0.0, levels: tuple[float, ...] = (0.9, 0.95, 0.99), points: int = 50
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return standard errors (points,) from 0 to `largest`, and the low and high edges (levels, points) of each region.

    An effect inside the edges centre -+ z se of a level has p above 1 - level (Peters and others 2008). Raises
    DesignError for a `largest` not above 0, levels not between 0 and 1, and fewer than 2 points.
    """
    faults = [] if 0 < largest < np.inf else [f"largest: got {largest}, expected above 0"]
    faults += [f"levels: got {level}, expected between 0 and 1" for level in levels if not 0 < level < 1]
    faults += [] if points >= 2 else [f"points: got {points}, expected at least 2"]
    if faults:
        raise DesignError("the contours of a funnel plot cannot be drawn so", faults)
    errors = np.linspace(0.0, largest, points)
    wide = np.array([quantile((1 + level) / 2, np.inf) for level in levels])[:, None] * errors
    return errors, centre - wide, centre + wide


@dataclass(frozen=True)
class _Fit:
    model: str
    tau2: str
    alpha: float

    def __post_init__(self) -> None:
        if self.model not in ("random", "classical"):
            raise DesignError(f"model: got {self.model!r}", do="choose random or classical")


def _line(y: np.ndarray, v: np.ndarray, predictor: str, fit: _Fit) -> FunnelLine:
    z = np.sqrt(v) if predictor == "standard error" else v
    if np.ptp(z) <= 1e-10 * z.max():
        raise DesignError("all studies are equally precise: there is no line of effects on their precision")
    x = np.column_stack([np.ones(len(y)), z])
    random = fit.model == "random"
    tau2 = between(y, v, x=x, method=fit.tau2).tau2 if random else 0.0
    w = 1 / (v + tau2)
    covariance = np.linalg.inv(x.T @ (x * w[:, None]))
    b = covariance @ (x.T @ (w * y))
    df = np.inf if random else len(y) - 2.0
    if not random:
        left = float(w @ (y - x @ b) ** 2)
        # what is left of rounding alone is no error
        if left <= 1e-20 * float(w @ y**2):
            raise DesignError("the effects lie on a line exactly: nothing is left to test it with")
        covariance *= left / df
    errors = np.sqrt(np.diagonal(covariance))
    limit_t, slope_t = (float(value) for value in b / errors)
    wide = quantile(1 - fit.alpha / 2, df) * errors[0]
    return FunnelLine(
        predictor, fit.model, len(y), float(b[1]), float(errors[1]), slope_t, df, two_sided(slope_t, df),
        float(b[0]), float(errors[0]), float(b[0] - wide), float(b[0] + wide), two_sided(limit_t, df),
        tau2 if random else float("nan"),
    )  # fmt: skip
