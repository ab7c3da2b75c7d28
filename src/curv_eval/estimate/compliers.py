"""The effect on those who took the intervention up because it was offered, and how sure one can be of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.estimate import Tested
from curv_eval.estimate.adjusting import error_rule, require_clusters, said_rule
from curv_eval.people import People
from curv_eval.stats.instruments import (
    WEAK,
    ConfidenceSet,
    Equation,
    FirstStage,
    TwoStage,
    anderson_rubin,
    first_stage,
    two_stage,
)

AR_RULE = "Anderson-Rubin test inverted, CR2 or HC2 with Satterthwaite degrees of freedom; it holds for weak offers"


@dataclass(frozen=True)
class Complied:
    """Two-stage least squares of an outcome on what was received, with what was offered as the instrument."""

    fit: TwoStage
    stage: FirstStage
    tested: ConfidenceSet
    rule: str

    @property
    def value(self) -> float:
        """The effect on those who took it up because it was offered."""
        return float(self.fit.coefficients[0])

    @property
    def weak(self) -> bool:
        """Whether the offer moved take-up too little for an interval from the standard error."""
        return self.stage.robust_f < WEAK

    @property
    def inverted(self) -> Tested:
        """The Anderson-Rubin interval; where the set has no end, or lies outside an interval, it is infinite."""
        low, high = (-np.inf, np.inf) if self.tested.outside else (self.tested.low, self.tested.high)
        return Tested(low, high, self.tested.p_value, 0.0, 0, AR_RULE)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know about the strength of the offer."""
        said = ()
        if self.weak:
            said = (
                f"being offered it moved take-up little (first-stage F {self.stage.robust_f:.1f}, below {WEAK:.0f}): "
                "the interval is that of the Anderson-Rubin test, which holds for weak offers",
            )
        if self.tested.outside:
            said += (
                f"the Anderson-Rubin set is everything below {self.tested.low:.3g} and above {self.tested.high:.3g}; "
                "as one interval it has no ends",
            )
        return said


def complied(people: People, y: np.ndarray, x: np.ndarray, *, alpha: float) -> Complied:
    """Return the effect of `treated` on y (n,) with `assigned` as instrument, given x (n, p) without a constant.

    Raises DesignError when the offer did not move take-up at all.
    """
    equation = Equation(y, people.treated, people.assigned, np.column_stack([np.ones(len(y)), x]))
    require_clusters(people, people.assigned.astype(bool))
    rule = error_rule(people)
    fit = two_stage(equation, rule=rule, cluster=people.cluster)
    stage = first_stage(equation, rule=rule, cluster=people.cluster)
    tested = anderson_rubin(equation, alpha=alpha, cluster=people.cluster)
    return Complied(fit, stage, tested, said_rule(rule))
