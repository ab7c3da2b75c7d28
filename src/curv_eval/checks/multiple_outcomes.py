"""Do the findings stand when all registered outcomes are counted?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from curv_eval.checks import Check, Verdict
from curv_eval.estimate import Estimate
from curv_eval.estimate.averages import average, overall
from curv_eval.estimate.p_values import bounded, p_value
from curv_eval.estimate.told import told
from curv_eval.methods import fit, load
from curv_eval.panel import Panel
from curv_eval.people import People
from curv_eval.stats.multiplicity import holm, sign_flips, step_down
from curv_eval.study import Outcome, Study

TAKES = "either"
ROLES = ("primary", "secondary")
DRAWS = 9999
QUESTION = "Do the findings stand when all registered outcomes are counted?"


class _Tested(NamedTuple):
    """One outcome: its label, its row of `overall`, and its p-value before any adjustment."""

    label: str
    row: pd.Series
    estimate: Estimate
    p: float


def check(data: Panel | People, study: Study, estimate: Estimate) -> Check:
    """Adjust the p-values of all primary and secondary outcomes for how many there are.

    Every outcome is estimated by the study's method. Holm's values use nothing but the p-values; Romano and Wolf's
    (2005) also use how the outcomes move together: 9,999 times each cluster's influence on all outcomes changes its
    sign at once, and the largest |t| counts. They need errors from the same clusters for every outcome; where a method
    has none, Holm's alone are given. FAILS when a finding (an interval without 0) does not survive the adjustment, by
    Romano and Wolf where they exist; HOLDS when all do; INFORMS when there is no finding or only one outcome. Placebo
    outcomes are not counted: nobody claims anything about them.
    """
    counted = [outcome for outcome in study.outcomes if outcome.role in ROLES and outcome.name in data.outcomes]
    tests = [_tested(data, study, outcome, estimate) for outcome in counted]
    adjusted = {"Holm": holm(np.array([one.p for one in tests]))}
    flipped = _romano_wolf(tests, study)
    if flipped is not None:
        adjusted["Romano and Wolf"] = flipped
    table = _table(tests, adjusted)
    if len(tests) == 1:
        text = (
            f"The plan has one outcome, {tests[0].label}, so there is nothing to adjust: "
            f"chance alone would give so large a difference {told(f'{tests[0].label}: p-value', 'odds')}."
        )
        return Check("multiple_outcomes", QUESTION, Verdict.INFORMS, text, table)
    name, used = list(adjusted.items())[-1]
    return Check(
        "multiple_outcomes",
        QUESTION,
        _verdict(tests, used, study.design.alpha),
        _text(tests, used, name, study=study),
        table,
    )


def _tested(data: Panel | People, study: Study, outcome: Outcome, primary: Estimate) -> _Tested:
    same = primary.outcome == outcome.name and primary.method == study.design.method
    found = primary if same else fit(data, outcome=outcome.name, design=study.design)
    row = bounded(overall(found).iloc[[0]], f"multiple_outcomes: {outcome.label}").iloc[0]
    return _Tested(outcome.label, row, found, p_value(found))


def _romano_wolf(tests: list[_Tested], study: Study) -> np.ndarray | None:
    """Return the adjusted p-values, or None where the outcomes do not share the clusters of their errors."""
    estimates = [one.estimate for one in tests]
    rows = {len(one.influence) for one in estimates}
    plain = all(one.tested is None and one.draws is None for one in estimates)
    if load(study.design.method).ERRORS != "clusters" or len(rows) > 1 or not plain:
        return None
    found = [average(one, one.after) for one in estimates]
    t = np.abs([one.value / one.std_error for one in found])
    drawn = sign_flips(np.column_stack([one.influence for one in found]), draws=DRAWS, seed=study.seed)
    return step_down(t, drawn)


def _table(tests: list[_Tested], adjusted: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return the average effect on each outcome, and the p-values before and after adjustment."""
    rows = []
    for i, one in enumerate(tests):
        behind = int(one.row["n_units"]), int(one.row["events"])
        rows.append((one.label, one.row["estimate"], one.row["conf_low"], one.row["conf_high"], *behind))
        values = {"p-value": one.p, **{f"p-value, {name}": float(p[i]) for name, p in adjusted.items()}}
        rows += [(f"{one.label}: {name}", p, p, p, *behind) for name, p in values.items()]
    count = float(len(tests))
    rows.append(("outcomes counted", count, count, count, *rows[0][-2:]))
    return pd.DataFrame(rows, columns=["term", "estimate", "conf_low", "conf_high", "n_units", "events"])


def _finding(one: _Tested) -> bool:
    return bool(one.row["conf_low"] > 0 or one.row["conf_high"] < 0)


def _verdict(tests: list[_Tested], p: np.ndarray, alpha: float) -> Verdict:
    survived = [value < alpha for one, value in zip(tests, p, strict=True) if _finding(one)]
    if not survived:
        return Verdict.INFORMS
    return Verdict.HOLDS if all(survived) else Verdict.FAILS


def _text(tests: list[_Tested], p: np.ndarray, name: str, *, study: Study) -> str:
    """Say how the main outcome fares, and which findings stand and which do not."""
    alpha, findings = study.design.alpha, [i for i, one in enumerate(tests) if _finding(one)]
    main = (
        f"Counting all {len(tests)} outcomes of the plan, chance alone would give so large a difference in the main "
        f"one, {tests[0].label}, {told(f'{tests[0].label}: p-value, {name}', 'odds')}. "
    )
    if not findings:
        return main + "No outcome differs by itself, so there is no finding to adjust."
    stand = [tests[i].label for i in findings if p[i] < alpha]
    lost = [tests[i].label for i in findings if p[i] >= alpha]
    parts = [f"Still clear of chance: {_listed(stand)}."] if stand else []
    parts += [f"No longer clear of chance: {_listed(lost)}."] if lost else []
    return main + " ".join(parts)


def _listed(labels: list[str]) -> str:
    """Name the first few."""
    shown = ", ".join(labels[:3])
    return shown if len(labels) <= 3 else f"{shown} and others"
