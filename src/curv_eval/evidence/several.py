"""Studies with several effects each, put together: a three-level model with errors that hold where it is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curv_eval.errors import StudyError
from curv_eval.evidence.judgement import Pooled
from curv_eval.evidence.sizes import Effect
from curv_eval.evidence.together import Numbers, as_read, faults_of_measures
from curv_eval.stats.meta_checks import studies_of
from curv_eval.stats.meta_covariance import clustered_covariance, rows_of
from curv_eval.stats.meta_multilevel import i2_by_level, multilevel, prediction
from curv_eval.stats.meta_robust import robust, working_model


@dataclass(frozen=True, eq=False)
class Several:
    """Studies put together. alone: each study's own effect, its effects weighed by their assumed covariance.

    estimate, std_error, df: of the average on the scale of analysis, CR2 with Satterthwaite's degrees of freedom.
    sigma2: variance between studies, and of effects within one. i2: the shares of both. pooled: as readers know it.
    """

    effects: tuple[Effect, ...]
    alone: tuple[Effect, ...]
    estimate: float
    std_error: float
    df: float
    sigma2: tuple[float, float]
    i2: tuple[float, float]
    pooled: Pooled


def several(
    effects: Sequence[Effect], *, outcome: str, smallest: float, correlation: float, alpha: float = 0.05
) -> Several:
    """Return the average effect of studies that may have several effects each.

    y = mu + u_study + w_effect + e, with cov(e_i, e_j) = correlation sqrt(v_i v_j) within a study (assumed: report how
    far results depend on it), by restricted likelihood; errors and interval of mu by CR2 clustered by study, which hold
    where the model is wrong (Pustejovsky & Tipton 2022). The prediction interval is that of a new study's average
    effect, t with studies - 1 df. Raises StudyError for effects on different measures, DesignError for too few studies.
    """
    faults = list(faults_of_measures(effects))
    if faults:
        raise StudyError("these effects cannot be put together", faults, "convert them to one measure")
    y, v = (np.array([getattr(one, name) for one in effects], dtype=float) for name in ("value", "variance"))
    names = np.array([one.study for one in effects])
    blocks = clustered_covariance(v, names, correlation)
    fit = multilevel(y, blocks, names)
    held = robust(working_model(fit))
    low, high = held.interval(1 - alpha)[0]
    _, least, most = prediction(fit, df=fit.studies - 1, level=1 - alpha, of="study")
    shares = i2_by_level(fit)
    middle = float(held.coefficients[0])
    # with few degrees of freedom the interval of the average can be wider than that of a new study's effect
    ends = (min(float(least), float(low)), max(float(most), float(high)))
    numbers = Numbers(middle, float(low), float(high), ends, fit.studies, float(shares.sum()))
    pooled = as_read(numbers, effects[0].measure, outcome, smallest=smallest)
    return Several(
        tuple(effects), alone(effects, correlation), middle, float(held.std_error[0]), float(held.df[0]),
        (float(fit.sigma2[0]), float(fit.sigma2[1])), (float(shares[0]), float(shares[1])), pooled,
    )  # fmt: skip


def alone(effects: Sequence[Effect], correlation: float) -> tuple[Effect, ...]:
    """Return one effect for each study, sum of V^-1 y over sum of V^-1, in the order in which studies first stand."""
    v, names = np.array([one.variance for one in effects]), np.array([one.study for one in effects])
    code, blocks = studies_of(names, len(v), least=1), clustered_covariance(v, names, correlation)
    made = {}
    for rows, block in zip(rows_of(code), blocks, strict=True):
        weights = np.linalg.solve(block, np.ones(len(rows)))
        first, total = effects[rows[0]], float(weights.sum())
        value = float(weights @ [effects[i].value for i in rows]) / total
        said = f"{first.how}; {len(rows)} effects put together" if len(rows) > 1 else first.how
        made[first.study] = Effect(first.study, first.measure, value, 1 / total, said, first.assumptions, first.n)
    return tuple(made[name] for name in dict.fromkeys(names))
