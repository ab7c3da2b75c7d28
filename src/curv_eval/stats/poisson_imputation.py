"""Counts expected from unit and period effects of a Poisson mean, found where nobody is treated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError


@dataclass(frozen=True)
class Expected:
    """Expected counts per unit in m cells: cohort (m,) codes, time (m,) indices of periods, expected (m,).

    influence: (n, m), of each unit on `expected`; its sum is 0. n_untreated: (m,) units not yet treated.
    """

    cohort: np.ndarray
    time: np.ndarray
    expected: np.ndarray
    influence: np.ndarray
    n_untreated: np.ndarray


def expected_counts(
    y: np.ndarray, cohort: np.ndarray, begun: np.ndarray, *, exposure: np.ndarray | None = None
) -> Expected:
    """Return the mean of E_it exp(a_i + b_t) over the units of each cohort in each period after its start.

    a_i and b_t maximise the Poisson likelihood of the unit-periods not yet treated; given b, exp(a_i) is a unit's
    events over its exposure in the periods before its start. Without exposure this is the counterfactual of a Poisson
    model with unit effects, period effects and a dummy for each treated cell, which equals that with cohort effects
    (Wooldridge 2023, The Econometrics Journal 26(3)); no Poisson variance is needed. An exposure that does not change
    over time is absorbed.

    y: (n, T) counts. cohort: (n,) codes 0 to G - 1. begun: (G, T) bool, the periods in which a cohort is treated.
    exposure: (n, T), positive, such as residents. A period in which everybody is treated has no cells. Raises
    DesignError when no cell is left, or a period or cohort has no events from which to expect any.
    """
    of, time, use = _cells(y, cohort, begun)
    weight = np.where(begun[cohort], 0.0, 1.0 if exposure is None else exposure)[:, use]
    period = _period_effects(np.where(begun[cohort], 0.0, y)[:, use], weight, None if exposure is not None else cohort)
    full = (np.ones_like(y) if exposure is None else exposure)[:, use] * period
    before = weight * period
    total, events = before.sum(axis=1), np.where(begun[cohort], 0.0, y)[:, use].sum(axis=1)
    unit = events / total
    solved = _solved(unit[:, None] * before, np.where(begun[cohort], 0.0, y)[:, use])
    at = np.searchsorted(np.flatnonzero(use), time)
    expected, influence = np.empty(len(of)), np.empty((len(y), len(of)))
    for g in np.unique(of):
        columns, members = np.flatnonzero(of == g), cohort == g
        mean = unit[members, None] * full[members][:, at[columns]]
        expected[columns] = mean.mean(axis=0)
        slope = -(mean.T / total[members]) @ before[members] / members.sum()
        slope[np.arange(len(columns)), at[columns]] += expected[columns]
        influence[:, columns] = solved @ slope.T
        influence[np.ix_(members, columns)] += (mean - expected[columns]) / members.sum()
    untreated = np.bincount(cohort, minlength=len(begun)) @ ~begun
    return Expected(of, time, expected, influence, untreated[time])


def _cells(y: np.ndarray, cohort: np.ndarray, begun: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the cohort and period of each cell, and which periods have anybody untreated; refuse what has none."""
    size = np.bincount(cohort, minlength=len(begun))
    use = (size @ ~begun) > 0
    of, time = np.nonzero(begun & use & (size > 0)[:, None])
    if not len(of) or begun.all(axis=1)[of].any():
        raise DesignError(
            "no period has both treated areas and areas not yet treated, after one in which none was",
            do="start the window earlier, or keep areas that are never or later treated",
        )
    open_counts = np.where(begun[cohort], 0.0, y)
    empty = int((open_counts[:, use].sum(axis=0) == 0).sum())
    silent = sum(not open_counts[cohort == g].any() for g in range(len(begun)) if size[g])
    faults = [f"{empty} periods have no event in any area not yet treated"] if empty else []
    faults += [f"{silent} cohorts have no event before their start"] if silent else []
    if faults:
        raise DesignError("no ratio follows from these counts", faults, "use larger areas or longer periods")
    return of, time, use


def _period_effects(y: np.ndarray, weight: np.ndarray, cohort: np.ndarray | None) -> np.ndarray:
    """Return exp(b_t), mean 1, by Newton's steps on the concentrated likelihood, halved where they overshoot.

    Without exposure the units of one cohort can be added up first.
    """
    if cohort is not None:
        first = np.unique(cohort, return_index=True)[1]
        y, weight = np.stack([y[cohort == g].sum(axis=0) for g in cohort[first]]), weight[first]
    found, events = np.log(y.sum(axis=0) / weight.sum(axis=0)), y.sum(axis=1)
    value = _likelihood(y, weight, found)
    for _ in range(200):
        mean = weight * np.exp(found)
        mean *= (events / mean.sum(axis=1))[:, None]
        gap = (y - mean).sum(axis=0)
        step = np.linalg.pinv(_information(mean), hermitian=True) @ gap
        if gap @ step <= 1e-24 * events.sum():
            return np.exp(found - found.mean())
        for halving in range(30):
            tried = _likelihood(y, weight, found + step / 2**halving)
            if tried >= value - 1e-12 * abs(value):
                break
        found, value = found + step / 2**halving, tried
        if np.ptp(found) > 60:
            break
    raise DesignError("the Poisson model did not converge", do="use larger areas or longer periods")


def _likelihood(y: np.ndarray, weight: np.ndarray, found: np.ndarray) -> float:
    total = weight @ np.exp(found)
    return float(y.sum(axis=0) @ found - y.sum(axis=1) @ np.log(total))


def _information(mean: np.ndarray) -> np.ndarray:
    total = np.maximum(mean.sum(axis=1), 1e-300)
    return np.diag(mean.sum(axis=0)) - mean.T @ (mean / total[:, None])


def _solved(mean: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the influence of each unit on b, (n, periods); b is known up to a constant, which no cell depends on."""
    return (y - mean) @ np.linalg.pinv(_information(mean), hermitian=True)
