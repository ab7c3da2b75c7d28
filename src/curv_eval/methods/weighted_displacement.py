"""Wheeler & Ratcliffe's weighted displacement difference, with Bowers & Johnson's quotient where it can be told."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate, Tested
from curv_eval.estimate.buffer import Zones, require_neighbours, ring_names, rows, zones
from curv_eval.estimate.options import Number, chosen
from curv_eval.estimate.windows import Windowed, equal_windows
from curv_eval.panel import Panel
from curv_eval.panel.requirements import require, require_one_cohort
from curv_eval.stats.displacement import Quotient, displacement_quotient
from curv_eval.stats.displacement_test import Assignments, assign, permutation
from curv_eval.study import Design

SEED, DRAWS = 20261125, 999
TAKES = "panel"
OPTIONS = {
    "errors": ("clusters", "poisson", "overdispersed", "permutation"),
    "counts": ("treated", "net"),
    "compare": ("areas", "population"),
    "rings": Number(1, 1, 3),
    "months": Number(0, 0, 120),
    "seed": Number(SEED, 0, 2**31),
}
NAMED = "weighted displacement difference (Wheeler and Ratcliffe 2018)"
TRENDS = "additive"
ASSUMES = (
    "Nothing else that matters for the outcome changed in {treated} alone when {intervention} began.",
    "{comparison} that do not touch {treated} were not affected by {intervention}.",
)
ERRORS = "clusters"
STAGGERED = False
SE_RULE = {
    "clusters": "CR2, clustered, with Satterthwaite degrees of freedom",
    "poisson": "Poisson: the variance is the sum of the counts, incidents independent of one another",
    "overdispersed": "Poisson times the dispersion of areas' changes (at least 1)",
    "permutation": "interval by inverting a test that draws other clusters as treated; errors as for overdispersed",
}
WORDS = {
    "treated": "average effect on treated areas, compared with areas outside the buffer",
    "net": "average effect on treated areas and their buffer together, per treated area: the total is the WDD",
}

_ONE_START = (
    "one time before and one after are compared for all areas at once, which have to be the same for every area that "
    "received it and for those around it"
)


def estimate(panel: Panel, *, outcome: str, design: Design) -> Estimate:
    """Return the change in treated areas less that of areas outside the buffer, and what happened in the buffer.

    With sums over windows of equal length before (0) and after (1), T treated areas, D their untreated neighbours, C
    all others, and w = n_T / n_C (or residents),

        WDD = (T_1 - T_0) - w_T (C_1 - C_0) + (D_1 - D_0) - w_D (C_1 - C_0)

    (Wheeler & Ratcliffe 2018). Cells hold the first half (`counts: treated`), or all of it per treated area (`counts:
    net`, so that the total is the WDD). `parameters` hold the WDD first, then its parts, each ring, and the gross, net
    and total net effect and quotient of Bowers & Johnson (2003). `rings`: orders of contiguity in the buffer. `months`:
    length of each window; 0 takes the longest that fits both sides, in whole years of months. Raises DesignError.
    """
    given = chosen(design.options, OPTIONS)
    require(panel, outcome=outcome, clustered=given["errors"] == "clusters")
    start = require_one_cohort(panel, "weighted_displacement", because=_ONE_START)
    zone = zones(panel, method="weighted_displacement", rings=given["rings"])
    window = equal_windows(panel, start - design.anticipation, start, months=given["months"])
    loads = _loads(panel, zone, given["compare"])
    part = Windowed(panel, outcome, zone, window, given["errors"])
    cells, influence, observed, df = part.cells(start, _wanted(loads, given["counts"]))
    table, quotient = _parameters(part, loads, design.alpha)
    return Estimate(
        method="weighted_displacement", outcome=outcome, estimand=WORDS[given["counts"]],
        comparison="areas outside the buffer", alpha=design.alpha, cells=cells, influence=influence,
        observed_influence=observed, shares={start: (float(panel.treated.mean()), np.zeros(len(influence)))},
        se_rule=SE_RULE[given["errors"]], df=df, n_clusters=len(np.unique(panel.cluster)),
        n_treated_clusters=len(np.unique(panel.cluster[panel.treated])), parameters=table,
        notes=tuple(_notes(panel, zone, quotient, given)), tested=_tested(part, given, design.alpha),
    )  # fmt: skip


def _loads(panel: Panel, zone: Zones, compare: str) -> np.ndarray:
    """Return (K + 1, K + 2) loads on zone means, in incidents: row 0 for treated areas, row k for ring k."""
    size = zone.size
    weight = size / size[-1] if compare == "areas" else _residents(panel, zone)
    loads = np.diag(size.astype(float))[:-1]
    loads[:, -1] = -weight[:-1] * size[-1]
    return loads


def _residents(panel: Panel, zone: Zones) -> np.ndarray:
    if panel.population is None or not (panel.population > 0).all():
        raise DesignError("compare: population needs residents in every area", do="use `compare: areas`")
    people = np.bincount(zone.group, panel.population)
    return people / people[-1]


def _wanted(loads: np.ndarray, counts: str) -> np.ndarray:
    """Return the loads of the cells, per treated area."""
    return (loads[0] if counts == "treated" else loads.sum(axis=0)) / loads[0, 0]


def _tested(part: Windowed, given: dict, alpha: float) -> Tested | None:
    """Return the permutation test of the cells' average, where it is asked for."""
    if given["errors"] != "permutation":
        return None
    if given["compare"] == "population":
        raise DesignError("errors: permutation compares areas", do="use `compare: areas`")
    panel, near = part.panel, require_neighbours(part.panel, "weighted_displacement")
    sets = assign(panel.treated, panel.cluster, draws=DRAWS, seed=given["seed"])
    change = np.diff(part.halves, axis=1)[:, 0] / len(part.window.after)
    found = permutation(change, Assignments(sets, near, given["rings"], given["counts"] == "net"), alpha=alpha)
    rule = "other clusters drawn as treated; interval of constant effects that the test does not reject"
    return Tested(found.conf_low, found.conf_high, found.p_value, 1 / (1 + found.draws), found.draws, rule)


def _parameters(part: Windowed, loads: np.ndarray, alpha: float) -> tuple[pd.DataFrame, Quotient]:
    """Return the WDD and its parts, then the measures of Bowers & Johnson."""
    names = ["weighted displacement difference", "treated areas", *ring_names(part.zone.orders)]
    found = [part.difference(one) for one in (loads.sum(axis=0), *loads)]
    table = rows(names, *zip(*[f[:2] for f in found], strict=True), alpha=alpha, df=[f[2] for f in found])
    counts, covariance = part.totals()
    critical = float(stdtrit(found[0][2], 1 - alpha / 2))
    q = displacement_quotient(*counts.reshape(3, 2), covariance=covariance, critical=critical)
    kept = {
        "gross effect": q.gross, "net effect": q.net, "total net effect": q.total_net,
        "success measure": q.success, "buffer displacement measure": q.buffer,
    }  # fmt: skip
    more = rows(
        list(kept), [d.value for d in kept.values()], [d.std_error for d in kept.values()], alpha=alpha, df=found[0][2]
    )
    return pd.concat([table, more, *_quotient_row(q, found[0][2])], ignore_index=True), q


def _quotient_row(q: Quotient, df: float) -> list[pd.DataFrame]:
    """Return the quotient's row with Fieller's interval and the test of no change in the buffer; none if unstable."""
    if not q.stable:
        return []
    row = rows(["weighted displacement quotient"], [q.value], [q.std_error], alpha=0.05, df=df)
    moved = rows(["moved"], [q.buffer.value], [q.buffer.std_error], alpha=0.05, df=df)
    return [row.assign(conf_low=q.conf_low, conf_high=q.conf_high, p_value=moved["p_value"])]


def _notes(panel: Panel, zone: Zones, quotient: Quotient, given: dict) -> list[str]:
    said = []
    if not quotient.stable:
        said.append(
            "the weighted displacement quotient is left out: it divides by a success measure that cannot be told from "
            "0; read the weighted displacement difference instead"
        )
    if given["counts"] == "net":
        said.append("the effect is that on treated areas and their neighbours together, counted per treated area")
    few = len(np.unique(panel.cluster[panel.treated]))
    if given["errors"] == "permutation" and given["counts"] == "net":
        said.append("the test draws clusters anywhere: where treated ones lie together it is too cautious")
    if given["errors"] in ("poisson", "overdispersed"):
        said.append("errors take incidents as independent of one another; `errors: permutation` does not")
    elif given["errors"] == "clusters" and few < 10:
        said.append(f"only {few} treated clusters: intervals may be too narrow; try `errors: permutation`")
    return said
