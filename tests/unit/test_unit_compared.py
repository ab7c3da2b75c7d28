"""On how few of those compared with an effect rests, counted by hand; and the gate withholds an effect by it."""

from dataclasses import replace

import numpy as np
import pytest

from curv_eval.disclosure.rules import rules
from curv_eval.estimate.averages import overall, relative
from curv_eval.estimate.compared import fewest_compared
from curv_eval.methods import fit
from curv_eval.panel import Panel
from curv_eval.people import People
from curv_eval.report import effect_tables
from curv_eval.study import Design, Outcome, Span
from panels import known
from people import known_people

WINDOW = Span("2000-01", "2001-12")
UNDER_10 = rules()["under_10"]


def areas(counts, cohort):
    counts = np.asarray(counts, dtype=float)
    n, t = counts.shape
    return Panel(np.arange(n).astype(str), np.arange(t), np.asarray(cohort, float), np.arange(n), {"y": counts})


def people(treated, others):
    y = np.array([*treated, *others], dtype=float)
    return People(np.arange(len(y)), np.repeat([True, False], [len(treated), len(others)]), {"y": y})


@pytest.mark.parametrize(
    ("counts", "cohort", "expected"),
    [
        # the first is treated from the third period on; the others have 7 before and 4 since
        ([[9, 9, 9, 9], [1, 2, 1, 0], [4, 0, 3, 0]], [2, np.nan, np.nan], 4),
        ([[9, 9, 9, 9], [1, 0, 5, 5], [0, 0, 5, 0]], [2, np.nan, np.nan], 1),
        # nobody is behind a 0
        ([[9, 9, 9, 9], [0, 0, 5, 5]], [2, np.nan], 10),
        ([[9, 9, 9, 9], [0, 0, 0, 0]], [2, np.nan], None),
        # all are treated some day: until then they count
        ([[9, 9, 9, 9], [6, 2, 3, 50]], [2, 3], 3),
        ([[9, 9, 9, 9]], [2], 18),
    ],
)
def test_events_of_areas_compared_with(counts, cohort, expected):
    assert fewest_compared(areas(counts, cohort), "y") == expected


def test_areas_of_which_none_is_treated_are_compared_with_nothing():
    assert fewest_compared(areas([[1, 2]], [np.nan]), "y") is None


@pytest.mark.parametrize(
    ("others", "expected"),
    [([1, 1, 0, 0, 0], 2), ([1, 1, 1, 0, np.nan], 1), ([0, 0, 0], 3), ([1, 2, 3, 4], 4), ([2.5, np.nan], 1)],
)
def test_people_compared_with(others, expected):
    assert fewest_compared(people([1, 0, 1], others), "y") == expected


def test_every_estimate_says_how_few_it_compares_with():
    held = known_people(binary=True)
    found = fit(held, outcome="y", design=Design(method="ancova", window=WINDOW))
    y = held.outcomes["y"][~held.treated]
    assert found.compared == min(int(y.sum()), int((1 - y).sum()))
    panel = known()
    found = fit(panel, outcome="y", design=Design(method="callaway_santanna", window=WINDOW))
    assert found.compared == fewest_compared(panel, "y")


def few_compared(count):
    """200 treated, half of them with the event, and 300 others of whom so many have it."""
    return people([1, 0] * 100, [1] * count + [0] * (300 - count))


@pytest.mark.parametrize(("count", "shown"), [(9, False), (10, True), (290, True), (291, False)])
def test_an_effect_is_withheld_where_few_of_those_compared_with_have_it_or_lack_it(count, shown):
    outcome = Outcome(name="y", label="hurt", contract="c", role="primary")
    found = fit(few_compared(count), outcome="y", design=Design(method="ancova", window=WINDOW))
    released = effect_tables.results(outcome, found, UNDER_10)
    assert bool(released.table["estimate"].notna().all()) is shown
    assert overall(found)["events"].tolist() == [min(100, count, 300 - count)] * len(overall(found))


def test_a_relative_effect_carries_the_fewest_events_of_either_side():
    panel = known()
    found = fit(panel, outcome="y", design=Design(method="callaway_santanna", window=WINDOW))
    assert relative(replace(found, compared=7), "x")["events"].tolist() == [7]
    assert relative(replace(found, compared=10**9), "x")["events"].iloc[0] == overall(found)["events"].iloc[0]
