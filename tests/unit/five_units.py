"""Five units over four periods, small enough for every effect in the tests to be worked out by hand.

unit  cohort   1   2   3   4
a     3        4   6   5   3      mean of cohort 3:   6   8   7   4
b     3        8  10   9   5
c     4        2   2   4   1      mean of cohort 4:   2   2   4   1
d     never   10  10   8   8      mean of never:     15  15  12  10
e     never   20  20  16  12
"""

import numpy as np

from curv_eval.panel import Panel
from curv_eval.study import Design, Span

Y = np.array([[4, 6, 5, 3], [8, 10, 9, 5], [2, 2, 4, 1], [10, 10, 8, 8], [20, 20, 16, 12]], dtype=float)
COHORT = np.array([3, 3, 4, np.nan, np.nan])
PERIODS = np.array([1, 2, 3, 4])
NEVER = {"comparison": "never_treated"}


def panel(times=None):
    """The five units, each as often as `times` says; copies share their original's cluster."""
    of = np.repeat(np.arange(5), 1 if times is None else times)
    return Panel(
        units=np.array([f"{'abcde'[i]}{j}" for j, i in enumerate(of)]), periods=PERIODS, cohort=COHORT[of],
        cluster=np.array(list("abcde"))[of], outcomes={"y": Y[of]}, frequency="year",
    )  # fmt: skip


def design(comparison="never_treated", *, anticipation=0, alpha=0.05, **options):
    return Design(
        method="callaway_santanna", window=Span("2000-01", "2000-12"), comparison=comparison,
        anticipation=anticipation, alpha=alpha, options=options,
    )  # fmt: skip


def slope(number, *, times=4000):
    """What one unit's weight does to a number: its change per copy, (5,), by one copy more and one copy less.

    number: a function of how often each unit stands in the data.
    """
    found = []
    for i in range(5):
        step = np.eye(5, dtype=int)[i]
        more, less = number(np.full(5, times) + step), number(np.full(5, times) - step)
        found.append((np.asarray(more) - np.asarray(less)) * times / 2)
    return np.array(found)
