"""What people were like before, as numbers: categories as columns of 0 and 1, and no column of a few people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

UNKNOWN = "not known"
TOGETHER = "others_together"


def covariates(
    base: pd.DataFrame, names: Iterable[str], *, groups: Sequence[np.ndarray] = (), fewest: int = 1
) -> dict[str, np.ndarray]:
    """Return a column for each number and for each category but the largest: name -> (n,) floats.

    base: a row per person, with a column x_NAME for each of names. groups: each (n,) bool, such as who was treated.
    fewest: a category with fewer people than that in any group that has some of it gets no column of its own, since a
    difference between groups would tell of them. Such categories are taken together as one; where they are still too
    few, or where there is only one, they count with the largest. A number that is missing takes the median, and a
    column of its own says so where enough are missing.
    """
    found: dict[str, np.ndarray] = {}
    for name in names:
        column = base[f"x_{name}"]
        number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
        found |= (_number if number else _categories)(name, column, groups, fewest)
    return found


def _few(column: np.ndarray, groups: Sequence[np.ndarray], fewest: int) -> bool:
    """Return whether in any group some people have it, but fewer than `fewest`."""
    return any(0 < int((column & group).sum()) < fewest for group in groups)


def _number(name: str, column: pd.Series, groups: Sequence[np.ndarray], fewest: int) -> dict[str, np.ndarray]:
    missing = column.isna().to_numpy()
    filled = {name: column.fillna(column.median()).to_numpy(float)}
    told = missing.any() and not _few(missing, groups, fewest) and not _few(~missing, groups, fewest)
    return filled | ({f"{name}_missing": missing.astype(float)} if told else {})


def _categories(name: str, column: pd.Series, groups: Sequence[np.ndarray], fewest: int) -> dict[str, np.ndarray]:
    said = column.astype(object).where(column.notna(), UNKNOWN).astype(str)
    by_size = said.value_counts().sort_index(kind="stable").sort_values(ascending=False, kind="stable").index
    columns = {f"{name}_{'_'.join(one.lower().split())}": (said == one).to_numpy() for one in by_size[1:]}
    kept = _taken_together(name, columns, groups, fewest)
    return {key: held.astype(float) for key, held in kept.items()}


def _taken_together(
    name: str, columns: dict[str, np.ndarray], groups: Sequence[np.ndarray], fewest: int
) -> dict[str, np.ndarray]:
    """Return the columns without those of a few people, largest first; what is left out counts with the largest."""
    kept = {key: held for key, held in columns.items() if not _few(held, groups, fewest)}
    few = [held for key, held in columns.items() if key not in kept]
    together = np.any(few, axis=0) if len(few) > 1 else None
    if together is not None and not _few(together, groups, fewest):
        kept[f"{name}_{TOGETHER}"] = together
    # the rest of the people can be counted from those who are told of, so they must not be few either
    while kept and _few(~np.any([*kept.values()], axis=0), groups, fewest):
        del kept[min(kept, key=lambda key: kept[key].sum())]
    return kept
