"""One function per kind of numbers that a paper reports: what it needs, and the effect size that follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from curv_eval.evidence.sizes.changes import change
from curv_eval.evidence.sizes.coefficients import PRINTED, STATISTICS, coefficient, given, statistic
from curv_eval.evidence.sizes.made import Made
from curv_eval.evidence.sizes.nouns import Measure
from curv_eval.evidence.sizes.rows import (
    ANY,
    AT_LEAST_1,
    CORRELATION,
    COUNT,
    GROUP,
    PEOPLE,
    POSITIVE,
    Cells,
    Fault,
    Rule,
    blank,
    counts,
    lacking,
)
from curv_eval.stats.meta_size_counts import (
    Size,
    log_odds_ratio,
    log_rate_ratio,
    log_risk_ratio,
    monthly_dispersion,
    relative_rate_ratio,
    risk_difference,
)
from curv_eval.stats.meta_size_means import hedges_g, raw_difference
from curv_eval.stats.meta_size_reported import fisher_z

Make = Callable[[Mapping[str, float], Cells, Measure | None], Made | list[Fault]]
_TABLES = {
    Measure.LOG_ODDS_RATIO: log_odds_ratio,
    Measure.LOG_RISK_RATIO: log_risk_ratio,
    Measure.RISK_DIFFERENCE: risk_difference,
}


@dataclass(frozen=True)
class Kind:
    """One kind of numbers: columns it needs and may have, measures it gives directly, and how.

    words: columns that must hold one of certain words. gives: the first is what it gives unasked; empty where the row
    says itself what its number is. divisible: whether people, events and time may be divided by a design effect.
    clusters: whether a design effect is allowed at all. turns: whether `make` itself turns an outcome of which more is
    better.
    """

    needs: Mapping[str, Rule]
    gives: tuple[Measure, ...]
    make: Make
    may: Mapping[str, Rule] = field(default_factory=dict)
    divisible: bool = False
    turns: bool = False
    clusters: bool = True
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def _two_by_two(x: Mapping[str, float], cells: Cells, target: Measure | None) -> Made | list[Fault]:
    """From people with the event and people in all; an outcome of which more is better is turned into its lack."""
    groups, faults = [], []
    for group in ("treated", "control"):
        events, n = x[f"events_{group}"], x[f"n_{group}"]
        if events > n:
            expected = f"at most n_{group}, {n:g}"
            faults.append(Fault(f"events_{group}", f"{events:g}", expected, "give people, not events, or look it up"))
        groups.append((events, n - events))
    if faults:
        return faults
    turned = cells.get("better") == "higher"
    treated, control = (pair[::-1] if turned else pair for pair in groups)
    measure = target or Measure.LOG_ODDS_RATIO
    size = _TABLES[measure](treated, control)
    where = "in the variance" if measure is Measure.RISK_DIFFERENCE else "to every count"
    said = (f"zero count: 0.5 was added {where}",) if size.half_added else ()
    how = "from people with and without the outcome" + (", which was turned into its lack" if turned else "")
    return Made(size, measure, how, said)


def _means(x: Mapping[str, float], cells: Cells, target: Measure | None) -> Made:
    groups = [(x[f"mean_{g}"], x[f"sd_{g}"], x[f"n_{g}"]) for g in ("treated", "control")]
    if target is Measure.RAW_DIFFERENCE:
        return Made(raw_difference(*groups), target, "from means and standard deviations")
    how = "from means and the pooled standard deviation, with Hedges' exact factor"
    said = ("equal spread: both groups vary by the same standard deviation",)
    return Made(hedges_g(*groups), Measure.STANDARDISED_DIFFERENCE, how, said)


def _rates(x: Mapping[str, float], cells: Cells, target: Measure | None) -> Made:
    groups = [(x[f"events_{g}"], x[f"time_{g}"]) for g in ("treated", "control")]
    phi = x.get("dispersion")
    size = log_rate_ratio(*groups, dispersion=1.0 if phi is None else phi)
    said = "Poisson counts: no dispersion is given" if phi is None else f"dispersion: {phi:g} times Poisson, as stated"
    return Made(size, Measure.LOG_RATE_RATIO, "from events and person-time", (said, *_half(size)))


def _half(size: Size) -> tuple[str, ...]:
    return ("zero count: 0.5 was added to every count",) if size.half_added else ()


def _correlation(x: Mapping[str, float], cells: Cells, target: Measure | None) -> Made:
    return Made(fisher_z(x["correlation"], x["n"]), Measure.FISHER_Z, "from a correlation, as its artanh")


AREAS = ("treated_before", "treated_after", "control_before", "control_after")
MONTHS = tuple(f"months_{name}" for name in AREAS)


def _area_counts(x: Mapping[str, float], cells: Cells, target: Measure | None) -> Made | list[Fault]:
    """From incidents before and after; the dispersion is stated, or estimated from counts by month."""
    phi, said, faults = _dispersion(x, cells)
    if faults:
        return faults
    size = relative_rate_ratio(
        (x["treated_before"], x["treated_after"]), (x["control_before"], x["control_after"]), dispersion=phi
    )
    trends = "parallel trends: treated areas would have changed by the factor of the control areas"
    how = "from incidents before and after in treated and control areas"
    return Made(size, Measure.LOG_RELATIVE_RATE_RATIO, how, (trends, said, *_half(size)))


def _dispersion(x: Mapping[str, float], cells: Cells) -> tuple[float, str, list[Fault]]:
    given = [column for column in MONTHS if not blank(cells.get(column))]
    if given and "dispersion" in x:
        do = "keep the counts by month, or the stated dispersion"
        return 0, "", [Fault("dispersion", "a number beside counts by month", "one of the two", do)]
    if given:
        faults = [
            fault for area, column in zip(AREAS, MONTHS, strict=True) for fault in _months(x, cells, area, column)
        ]
        if faults:
            return 0, "", faults
        phi = monthly_dispersion(*(counts(cells[column]) for column in MONTHS))
        return phi, f"dispersion: {phi:.3g} times Poisson, estimated from counts by month, never below 1", []
    if "dispersion" in x:
        return x["dispersion"], f"dispersion: {x['dispersion']:g} times Poisson, as stated", []
    expected = "how many times as large as Poisson the variance is (or counts by month in months_treated_before, ...)"
    do = "state one, such as from similar series; 1 only where counts are known to vary as Poisson ones"
    return 0, "", [Fault("dispersion", "nothing", expected, do)]


def _months(x: Mapping[str, float], cells: Cells, area: str, column: str) -> list[Fault]:
    if blank(cells.get(column)):
        return [lacking(column, "counts by month, apart by spaces", "a dispersion from counts by month")]
    held = counts(cells[column])
    if held is None:
        return [Fault(column, str(cells[column]), "counts by month, apart by spaces", "write 0 or more for each month")]
    if abs(held.sum() - x[area]) > 1e-6 * max(1.0, x[area]):
        return [Fault(column, f"{held.sum():g} in all", f"{x[area]:g}, as in {area}", "look up which one is right")]
    return []


def _both(**rules: Rule) -> dict[str, Rule]:
    return {f"{name}_{group}": rule for group in ("treated", "control") for name, rule in rules.items()}


KINDS: dict[str, Kind] = {
    "two_by_two": Kind(_both(events=COUNT, n=PEOPLE), tuple(_TABLES), _two_by_two, divisible=True, turns=True),
    "means": Kind(
        _both(mean=ANY, sd=POSITIVE, n=GROUP), (Measure.STANDARDISED_DIFFERENCE, Measure.RAW_DIFFERENCE), _means,
        divisible=True,
    ),
    "change": Kind(
        _both(n=GROUP), (Measure.STANDARDISED_DIFFERENCE, Measure.RAW_DIFFERENCE), change,
        {
            **_both(change=ANY, before=ANY, after=ANY, sd_change=POSITIVE, sd_before=POSITIVE, sd_after=POSITIVE),
            "correlation_before_after": CORRELATION,
        },
        divisible=True,
    ),
    "rates": Kind(
        _both(events=COUNT, time=POSITIVE), (Measure.LOG_RATE_RATIO,), _rates, {"dispersion": POSITIVE}, divisible=True
    ),
    "correlation": Kind(
        {"correlation": CORRELATION, "n": Rule("at least 4 people", lambda x: x >= 4)}, (Measure.FISHER_Z,),
        _correlation, divisible=True,
    ),
    "area_counts": Kind(
        dict.fromkeys(AREAS, COUNT), (Measure.LOG_RELATIVE_RATE_RATIO,), _area_counts, {"dispersion": AT_LEAST_1},
        clusters=False,
    ),
    "coefficient": Kind(
        {"estimate": ANY}, (), coefficient,
        {"conf_low": ANY, "conf_high": ANY, "conf_level": Rule("a level such as 0.95", lambda x: 0.5 <= x < 1),
         "std_error": POSITIVE, "t_value": ANY, "df": POSITIVE},
        words={"measure": tuple(PRINTED)},
    ),
    "statistic": Kind(
        _both(n=GROUP), (Measure.STANDARDISED_DIFFERENCE,), statistic, words={"statistic": STATISTICS},
    ),
    "effect": Kind({"yi": ANY, "vi": POSITIVE}, (), given, words={"measure": tuple(m.value for m in Measure)}),
}  # fmt: skip
