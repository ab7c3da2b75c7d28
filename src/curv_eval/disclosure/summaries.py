"""Quantiles, survival curves and scatter plots of people, coarsened so that nobody's own value is in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from curv_eval.disclosure.gate import release
from curv_eval.disclosure.nouns import Released, Role
from curv_eval.disclosure.rules import Rule
from curv_eval.errors import DisclosureError


def release_quantiles(
    values: np.ndarray, probabilities: Sequence[float], *, name: str, title: str, rule: Rule
) -> Released:
    """Return quantiles of people's values, each the mean of the `events_below` values around it.

    values: (n,), one for each person. probabilities: between 0 and 1; the least and the largest value are none.
    A quantile is withheld where fewer than events_below people lie on either side of it.
    Raises DisclosureError for other probabilities and for missing values.
    """
    ordered = np.sort(np.asarray(values, dtype=float))
    faults = [f"{p}: a quantile lies between 0 and 1, and neither end is shown" for p in probabilities if not 0 < p < 1]
    faults += ["a value is missing or has no end"] if not np.isfinite(ordered).all() else []
    if faults:
        raise DisclosureError(f"{name} may not leave", faults)
    rows = [(f"{100 * p:g}%", *_around(ordered, p, rule.events_below)) for p in probabilities]
    table = pd.DataFrame(rows, columns=["quantile", "value", "side"]).assign(units=rule.units_below)
    roles = {"quantile": Role.KEY, "value": Role.VALUE, "side": Role.EVENTS, "units": Role.UNITS}
    return release(table, name=name, title=title, rule=rule, roles=roles)


def _around(ordered: np.ndarray, probability: float, width: int) -> tuple[float, int]:
    """Return the mean of the values around a quantile, and how many people lie on its emptier side."""
    n = len(ordered)
    middle = probability * (n - 1)
    side = min(int(np.floor(middle)), n - 1 - int(np.ceil(middle)))
    first = int(np.clip(round(middle - (width - 1) / 2), 0, max(n - width, 0)))
    near = ordered[first : first + width]
    return (float(near.mean()) if n else np.nan), max(side, 0)


def release_survival(times: np.ndarray, ended: np.ndarray, *, name: str, title: str, rule: Rule) -> Released:
    """Return a survival curve (Kaplan and Meier 1958) whose steps each stand for `events_below` people or more.

    times: (n,), for each person how long until the end or until last seen. ended: (n,) bool, whether it was the end.
    A step is drawn at the mean time of its events, so that nobody's own time is seen; the curve stops where fewer than
    events_below people are left.
    Raises DisclosureError for missing or negative times.
    """
    times, ended = np.asarray(times, dtype=float), np.asarray(ended, dtype=bool)
    if not (np.isfinite(times).all() and (times >= 0).all()):
        raise DisclosureError(f"{name} may not leave", ["every time must be a number of 0 or more"])
    rows, share, group = [], 1.0, []
    for time in np.unique(times[ended]):
        at_risk, events = int((times >= time).sum()), int((ended & (times == time)).sum())
        share, group = share * (1 - events / at_risk), [*group, *[time] * events]
        if min(len(group), at_risk - events) >= rule.events_below:
            rows.append((f"{np.mean(group):g}", share, min(len(group), at_risk - events), rule.units_below))
            group = []
    kinds = {"time": str, "surviving": float, "people": int, "units": int}
    table = pd.DataFrame(rows, columns=list(kinds)).astype(kinds)
    roles = {"time": Role.KEY, "surviving": Role.VALUE, "people": Role.EVENTS, "units": Role.UNITS}
    return release(table, name=name, title=title, rule=rule, roles=roles)


def release_points(points: np.ndarray, *, cells: int, name: str, title: str, rule: Rule) -> Released:
    """Return a scatter plot as a grid of counts: no point of anybody is in it.

    points: (n, 2), across and up for each person. cells: into how many parts each side is divided, at round numbers.
    Parts in which nobody lies are left out, and small counts withheld. Raises DisclosureError for missing values.
    """
    pair = np.asarray(points, dtype=float)
    if not np.isfinite(pair).all():
        raise DisclosureError(f"{name} may not leave", ["a value is missing or has no end"])
    steps = [_round_step(np.ptp(column) / cells) for column in pair.T]
    parts = np.floor(pair / steps) * steps
    table = pd.DataFrame(parts, columns=["across", "up"]).value_counts(sort=False).reset_index(name="people")
    table = table.sort_values(["across", "up"], ignore_index=True)
    for column, step in zip(("across", "up"), steps, strict=True):
        table[column] = [f"{low:g} to {low + step:g}" for low in table[column]]
    roles = {"across": Role.KEY, "up": Role.KEY, "people": Role.COUNT}
    return release(table, name=name, title=title, rule=rule, roles=roles)


def _round_step(least: float) -> float:
    """Return the first 1, 2 or 5 times a power of 10 that is not below `least`; 1 where everybody is alike."""
    if least <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(least))
    return float(power * next(times for times in (1, 2, 5, 10) if times * power >= least * (1 - 1e-12)))
