"""Pooled effects of groups of studies, and whether the groups differ."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, fdtrc

from curv_eval.errors import DesignError
from curv_eval.stats.meta_between import between, effects
from curv_eval.stats.meta_pooled import Pooling, pooled, quantile

SPREADS = ("separate", "common")


@dataclass(frozen=True, eq=False)
class Subgroups:
    """The pooled effect of each of G groups, sorted by name; arrays (G,), df inf for normal intervals.

    tau2, i2, q: of each group on its own with "separate"; with "common" tau2 is the one they share, and i2 is NaN.
    statistic: of the test that all groups have one effect, against chi2(df_between), or F(df_between, df_residual)
    where df_residual is no infinity. notes: what a reader must know.
    """

    spread: str
    names: tuple
    studies: np.ndarray
    estimate: np.ndarray
    std_error: np.ndarray
    conf_low: np.ndarray
    conf_high: np.ndarray
    df: np.ndarray
    tau2: np.ndarray
    i2: np.ndarray
    q: np.ndarray
    statistic: float
    df_between: int
    df_residual: float
    p_value: float
    notes: tuple[str, ...]


def subgroups(
    y: np.ndarray, v: np.ndarray, groups: np.ndarray, *, spread: str = "separate", **choices: str | float
) -> Subgroups:
    """Return the pooled effect in each of `groups` (k,), and Q between them; `choices` as in `pooled`.

    "separate": each group has its own tau2, Q_between = sum_g (mu_g - mu.)^2 / SE_g^2 against chi2(G - 1), SE_g as
    the interval has it (Borenstein and others 2009, chapter 19). "common": one tau2 from all groups (a meta-regression
    on them; metafor's mods = ~ factor), the same Q, or Q / (G - 1) against F(G - 1, k - G) with Hartung-Knapp, whose
    multiplier and k - G df are then common too. With the fixed model tau2 is 0, and Q_between = Q - sum_g Q_g. Groups
    of few studies cannot show their own tau2: under about 5 a group, take "common". A difference between groups is
    an observation, no experiment: studies were not put into groups by chance. Raises DesignError for fewer than 2
    groups, and with "separate" and the random model for groups of one study.
    """
    how = Pooling(**choices)
    groups = np.asarray(groups)
    y, v = effects(y, v, least=2)
    names = _names(groups, len(y), spread)
    rows = [groups == name for name in names]
    sizes = np.array([row.sum() for row in rows])
    alone = [str(name) for name, size in zip(names, sizes, strict=True) if size < 2]
    if spread == "separate" or how.model == "fixed":
        if alone and how.model == "random":
            raise DesignError(
                f"groups of one study have no tau2 of their own: {', '.join(alone)}", do="take spread 'common'"
            )
        table, residual = _separate(y, v, rows, choices), np.inf
    else:
        table, residual = _common(y, v, np.column_stack(rows).astype(float), how)
    statistic = _q(table["estimate"], table["std_error"])
    df = len(names) - 1
    p = chdtrc(df, statistic) if np.isinf(residual) else fdtrc(df, residual, statistic / df)
    value = statistic if np.isinf(residual) else statistic / df
    notes = _notes(spread, sizes, how.model)
    return Subgroups(spread, names, sizes, **table, statistic=value, df_between=df, df_residual=residual,
                     p_value=float(p), notes=notes)  # fmt: skip


def _names(groups: np.ndarray, k: int, spread: str) -> tuple[Hashable, ...]:
    faults = [] if spread in SPREADS else [f"spread: got {spread!r}, expected one of {', '.join(SPREADS)}"]
    if groups.shape != (k,):
        faults.append(f"groups: got shape {groups.shape}, expected ({k},)")
    elif any(name is None or name != name for name in groups.tolist()):
        faults.append("groups: some studies have no group")
    if faults:
        raise DesignError("subgroups cannot be compared so", faults)
    names = tuple(sorted(set(groups.tolist())))
    if len(names) < 2:
        raise DesignError("all studies are in one group: there is nothing to compare", do="pool them")
    return names


def _separate(y: np.ndarray, v: np.ndarray, rows: list[np.ndarray], choices: dict) -> dict[str, np.ndarray]:
    fits = [pooled(y[row], v[row], **choices) for row in rows]
    own = ("estimate", "std_error", "conf_low", "conf_high", "df")
    table = {name: np.array([getattr(fit, name) for fit in fits]) for name in own}
    return table | {name: np.array([getattr(fit.between, name) for fit in fits]) for name in ("tau2", "i2", "q")}


def _common(y: np.ndarray, v: np.ndarray, x: np.ndarray, how: Pooling) -> tuple[dict[str, np.ndarray], float]:
    k, count = x.shape
    if k <= count:
        raise DesignError(f"{k} studies in {count} groups leave nothing to see tau2 with", do="join groups")
    tau2 = between(y, v, x=x, method=how.tau2, alpha=how.alpha).tau2
    w, df = 1 / (v + tau2), np.inf if how.interval == "normal" else float(k - count)
    total = w @ x
    estimate, variance = ((w * y) @ x) / total, 1 / total
    if how.interval != "normal":
        spread = float(w @ (y - x @ estimate) ** 2) / df
        variance = variance * (max(1.0, spread) if how.interval == "hartung_knapp" else spread)
    error = np.sqrt(variance)
    wide = quantile(1 - how.alpha / 2, df) * error
    own = (x / v[:, None] * (y[:, None] - ((y / v) @ x) / ((1 / v) @ x)) ** 2).sum(axis=0)
    table = {"estimate": estimate, "std_error": error, "conf_low": estimate - wide, "conf_high": estimate + wide}
    table |= {"df": np.full(count, df), "tau2": np.full(count, tau2), "i2": np.full(count, np.nan), "q": own}
    return table, df


def _q(estimate: np.ndarray, error: np.ndarray) -> float:
    if not (error > 0).all():
        raise DesignError(
            "a group's standard error is 0: its effects are all the same", do="take the corrected interval"
        )
    w = 1 / error**2
    return float(w @ (estimate - (w @ estimate) / w.sum()) ** 2)


def _notes(spread: str, sizes: np.ndarray, model: str) -> tuple[str, ...]:
    if spread == "separate" and model == "random" and (sizes < 5).any():
        return ("some groups have fewer than 5 studies, too few to show a tau2 of their own: compare with common",)
    return ()
