"""The table of a check about people: numbers with the people and events behind each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from curv_eval.people import People

Row = tuple[str, float] | tuple[str, float, float, float]


def rows(
    found: Iterable[Row], people: People, *, outcome: str, behind: Mapping[str, int] | None = None
) -> pd.DataFrame:
    """Return term, estimate, conf_low, conf_high, n_units and events.

    A row is a term and a number, whose limits are the number itself where it has none. n_units counts people; events
    those with an outcome of 1, or the people measured where the outcome is a score. behind: term -> people on whom the
    number rests, where they are fewer, such as those of a rare category (see `fewest`); they are the row's events.
    """
    y = people.outcomes[outcome]
    y = y[np.isfinite(y)]
    events = int(y.sum()) if np.isin(y, (0.0, 1.0)).all() else len(y)
    whole = [(*row, row[1], row[1]) if len(row) == 2 else row for row in found]
    table = pd.DataFrame(whole, columns=["term", "estimate", "conf_low", "conf_high"])
    fewer = table["term"].map(dict(behind or {})).fillna(events).clip(upper=events).astype(int)
    return table.assign(n_units=len(people.persons), events=fewer)


def fewest(group: np.ndarray, x: np.ndarray) -> int:
    """Return the fewest people on whom a comparison of x (n,) between group (n,) bool and others rests.

    Of two values that is the smallest of the four counts of people that is not 0: from two shares and the sizes of the
    groups each count can be worked back. Of more values it is the smaller group. 0 where there is nobody.
    """
    values = np.unique(x)
    cells = [
        int((side & (x == one)).sum()) for side in (group, ~group) for one in values[: 2 if len(values) < 3 else 0]
    ]
    counts = [one for one in cells or [int(group.sum()), int((~group).sum())] if one]
    return min(counts, default=0)
