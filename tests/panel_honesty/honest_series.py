"""Monthly series with a planted hole, for the tests of the completeness check."""

import numpy as np
import pandas as pd

from curv_eval.panel import month_number, month_text
from curv_eval.panel.completeness import find_incomplete

FIRST = month_number("2021-01")
KINDS = ("theft", "violence", "damage", "drugs", "disorder", "burglary")


def months(n, first=FIRST):
    """n months as text, from `first` on."""
    return [month_text(m) for m in range(first, first + n)]


def rows_of(counts, *, supplier="force", kind=None, first=FIRST):
    """A table of rows by month, as find_incomplete takes it; months of 0 have no row in it."""
    listed = [
        (supplier, month, kind, int(n)) for month, n in zip(months(len(counts), first), counts, strict=True) if n > 0
    ]
    return pd.DataFrame(listed, columns=["supplier", "month", "kind", "rows"])


def found(*tables, through=None, **options):
    """What find_incomplete says of the tables together."""
    rows = pd.concat(tables, ignore_index=True)
    span = through or (rows["month"].min(), rows["month"].max())
    return find_incomplete(rows, through=span, **options)


def verdicts(result, supplier="force"):
    """month -> verdict of one supplier."""
    mine = result.months[result.months["supplier"] == supplier]
    return dict(zip(mine["month"], mine["verdict"], strict=True))


def reasons(result, supplier="force"):
    """month -> reason of one supplier."""
    mine = result.months[result.months["supplier"] == supplier]
    return dict(zip(mine["month"], mine["reason"], strict=True))


def steady(n=36, level=1000, seed=1):
    """Poisson counts around a level."""
    return np.random.default_rng(seed).poisson(level, n)


def holed(counts, *where, left=0.3):
    """The counts with only `left` of some months."""
    changed = np.array(counts, dtype=float)
    changed[list(where)] *= left
    return changed.astype(int)


def of_kinds(counts, shares=None, *, supplier="force", first=FIRST):
    """One table with the counts divided among the kinds, in every month alike or as `shares` (T, kinds) says."""
    even = np.full((len(counts), len(KINDS)), 1 / len(KINDS)) if shares is None else np.asarray(shares)
    return pd.concat(
        [
            rows_of(np.round(np.asarray(counts) * even[:, i]), supplier=supplier, kind=kind, first=first)
            for i, kind in enumerate(KINDS)
        ],
        ignore_index=True,
    )
