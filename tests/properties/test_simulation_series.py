"""Simulation (100 draws, some seconds): how often intervals for one series hold the truth at Cleveland's size.

54 months, 36 of them before, 200 incidents a month, shocks with autocorrelation 0.3, a comparison four times as large.
"""

import numpy as np
import pytest

from curv_eval.estimate.averages import overall
from curv_eval.methods import fit
from curv_eval.panel import Panel
from curv_eval.study import Design, Span

DRAWS = 100
# shares from 500 draws of the same simulation (Monte Carlo error 0.010)
KNOWN = {
    "series": ({}, 0.964), "alone": ({"comparison": "none"}, 0.946),
    "newey_west": ({"comparison": "none", "errors": "newey_west"}, 0.954),
    "newey_west plain": ({"comparison": "none", "errors": "newey_west", "small_sample": "none"}, 0.814),
}  # fmt: skip


def shocks(draw, n=54, rho=0.3):
    z, x = draw.normal(size=n + 50), np.zeros(n + 50)
    for t in range(1, n + 50):
        x[t] = rho * x[t - 1] + np.sqrt(1 - rho**2) * z[t]
    return x[50:]


def drawn(seed):
    """No effect; trend, season and a shock shared with the comparison, and shocks of each series' own."""
    draw, t = np.random.default_rng([seed, 91]), np.arange(54)
    common = -0.002 * t + 0.12 * np.sin(2 * np.pi * t / 12) + 0.05 * shocks(draw)
    y = draw.poisson(200 * np.exp(common + 0.1 * shocks(draw)))
    x = draw.poisson(800 * np.exp(common + 0.05 * shocks(draw)))
    return Panel(
        units=np.array(["a", "b"]), periods=24000 + t, cohort=np.array([24036.0, np.nan]),
        cluster=np.array(["a", "b"]), outcomes={"y": np.vstack([y, x]).astype(float)},
    )  # fmt: skip


def covers(panel, options):
    design = Design(method="interrupted_time_series", window=Span("2000-01", "2004-06"), options=options)
    row = overall(fit(panel, outcome="y", design=design)).iloc[0]
    return bool(row["conf_low"] <= 0 <= row["conf_high"])


@pytest.fixture(scope="module")
def held():
    panels = [drawn(seed) for seed in range(DRAWS)]
    return {name: np.mean([covers(panel, options) for panel in panels]) for name, (options, _) in KNOWN.items()}


@pytest.mark.parametrize("name", KNOWN)
def test_shares_are_those_of_the_long_run(held, name):
    share = KNOWN[name][1]
    assert abs(held[name] - share) < 3 * np.sqrt(share * (1 - share) / DRAWS)


@pytest.mark.parametrize("name", ["series", "alone", "newey_west"])
def test_the_rules_on_offer_keep_their_promise(held, name):
    assert held[name] >= 0.95 - 2.5 * np.sqrt(0.95 * 0.05 / DRAWS)


def test_the_rule_of_the_textbook_does_not(held):
    assert held["newey_west plain"] < 0.9


def test_the_structural_model_is_rather_too_wide():
    design = Design(method="structural_time_series", window=Span("2000-01", "2004-06"), options={"draws": 500})
    inside = []
    for seed in range(60):
        row = overall(fit(drawn(seed), outcome="y", design=design)).iloc[0]
        inside.append(row["conf_low"] <= 0 <= row["conf_high"])
    assert np.mean(inside) >= 0.95 - 2.5 * np.sqrt(0.95 * 0.05 / 60)
