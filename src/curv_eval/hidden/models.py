"""The log-linear models of one set of lists: which are fitted, what they are called and what to beware of."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from curv_eval.stats.captures import Captures
from curv_eval.stats.multiple_systems import LogLinear, Model, every_model, fit_models, supported
from curv_eval.stats.profile_total import profile

MOST_EXHAUSTIVE, FEW, SMALL = 5, 7, 100


def search(captures: Captures, criterion: str, order: int) -> LogLinear:
    """Return the fits of all models of three to five lists, or of those that a forward search visits."""
    if captures.lists <= MOST_EXHAUSTIVE:
        return fit_models(captures, every_model(captures.lists, order))
    pairs, here = list(combinations(range(captures.lists), 2)), ()
    visited: dict[Model, None] = {here: None}
    best = fit_models(captures, [here]).criterion(criterion, captures.seen)[0]
    while steps := [tuple(sorted((*here, pair))) for pair in pairs if pair not in here]:
        values = fit_models(captures, steps).criterion(criterion, captures.seen)
        visited |= dict.fromkeys(steps)
        if not (values < best).any():
            break
        best, here = np.nanmin(values), steps[int(np.nanargmin(values))]
    return fit_models(captures, list(visited))


def named(model: Model, lists: Sequence[str]) -> str:
    """Return a model's name: police x A&E + A&E x VCSE."""
    return " + ".join(" x ".join(lists[i] for i in term) for term in model) or "independent lists"


def model_table(
    captures: Captures, fits: LogLinear, weight: np.ndarray, *, alpha: float, lists: Sequence[str]
) -> pd.DataFrame:
    """Return the models that have an estimate, best first; intervals by profile for those supported."""
    chosen = supported(weight)
    ends = np.full((len(fits.models), 2), np.nan)
    for m in chosen:
        found = profile(captures, fits.models[m], alpha=alpha)
        ends[m] = found.conf_low, found.conf_high
    table = pd.DataFrame({
        "model": [named(model, lists) for model in fits.models], "total": fits.total, "std_error": fits.std_error,
        "conf_low": ends[:, 0], "conf_high": ends[:, 1], "aic": fits.criterion("aic", captures.seen),
        "bic": fits.criterion("bic", captures.seen), "weight": weight,
        "supported": np.isin(np.arange(len(fits.models)), chosen),
    })  # fmt: skip
    return table[fits.why == ""].sort_values("weight", ascending=False, kind="stable", ignore_index=True)


def left_out(fits: LogLinear, lists: Sequence[str]) -> pd.DataFrame:
    """Return the models without an estimate, and why."""
    out = [(named(model, lists), why) for model, why in zip(fits.models, fits.why, strict=True) if why]
    return pd.DataFrame(out, columns=["model", "why"])


def cautions(captures: Captures, lists: Sequence[str], fits: LogLinear) -> list[str]:
    """Return what to beware of: thin and empty overlaps, few people, models without an estimate."""
    notes = few(captures, lists)
    empty = _pairs(captures.overlap == 0, lists)
    if empty:
        notes.append(f"nobody is on both {empty}: an interaction of such lists is minus infinity")
    without = int((fits.why != "").sum())
    if without:
        notes.append(f"{without} of {len(fits.models)} models have no estimate with these counts")
    if captures.lists > MOST_EXHAUSTIVE:
        notes.append("with so many lists only the models that a forward search visits are fitted")
    return notes


def few(captures: Captures, lists: Sequence[str]) -> list[str]:
    """Return cautions about thin overlaps and small areas (Robson & Regier 1964: 7 on both lists at least)."""
    notes, thin = [], _pairs((captures.overlap > 0) & (captures.overlap < FEW), lists)
    if thin:
        notes.append(f"fewer than {FEW} people are on both {thin}: a few links more or less move the total far")
    if captures.seen < SMALL:
        notes.append(f"fewer than {SMALL} people were seen: join areas or groups, and do not split them further")
    return notes


def _pairs(chosen: np.ndarray, lists: Sequence[str]) -> str:
    return "; ".join(f"{lists[i]} and {lists[j]}" for i, j in combinations(range(len(lists)), 2) if chosen[i, j])
