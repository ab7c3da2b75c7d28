"""Scores of questionnaires from their numbered items. The wording of items is licensed and is not here."""

from __future__ import annotations

import numpy as np

# Items of each part of the Strengths and Difficulties Questionnaire (SDQ), by their numbers on the form, 0 to 2 each.
# Source: Youthinmind's scoring guidance, as recalled; not verified against the licensed form.
SDQ_PARTS = {
    "emotional": (3, 8, 13, 16, 24),
    "conduct": (5, 7, 12, 18, 22),
    "hyperactivity": (2, 10, 15, 21, 25),
    "peer": (6, 11, 14, 19, 23),
    "prosocial": (1, 4, 9, 17, 20),
}
SDQ_REVERSED = (7, 11, 14, 21, 25)
SDQ_DIFFICULTIES = ("emotional", "conduct", "hyperactivity", "peer")
_SDQ_LEAST, _SDQ_ITEMS, _SDQ_MOST = 3, 5, 2

# Metric score for each raw total of 7 to 35 of the Short Warwick-Edinburgh Mental Wellbeing Scale (SWEMWBS).
# Source: Stewart-Brown and others 2009, Health and Quality of Life Outcomes 7:15.
SWEMWBS_METRIC = (
    7.0, 9.51, 11.25, 12.4, 13.33, 14.08, 14.75, 15.32, 15.84, 16.36, 16.88, 17.43, 17.98, 18.59, 19.25, 19.98, 20.73,
    21.54, 22.35, 23.21, 24.11, 25.03, 26.02, 27.03, 28.13, 29.31, 30.7, 32.55, 35.0,
)  # fmt: skip


def sdq(items: np.ndarray) -> dict[str, np.ndarray]:
    """Return the five parts of the SDQ and `total`, the sum of four without prosocial, each (n,), NaN where unknown.

    items: (n, 25), item 1 first, 0 to 2, NaN where not answered. A part with 3 or 4 of its 5 items is 5 times their
    mean, rounded half up; with fewer it is unknown, and so is the total. Raises ValueError for other shapes and values.
    """
    held = _answers(items, 25, low=0, high=_SDQ_MOST)
    turned = held.copy()
    reversed_ = [number - 1 for number in SDQ_REVERSED]
    turned[:, reversed_] = _SDQ_MOST - held[:, reversed_]
    parts = {name: _part(turned[:, [number - 1 for number in numbers]]) for name, numbers in SDQ_PARTS.items()}
    return {**parts, "total": np.sum([parts[name] for name in SDQ_DIFFICULTIES], axis=0)}


def swemwbs(items: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return raw totals (7 to 35) and metric scores of the SWEMWBS, each (n,), NaN unless all 7 items are answered.

    items: (n, 7), 1 to 5, NaN where not answered. Metric scores are for means and tests. Raises ValueError for any
    other shape or value.
    """
    raw = _answers(items, 7, low=1, high=5).sum(axis=1)
    known = ~np.isnan(raw)
    metric = np.full(raw.shape, np.nan)
    metric[known] = np.array(SWEMWBS_METRIC)[raw[known].astype(int) - 7]
    return raw, metric


def _part(items: np.ndarray) -> np.ndarray:
    answered = (~np.isnan(items)).sum(axis=1)
    enough = answered >= _SDQ_LEAST
    mean = np.nansum(items, axis=1) / np.maximum(answered, 1)
    return np.where(enough, np.floor(mean * _SDQ_ITEMS + 0.5), np.nan)


def _answers(items: np.ndarray, width: int, *, low: int, high: int) -> np.ndarray:
    held = np.asarray(items, dtype=float)
    if held.ndim != 2 or held.shape[1] != width:
        raise ValueError(f"items: got shape {held.shape}, expected (n, {width})")
    given = held[~np.isnan(held)]
    if ((given < low) | (given > high) | (given % 1 != 0)).any():
        raise ValueError(f"items: expected whole numbers from {low} to {high}")
    return held
