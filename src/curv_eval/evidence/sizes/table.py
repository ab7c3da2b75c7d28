"""A coding table, one row per effect, as effects; every fault of every row at once."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

from curv_eval.errors import CurvError, DesignError, StudyError
from curv_eval.evidence.sizes.convert import converted
from curv_eval.evidence.sizes.kinds import KINDS, MONTHS, Kind
from curv_eval.evidence.sizes.made import Made
from curv_eval.evidence.sizes.nouns import Effect, Measure
from curv_eval.evidence.sizes.rows import (
    AT_LEAST_1,
    COUNT,
    ICC,
    PEOPLE,
    POSITIVE,
    SHARE,
    Cells,
    Fault,
    chosen,
    lacking,
    read,
    text,
)
from curv_eval.stats.meta_size_convert import design_effect, opposite_risk_ratio
from curv_eval.stats.meta_size_counts import Size

SHARED = {
    "n": PEOPLE, "n_treated": PEOPLE, "n_control": PEOPLE, "baseline_risk": SHARE, "sd_outcome": POSITIVE,
    "cluster_size": AT_LEAST_1, "icc": ICC, "cluster_size_cv": COUNT,
}  # fmt: skip
WORDS = (
    "study", "reports", "better", "measure", "icc_source", "cluster_on", "p_value", "p_is_bound", "statistic",
    "statistic_value", "treated_had", *MONTHS,
)  # fmt: skip
_RECIPROCAL = "turned: 1 over the ratio of an outcome of which more is better"


def effects_from(table: pd.DataFrame, *, measure: Measure | str | None = None) -> tuple[Effect, ...]:
    """Return one effect per row of a coding table, in its order; below 0 always means less violence.

    table: `study`, `reports` (one of two_by_two, means, change, rates, correlation, area_counts, coefficient,
    statistic, effect), `better` (lower or higher: which way of the outcome is the better one), and the columns that the
    kind needs. `cluster_size` with `icc` widens the variance by the design effect, or with `cluster_on` sample_size
    divides people and events by it. measure: what all effects shall be on, or its name; conversions are made and told,
    and refused where `baseline_risk` or `sd_outcome` is needed and not given.
    Raises StudyError with every fault of every row: row (from 1, below the headings), study, column, got, expected and
    what to do. A row is read in two steps: its cells, and where those hold, what follows from them.
    """
    faults, target = _names(table), _target(measure)
    rows: list[Effect | list[Fault]] = [
        _effect({str(name): value for name, value in row.items()}, target) for row in table.to_dict("records")
    ]
    for at, (row, found) in enumerate(zip(table.to_dict("records"), rows, strict=True), 1):
        if isinstance(found, list):
            faults += [str(fault.at(f"row {at} ({text(row, 'study') or 'no study'})")) for fault in found]
    if faults or not rows:
        what = "the coding table cannot be used" if rows else "the coding table has no rows"
        raise StudyError(what, faults, "correct these cells against the papers and read the table again")
    return tuple(found for found in rows if isinstance(found, Effect))


def _target(measure: Measure | str | None) -> Measure | None:
    names = [one.value for one in Measure]
    if isinstance(measure, str) and measure not in names:
        raise StudyError(f"measure: got {measure}, expected one of {', '.join(names)}", do="ask for one of them")
    return None if measure is None else Measure(measure)


def _names(table: pd.DataFrame) -> list[str]:
    """Return columns that are known but for case, spaces or dashes; a mistyped optional one would pass unseen."""
    known = {name for kind in KINDS.values() for name in (*kind.needs, *kind.may)} | {*SHARED, *WORDS}
    plain = {_plain(name): name for name in known}
    named = [str(name) for name in table.columns]
    twice = sorted({name for name in named if named.count(name) > 1 and name in known})
    return [f"column {name}: got it twice, expected it once; do: remove one" for name in twice] + [
        f"column {name}: expected {plain[_plain(name)]}; do: rename it, so that it is read"
        for name in named
        if name not in known and _plain(name) in plain
    ]


def _plain(name: str) -> str:
    return re.sub(r"[\s_.-]+", "", name).lower()


def _effect(row: Cells, target: Measure | None) -> Effect | list[Fault]:
    study = text(row, "study")
    faults = [] if study else [lacking("study", "the study's label", "every row")]
    word, unknown = chosen(row, "reports", KINDS)
    better, undirected = chosen(row, "better", ("lower", "higher"))
    if unknown:
        return [*faults, *unknown, *undirected]
    kind = KINDS[word]
    x, wrong = read(row, kind.needs, {**SHARED, **kind.may, **kind.needs}, why=f"a row of {word}")
    costs, unclustered = _cluster_effect(x, row, kind, word)
    worded = [fault for column, allowed in kind.words.items() for fault in chosen(row, column, allowed)[1]]
    faults += [*undirected, *worded, *wrong, *unclustered]
    if faults:
        return faults
    try:
        made = _made(x, {**row, "better": better}, kind, target, costs)
    except DesignError as refusal:
        return [_refused(refusal, word)]
    if isinstance(made, list):
        return made
    people = x.get("n", x["n_treated"] + x["n_control"] if {"n_treated", "n_control"} <= set(x) else None)
    how = f"{made.measure.words}, {made.how}"
    return Effect(study, made.measure, made.size.value, made.size.variance, how, made.assumptions, people)


def _refused(refusal: CurvError, word: str) -> Fault:
    expected = "; ".join(refusal.breaches) or "numbers that an effect can be worked out from"
    return Fault("reports", f"{word}: {refusal.what}", expected, refusal.do or "look the numbers up in the paper")


def _made(
    x: Mapping[str, float], row: Cells, kind: Kind, target: Measure | None, costs: float | None
) -> Made | list[Fault]:
    """Return the effect made, corrected for clusters, turned and converted; or what is missing for it."""
    shrunk = costs is not None and text(row, "cluster_on") == "sample_size"
    held = {name: v / costs if _counted(name) else v for name, v in x.items()} if shrunk else x
    made = kind.make(held, row, target if target in kind.gives else (kind.gives or (None,))[0])
    if isinstance(made, list):
        return made
    if costs is not None:
        made = _clustered(made, x, row, costs)
    if row["better"] == "higher" and not kind.turns:
        turned = _turned(made, x)
        if isinstance(turned, list):
            return turned
        made = turned
    return made if target in (None, made.measure) else converted(made, target, x)


def _counted(name: str) -> bool:
    return name == "n" or name.startswith(("n_", "events_", "time_"))


def _cluster_effect(x: Mapping[str, float], row: Cells, kind: Kind, word: str) -> tuple[float | None, list[Fault]]:
    """Return the design effect, None without clusters."""
    given = [name for name in ("cluster_size", "icc", "cluster_size_cv") if text(row, name)]
    if not given:
        return None, []
    if not kind.clusters:
        do = "leave it blank: counts of areas are widened by their dispersion"
        return None, [Fault(given[0], text(row, given[0]), f"nothing in a row of {word}", do)]
    on, faults = chosen(row, "cluster_on", ("variance", "sample_size"), default="variance")
    faults += [
        lacking(name, "a number", "a correction for clusters")
        for name in ("cluster_size", "icc")
        if not text(row, name)
    ]
    if on == "sample_size" and not kind.divisible:
        faults.append(Fault("cluster_on", on, f"variance in a row of {word}", "write variance"))
    if faults or not {"cluster_size", "icc"} <= set(x):
        return None, faults
    return design_effect(x["cluster_size"], x["icc"], cv=x.get("cluster_size_cv", 0.0)), []


def _clustered(made: Made, x: Mapping[str, float], row: Cells, costs: float) -> Made:
    source = text(row, "icc_source")
    icc = f"intraclass correlation: {x['icc']:g}, " + (f"from {source}" if source else "assumed, with no source given")
    sizes = "" if "cluster_size_cv" in x else "cluster sizes: all alike"
    if text(row, "cluster_on") == "sample_size":
        return made.then(made.size, f"with people and events divided by {costs:.4g} for clusters", icc, sizes)
    size = Size(made.size.value, made.size.variance * costs, made.size.half_added)
    return made.then(size, f"with the variance multiplied by {costs:.4g} for clusters", icc, sizes)


def _turned(made: Made, x: Mapping[str, float]) -> Made | list[Fault]:
    """Return the effect on an outcome of which more is better, as one on violence."""
    how = "turned, since more of this outcome is better"
    opposite = Size(-made.size.value, made.size.variance)
    if made.measure is Measure.LOG_RISK_RATIO:
        if "baseline_risk" not in x:
            why = "the risk ratio of a good outcome, turned into one of violence,"
            return [lacking("baseline_risk", "the risk of violence in the comparison group", why)]
        risk = x["baseline_risk"]
        size = opposite_risk_ratio(made.size, baseline=1 - risk)
        return made.then(size, how, f"baseline risk: {risk:g} in the comparison group, taken as known")
    exact = not made.measure.is_ratio or made.measure is Measure.LOG_ODDS_RATIO
    return made.then(opposite, how, "" if exact else _RECIPROCAL)
