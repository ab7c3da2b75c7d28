"""What a pooled effect means for 100,000 people, and what preventing one act of violence costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite, log

import numpy as np
from scipy.special import ndtri

from curv_eval.errors import DesignError, StudyError
from curv_eval.evidence.judgement.pooled import RATIOS, Pooled

PEOPLE = 100_000


@dataclass(frozen=True)
class Baseline:
    """How many acts of violence, or people who meet it, there are a year for 100,000 people without the approach."""

    rate: float
    of: str
    source: str

    def __post_init__(self) -> None:
        faults = [f"{name}: got a blank" for name in ("of", "source") if not getattr(self, name).strip()]
        if not (isfinite(self.rate) and self.rate > 0):
            faults.append(f"rate: got {self.rate!r}, expected a number above 0 for 100,000 people and year")
        if faults:
            raise StudyError("this baseline cannot be used", faults, "give the rate, of whom it is, and its source")


@dataclass(frozen=True)
class CostRange:
    """What reaching one person for a year costs: lowest, highest and (or halfway between) likeliest, in pounds."""

    low: float
    high: float
    price_year: str
    source: str
    likeliest: float | None = None

    def __post_init__(self) -> None:
        faults = [f"{name}: got a blank" for name in ("price_year", "source") if not getattr(self, name).strip()]
        if not (isfinite(self.high) and 0 < self.low <= self.middle <= self.high):
            faults.append(
                f"costs: got {self.low}, {self.likeliest}, {self.high}; expected 0 < low <= likeliest <= high"
            )
        if faults:
            raise StudyError("these costs cannot be used", faults, "give a range in pounds, its price year and source")

    @property
    def middle(self) -> float:
        """The likeliest cost, or halfway between lowest and highest."""
        return (self.low + self.high) / 2 if self.likeliest is None else self.likeliest


@dataclass(frozen=True)
class PerPeople:
    """What an effect means for 100,000 people a year: expected without, and fewer with (below 0: more)."""

    expected: float
    fewer: float
    low: float
    high: float
    baseline: Baseline
    outcome: str

    @property
    def text(self) -> str:
        """It in one plain sentence."""
        low, high = (f"{abs(x):,.0f} {'fewer' if x >= 0 else 'more'}" for x in (self.low, self.high))
        with_it = self.expected - self.fewer
        return (
            f"Where {self.expected:,.0f} a year would be expected for 100,000 {self.baseline.of} ({self.outcome}; "
            f"{self.baseline.source}), there would be about {with_it:,.0f} with the approach: between {low} and {high}."
        )


@dataclass(frozen=True)
class CostPerPrevented:
    """Pounds for each act of violence prevented. high: infinite where preventing nothing is within the interval.

    middle: the median of the draws. none: the share of draws in which nothing is prevented. here: whether the draws are
    of the average effect or of a new place.
    """

    middle: float
    low: float
    high: float
    none: float
    price_year: str
    new_place: bool

    @property
    def text(self) -> str:
        """It in plain words, as a range first."""
        where = "in a new place" if self.new_place else "on average"
        if not isfinite(self.middle):
            return (
                f"We cannot put a cost on preventing violence: {where}, it is as likely as not that none is prevented."
            )
        if not isfinite(self.high):
            return (
                f"Preventing one act of violence costs at least about {_pounds(self.low)} {where}, and there is no "
                f"upper limit: in {self.none:.0%} of our draws nothing was prevented. Prices of {self.price_year}."
            )
        return (
            f"Preventing one act of violence costs between about {_pounds(self.low)} and {_pounds(self.high)} {where} "
            f"(the middle is {_pounds(self.middle)}). Prices of {self.price_year}."
        )


def per_people(pooled: Pooled, baseline: Baseline) -> PerPeople:
    """Return what an effect means for 100,000 people a year.

    Fewer = p - p', with p the baseline rate and p' = R p (rate and risk ratios), R p / (1 - p + R p) (odds ratio) or
    1 - (1 - p)^R (hazard ratio), each for one person. The interval is that of the effect; the baseline counts as known.
    Raises DesignError for a measure without a rate, for what more than everybody would meet, and for an outcome of
    which more is better.
    """
    p = baseline.rate / PEOPLE
    _refuse(pooled, p)
    middle, low, high = (PEOPLE * (p - _with(pooled.measure, p, r)) for r in (pooled.estimate, pooled.high, pooled.low))
    return PerPeople(baseline.rate, float(middle), float(low), float(high), baseline=baseline, outcome=pooled.outcome)


def cost_per_prevented(
    pooled: Pooled, baseline: Baseline, cost: CostRange, *, generator: np.random.Generator, new_place: bool = False
) -> CostPerPrevented:
    """Return what it costs to prevent one act of violence, with its 95% range.

    Each of 20,000 draws takes a ratio R from a normal distribution of log R, whose middle is the estimate and whose
    2.5% and 97.5% points are as far apart as the ends of the interval (of the prediction interval, with `new_place`),
    and a cost c from a triangle between lowest, likeliest and highest; the cost is c / (p - p'), p and p' as in
    `per_people`, infinite where nothing is prevented. Low, middle and high are the 2.5, 50 and 97.5% points of all
    draws, the infinite ones too, so that a chance of no effect cannot hide. Raises DesignError as `per_people` does,
    and for a new place without a prediction interval.
    """
    p = baseline.rate / PEOPLE
    _refuse(pooled, p)
    ends = pooled.prediction if new_place else (pooled.low, pooled.high)
    if ends is None:
        do = "work one out, which needs 3 studies or more, or ask for the average"
        raise DesignError("there is no prediction interval, so nothing can be said of a new place", do=do)
    spread = (log(ends[1]) - log(ends[0])) / (2 * float(ndtri(0.975)))
    ratios = np.exp(log(pooled.estimate) + spread * generator.standard_normal(20_000))
    costs = _costs(cost, generator, len(ratios))
    prevented = p - _with(pooled.measure, p, ratios)
    each = np.where(prevented > 0, costs / np.where(prevented > 0, prevented, 1.0), np.inf)
    # an interpolated point between two infinities is not a number
    low, middle, high = np.quantile(each, (0.025, 0.5, 0.975), method="inverted_cdf")
    none = float((prevented <= 0).mean())
    return CostPerPrevented(
        float(middle), float(low), float(high), none, price_year=cost.price_year, new_place=new_place
    )


def _costs(cost: CostRange, generator: np.random.Generator, n: int) -> np.ndarray:
    if cost.low == cost.high:
        return np.full(n, cost.low)
    return generator.triangular(cost.low, cost.middle, cost.high, n)


def _with(measure: str, p: float, ratio: float | np.ndarray) -> float | np.ndarray:
    """Return the rate or risk of one person with the approach."""
    if measure == "odds ratio":
        return ratio * p / (1 - p + ratio * p)
    return 1 - (1 - p) ** ratio if measure == "hazard ratio" else ratio * p


def _refuse(pooled: Pooled, p: float) -> None:
    if faults := list(_wrong(pooled, p)):
        raise DesignError(f"{pooled.outcome}: this effect cannot be said for 100,000 people", faults)


def _wrong(pooled: Pooled, p: float) -> Iterator[str]:
    if pooled.measure not in RATIOS:
        yield f"measure: got a {pooled.measure}, which says nothing of how many; expected one of {', '.join(RATIOS)}"
        return
    if pooled.better != "lower":
        yield "better: got higher, expected an outcome to be prevented"
    if pooled.measure != "rate ratio" and p >= 1:
        yield f"baseline: got {p * PEOPLE:,.0f} of 100,000 people; a risk is below all of them"
    if pooled.measure == "risk ratio" and p < 1 and pooled.high * p > 1:
        yield f"a risk ratio of {pooled.high:g} at this baseline is more than everybody; use a lower baseline"


def _pounds(x: float) -> str:
    """Return pounds to two digits, since no more are known."""
    return f"£{round(x, 1 - int(np.floor(np.log10(x)))):,.0f}" if x >= 1 else "£1"
