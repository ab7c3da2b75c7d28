"""Attacks on released harm by one who knows the weights, and every other count to the last incident."""

import functools
from dataclasses import replace
from itertools import groupby
from types import SimpleNamespace

import numpy as np
import pytest

from curv_eval.disclosure.rules import rules, strictest
from curv_eval.estimate.averages import average, overall
from curv_eval.methods import fit
from curv_eval.report.effect_tables import results
from curv_eval.report.harm_tables import NAME, SHARES, harm_estimate, harm_tables
from curv_eval.study import Design, Harms, Outcome, Span
from panels import known

DESIGN = Design(method="difference_in_differences", window=Span("2000-01", "2001-12"))
# the strict rules round alike
RULE = rules()["under_10"]
STRICT = [RULE, rules()["nhs_1_7_round_5"], strictest(["under_10", "nhs_1_7_round_5"])]
OUTCOMES = [Outcome(name=n, label=n, contract="police", role="secondary") for n in ("y", "z")]


def asked(**weights):
    harm = Harms(offences={n: n for n in weights}, weights=weights, weights_source="for a test")
    return SimpleNamespace(design=DESIGN, harm=harm)


def estimates(study, panel):
    found = {name: fit(panel, outcome=name, design=DESIGN) for name in ("y", "z")}
    return {**found, NAME: harm_estimate(study, panel)}


def rare(more=0, level=0.05):
    """Many of y, which anybody may know, and few of z: the same, and `more` in one treated place after the start."""
    held = known(noise=False, effect=0.1)
    draw = np.random.default_rng(4)
    z = draw.poisson(level * np.where(held.treated[:, None], 1.0, 1.5), held.outcomes["y"].shape).astype(float)
    z[0, -1] += more
    return replace(held, outcomes={"y": held.outcomes["y"], "z": z})


def total_of(panel, name):
    return float(overall(fit(panel, outcome=name, design=DESIGN)).set_index("term").loc["total", "estimate"])


@functools.cache
def cancelling(weight=10.0):
    """Weights by which the change in y takes away that in z, so that next to no harm is left to be rounded."""
    middle = rare(20)
    return (("y", abs(weight * total_of(middle, "z") / total_of(middle, "y"))), ("z", weight))


SWEEP = range(42)


@functools.cache
def swept(weights):
    """Return the study and its estimates for every count of the sweep."""
    study = asked(**dict(weights))
    return study, [estimates(study, rare(more)) for more in SWEEP]


def published(weights, rule):
    study, found = swept(weights)
    return [harm_tables(study, one, rule) for one in found]


def narrowest(published_values):
    """Return the fewest counts in a row that were published alike, apart from those cut off at the ends."""
    runs = [len(list(same)) for _, same in groupby(published_values)]
    assert len(runs) > 3, "the sweep is too short to show anything"
    return min(runs[1:-1])


def shown(table):
    row = table.table.set_index("term")["estimate"]
    return row["total"], row["average"]


def test_changes_that_cancel_tell_no_count_more_closely_than_it_may_be_shown():
    tables = published(cancelling(), RULE)
    assert narrowest([shown(one[NAME]) for one in tables]) >= RULE.round_to - 1


@pytest.mark.parametrize("weights", [
    pytest.param((("z", 184.0),), id="alone", marks=pytest.mark.slow),
    pytest.param((("y", 1.0), ("z", 9e3)), id="heavy"),
])  # fmt: skip
def test_harm_tells_a_count_no_more_closely_than_its_own_table_does(weights):
    own = [results(OUTCOMES[1], one["z"], RULE) for one in swept(weights)[1]]
    ours = [one[NAME] for one in published(weights, RULE)]
    assert len(set(map(shown, ours))) <= len(set(map(shown, own)))
    assert narrowest(list(map(shown, ours))) >= narrowest(list(map(shown, own)))


def test_the_relative_change_tells_no_count_more_closely():
    tables = published(cancelling(), RULE)
    relative = [round(one[NAME].table.set_index("term").loc["relative", "estimate"], 9) for one in tables]
    assert narrowest(relative) >= RULE.round_to - 1


def test_shares_tell_no_more_than_rounded_counts():
    by_rounded = {}
    study, sweep = swept((("y", 1.0), ("z", 9e3)))
    for found in sweep:
        rounded = RULE.rounded(int(average(found["z"], found["z"].after).events))
        by_rounded.setdefault(rounded, set()).add(tuple(harm_tables(study, found, RULE)[SHARES].table["share"]))
    assert len(by_rounded) > 7
    assert {len(held) for held in by_rounded.values()} == {1}


@pytest.mark.parametrize("rule", [rules()["open"], STRICT[-1]], ids=lambda rule: rule.name)
@pytest.mark.parametrize("level", [0.0005, 0.002, 0.05])
@pytest.mark.parametrize("weights", [{"y": 1.0, "z": 10.0}, {"y": 10.0, "z": 0.0}, {"z": 1.0}])
def test_harm_is_withheld_wherever_a_count_behind_it_is(weights, level, rule):
    study, panel = asked(**weights), rare(1, level=level)
    found = estimates(study, panel)
    counts = [results(one, found[one.name], rule).suppressed for one in OUTCOMES if one.name in weights]
    tables = harm_tables(study, found, rule)
    for one in tables.values():
        assert one.suppressed == (one.statuses.size if any(counts) else 0)


def test_the_threshold_is_that_of_the_rarest_count():
    """Ten are shown and nine are not, however many of the other there are."""
    rule, study, held = rules()["under_10"], asked(y=1.0, z=10.0), rare(0)
    for number, hidden in ((9, True), (10, False)):
        z = np.zeros_like(held.outcomes["z"])
        z[0, -1], z[-1, :] = number, 1.0
        tables = harm_tables(study, estimates(study, replace(held, outcomes=held.outcomes | {"z": z})), rule)
        assert {bool(one.suppressed) for one in tables.values()} == {hidden}


@pytest.mark.parametrize("seed", range(4))
def test_rounding_makes_no_finding(seed):
    """The published interval holds the exact one, but for the gate's own rounding, which never reaches 0."""
    study, held = asked(y=1.0, z=900.0), known(seed=seed, effect=-0.15)
    z = np.random.default_rng(seed).poisson(0.3, held.outcomes["y"].shape).astype(float)
    found = estimates(study, replace(held, outcomes={"y": held.outcomes["y"], "z": z}))
    exact = overall(found[NAME]).set_index("term")
    said = harm_tables(study, found, replace(RULE, round_to=40, events_below=40))[NAME].table.set_index("term")
    for term in ("total", "relative"):
        low, high = exact.loc[term, ["conf_low", "conf_high"]]
        assert said.loc[term, "conf_low"] <= low + 0.05 * abs(low)
        assert said.loc[term, "conf_high"] >= high - 0.05 * abs(high)
