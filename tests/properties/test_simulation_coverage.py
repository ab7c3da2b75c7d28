"""Simulation (200 draws, a few seconds): how often a 95% interval holds the truth with 12 treated clusters of 40."""

import numpy as np
import pytest

from curv_eval.estimate.averages import overall
from curv_eval.methods import fit
from curv_eval.panel import Panel
from curv_eval.study import Design, Span

DRAWS = 200
# shares from 2,000 draws of the same simulation (Monte Carlo error 0.006 and 0.003)
KNOWN = {"none": 0.9125, "cr2": 0.976}


def drawn(seed):
    """No effect; 40 clusters of 3 units with shocks of their own; 4 clusters each start in periods 2, 3 and 4."""
    draw = np.random.default_rng([seed, 77])
    cluster = np.repeat(np.arange(40), 3)
    cohort = np.full(40, np.nan)
    cohort[:12] = np.repeat([2, 3, 4], 4)
    level, shock = draw.gamma(4, 5, 120), np.exp(0.25 * draw.normal(size=(40, 6)))[cluster]
    return Panel(
        units=np.arange(120).astype(str), periods=np.arange(6), cohort=cohort[cluster], cluster=cluster.astype(str),
        outcomes={"y": draw.poisson(level[:, None] * shock).astype(float)}, frequency="year",
    )  # fmt: skip


def covers(panel, rule):
    design = Design(method="callaway_santanna", window=Span("2000-01", "2000-12"), options={"small_sample": rule})
    row = overall(fit(panel, outcome="y", design=design)).iloc[0]
    return bool(row["conf_low"] <= 0 <= row["conf_high"])


@pytest.fixture(scope="module")
def held():
    panels = [drawn(seed) for seed in range(DRAWS)]
    return {rule: np.array([covers(panel, rule) for panel in panels]) for rule in KNOWN}


def test_the_small_sample_rule_keeps_its_promise(held):
    assert held["cr2"].mean() >= 0.95 - 1.96 * np.sqrt(0.95 * 0.05 / DRAWS)


def test_without_it_intervals_are_too_narrow(held):
    assert held["none"].mean() < 0.95 - 1.96 * np.sqrt(0.95 * 0.05 / DRAWS)


def test_it_only_widens(held):
    assert (held["cr2"] | ~held["none"]).all()
    assert held["cr2"].sum() - held["none"].sum() >= 8


@pytest.mark.parametrize("rule", KNOWN)
def test_both_shares_are_those_of_the_long_run(held, rule):
    share = KNOWN[rule]
    assert abs(held[rule].mean() - share) < 3 * np.sqrt(share * (1 - share) / DRAWS)
