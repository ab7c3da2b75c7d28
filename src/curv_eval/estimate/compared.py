"""The fewest events, or people, of those compared with: an effect gives them back to whoever knows the rest."""

from __future__ import annotations

import numpy as np

from curv_eval.panel import Panel
from curv_eval.people import People


def fewest_compared(data: Panel | People, outcome: str) -> int | None:
    """Return on how few events, or people, of those compared with an effect on `outcome` rests; None without any.

    Areas: their events before the first start, or from it on, while they are not treated, whichever are fewer. People:
    those with the event or those without it, whichever are fewer; all of them where the outcome is a score. 0 does not
    count: nobody is behind it.
    """
    counts = _of_people(data, outcome) if isinstance(data, People) else _of_areas(data, outcome)
    return min((one for one in counts if one), default=None)


def _of_people(people: People, outcome: str) -> list[int]:
    y = people.outcomes[outcome][~people.treated]
    y = y[np.isfinite(y)]
    return [int((y == one).sum()) for one in (0.0, 1.0)] if np.isin(y, (0.0, 1.0)).all() else [len(y)]


def _of_areas(panel: Panel, outcome: str) -> list[int]:
    counts, starts = panel.outcomes[outcome], panel.cohort[panel.treated]
    if not len(starts):
        return []
    untreated = ~(panel.cohort[:, None] <= panel.periods[None, :])
    before = panel.periods < starts.min()
    beside = counts * (untreated & ~panel.treated[:, None]) if (~panel.treated).any() else counts * untreated
    return [int(beside[:, side].sum()) for side in (before, ~before)]
