"""Would other sensible choices have given another answer?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd

from curv_eval.checks import Check, Verdict
from curv_eval.errors import DesignError, StudyError
from curv_eval.estimate import Estimate
from curv_eval.estimate.averages import relative
from curv_eval.estimate.options import chosen
from curv_eval.estimate.p_values import bounded
from curv_eval.estimate.told import changed_by, told
from curv_eval.methods import fit, load, names, trends
from curv_eval.panel import Panel
from curv_eval.study import Design, Study

TAKES = "panel"
CROSSED = ("trends", "base", "small_sample")
TRIM = 4
_SAID = {"never_treated": "areas never treated only", "not_yet_treated": "areas not yet treated too"}


class _Specification(NamedTuple):
    """One way to answer the same question: what is different in it, the data and the design."""

    term: str
    panel: Panel
    design: Design


def check(panel: Panel, study: Study, estimate: Estimate) -> Check:
    """Estimate under every sensible alternative to the registered choices (Simonsohn, Simmons & Nelson 2020).

    These are: every combination of the method's options for trends, base and small samples with the comparison group;
    each of its other options on its own, under either kind of trends; a window that begins a quarter of the time before
    the start later, or ends a quarter of the time after it sooner; and every other method that assumes parallel trends,
    has errors from clusters and takes these starts, with its own defaults and the registered kind of trends.
    Alternatives that refuse, or whose interval has no end, are counted. Where the registered interval excludes no
    change, the check FAILS when fewer than half of the alternatives exclude it on the same side; where it includes no
    change, when more than half exclude it. The share is of the alternatives tried and not a chance: no test of all of
    them together is made, because refitting them on permuted starts would take minutes.
    """
    registered = bounded(relative(estimate, "as registered"), "specification_curve")
    rows, refused = [], 0
    for one in _alternatives(panel, study.design):
        try:
            found = relative(fit(one.panel, outcome=estimate.outcome, design=one.design), one.term)
            rows.append(bounded(found, one.term))
        except (DesignError, StudyError):
            refused += 1
    if not rows:
        raise DesignError("specification_curve: no alternative to the registered choices gives an answer")
    found = pd.concat(rows, ignore_index=True).sort_values("estimate", kind="stable", ignore_index=True)
    summary = _summary(found, registered.iloc[0], refused)
    table = pd.concat([registered, summary, found], ignore_index=True)
    table = table[["term", "estimate", "conf_low", "conf_high", "n_units", "events"]]
    verdict = _verdict(found, registered.iloc[0])
    question = "Would other sensible choices have given another answer?"
    return Check("specification_curve", question, verdict, _text(table, verdict), table)


def _alternatives(panel: Panel, design: Design) -> Iterator[_Specification]:
    yield from (_Specification(term, panel, one) for term, one in _crossed(panel, design))
    yield from (_Specification(term, panel, one) for term, one in _one_by_one(design))
    yield from _trimmed(panel, design)
    yield from (_Specification(f"method {one.method}", panel, one) for one in _others(panel, design))


def _crossed(panel: Panel, design: Design) -> Iterator[tuple[str, Design]]:
    """Yield every combination of the crossed options and the comparison group but the registered one."""
    options = load(design.method).OPTIONS
    given = {**chosen(design.options, options), "comparison": design.comparison}
    allowed = {name: options[name] for name in CROSSED if isinstance(options.get(name), tuple)}
    if len(np.unique(panel.cohort[panel.treated])) > 1 and load(design.method).STAGGERED:
        allowed["comparison"] = tuple(_SAID)
    for values in product(*allowed.values()):
        other = {name: v for name, v in zip(allowed, values, strict=True) if v != given[name]}
        if other:
            term = ", ".join(_SAID.get(v, f"{name} {v}") for name, v in other.items())
            comparison = other.pop("comparison", design.comparison)
            yield term, replace(design, comparison=comparison, options={**design.options, **other})


def _one_by_one(design: Design) -> Iterator[tuple[str, Design]]:
    """Yield each other option by itself, under each kind of trends, since some go with one kind only."""
    options = load(design.method).OPTIONS
    given = chosen(design.options, options)
    others = {name: allowed for name, allowed in options.items() if name not in CROSSED and isinstance(allowed, tuple)}
    changes = [{name: value} for name, allowed in others.items() for value in allowed if value != given[name]]
    for change in changes:
        for kind in options.get("trends", (None,)):
            other = change if kind in (None, given.get("trends")) else {**change, "trends": kind}
            term = ", ".join(f"{name} {value}" for name, value in other.items())
            yield term, replace(design, options={**design.options, **other})


def _trimmed(panel: Panel, design: Design) -> Iterator[_Specification]:
    first = np.nanmin(panel.cohort)
    before, after = panel.periods[panel.periods < first], panel.periods[panel.periods >= first]
    everywhere = np.full(len(panel.units), True)
    if len(before) >= TRIM:
        keep = panel.periods >= before[len(before) // TRIM]
        yield _Specification("window begins later", panel.take(everywhere, keep), design)
    if len(after) >= TRIM:
        keep = panel.periods < after[len(after) - len(after) // TRIM]
        yield _Specification("window ends sooner", panel.take(everywhere, keep), design)


def _others(panel: Panel, design: Design) -> Iterator[Design]:
    staggered = len(np.unique(panel.cohort[panel.treated])) > 1
    for name in names("panel"):
        method = load(name)
        fits = method.ERRORS == "clusters" and method.TRENDS != "none" and (method.STAGGERED or not staggered)
        if name != design.method and fits:
            kinds = method.OPTIONS.get("trends", ())
            options = {"trends": trends(design)} if trends(design) in kinds else {}
            yield replace(design, method=name, options=options)


def _side(rows: pd.DataFrame | pd.Series):
    """Return -1, 0 or 1: the interval lies below no change, includes it, or lies above it."""
    return (rows["conf_low"] > 0) * 1 - (rows["conf_high"] < 0) * 1


def _verdict(found: pd.DataFrame, registered: pd.Series) -> Verdict:
    side = _side(registered)
    if side:
        return Verdict.FAILS if (_side(found) == side).mean() < 0.5 else Verdict.HOLDS
    return Verdict.FAILS if (_side(found) != 0).mean() > 0.5 else Verdict.HOLDS


def _summary(found: pd.DataFrame, registered: pd.Series, refused: int) -> pd.DataFrame:
    same = (np.sign(found["estimate"]) == np.sign(registered["estimate"])).mean()
    numbers = {
        "alternatives that answered": len(found), "alternatives that refused": refused,
        "middle one": found["estimate"].median(), "lowest": found["estimate"].iloc[0],
        "highest": found["estimate"].iloc[-1], "share on the same side of no change": same,
        "share whose interval excludes no change": (_side(found) != 0).mean(),
    }  # fmt: skip
    table = pd.DataFrame({"term": numbers.keys(), "estimate": np.array(list(numbers.values()), dtype=float)})
    ends = {"conf_low": table["estimate"], "conf_high": table["estimate"]}
    return table.assign(**ends, n_units=registered["n_units"], events=registered["events"])


def _text(table: pd.DataFrame, verdict: Verdict) -> str:
    number = table.set_index("term")["estimate"]
    row = table.iloc[0]
    refused = number["alternatives that refused"]
    said = f" ({refused:.0f} others could not answer)" if refused else ""
    text = (
        f"The registered choices give {changed_by(row.term)}. "
        f"We tried {number['alternatives that answered']:.0f} other sensible choices{said}: they give "
        f"{told('lowest', '+.0%')} to {told('highest', '+.0%')}, the middle one {told('middle one', '+.0%')}. "
        f"{told('share on the same side of no change', '.0%')} point the same way, and in "
        f"{told('share whose interval excludes no change', '.0%')} the interval excludes no change. "
    )
    return (
        text
        + {
            Verdict.HOLDS: "The conclusion does not hang on one choice.",
            Verdict.FAILS: "Most other choices lead to another conclusion.",
        }[verdict]
    )
