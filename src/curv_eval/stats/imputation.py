"""Effects against what unit and period effects, found where nobody is treated, lead one to expect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.path_errors import robust
from curv_eval.stats.path_regression import least_squares


@dataclass(frozen=True)
class Imputed:
    """Effects in m cells: cohort (m,) codes, time (m,) indices of periods, effect (m,), influence (clusters, m).

    n_untreated: (m,) units not yet treated in the cell's period.
    """

    cohort: np.ndarray
    time: np.ndarray
    effect: np.ndarray
    influence: np.ndarray
    n_untreated: np.ndarray


@dataclass(frozen=True)
class Leads:
    """Gaps before the start: event_time (m,), effect (m,), influence (clusters, m)."""

    event_time: np.ndarray
    effect: np.ndarray
    influence: np.ndarray


def imputed(y: np.ndarray, cohort: np.ndarray, begun: np.ndarray, *, cluster: np.ndarray, rule: str = "cr2") -> Imputed:
    """Return the mean of Y_it - a_i - b_t over the units of each cohort in each period after its start.

    a_i and b_t come from least squares on the unit-periods not yet treated (Borusyak, Jaravel & Spiess 2024, Review of
    Economic Studies 91(6)). The same numbers are the coefficients of a regression on unit and period effects and a
    dummy for each treated cell (Wooldridge 2021), whose scores give the error. rule: "cr0", their conservative
    clustered error, in which treated residuals are measured from the mean of their cell; "cr1", fixest's; or "cr2".

    y: (n, T). cohort: (n,) codes 0 to G - 1. begun: (G, T) bool, the periods in which a cohort is treated; a cohort
    that never is has none. cluster: (n,). A period in which everybody is treated has no expectation and no cells.
    Raises DesignError when no cell is left, a cohort has no period before, or cr2 meets a cohort of one cluster.
    """
    size = np.bincount(cohort, minlength=len(begun))
    open_to = size @ ~begun
    use = np.broadcast_to(open_to > 0, begun.shape)
    of, time = np.nonzero(begun & use & (size > 0)[:, None])
    if not len(of) or begun.all(axis=1)[of].any():
        raise DesignError(
            "no period has both treated areas and areas not yet treated, after one in which none was",
            do="start the window earlier, or keep areas that are never or later treated",
        )
    x = np.zeros((*begun.shape, len(of)))
    x[of, time, np.arange(len(of))] = 1.0
    working = least_squares(y, x, cohort, used=use)
    scores = robust(working, cluster, rule=rule, df=False).scores
    return Imputed(of, time, working.value, scores, open_to[time])


def leads(
    y: np.ndarray, cohort: np.ndarray, event_time: np.ndarray, *, cluster: np.ndarray, rule: str = "cr2"
) -> Leads:
    """Return the gaps at the negative event times, against all other periods before the start.

    Least squares with unit and period effects on the unit-periods not yet treated, with a dummy for each negative
    event time, the same for every cohort (Borusyak, Jaravel & Spiess 2024, section 4.4). The earliest are left out
    until the others can be told apart from unit and period effects.

    y: (n, T). cohort: (n,) codes 0 to G - 1. event_time: (G, T), 0 or more where treated, NaN in the periods that gaps
    are measured against and for a cohort that never is treated.
    """
    times = np.unique(event_time[event_time < 0])
    for first in range(len(times)):
        x = np.stack([event_time == e for e in times[first:]], axis=2).astype(float)
        try:
            working = least_squares(y, x, cohort, used=~(event_time >= 0))
        except DesignError:
            continue
        return Leads(times[first:], working.value, robust(working, cluster, rule=rule, df=False).scores)
    return Leads(times[:0], times[:0], np.zeros((len(np.unique(cluster)), 0)))
