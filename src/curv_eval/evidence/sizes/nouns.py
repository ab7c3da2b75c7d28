"""An effect size as a review uses it, and the measures it may be on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from curv_eval.stats.meta_size_reported import critical


class Measure(Enum):
    """What an effect size is, on its scale of analysis; below 0 always means less violence."""

    LOG_ODDS_RATIO = "log_odds_ratio"
    LOG_RISK_RATIO = "log_risk_ratio"
    RISK_DIFFERENCE = "risk_difference"
    LOG_RATE_RATIO = "log_rate_ratio"
    LOG_RELATIVE_RATE_RATIO = "log_relative_rate_ratio"
    LOG_HAZARD_RATIO = "log_hazard_ratio"
    RAW_DIFFERENCE = "raw_difference"
    STANDARDISED_DIFFERENCE = "standardised_difference"
    FISHER_Z = "fisher_z"

    @property
    def words(self) -> str:
        """The measure as readers know it, off its scale of analysis."""
        return _WORDS[self]

    @property
    def is_ratio(self) -> bool:
        """Whether the scale of analysis is the log of a ratio."""
        return self.value.startswith("log_")


_WORDS = {
    Measure.LOG_ODDS_RATIO: "odds ratio",
    Measure.LOG_RISK_RATIO: "risk ratio",
    Measure.RISK_DIFFERENCE: "difference in risk",
    Measure.LOG_RATE_RATIO: "rate ratio",
    Measure.LOG_RELATIVE_RATE_RATIO: "relative rate ratio (change here over change in comparison areas)",
    Measure.LOG_HAZARD_RATIO: "hazard ratio",
    Measure.RAW_DIFFERENCE: "difference in means, in the outcome's own units",
    Measure.STANDARDISED_DIFFERENCE: "standardised difference in means (Hedges' g)",
    Measure.FISHER_Z: "correlation",
}


@dataclass(frozen=True)
class Effect:
    """One effect of one study, ready to be pooled.

    study: its label. value, variance: on the measure's scale of analysis (logs of ratios, artanh of correlations),
    below 0 for less violence. how: one sentence, what was worked out from what and what was converted. assumptions:
    what had to be taken as true for it, each with its name before a colon. n: people, None where not known.
    """

    study: str
    measure: Measure
    value: float
    variance: float
    how: str
    assumptions: tuple[str, ...] = ()
    n: float | None = None

    @property
    def std_error(self) -> float:
        """The root of the variance."""
        return float(np.sqrt(self.variance))

    @property
    def shown(self) -> float:
        """The value as readers know it: a ratio, a difference or a correlation."""
        return self._back(self.value)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return the interval by the normal quantile, as readers know it: ratios, differences or correlations."""
        width = critical(level) * self.std_error
        return self._back(self.value - width), self._back(self.value + width)

    def _back(self, value: float) -> float:
        if self.measure is Measure.FISHER_Z:
            return float(np.tanh(value))
        return float(np.exp(value)) if self.measure.is_ratio else value
