"""Effect sizes from one printed number and what is printed beside it: an interval, an error, t, p, F, chi-squared."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from curv_eval.evidence.sizes.made import Made
from curv_eval.evidence.sizes.nouns import Measure
from curv_eval.evidence.sizes.rows import Cells, Fault, blank, chosen, number, text
from curv_eval.stats.meta_size_counts import Size
from curv_eval.stats.meta_size_reported import (
    error_from_interval,
    error_from_p,
    error_from_t,
    g_from_chi_squared,
    g_from_f,
    g_from_p,
    g_from_t,
)

Numbers = Mapping[str, float]


@dataclass(frozen=True)
class Printed:
    """How a measure may be printed: as what, the way to its scale of analysis, and the derivative of that way."""

    measure: Measure
    to: Callable[[float], float]
    slope: Callable[[float], float]
    holds: Callable[[float], bool]
    expected: str


def _ratio(measure: Measure) -> Printed:
    return Printed(measure, math.log, lambda x: 1 / x, lambda x: x > 0, "a ratio, above 0")


PRINTED: dict[str, Printed] = {
    **{m.value: Printed(m, float, lambda _: 1.0, math.isfinite, "a number") for m in Measure},
    **{m.value.removeprefix("log_"): _ratio(m) for m in Measure if m.is_ratio},
    "percent_change": Printed(
        Measure.LOG_RATE_RATIO, lambda x: math.log1p(x / 100), lambda x: 1 / (100 + x), lambda x: x > -100,
        "a change in per cent, above -100",
    ),
    "correlation": Printed(
        Measure.FISHER_Z, math.atanh, lambda x: 1 / (1 - x**2), lambda x: -1 < x < 1, "a number between -1 and 1"
    ),
}  # fmt: skip


def given(x: Numbers, cells: Cells, target: Measure | None) -> Made | list[Fault]:
    """Return an effect size that is already on its scale of analysis: yi and vi, of the measure that the row names."""
    return Made(Size(x["yi"], x["vi"]), Measure(text(cells, "measure")), "as given, with its variance")


def coefficient(x: Numbers, cells: Cells, target: Measure | None) -> Made | list[Fault]:
    """Return the effect of a printed estimate; its error comes from std_error, the interval, t or p, in that order."""
    word = text(cells, "measure")
    printed = PRINTED[word]
    faults = [
        Fault(column, f"{x[column]:g}", printed.expected, f"look it up, or correct `measure`, which is {word}")
        for column in ("estimate", "conf_low", "conf_high")
        if column in x and not printed.holds(x[column])
    ]
    found = faults or _error(x, cells, printed)
    if isinstance(found, list):
        return found
    error, how, said = found
    size = Size(printed.to(x["estimate"]), error**2)
    return Made(size, printed.measure, f"from a printed {word.replace('_', ' ')} and {how}", said)


_Error = tuple[float, str, tuple[str, ...]]


def _error(x: Numbers, cells: Cells, printed: Printed) -> _Error | list[Fault]:
    value = printed.to(x["estimate"])
    if "std_error" in x:
        slope = printed.slope(x["estimate"])
        said = () if slope == 1.0 else ("standard error: that of the number as printed, carried over to first order",)
        return slope * x["std_error"], "its standard error", said
    if "conf_low" in x or "conf_high" in x:
        return _from_interval(x, printed)
    if "t_value" in x:
        return error_from_t(value, x["t_value"]), "its t or z", ()
    if not blank(cells.get("p_value")):
        return _from_p(x, cells, value)
    expected = "one of std_error, conf_low with conf_high, t_value, p_value"
    return [Fault("std_error", "nothing", expected, "fill one in: an estimate without its error cannot be weighed")]


def _from_interval(x: Numbers, printed: Printed) -> _Error | list[Fault]:
    missing = [name for name in ("conf_low", "conf_high") if name not in x]
    if missing:
        return [Fault(missing[0], "nothing", "both ends of the interval", "fill it in")]
    low, value, high = (printed.to(x[name]) for name in ("conf_low", "estimate", "conf_high"))
    if not low < value < high:
        got = f"{x['estimate']:g} with an interval of {x['conf_low']:g} to {x['conf_high']:g}"
        return [Fault("estimate", got, "an estimate within its interval", "look all three up")]
    level = x.get("conf_level", 0.95)
    said = [] if "conf_level" in x else ["level of the interval: 95%, which is not stated"]
    if abs(low + high - 2 * value) > 0.1 * (high - low):
        said.append("symmetry: the interval is not even about the estimate on this scale; half its width is used")
    quantile = f", {x['df']:g} degrees of freedom" if "df" in x else ""
    error = error_from_interval(low, high, level=level, df=x.get("df"))
    return error, f"its {level * 100:g}% interval{quantile}", tuple(said)


def _from_p(x: Numbers, cells: Cells, value: float) -> _Error | list[Fault]:
    found = p_value(cells)
    if isinstance(found, list):
        return found
    p, said = found
    how = "its p-value" + (f" with {x['df']:g} degrees of freedom" if "df" in x else "")
    return error_from_p(value, p, df=x.get("df")), how, said


def p_value(cells: Cells) -> tuple[float, tuple[str, ...]] | list[Fault]:
    """Return a printed p-value and what is assumed of it.

    One printed as below a bound is refused unless `p_is_bound` says yes: then the bound stands for it, which makes the
    error as large as it can be. One printed as above a bound says nothing of the error.
    """
    printed, bound = text(cells, "p_value"), text(cells, "p_is_bound").lower() in ("yes", "true", "1")
    below = printed.startswith("<")
    p = number(printed.lstrip("<").strip())
    if below and not bound:
        do = "find the exact one, or write yes in p_is_bound: the bound is then taken as p, and the error is too large"
        return [Fault("p_value", printed, "an exact p-value", do)]
    if not 0 < p < 1:
        return [Fault("p_value", printed, "a number between 0 and 1, two-sided", "look it up, or leave the effect out")]
    if not (below or bound):
        return p, ("p-value: two-sided",)
    return p, ("p-value: two-sided", f"bound: p is taken as {p:g} and the error is at most this large")


STATISTICS = ("t", "f", "chi_squared", "p")


def statistic(x: Numbers, cells: Cells, target: Measure | None) -> Made | list[Fault]:
    """Return Hedges' g from a test of two groups: `statistic` says which, `statistic_value` what it was.

    `treated_had` says `more` or `less` for F, chi-squared and p, which have no sign of their own. F has 1 degree of
    freedom above; p is that of Student's t.
    """
    word = text(cells, "statistic")
    went, faults = ("more", []) if word == "t" else chosen(cells, "treated_had", ("more", "less"))
    held = number(cells.get("statistic_value"))
    if word != "p" and not math.isfinite(held):
        got = text(cells, "statistic_value") or "nothing"
        faults = [*faults, Fault("statistic_value", got, "a number", "look it up in the paper")]
    if faults:
        return faults
    people, sign = (x["n_treated"], x["n_control"]), 1 if went == "more" else -1
    said: tuple[str, ...] = ("groups: the test compared two independent groups of these sizes, and nothing else",)
    if word == "p":
        found = p_value({**cells, "p_value": cells.get("statistic_value")})
        if isinstance(found, list):
            return [Fault("statistic_value", f.got, f.expected, f.do) for f in found]
        size, said = g_from_p(found[0], people, sign=sign), (*said, *found[1])
    elif word == "t":
        size = g_from_t(held, people)
    else:
        size = (g_from_f if word == "f" else g_from_chi_squared)(held, people, sign=sign)
    name = {"t": "Student's t", "f": "F with 1 degree of freedom", "p": "the p-value of Student's t"}
    how = f"from {name.get(word, 'chi-squared with 1 degree of freedom')} and the sizes of the groups"
    return Made(size, Measure.STANDARDISED_DIFFERENCE, how, said)
