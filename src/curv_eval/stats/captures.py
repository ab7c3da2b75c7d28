"""Counts of people by the lists they stand on, and estimates of the total from two lists or from how often seen."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.special import ndtri

from curv_eval.errors import DesignError

MOST_LISTS = 12


@dataclass(frozen=True)
class Captures:
    """One row per combination of lists except "on none": histories (2^L - 1, L) of 0 and 1, counts (2^L - 1,)."""

    histories: np.ndarray
    counts: np.ndarray

    def __repr__(self) -> str:
        return f"<Captures: {self.lists} lists>"

    @property
    def lists(self) -> int:
        """How many lists there are."""
        return self.histories.shape[1]

    @property
    def seen(self) -> float:
        """How many people stand on any list."""
        return float(self.counts.sum())

    @property
    def times(self) -> np.ndarray:
        """On how many lists each history is: (2^L - 1,)."""
        return self.histories.sum(axis=1)

    @property
    def overlap(self) -> np.ndarray:
        """People on both of each pair of lists, and on each list in the diagonal: (L, L)."""
        return self.histories.T @ (self.counts[:, None] * self.histories)

    def with_counts(self, counts: np.ndarray) -> Captures:
        """Return the same histories with other counts."""
        return Captures(self.histories, np.asarray(counts, dtype=float))


def tabulate(histories, counts=None) -> Captures:
    """Return the complete table of histories; those that do not stand there count 0.

    histories: (m, L) of 0 and 1, one row per person, or per history where `counts` (m,) are given. Raises DesignError
    for other values, people on no list, or numbers of lists other than 2 to 12.
    """
    rows = np.atleast_2d(np.asarray(histories))
    number = np.ones(len(rows)) if counts is None else np.asarray(counts, dtype=float)
    _refuse(rows, number)
    every = np.array(list(product((1, 0), repeat=rows.shape[1])))[:-1]
    place = 2 ** rows.shape[1] - 1 - rows.astype(int) @ (2 ** np.arange(rows.shape[1])[::-1])
    return Captures(every.astype(float), np.bincount(place, number, minlength=len(every)))


def _refuse(rows: np.ndarray, number: np.ndarray) -> None:
    faults = []
    if not 2 <= rows.shape[1] <= MOST_LISTS:
        faults.append(f"lists: got {rows.shape[1]}, expected 2 to {MOST_LISTS}; one list says nothing about the unseen")
    if not np.isin(rows, (0, 1)).all():
        faults.append("histories: expected 0 (not on the list) and 1 (on it)")
    elif (rows.sum(axis=1) == 0).any():
        faults.append(f"histories: {int((rows.sum(axis=1) == 0).sum())} rows are on no list; nobody can have seen them")
    if len(number) != len(rows) or not (np.isfinite(number).all() and (number >= 0).all()):
        faults.append("counts: expected a number of 0 or more for each history")
    if faults:
        raise DesignError("these lists cannot say how many people were not seen", faults)


@dataclass(frozen=True)
class Total:
    """An estimated total, its standard error, and its interval."""

    value: float
    std_error: float
    conf_low: float
    conf_high: float


def lincoln_petersen(first: float, second: float, both: float, *, alpha: float = 0.05) -> Total:
    """Return N = n1 n2 / m with its error (Seber 1982, equation 3.3), people being on lists independently.

    The variance is n1 n2 (n1 - m)(n2 - m) / m^3. Raises DesignError where nobody is on both lists.
    """
    _refuse_two(first, second, both)
    value = first * second / both
    error = float(np.sqrt(first * second * (first - both) * (second - both) / both**3))
    return _logged(value, error, first + second - both, alpha)


def chapman(first: float, second: float, both: float, *, alpha: float = 0.05) -> Total:
    """Return N = (n1 + 1)(n2 + 1) / (m + 1) - 1, nearly unbiased for m of 7 or more (Chapman 1951).

    The variance is (n1 + 1)(n2 + 1)(n1 - m)(n2 - m) / ((m + 1)^2 (m + 2)) (Seber 1970).
    """
    _refuse_two(first, second, both)
    value = (first + 1) * (second + 1) / (both + 1) - 1
    variance = (first + 1) * (second + 1) * (first - both) * (second - both) / ((both + 1) ** 2 * (both + 2))
    return _logged(value, float(np.sqrt(variance)), first + second - both, alpha)


def chao_lower_bound(captures: Captures, *, alpha: float = 0.05) -> Total:
    """Return n + (1 - 1/L) f1 (f1 - 1) / (2 (f2 + 1)), below which the total is unlikely (Chao 1987, bias-corrected).

    f1 and f2: people on one and on two lists. It holds however much people differ in how easily they are listed. The
    variance is that of Chao (1989) for incidence data.
    """
    f1, f2 = (float(captures.counts[captures.times == k].sum()) for k in (1, 2))
    keep = 1 - 1 / captures.lists
    unseen = keep * f1 * (f1 - 1) / (2 * (f2 + 1))
    variance = (
        unseen + keep**2 * f1 * (2 * f1 - 1) ** 2 / (4 * (f2 + 1) ** 2)
        + keep**2 * f1**2 * f2 * (f1 - 1) ** 2 / (4 * (f2 + 1) ** 4)
    )  # fmt: skip
    return _logged(captures.seen + unseen, float(np.sqrt(variance)), captures.seen, alpha)


def _refuse_two(first: float, second: float, both: float) -> None:
    faults = []
    if both <= 0:
        faults.append("overlap: got 0 people on both lists; any total from here to infinity fits")
    if both > min(first, second) or min(first, second, both) < 0:
        faults.append(f"overlap: got {both:g}, expected no more than on either list ({first:g} and {second:g})")
    if faults:
        raise DesignError("two lists cannot say how many people were not seen", faults, "add a list, or join months")


def _logged(value: float, error: float, seen: float, alpha: float) -> Total:
    """Return the interval that is log-normal in the number not seen, never below 0 (Burnham et al. 1987)."""
    unseen = value - seen
    if unseen <= 0:
        return Total(value, error, value, value)
    ratio = np.exp(ndtri(1 - alpha / 2) * np.sqrt(np.log1p((error / unseen) ** 2)))
    return Total(value, error, float(seen + unseen / ratio), float(seen + unseen * ratio))
