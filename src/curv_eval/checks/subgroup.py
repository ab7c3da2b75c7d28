"""Did it work differently for different places or people?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats as distributions

from curv_eval.checks import Check, Verdict
from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.averages import average, overall, relative
from curv_eval.estimate.check_rows import fewest
from curv_eval.estimate.p_values import bounded
from curv_eval.estimate.told import told
from curv_eval.methods import fit
from curv_eval.panel import Panel
from curv_eval.people import People
from curv_eval.stats.few_clusters import satterthwaite
from curv_eval.stats.multiplicity import holm
from curv_eval.study import Study

TAKES = "either"
LEAST = 5
_NOT_CLEAR = "The difference is not clear of chance."
COLUMNS = ["term", "estimate", "conf_low", "conf_high", "n_units", "events"]


class _Group(NamedTuple):
    """Some of the units or people: what they are called and who they are, bool (n,)."""

    name: str
    member: np.ndarray


@dataclass(frozen=True)
class _Found:
    """The effect in one group: its row, and the influence on it of each cluster of all the data, (clusters,)."""

    row: pd.DataFrame
    influence: np.ndarray
    df: float

    @property
    def value(self) -> float:
        """The effect: relative for areas, average for people."""
        return float(self.row["estimate"].iloc[0])


class _Contrast(NamedTuple):
    """A difference between two groups with its interval, p-value and the smaller counts behind it."""

    term: str
    estimate: float
    conf_low: float
    conf_high: float
    p: float
    n_units: int
    events: int


def check(data: Panel | People, study: Study, estimate: Estimate) -> Check:
    """Estimate in each registered subgroup, and whether they differ, in the registered order.

    A subgroup is "district" or the name of a covariate: its two values where it has two, at or below its median and
    above otherwise. With more than two levels each is compared with the rest. The effect is relative for areas, and so
    is the difference, in percentage points; for people both are in the units of the outcome. A cluster that reaches
    into both groups counts in both, and the difference has the smaller degrees of freedom of the two. Holm's p-values
    count every difference of the plan. Groups with fewer than 5 treated or 5 others, or that the method refuses, are
    left out and named. INFORMS always: these are not the main test, and a subgroup is not a way to a finding.
    """
    if not study.subgroups:
        raise DesignError("subgroup: the plan names no subgroups", do="add `subgroups:` to the study")
    kept, contrasts, small = [_whole(data, estimate)], [], []
    said = []
    for name in study.subgroups:
        groups = _groups(data, name)
        found = {group.name: _estimated(data, study, group, estimate.outcome) for group in groups}
        small += [key for key, one in found.items() if one is None]
        kept += [one.row.assign(term=key) for key, one in found.items() if one is not None]
        contrasts += _contrasts(data, study, groups, found)
        said.append((name, {key: one.value for key, one in found.items() if one is not None}))
    table = pd.concat([*kept, _compared(contrasts)], ignore_index=True)[COLUMNS]
    text = _text(said, contrasts, small, study=study, percent=isinstance(data, Panel))
    return Check("subgroup", "Did it work differently for some?", Verdict.INFORMS, text, table)


def _whole(data: Panel | People, estimate: Estimate) -> pd.DataFrame:
    return _row(estimate, isinstance(data, Panel)).assign(term="all")


def _row(estimate: Estimate, percent: bool) -> pd.DataFrame:
    return bounded(relative(estimate, "effect") if percent else overall(estimate).iloc[[0]], "subgroup")


def _groups(data: Panel | People, name: str) -> list[_Group]:
    """Return the groups that a subgroup's name stands for. Raises DesignError for a name the data do not have."""
    if name == "district" and isinstance(data, Panel) and data.district is not None:
        return [_Group(str(level), data.district == level) for level in np.unique(data.district)]
    if name not in data.covariates:
        there = ", ".join(data.covariates) or "none"
        raise DesignError(f"subgroup: the data have no `{name}`", [f"covariates that are there: {there}"])
    x = data.covariates[name]
    levels = np.unique(x)
    if len(levels) < 2:
        raise DesignError(f"subgroup: `{name}` is the same everywhere")
    if len(levels) == 2:
        return [_Group(f"{name} {level:g}", x == level) for level in levels]
    middle = np.median(x)
    return [_Group(f"{name} lower", x <= middle), _Group(f"{name} higher", x > middle)]


def _estimated(data: Panel | People, study: Study, group: _Group, outcome: str) -> _Found | None:
    """Return the effect in a group, None where it is too small to say."""
    treated = int((group.member & data.treated).sum())
    if min(treated, int(group.member.sum()) - treated) < LEAST:
        return None
    try:
        found = fit(_taken(data, group), outcome=outcome, design=study.design)
        row = _resting(_row(found, isinstance(data, Panel)), data, group, outcome)
    except DesignError:
        return None
    influence = _influence(found, isinstance(data, Panel))
    df = found.df if found.groups is None else satterthwaite(influence, found.groups)
    return _Found(row, _placed(influence, data, group), df) if np.linalg.norm(influence) > 0 else None


def _resting(row: pd.DataFrame, data: Panel | People, group: _Group, outcome: str) -> pd.DataFrame:
    """Return the row of people with the fewest on whom it rests: in either group, with the outcome or without."""
    if isinstance(data, Panel):
        return row
    taken = data.take(group.member).measured(outcome)
    least = fewest(taken.treated, taken.outcomes[outcome])
    return row.assign(
        n_units=row["n_units"].clip(upper=int((~taken.treated).sum())), events=row["events"].clip(upper=least)
    )


def _taken(data: Panel | People, group: _Group) -> Panel | People:
    """Return the group's data without covariates that are the same for everybody in it."""
    taken = data.take(group.member)
    return replace(taken, covariates={name: x for name, x in taken.covariates.items() if np.ptp(x) > 0})


def _influence(estimate: Estimate, percent: bool) -> np.ndarray:
    """Return the influence on the effect: on m / (m - d) - 1 where it is relative."""
    d, m = average(estimate, estimate.after), average(estimate, estimate.after, "observed")
    if not percent:
        return d.influence
    expected = m.value - d.value
    return m.influence / expected - m.value / expected**2 * (m.influence - d.influence)


def _placed(influence: np.ndarray, data: Panel | People, group: _Group) -> np.ndarray:
    """Return the influence by cluster of all the data; rows that are not those clusters stand apart for each group."""
    labels = data.cluster if isinstance(data, Panel) else data.groups
    everyone, here = np.unique(labels), np.unique(labels[group.member])
    if len(here) != len(influence):
        return np.array([np.linalg.norm(influence)])
    placed = np.zeros(len(everyone))
    placed[np.searchsorted(everyone, here)] = influence
    return placed


def _contrasts(
    data: Panel | People, study: Study, groups: list[_Group], found: dict[str, _Found | None]
) -> Iterator[_Contrast]:
    """Yield the second of two groups less the first, or each of several less the rest."""
    if len(groups) == 2:
        pairs = [(groups[1].name, found[groups[1].name], groups[0].name, found[groups[0].name])]
    else:
        pairs = [
            (group.name, found[group.name], "the rest", _rest(data, study, group))
            for group in groups if found[group.name] is not None
        ]  # fmt: skip
    for name, inside, other, outside in pairs:
        if inside is not None and outside is not None:
            yield _difference(f"{name} less {other}", inside, outside, study.design.alpha)


def _rest(data: Panel | People, study: Study, group: _Group) -> _Found | None:
    return _estimated(data, study, _Group("the rest", ~group.member), study.primary.name)


def _difference(term: str, inside: _Found, outside: _Found, alpha: float) -> _Contrast:
    value, df = inside.value - outside.value, min(inside.df, outside.df)
    if len(inside.influence) == len(outside.influence) > 1:
        error = float(np.linalg.norm(inside.influence - outside.influence))
    else:
        error = float(np.hypot(np.linalg.norm(inside.influence), np.linalg.norm(outside.influence)))
    width = distributions.t.ppf(1 - alpha / 2, df) * error
    p = float(2 * distributions.t.sf(abs(value) / error, df))
    behind = [int(min(one.row[column].iloc[0] for one in (inside, outside))) for column in ("n_units", "events")]
    return _Contrast(term, value, value - width, value + width, p, *behind)


def _compared(contrasts: list[_Contrast]) -> pd.DataFrame:
    """Return each difference and its p-value by Holm, with the number of differences."""
    adjusted = holm(np.array([one.p for one in contrasts])) if contrasts else []
    rows = []
    for one, p in zip(contrasts, adjusted, strict=True):
        rows.append((one.term, one.estimate, one.conf_low, one.conf_high, one.n_units, one.events))
        rows.append((f"{one.term}: p-value, Holm", p, p, p, one.n_units, one.events))
    if contrasts:
        count = float(len(contrasts))
        rows.append(("differences tested", count, count, count, rows[0][-2], rows[0][-1]))
    return pd.DataFrame(rows, columns=COLUMNS) if rows else pd.DataFrame()


def _text(said: list, contrasts: list[_Contrast], small: list[str], *, study: Study, percent: bool) -> str:
    """Give the effects of the first subgroups, whether any difference is clear of chance, and who was too few."""
    parts = ["These are not the main test."]
    parts += [f"By {name}: {_effects(effects, percent)}." for name, effects in said[:3] if effects]
    if len(said) > 3:
        parts.append("Other subgroups are in the table.")
    parts.append(_clear(contrasts, study.design.alpha))
    if small:
        shown = ", ".join(small[:4]) + (" and others" if len(small) > 4 else "")
        parts.append(f"Too small to say: {shown}.")
    return " ".join(parts)


def _effects(effects: dict[str, float], percent: bool) -> str:
    form = "+.0%" if percent else "+.2f"
    if len(effects) > 4:
        ends = min(effects, key=effects.get), max(effects, key=effects.get)
        return " to ".join(["from " + told(ends[0], form), told(ends[1], form)])
    return ", ".join(f"{key} {told(key, form)}" for key in effects)


def _clear(contrasts: list[_Contrast], alpha: float) -> str:
    if not contrasts:
        return "No two groups could be compared."
    adjusted = holm(np.array([one.p for one in contrasts]))
    clear = [one.term for one, p in zip(contrasts, adjusted, strict=True) if p < alpha]
    if len(contrasts) == 1:
        return f"There are signs that the difference is real: {clear[0]}." if clear else _NOT_CLEAR
    among = f"Among {len(contrasts)} differences, "
    if not clear:
        return among + "none is clear of chance."
    return among + f"there are signs that some are real: {', '.join(clear[:3])}."
