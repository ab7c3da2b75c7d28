"""From one measure to another, by steps that say what they assume and need."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from curv_eval.evidence.sizes.made import Made
from curv_eval.evidence.sizes.nouns import Measure
from curv_eval.evidence.sizes.rows import Fault, lacking
from curv_eval.stats.meta_size_convert import (
    between_risks,
    d_to_fisher_z,
    d_to_log_odds,
    fisher_z_to_d,
    log_odds_to_d,
)
from curv_eval.stats.meta_size_counts import Size

Numbers = Mapping[str, float]
_RISKS = {Measure.LOG_ODDS_RATIO: "odds", Measure.LOG_RISK_RATIO: "risk", Measure.RISK_DIFFERENCE: "difference"}


@dataclass(frozen=True)
class Step:
    """One conversion: how, the columns it needs, and what it assumes (where {} stands for the needed number)."""

    by: Callable[[Size, Numbers], Size]
    assumes: str
    needs: tuple[str, ...] = ()


def _people(x: Numbers) -> tuple[float, float] | None:
    return (x["n_treated"], x["n_control"]) if {"n_treated", "n_control"} <= set(x) else None


def _between(came: Measure, goes: Measure) -> Step:
    def by(size: Size, x: Numbers) -> Size:
        return between_risks(size, _RISKS[came], _RISKS[goes], baseline=x["baseline_risk"])

    return Step(by, "baseline risk: {} in the comparison group, taken as known", ("baseline_risk",))


_ODDS, _D, _Z, _RAW = (
    Measure.LOG_ODDS_RATIO,
    Measure.STANDARDISED_DIFFERENCE,
    Measure.FISHER_Z,
    Measure.RAW_DIFFERENCE,
)
_RATE, _RELATIVE = Measure.LOG_RATE_RATIO, Measure.LOG_RELATIVE_RATE_RATIO
_CUT = "logistic scores: having the outcome is a logistic score above a cut (factor pi over the root of 3)"
_R = "correlation from groups: r = d / sqrt(d^2 + a), with a from the sizes of the groups, 4 where not known"
_SD = "outcome's spread: a standard deviation of {}, taken as known"
_LEVELS = "levels: the ratio of rates is read as the ratio of their changes, as if both groups had begun alike"
STEPS: dict[tuple[Measure, Measure], Step] = {
    **{(a, b): _between(a, b) for a in _RISKS for b in _RISKS if a is not b},
    (_ODDS, _D): Step(lambda size, x: log_odds_to_d(size), _CUT),
    (_D, _ODDS): Step(lambda size, x: d_to_log_odds(size), _CUT),
    (_D, _Z): Step(lambda size, x: d_to_fisher_z(size, people=_people(x)), _R),
    (_Z, _D): Step(lambda size, x: fisher_z_to_d(size, people=_people(x)), _R),
    (_RAW, _D): Step(lambda size, x: _scaled(size, 1 / x["sd_outcome"]), _SD, ("sd_outcome",)),
    (_D, _RAW): Step(lambda size, x: _scaled(size, x["sd_outcome"]), _SD, ("sd_outcome",)),
    (_RATE, _RELATIVE): Step(lambda size, x: size, _LEVELS),
    (_RELATIVE, _RATE): Step(lambda size, x: size, _LEVELS),
}


def _scaled(size: Size, by: float) -> Size:
    return Size(size.value * by, size.variance * by**2)


def converted(made: Made, target: Measure, x: Numbers) -> Made | list[Fault]:
    """Return an effect on another measure, or what is missing for it.

    Odds ratios, risk ratios and differences in risk follow from one another at a baseline risk; odds ratios and
    standardised differences by the logistic distribution; those and correlations by the sizes of the groups. Nothing
    leads from rates or hazards to people, nor back.
    """
    path = _path(made.measure, target)
    if path is None:
        expected = f"a measure that can become a {target.value}"
        do = "pool it apart, or code other numbers of this study"
        return [Fault("reports", f"a {made.measure.value}", expected, do)]
    needs = dict.fromkeys(name for a, b in path for name in STEPS[a, b].needs if name not in x)
    if needs:
        why = f"a {made.measure.value} as a {target.value}"
        return [lacking(name, _EXPECTED[name], why) for name in needs]
    for came, goes in path:
        step = STEPS[came, goes]
        said = step.assumes.format(*(f"{x[name]:g}" for name in step.needs))
        how = f"converted from {came.value} to {goes.value}"
        made = made.then(step.by(made.size, x), how, *({said} - set(made.assumptions)), measure=goes)
    return made


_EXPECTED = {
    "baseline_risk": "the risk of violence in the comparison group, between 0 and 1",
    "sd_outcome": "the outcome's standard deviation, above 0",
}


def _path(came: Measure, goes: Measure) -> list[tuple[Measure, Measure]] | None:
    """Return the fewest steps from one measure to another, None where there are none."""
    paths, seen = deque([(came, [])]), {came}
    while paths:
        at, path = paths.popleft()
        if at is goes:
            return path
        for a, b in STEPS:
            if a is at and b not in seen:
                seen.add(b)
                paths.append((b, [*path, (a, b)]))
    return None
