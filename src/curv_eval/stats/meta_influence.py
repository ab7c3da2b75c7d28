"""What each study does to the pooled effect: left out one by one, added one by one, and how far it pulls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from curv_eval.errors import DesignError
from curv_eval.stats.meta_between import effects
from curv_eval.stats.meta_pooled import Pooled, Pooling, pooled


@dataclass(frozen=True, eq=False)
class Refits:
    """The pooled effect of several sets of studies, one a row: all arrays (m,). tau2, i2 (per cent), q as `Between`."""

    estimate: np.ndarray
    std_error: np.ndarray
    conf_low: np.ndarray
    conf_high: np.ndarray
    p_value: np.ndarray
    tau2: np.ndarray
    i2: np.ndarray
    q: np.ndarray
    q_p_value: np.ndarray


@dataclass(frozen=True, eq=False)
class Influence:
    """How far each study pulls; arrays (k,). covariance_ratio: variance of the effect without the study, over with it.

    rstudent: the study's distance from the pooled effect of the others, over its standard error. hat: its share of
    the weight. influential: whether a rule of thumb calls it so (see `influence`).
    """

    rstudent: np.ndarray
    dffits: np.ndarray
    cook: np.ndarray
    covariance_ratio: np.ndarray
    hat: np.ndarray
    dfbeta: np.ndarray
    tau2: np.ndarray
    q: np.ndarray
    influential: np.ndarray


def leave_one_out(y: np.ndarray, v: np.ndarray, **choices: str | float) -> Refits:
    """Return the pooled effect without each study in turn (k,); `choices` as in `pooled`.

    Raises DesignError for fewer than 3 studies.
    """
    y, v = effects(y, v, least=3)
    return _rows(_without_each(y, v, choices))


def cumulative(y: np.ndarray, v: np.ndarray, *, order: np.ndarray, **choices: str | float) -> Refits:
    """Return the pooled effect of the first 1, 2, ..., k studies in `order` (k,), positions from 0, e.g. by year.

    The first row is one study with its own normal interval and tau2 0. Looking many times at the growing evidence
    makes "significant" more likely than alpha: no correction is made (Lau and others 1992). Raises DesignError where
    `order` does not name every study once.
    """
    y, v = effects(y, v, least=2)
    order = np.asarray(order)
    if sorted(order.tolist()) != list(range(len(y))):
        raise DesignError("order: expected every position from 0 to k - 1 once")
    alpha = Pooling(**choices).alpha
    first = pooled(y[order[:1]], v[order[:1]], model="fixed", alpha=alpha)
    return _rows([first, *(pooled(y[order[:n]], v[order[:n]], **choices) for n in range(2, len(y) + 1))])


def influence(y: np.ndarray, v: np.ndarray, *, model: str = "random", tau2: str = "reml") -> Influence:
    """Return the diagnostics of metafor's influence.rma.uni, with normal standard errors (Viechtbauer & Cheung 2010).

    With (-i) for "without study i": rstudent = (y_i - mu(-i)) / sqrt(v_i + tau2(-i) + SE(-i)^2); dffits = (mu -
    mu(-i)) / sqrt(h_i (v_i + tau2(-i))); Cook's d = (mu - mu(-i))^2 / SE^2; covariance ratio = SE(-i)^2 / SE^2; hat
    h_i = w_i / sum w; dfbeta = (mu - mu(-i)) / SE with tau2(-i). influential: |dffits| > 3 / sqrt(k - 1), the lower
    tail of chi2(1) at Cook's d above one half, h > 3 / k, or |dfbeta| > 1. Raises DesignError for fewer than 3 studies.
    """
    y, v = effects(y, v, least=3)
    choices = {"model": model, "tau2": tau2, "interval": "normal"}
    whole, rows = pooled(y, v, **choices), _rows(_without_each(y, v, choices))
    k, hat, moved = len(y), whole.weights / 100, whole.estimate - rows.estimate
    spread = v + rows.tau2
    dffits = moved / np.sqrt(hat * spread)
    cook = moved**2 / whole.std_error**2
    dfbeta = moved * np.sqrt((1 / (v[None, :] + rows.tau2[:, None])).sum(axis=1))
    marked = (np.abs(dffits) > 3 / np.sqrt(k - 1)) | (chdtrc(1, cook) < 0.5) | (hat > 3 / k) | (np.abs(dfbeta) > 1)
    return Influence(
        (y - rows.estimate) / np.sqrt(spread + rows.std_error**2), dffits, cook,
        rows.std_error**2 / whole.std_error**2, hat, dfbeta, rows.tau2, rows.q, marked,
    )  # fmt: skip


def _without_each(y: np.ndarray, v: np.ndarray, choices: dict) -> list[Pooled]:
    return [pooled(np.delete(y, i), np.delete(v, i), **choices) for i in range(len(y))]


def _rows(fits: list[Pooled]) -> Refits:
    own = ("estimate", "std_error", "conf_low", "conf_high", "p_value")
    spread = ("tau2", "i2", "q", "p_value")
    table = [[*(getattr(f, name) for name in own), *(getattr(f.between, name) for name in spread)] for f in fits]
    return Refits(*np.array(table).T)
