"""How small an effect could this study have seen? Asked before the effect is looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import ndtri

from curv_eval.errors import DesignError
from curv_eval.estimate.averages import relative
from curv_eval.methods import fit
from curv_eval.panel import Panel
from curv_eval.people import People
from curv_eval.study import Study


@dataclass(frozen=True)
class Power:
    """Placebo starts given to areas that were never treated, and what the method made of them.

    draws: one row per draw with estimate, conf_low, conf_high (relative effects; all are false). smallest: the
    relative effect that would be found in 80 of 100 such studies. covered: the share of draws whose interval
    included 0, which should be 1 - alpha. clusters: treated clusters per draw, wanted: in the study.
    """

    draws: pd.DataFrame
    smallest: float
    covered: float
    clusters: int
    wanted: int

    def __repr__(self) -> str:
        return f"<Power: {len(self.draws)} placebo draws of {self.clusters} clusters>"


def placebo_power(panel: Panel | People, study: Study, *, draws: int = 200, chance: float = 0.8) -> Power:
    """Return the smallest effect the study could see, by giving its starts to never-treated clusters at random.

    People: who received what is mixed at random among them, whole clusters at a time where people were treated in
    clusters, so that nothing is left to find, and nothing of the effect is looked at.

    Never-treated clusters keep their real series, so seasons, trends and overdispersion need no model, and nothing
    that happened in treated areas after the start is used. Each draw gives each cohort's start to as many clusters
    as the cohort has (all scaled down when fewer than twice as many are at hand), estimates by the study's own
    method, and records the (false) effect. With s the standard deviation of log(1 + effect),

        smallest = 1 - exp(-(z_{1-alpha/2} + z_{chance}) s).

    Raises DesignError when fewer than 4 never-treated clusters exist.
    """
    if isinstance(panel, People):
        return _mixed_power(panel, study, draws=draws, chance=chance)
    past = panel.take(~panel.treated)
    clusters = np.unique(past.cluster)
    starts, wanted = _starts(panel, len(clusters))
    generator = np.random.default_rng([study.seed, 1])
    rows = [_draw(past, clusters, starts, generator=generator, study=study) for _ in range(draws)]
    return _power(_answered(rows), study, chance=chance, clusters=(len(starts), wanted))


def _power(table: pd.DataFrame, study: Study, *, chance: float, clusters: tuple[int, int]) -> Power:
    log = np.log1p(table["estimate"])
    z = ndtri([1 - study.design.alpha / 2, chance]).sum()
    covered = float(((table["conf_low"] <= 0) & (table["conf_high"] >= 0)).mean())
    return Power(table, float(-np.expm1(-z * log.std(ddof=1))), covered, *clusters)


def _mixed_power(people: People, study: Study, *, draws: int, chance: float) -> Power:
    generator = np.random.default_rng([study.seed, 1])
    rows = [_refit(_mixed(people, generator), study) for _ in range(draws)]
    treated = len(np.unique(people.groups[people.treated]))
    return _power(_answered(rows), study, chance=chance, clusters=(treated, treated))


def _mixed(people: People, generator: np.random.Generator) -> People:
    """Return the people with what they received, were offered and scored for it exchanged among them."""
    order = generator.permutation(len(people.persons))
    _, group = np.unique(people.groups, return_inverse=True)
    size = np.bincount(group)
    if len(size) < len(group) and (np.bincount(group, people.treated) % size == 0).all():
        first = np.unique(group, return_index=True)[1]
        order = first[generator.permutation(len(size))][group]
    given = ("treated", "assigned", "stratum", "dose", "running")
    held = {name: getattr(people, name) for name in given}
    return replace(people, **{name: x[order] for name, x in held.items() if x is not None})


def _refit(data: Panel | People, study: Study) -> pd.DataFrame | DesignError:
    try:
        return relative(fit(data, outcome=study.primary.name, design=study.design), "placebo")
    except DesignError as refusal:
        return refusal


def _starts(panel: Panel, available: int) -> tuple[np.ndarray, int]:
    """Return one start per treated cluster, thinned so that as many clusters remain for comparison."""
    if available < 4:
        raise DesignError(f"power: got {available} never-treated clusters, expected at least 4")
    names = np.unique(panel.cluster[panel.treated])
    starts = np.array([np.nanmin(panel.cohort[panel.cluster == name]) for name in names])
    starts = np.sort(starts[starts <= panel.periods[-1]])
    most = min(len(starts), available // 2)
    return starts[np.linspace(0, len(starts) - 1, most).round().astype(int)], len(starts)


def _draw(
    past: Panel, clusters: np.ndarray, starts: np.ndarray, *, generator: np.random.Generator, study: Study
) -> pd.DataFrame | DesignError:
    chosen = generator.choice(clusters, size=len(starts), replace=False)
    start_of = dict(zip(chosen, starts, strict=True))
    cohort = np.array([start_of.get(name, np.nan) for name in past.cluster])
    return _refit(past.with_cohort(cohort), study)


def _answered(rows: list[pd.DataFrame | DesignError]) -> pd.DataFrame:
    """Return the draws that gave an estimate; when most were refused, so is the study, for the first one's reason."""
    tables = [row for row in rows if isinstance(row, pd.DataFrame)]
    refused = [row for row in rows if isinstance(row, DesignError)]
    if len(refused) > len(tables):
        raise refused[0]
    return pd.concat(tables, ignore_index=True)
