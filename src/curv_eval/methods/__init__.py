"""One estimator per file; the file name is `method:` in the study.

Each file has

- `TAKES`: "panel" (counts by unit and period) or "people" (one row per person);
- `OPTIONS`: name -> allowed values, the first of which is the default, or a `Number`;
- `NAMED`: the method as a reader may know it;
- `TRENDS`: what is assumed parallel: "additive", "proportional", "option" where `OPTIONS` says, or "none";
- `ASSUMES`: what must be true for the estimate to be the effect, in sentences with {intervention}, {treated} and
  {comparison} (the words of the study);
- `ERRORS`: where its error comes from: "clusters", "placebos", "series", "test" or "draws";
- `STAGGERED`: whether it answers when units start at different times;
- `estimate(panel, *, outcome, design)`, which returns an Estimate.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np

from curv_eval.errors import StudyError
from curv_eval.estimate import Estimate
from curv_eval.estimate.compared import fewest_compared
from curv_eval.estimate.options import default, expected
from curv_eval.panel import Panel
from curv_eval.people import People
from curv_eval.stats import few_clusters
from curv_eval.study import Design

FOLDER = Path(__file__).parent


def names(takes: str | None = None) -> tuple[str, ...]:
    """Return the methods found on disk; those that take a "panel" or "people" where `takes` says so."""
    found = tuple(sorted(p.stem for p in FOLDER.glob("[a-z]*.py")))
    return tuple(name for name in found if takes is None or takes == load(name).TAKES)


def load(name: str) -> ModuleType:
    """Return the method's module. Only names found on disk can be reached; raises StudyError otherwise."""
    # asked for one name, look for one file: a simulation fits thousands of times
    if not (re.fullmatch("[a-z][a-z0-9_]*", name) and (FOLDER / f"{name}.py").is_file()):
        close = difflib.get_close_matches(name, names(), 1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise StudyError(f"design.method: there is no method `{name}`{hint}", [f"there are {', '.join(names())}"])
    return import_module(f"{__name__}.{name}")


def require_options(design: Design) -> None:
    """Refuse options that the design's method does not have. Raises StudyError naming each."""
    allowed = load(design.method).OPTIONS
    faults = [
        f"{key}: not an option of {design.method} (it has {', '.join(allowed) or 'none'})"
        if key not in allowed
        else f"{key}: got {value!r}, expected {expected(allowed[key])}"
        for key, value in design.options.items()
        if key not in allowed or value not in allowed[key]
    ]
    if faults:
        raise StudyError("design.options", faults)


def fit(data: Panel | People, *, outcome: str, design: Design) -> Estimate:
    """Return the estimate of `outcome` by the design's method. Raises DesignError or StudyError."""
    require_options(design)
    module = load(design.method)
    got = "people" if isinstance(data, People) else "panel"
    if got != module.TAKES:
        other = ", ".join(names(got))
        raise StudyError(f"design.method: {design.method} takes a {module.TAKES}, got a {got}", do=f"use {other}")
    found = module.estimate(data, outcome=outcome, design=design)
    found = replace(found, compared=fewest_compared(data, outcome))
    return _guarded(found) if got == "panel" and module.ERRORS == "clusters" else found


def require_clusters(panel: Panel, design: Design) -> None:
    """Refuse a study whose intervals would rest on too few clusters, and name the methods made for few.

    Fewer than 6 clusters, or fewer than 2 treated or other ones. Raises DesignError.
    """
    if load(design.method).ERRORS == "clusters":
        treated = len(np.unique(panel.cluster[panel.treated]))
        few_clusters.refuse_few(len(np.unique(panel.cluster)), treated, method=design.method)


def _guarded(found: Estimate) -> Estimate:
    """Where clusters are few, say how far the interval misleads, and the remedy.

    Here and not in each method, so that no new method can forget it.
    """
    clusters = found.n_clusters, found.n_treated_clusters
    said = few_clusters.guard(*clusters, _rule(found.se_rule), alpha=found.alpha)
    return replace(found, notes=(*found.notes, *(one for one in said if one not in found.notes)))


def _rule(se_rule: str) -> str:
    """Return how `few_clusters.guard` calls a rule for errors."""
    if "CR2" not in se_rule:
        return "CR1" if "CR1" in se_rule else "CR0"
    return "CR2 per cohort" if "cohort" in se_rule else "CR2"


_PLAIN = ("none", "fixest", "cr1")


def shared_options(design: Design, method: str) -> dict[str, object]:
    """Return the options of a design that another method has too, with the values it allows."""
    allowed = load(method).OPTIONS
    return {name: value for name, value in design.options.items() if name in allowed and value in allowed[name]}


def large_sample(design: Design) -> Design:
    """Return the design without its small-sample rule: with the plain rule of its method, where it has one.

    For checks that take clusters away: a cohort may be left with one cluster, from which the small-sample rule cannot
    work out an error. The intervals are narrower, so such a check fails sooner.
    """
    plain = [rule for rule in load(design.method).OPTIONS.get("small_sample", ()) if rule in _PLAIN]
    kept = {name: value for name, value in design.options.items() if name != "small_sample"}
    return replace(design, options=kept | ({"small_sample": plain[0]} if plain else {}))


def trends(design: Design) -> str:
    """Return what the design assumes to be parallel: "additive", "proportional" or "none"."""
    module = load(design.method)
    if module.TRENDS != "option":
        return module.TRENDS
    return design.options.get("trends", default(module.OPTIONS["trends"]))


def fixed_base(design: Design) -> bool:
    """Whether `path` measures every period against the same base, so that its leads add up to a series."""
    bases = load(design.method).OPTIONS.get("base", ("mean",))
    return design.options.get("base", default(bases)) != "varying"


def path(panel: Panel, *, outcome: str, design: Design) -> Estimate:
    """Return the effect before and after the start, period by period (the event study that goes with the design).

    A method whose cells reach back before the start draws its own. Methods with one constant effect have none; theirs
    is drawn by group-time effects under the same kind of parallel trends, measured against the mean of all periods
    before the start.
    """
    found = fit(panel, outcome=outcome, design=design)
    if not found.after.all() or trends(design) == "none":
        return found
    options = {"base": "mean", "trends": trends(design), "small_sample": "cr2"}
    return fit(panel, outcome=outcome, design=replace(design, method="callaway_santanna", options=options))
