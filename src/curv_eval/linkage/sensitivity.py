"""How far an effect would move if links were missed or false, and how unequal that would have to be to undo it.

The outcome of a person is that a record was found by linkage. A missed link hides an outcome and a false link makes
one, and neither is spread evenly: who moved, or whose name is often written wrongly, is missed more often.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from curv_eval.errors import DesignError

if TYPE_CHECKING:
    import pandas as pd

_DO = "take shares of missed and false links that can produce what was found"


@dataclass(frozen=True)
class Group:
    """People of one group and what linkage found of them.

    found: how many of the n were found to have the outcome. missed: share of those with the outcome whose link is
    missed. false: share of those without it who are linked to a record of somebody else. missed_of, false_of: the
    number of true pairs, and of people without the outcome, from which those shares were learnt; None: taken as known.
    """

    found: int
    n: int
    missed: float = 0.0
    false: float = 0.0
    missed_of: int | None = None
    false_of: int | None = None

    def __post_init__(self) -> None:
        faults = []
        if not 0 <= self.found <= self.n or self.n < 1:
            faults.append(f"found {self.found} of {self.n}: expected 0 or more of at least 1")
        if not (0 <= self.missed <= 1 and 0 <= self.false <= 1):
            faults.append(f"missed {self.missed} and false {self.false}: expected shares between 0 and 1")
        elif self.missed + self.false >= 1:
            faults.append(f"missed {self.missed} and false {self.false}: together 1 or more, so links say nothing")
        faults += [f"learnt from {of} people" for of in (self.missed_of, self.false_of) if of is not None and of < 1]
        if faults:
            raise DesignError("this cannot be corrected for missed and false links", faults, _DO)

    @property
    def share(self) -> float:
        """The share found."""
        return self.found / self.n


@dataclass(frozen=True)
class Share:
    """A share corrected for missed and false links, and its standard error."""

    estimate: float
    std_error: float


@dataclass(frozen=True)
class Corrected:
    """Treated minus comparison, and treated over comparison, after correction; `low` and `high` of each interval.

    The ratio is NaN where nobody of the comparison group has the outcome, its interval also where nobody treated has.
    """

    treated: Share
    comparison: Share
    difference: float
    low: float
    high: float
    ratio: float
    ratio_low: float
    ratio_high: float


@dataclass(frozen=True)
class TippingPoint:
    """Which share of missed links would leave no difference, the other group's staying as it is.

    None where no share between 0 and 1 does.
    """

    treated: float | None
    comparison: float | None


def corrected_share(group: Group) -> Share:
    """Return the share with the outcome: (p - f) / (1 - m - f), p the share found, m missed and f false.

    Its variance is [p (1 - p) / n + P^2 m (1 - m) / n_m + (1 - P)^2 f (1 - f) / n_f] / (1 - m - f)^2, P the corrected
    share; the last two terms where m and f were learnt from n_m and n_f people. Source: Rogan and Gladen 1978,
    "Estimating prevalence from the results of a screening test", American Journal of Epidemiology 107: 71-76, with
    sensitivity 1 - m and specificity 1 - f. Raises DesignError where the share would lie outside 0 to 1: such missed
    and false links cannot have produced what was found.
    """
    p, m, f = group.share, group.missed, group.false
    kept = 1 - m - f
    share = (p - f) / kept
    if not -1e-12 <= share <= 1 + 1e-12:
        what = f"found {p:.3f}, missed {m:.3f}, false {f:.3f} give a true share of {share:.3f}, outside 0 to 1"
        raise DesignError("such missed and false links cannot have produced what was found", [what], _DO)
    share = min(max(share, 0.0), 1.0)
    variance = p * (1 - p) / group.n
    variance += share**2 * m * (1 - m) / group.missed_of if group.missed_of else 0.0
    variance += (1 - share) ** 2 * f * (1 - f) / group.false_of if group.false_of else 0.0
    return Share(share, float(np.sqrt(variance)) / kept)


def corrected_difference(treated: Group, comparison: Group, *, level: float = 0.95) -> Corrected:
    """Return difference and ratio of the corrected shares with intervals of the given level.

    The difference has a normal interval, the ratio one on the logarithm (delta method); both hold the more loosely
    the fewer people were found. Raises DesignError as `corrected_share` does, for both groups at once.
    """
    shares, faults = [], []
    for name, group in (("treated", treated), ("comparison", comparison)):
        try:
            shares.append(corrected_share(group))
        except DesignError as fault:
            faults += [f"{name}: {breach}" for breach in fault.breaches]
    if faults:
        raise DesignError("such missed and false links cannot have produced what was found", faults, _DO)
    return _contrast(*shares, z=_normal(level))


def _contrast(a: Share, b: Share, *, z: float) -> Corrected:
    difference = a.estimate - b.estimate
    reach = z * float(np.hypot(a.std_error, b.std_error))
    ratio = a.estimate / b.estimate if b.estimate else float("nan")
    factor = float("nan")
    if a.estimate and b.estimate:
        # with a share next to nothing the interval has no upper end
        with np.errstate(over="ignore"):
            factor = float(np.exp(z * np.hypot(a.std_error / a.estimate, b.std_error / b.estimate)))
    return Corrected(a, b, difference, difference - reach, difference + reach, ratio, ratio / factor, ratio * factor)


def _normal(level: float) -> float:
    from scipy.stats import norm

    if not 0 < level < 1:
        raise DesignError(f"level: got {level}, expected a share between 0 and 1")
    return float(norm.ppf(0.5 + level / 2))


def missed_grid(treated: Group, comparison: Group, *, missed: Sequence[float], level: float = 0.95) -> pd.DataFrame:
    """Return the corrected difference for every pair of shares in `missed`, one row each.

    Columns: missed_treated, missed_comparison, difference, low, high; NaN where such shares cannot have produced what
    was found. It is the table of "what if links are missed more often among those who took part?"
    """
    import pandas as pd

    rows = []
    for a in missed:
        for b in missed:
            try:
                found = corrected_difference(replace(treated, missed=a), replace(comparison, missed=b), level=level)
                rows.append((a, b, found.difference, found.low, found.high))
            except DesignError:
                rows.append((a, b, *[float("nan")] * 3))
    return pd.DataFrame(rows, columns=["missed_treated", "missed_comparison", "difference", "low", "high"])


def tipping_point(treated: Group, comparison: Group) -> TippingPoint:
    """Return how large the missed share of one group would have to be for the corrected shares to be equal.

    From (p - f) / (1 - m - f) = P with P the corrected share of the other group: m = 1 - f - (p - f) / P.
    """
    return TippingPoint(_tips(treated, comparison), _tips(comparison, treated))


def _tips(moved: Group, held: Group) -> float | None:
    share = corrected_share(held).estimate
    if not share:
        return None
    missed = 1 - moved.false - (moved.share - moved.false) / share
    return float(missed) if 0 <= missed < 1 - moved.false else None


def errors_from_quality(*, found: int, n: int, precision: float, recall: float) -> tuple[float, float]:
    """Return the missed and false shares that precision and recall of the links of n people mean.

    Missed = 1 - recall. Of the found, 1 - precision are false; they fall on those without the outcome, of whom there
    are n - found precision / recall. Raises DesignError where more people would have the outcome than there are.
    """
    if not (0 < precision <= 1 and 0 < recall <= 1):
        raise DesignError(f"precision {precision} and recall {recall}: expected shares above 0 and up to 1")
    without = n - found * precision / recall
    if without < 0 or (without == 0 and precision < 1):
        what = f"{found} found of {n}, precision {precision} and recall {recall}: more outcomes than people"
        raise DesignError("such missed and false links cannot have produced what was found", [what], _DO)
    return 1 - recall, found * (1 - precision) / without if without else 0.0
