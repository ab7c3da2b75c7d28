"""Effect sizes from counts: tables of two by two, events over person-time, and four counts of areas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError

HALF = 0.5


@dataclass(frozen=True)
class Size:
    """An effect size on its scale of analysis, its variance, and whether 0.5 was added because a count is 0."""

    value: float
    variance: float
    half_added: bool = False


def log_odds_ratio(treated: tuple[float, float], control: tuple[float, float]) -> Size:
    """Return log(a d / (b c)) with variance 1/a + 1/b + 1/c + 1/d (Woolf 1955; Cochrane Handbook 6.4.1.2 and 10.4).

    treated: (a, b) and control: (c, d), each (people with the event, people without). Where a count is 0, 0.5 is added
    to all four. Raises DesignError where both groups are without events, or everybody in both had one: such a table
    says nothing of the ratio.
    """
    (a, b, c, d), half = _ratio_cells(treated, control)
    return Size(float(np.log(a * d / (b * c))), 1 / a + 1 / b + 1 / c + 1 / d, half)


def log_risk_ratio(treated: tuple[float, float], control: tuple[float, float]) -> Size:
    """Return log(a/(a+b)) - log(c/(c+d)) with variance 1/a - 1/(a+b) + 1/c - 1/(c+d) (Cochrane Handbook 6.4.1.1).

    Cells, zeros and refusals as in `log_odds_ratio`.
    """
    (a, b, c, d), half = _ratio_cells(treated, control)
    value = float(np.log(a / (a + b)) - np.log(c / (c + d)))
    return Size(value, 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d), half)


def risk_difference(treated: tuple[float, float], control: tuple[float, float]) -> Size:
    """Return a/(a+b) - c/(c+d) with variance ab/(a+b)^3 + cd/(c+d)^3 (Cochrane Handbook 6.4.1.4).

    The difference is that of the counts as they are. Where a count is 0, the variance is worked out with 0.5 added to
    all four, since it would otherwise be too small or 0. Raises DesignError for an empty group or negative counts.
    """
    cells = _cells(treated, control)
    half = bool((cells == 0).any())
    a, b, c, d = cells + HALF * half
    value = cells[0] / cells[:2].sum() - cells[2] / cells[2:].sum()
    return Size(float(value), float(a * b / (a + b) ** 3 + c * d / (c + d) ** 3), half)


def _cells(treated: tuple[float, float], control: tuple[float, float]) -> np.ndarray:
    cells = np.array([*treated, *control], dtype=float)
    if not (np.isfinite(cells).all() and (cells >= 0).all()):
        raise DesignError(f"counts: got {_said(cells)}, expected four numbers of 0 or more")
    if cells[:2].sum() == 0 or cells[2:].sum() == 0:
        raise DesignError(f"counts: got {_said(cells)}, expected people in both groups")
    return cells


def _ratio_cells(treated: tuple[float, float], control: tuple[float, float]) -> tuple[list[float], bool]:
    cells = _cells(treated, control)
    for at, what in (([0, 2], "nobody in either group had the event"), ([1, 3], "everybody in both groups had it")):
        if not cells[at].any():
            raise DesignError(f"{what}, so the counts say nothing of a ratio", do="ask for the risk difference")
    half = bool((cells == 0).any())
    return (cells + HALF * half).tolist(), half


def log_rate_ratio(treated: tuple[float, float], control: tuple[float, float], *, dispersion: float = 1.0) -> Size:
    """Return log((x1/t1) / (x0/t0)) with variance phi (1/x1 + 1/x0) (Cochrane Handbook 6.7.1; Rothman et al. 2008).

    treated, control: (events, person-time), the times in one unit. phi: how many times as large as Poisson the
    variance is. Where one count is 0, 0.5 is added to both. Raises DesignError without any event or without time.
    """
    (x1, t1), (x0, t0) = treated, control
    given = np.array([x1, t1, x0, t0, dispersion], dtype=float)
    if not (np.isfinite(given).all() and min(x1, x0) >= 0 and min(t1, t0, dispersion) > 0):
        raise DesignError(f"rates: got {_said(given)}, expected events of 0 or more, and times and dispersion above 0")
    if x1 == x0 == 0:
        raise DesignError("no events in either group, so the counts say nothing of a ratio of rates")
    half = min(x1, x0) == 0
    y1, y0 = x1 + HALF * half, x0 + HALF * half
    return Size(float(np.log(y1 / t1) - np.log(y0 / t0)), dispersion * (1 / y1 + 1 / y0), half)


def relative_rate_ratio(treated: tuple[float, float], control: tuple[float, float], *, dispersion: float) -> Size:
    """Return the log of the relative incident rate ratio, ln(a d / (b c)), variance phi (1/a + 1/b + 1/c + 1/d).

    treated: (b, a) and control: (d, c), incidents (before, after), so that below 0 means fewer than the control areas
    lead one to expect (Wilson 2022, Journal of Quantitative Criminology 38(2)). Its inverse is the relative effect size
    of Welsh & Farrington. Lengths of time cancel where both groups were watched in the same months. phi is the
    quasi-Poisson overdispersion. Where a count is 0, 0.5 is added to all four. Raises DesignError where a group or a
    time has no incident at all, or phi is not above 0.
    """
    (b, a), (d, c) = treated, control
    cells = np.array([a, b, c, d], dtype=float)
    if not (np.isfinite(cells).all() and (cells >= 0).all() and np.isfinite(dispersion) and dispersion > 0):
        got = _said(np.append(cells, dispersion))
        raise DesignError(f"areas: got {got}, expected four counts of 0 or more and a dispersion above 0")
    margins = {
        "treated areas": a + b,
        "control areas": c + d,
        "either group before": b + d,
        "either group after": a + c,
    }
    empty = [name for name, total in margins.items() if total == 0]
    if empty:
        raise DesignError(f"no incidents in {' nor in '.join(empty)}, so the counts say nothing of a ratio of rates")
    half = bool((cells == 0).any())
    a, b, c, d = cells + HALF * half
    return Size(float(np.log(a * d / (b * c))), float(dispersion * (1 / a + 1 / b + 1 / c + 1 / d)), half)


def monthly_dispersion(*cells: np.ndarray) -> float:
    """Return phi, Pearson's squares over degrees of freedom, of counts by month about the mean of their own cell.

    cells: one (m,) for each group and time, such as treated before. phi = sum (y - mean)^2 / mean / sum (m - 1)
    (Wedderburn 1974), and at least 1. Seasons and trends within a cell make it larger; months are taken as independent.
    Raises DesignError with negative counts or without any cell of two months.
    """
    held = [np.asarray(cell, dtype=float) for cell in cells]
    if not all(np.isfinite(y).all() and (y >= 0).all() for y in held):
        raise DesignError("counts by month: expected numbers of 0 or more")
    some = [y for y in held if len(y) > 1 and y.sum() > 0]
    if not some:
        raise DesignError("counts by month: expected incidents in at least one cell of two months or more")
    squares = sum(float(((y - y.mean()) ** 2).sum() / y.mean()) for y in some)
    return max(1.0, squares / sum(len(y) - 1 for y in some))


def _said(numbers: np.ndarray) -> str:
    return ", ".join(f"{x:g}" for x in numbers)
