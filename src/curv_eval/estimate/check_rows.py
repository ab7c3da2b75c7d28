"""The table of a check about people: numbers with the people and events behind each."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from curv_eval.people import People

Row = tuple[str, float] | tuple[str, float, float, float]


def rows(found: Iterable[Row], people: People, *, outcome: str) -> pd.DataFrame:
    """Return term, estimate, conf_low, conf_high, n_units and events.

    A row is a term and a number, whose limits are the number itself where it has none. n_units counts people; events
    those with an outcome of 1, or the people measured where the outcome is a score.
    """
    y = people.outcomes[outcome]
    y = y[np.isfinite(y)]
    events = int(y.sum()) if np.isin(y, (0.0, 1.0)).all() else len(y)
    whole = [(*row, row[1], row[1]) if len(row) == 2 else row for row in found]
    table = pd.DataFrame(whole, columns=["term", "estimate", "conf_low", "conf_high"])
    return table.assign(n_units=len(people.persons), events=events)
