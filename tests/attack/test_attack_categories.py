"""A balance table is attacked by somebody who knows how many people are in each group: he looks for the counts behind.

Of a category he sees the standardised difference of its shares. He tries every pair of counts, keeps those that give
the very number that is shown, and so finds out how many people of a rare kind there are in each group.
"""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curv_eval.checks import load
from curv_eval.disclosure.rules import rules
from curv_eval.methods import fit
from curv_eval.people import People
from curv_eval.people.categories import covariates
from curv_eval.report.effect_tables import check_tables
from curv_eval.study import Design, Span, Words

EXACT = replace(rules()["under_10"], name="under_10_without_rounding", round_to=1)
WORDS = Words("mentoring", "those mentored", "others", "mentoring begins", "without mentoring")
DESIGN = Design(method="ancova", window=Span("2000-01", "2001-12"))
STUDY = SimpleNamespace(design=DESIGN, seed=5, words=WORDS, smallest_worthwhile=0.1)


def balance_shown(treated, x, rule):
    """The balance check of covariates x, through the gate: term -> what is shown, and the check's table."""
    draw = np.random.default_rng(3)
    y = draw.normal(size=len(treated))
    people = People(np.arange(len(treated)), treated, {"y": y}, covariates={"age": draw.normal(size=len(y)), **x})
    found = load("balance").check(people, STUDY, fit(people, outcome="y", design=DESIGN))
    released = check_tables([found], rule, people=True)["balance"]
    return released.table.set_index("term")["estimate"], found.table.set_index("term")["estimate"]


def pairs(shown, groups):
    """Every pair of counts in groups of these sizes whose standardised difference of shares is what is shown."""
    p, q = (np.arange(n + 1) / n for n in groups)
    a, b = np.meshgrid(p, q, indexing="ij")
    spread = np.sqrt((a * (1 - a) + b * (1 - b)) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = np.where(np.abs(a - b) < 1e-12, 0.0, (a - b) / spread)
    return np.argwhere(np.abs(gap - shown) < 1e-9)


def kind(treated, counts):
    x = np.zeros(len(treated))
    for side, count in zip((treated, ~treated), counts, strict=True):
        x[np.flatnonzero(side)[:count]] = 1.0
    return x


@pytest.mark.parametrize("counts", [(3, 20), (30, 2), (1, 1), (60, 199)])
def test_without_the_gate_the_attack_finds_the_few(counts):
    treated = np.repeat([True, False], [61, 200])
    shown, exact = balance_shown(treated, {"rare": kind(treated, counts)}, EXACT)
    found = pairs(exact["rare, difference"], (61, 200))
    assert counts in {tuple(pair) for pair in found.tolist()}
    assert len(found) <= 2  # who has it, or who has it not
    assert np.isnan(shown["rare, difference"])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 61), st.integers(0, 200))
def test_what_is_shown_never_pins_a_small_count(first, second):
    treated = np.repeat([True, False], [61, 200])
    cells = [first, 61 - first, second, 200 - second]
    if len(set(kind(treated, (first, second)))) < 2:
        return
    shown, _ = balance_shown(treated, {"rare": kind(treated, (first, second))}, EXACT)
    assert np.isnan(shown["rare, difference"]) == (min(one for one in cells if one) < 10)


levels = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 60)), min_size=2, max_size=5).filter(
    lambda found: min(sum(a for a, _ in found), sum(b for _, b in found)) >= 15
)


@settings(max_examples=40, deadline=None)
@given(levels)
def test_no_category_is_the_rest_of_those_shown(found):
    """From the counts of all categories but one, and the size of a group, the last one follows."""
    groups = [sum(a for a, _ in found), sum(b for _, b in found)]
    treated = np.repeat([True, False], groups)
    named = [f"c{i}" for side in (0, 1) for i, level in enumerate(found) for _ in range(level[side])]
    x = covariates(pd.DataFrame({"x_kind": named}), ["kind"], groups=(treated, ~treated), fewest=EXACT.events_below)
    if not x:
        return
    shown, _ = balance_shown(treated, x, EXACT)
    seen = [name for name in x if not np.isnan(shown[f"{name}, difference"])]
    rest = ~np.any([x[name] == 1 for name in seen], axis=0) if seen else np.ones(len(treated), dtype=bool)
    assert not [side for side in (treated, ~treated) if 0 < (rest & side).sum() < EXACT.events_below]
    assert seen == list(x)  # what may not be shown was not told apart to begin with
