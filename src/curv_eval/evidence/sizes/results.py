"""The workbench's own estimates in a review: from what a finished, whole run released."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from curv_eval.errors import DesignError, StudyError
from curv_eval.evidence.sizes.nouns import Effect, Measure
from curv_eval.stats.meta_size_reported import critical

_PARALLEL = "counterfactual: what was expected without the intervention is what the study's method says"


@dataclass(frozen=True)
class Run:
    """Which run an effect comes from.

    key: its name. manifest: the SHA-256 of its manifest. moved: what is not as that manifest says, one line each; a
    run may be used only where this is empty. level: that of its intervals, 1 - alpha of its study. better: which way of
    the outcome is the better one, as in its study.
    """

    key: str
    manifest: str
    moved: tuple[str, ...] = ()
    level: float = 0.95
    better: str = "lower"


def effect_of_results(
    results: Mapping, run: Run, *, outcome: str, measure: Measure | None = None, made_up: bool = False
) -> Effect:
    """Return the effect on one outcome that a run released, from its results.json read as a mapping.

    value = log(1 + relative), and its error is the width of the log of the released interval over twice the normal
    quantile of `run.level`: released values, rounded as they are, and nothing that was not let out. Of areas it is a
    log relative rate ratio (observed over expected). Of people the measure must be named, since a released relative
    effect does not say whether it is one of risks, rates or hazards. made_up: whether made-up data may enter.
    Raises StudyError with every reason why the run may not be used, and DesignError where its numbers give no log
    ratio.
    """
    faults = [*_run_faults(results, run), *_kind_faults(results, measure, made_up)]
    if faults:
        do = "run the study again, or leave it out of the review"
        raise StudyError(f"run {run.key} cannot enter a review", faults, do)
    row = _relative(results, run, outcome)
    low, value, high = (math.log1p(row[name]) for name in ("conf_low", "estimate", "conf_high"))
    error = (high - low) / (2 * critical(run.level))
    found = measure or Measure.LOG_RELATIVE_RATE_RATIO
    sign = -1.0 if run.better == "higher" else 1.0
    return Effect(
        f"{results.get('study')} ({run.key})", found, sign * value, error**2,
        f"{found.words}, from the released relative effect and its {run.level * 100:g}% interval, of a run whose "
        f"manifest is {run.manifest}" + ("; turned, since more of this outcome is better" if sign < 0 else ""),
        _assumed(results, (low, value, high), run),
    )  # fmt: skip


def _run_faults(results: Mapping, run: Run) -> list[str]:
    faults = [f"manifest: {line}" for line in run.moved]
    if not re.fullmatch(r"[0-9a-f]{64}", run.manifest):
        faults.append(f"manifest: got {run.manifest or 'nothing'}, expected its SHA-256, 64 digits and letters")
    if run.better not in ("lower", "higher"):
        faults.append(f"better: got {run.better or 'nothing'}, expected lower or higher")
    if not results.get("study"):
        faults.append("study: got nothing in the results, expected its name")
    return faults


def _kind_faults(results: Mapping, measure: Measure | None, made_up: bool) -> list[str]:
    faults = []
    if results.get("made_up") not in (True, False):
        faults.append("made_up: the results do not say whether the data are made up")
    elif results["made_up"] and not made_up:
        faults.append(
            "made_up: the data are made up, and a review is about real ones; only a demonstration allows them"
        )
    if measure is None and results.get("unit") == "person":
        faults.append("measure: got nothing for a study of people, expected what its relative effect is a ratio of")
    if measure is not None and not measure.is_ratio:
        faults.append(f"measure: got {measure.value}, expected the log of a ratio, as a relative effect is one")
    return faults


def _relative(results: Mapping, run: Run, outcome: str) -> dict[str, float]:
    tables = results.get("tables", {})
    held = tables.get(f"results_{outcome}")
    if held is None:
        there = sorted(name.removeprefix("results_") for name in tables if name.startswith("results_"))
        got = f"outcome: got {outcome}, expected one of {', '.join(there) or 'none: nothing was released'}"
        raise StudyError(f"run {run.key} has no such result", [got], "name an outcome of that study")
    rows = [row for row in held["rows"] if row.get("term") == "relative"]
    if not rows:
        raise DesignError(
            f"{outcome}: run {run.key} released no relative effect, so there is no ratio to pool",
            do="code its average effect by hand as a `coefficient` row",
        )
    numbers = {name: rows[0].get(name) for name in ("conf_low", "estimate", "conf_high")}
    faults = [
        f"{name}: got {'nothing, it is withheld or has no end' if x is None else f'{x:g}'}, expected a number above -1"
        for name, x in numbers.items()
        if x is None or not math.isfinite(x) or x <= -1
    ]
    if not faults and not numbers["conf_low"] <= numbers["estimate"] <= numbers["conf_high"]:
        faults = ["estimate: outside its interval"]
    if not faults and numbers["conf_low"] == numbers["conf_high"]:
        faults = ["interval: its ends are equal once rounded, expected a width"]
    if faults:
        raise DesignError(f"{outcome}: the relative effect that run {run.key} released gives no log ratio", faults)
    return numbers


def _assumed(results: Mapping, log: tuple[float, float, float], run: Run) -> tuple[str, ...]:
    low, value, high = log
    said = [_PARALLEL, "interval: read with the normal quantile, though few clusters may have widened it"]
    if abs(low + high - 2 * value) > 0.1 * (high - low):
        said.append("symmetry: the interval is not even about the estimate on the log scale; half its width is used")
    if run.better == "higher":
        said.append("turned: 1 over the ratio of an outcome of which more is better")
    if results["made_up"]:
        said.append("made-up data: this is no evidence")
    return tuple(said)
