"""Effect sizes from scores before and after, of two groups."""

from __future__ import annotations

from collections.abc import Mapping

from curv_eval.evidence.sizes.made import Made
from curv_eval.evidence.sizes.nouns import Measure
from curv_eval.evidence.sizes.rows import Cells, Fault
from curv_eval.stats.meta_size_means import change_g, change_spread, pooled_spread, raw_difference, spread_of_change

R = "correlation_before_after"
_GROUPS = ("treated", "control")
Numbers = Mapping[str, float]


def change(x: Numbers, cells: Cells, target: Measure | None) -> Made | list[Fault]:
    """Return the difference in change, raw or in standard deviations of scores.

    Mean changes come as `change_*`, or `before_*` and `after_*`. Raw: the spread of changes comes as `sd_change_*`, or
    from `sd_before_*`, `sd_after_*` and their correlation. Standardised: by `sd_before_*`, or by what `sd_change_*` and
    the correlation say of it.
    """
    raw = target is Measure.RAW_DIFFERENCE
    faults = [*_mean_faults(x), *(_raw_faults(x) if raw else _standard_faults(x))]
    if faults:
        return faults
    means = [x.get(f"change_{g}", x.get(f"after_{g}", 0.0) - x.get(f"before_{g}", 0.0)) for g in _GROUPS]
    return _raw(x, means) if raw else _standardised(x, means)


def _has(x: Numbers, *names: str) -> bool:
    return all(f"{name}_{group}" in x for name in names for group in _GROUPS)


def _mean_faults(x: Numbers) -> list[Fault]:
    short = [g for g in _GROUPS if f"change_{g}" not in x and not {f"before_{g}", f"after_{g}"} <= set(x)]
    do = "fill in the mean change, or both means"
    return [Fault(f"change_{g}", "nothing", f"a number, or before_{g} and after_{g}", do) for g in short]


def _raw_faults(x: Numbers) -> list[Fault]:
    if _has(x, "sd_change"):
        return []
    if not _has(x, "sd_before", "sd_after"):
        expected = "sd_change_treated and sd_change_control, or sd_before and sd_after of both"
        return [Fault("sd_change_treated", "nothing", expected, "fill in how much changes vary")]
    return [] if R in x else [_correlation_fault("the spread of changes from spreads before and after")]


def _standard_faults(x: Numbers) -> list[Fault]:
    if _has(x, "sd_before"):
        return [] if R in x or _has(x, "sd_change") else [_correlation_fault("the variance of a change")]
    if not _has(x, "sd_change"):
        expected = "sd_before_treated and sd_before_control, or sd_change of both with their correlation"
        return [Fault("sd_before_treated", "nothing", expected, "fill in how much scores vary before")]
    return [] if R in x else [_correlation_fault("the spread of scores from that of changes")]


def _correlation_fault(why: str) -> Fault:
    expected = "the correlation of scores before and after"
    return Fault(R, "nothing", expected, f"state one, from the paper or one like it: {why} needs it")


def _said(x: Numbers) -> str:
    return f"correlation before and after: {x[R]:g}, as stated" if R in x else ""


def _raw(x: Numbers, means: list[float]) -> Made:
    told = _has(x, "sd_change")
    spreads = [
        x[f"sd_change_{g}"] if told else change_spread(x[f"sd_before_{g}"], x[f"sd_after_{g}"], x[R]) for g in _GROUPS
    ]
    size = raw_difference(*((m, s, x[f"n_{g}"]) for m, s, g in zip(means, spreads, _GROUPS, strict=True)))
    how = "from mean changes and " + ("their spread" if told else "the spread before and after")
    return Made(size, Measure.RAW_DIFFERENCE, how, () if told else (_said(x),))


def _standardised(x: Numbers, means: list[float]) -> Made:
    before, told = _has(x, "sd_before"), _has(x, "sd_change")
    scores = [x[f"sd_before_{g}"] if before else spread_of_change(x[f"sd_change_{g}"], x[R]) for g in _GROUPS]
    noise = (2 * (1 - x[R]),) * 2 if R in x else _noise(x, scores)
    size = change_g(*((m, s, x[f"n_{g}"]) for m, s, g in zip(means, scores, _GROUPS, strict=True)), noise=noise)
    how = "from mean changes over the pooled spread " + ("before" if before else "that the spread of changes implies")
    said = ("equal spread: scores vary as much after as before, in both groups", _said(x))
    own = "variance from the changes' own spread" if told and R not in x else ""
    return Made(size, Measure.STANDARDISED_DIFFERENCE, "; ".join(filter(None, (how, own))), tuple(filter(None, said)))


def _noise(x: Numbers, scores: list[float]) -> tuple[float, float]:
    """Return the variance of a change in each group over that of scores."""
    pooled = pooled_spread(*((s, x[f"n_{g}"]) for s, g in zip(scores, _GROUPS, strict=True)))
    first, second = ((x[f"sd_change_{g}"] / pooled) ** 2 for g in _GROUPS)
    return first, second
