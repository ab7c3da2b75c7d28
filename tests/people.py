"""People with a known effect, for tests."""

import numpy as np

from curv_eval.people import People


def known_people(*, effect=-2.0, seed=1, n=800, binary=False):
    """Scores about 15 that fall by `effect` for those treated, in 80 clusters; every way of finding that out is there.

    age (standardised) and girl raise both the score and the chance of treatment a little, so that groups differ.
    running: the number that decides assignment; assigned from 0 on, which is half of them, at random given age.
    treated is assigned, so that trials, thresholds and comparisons all have the same answer. dose: 4 to 12 sessions
    for those treated, each worth the same. before: the score before, correlated 0.6. time: 52 weeks at most.
    binary: the outcome is whether the score is above 15, at a week drawn at random.
    """
    draw = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(80), n // 80)
    age, girl = draw.normal(size=n), (draw.random(n) < 0.4).astype(float)
    running = draw.normal(size=n) + 0.4 * age
    treated = running >= 0
    base = 15 + 1.0 * age + 0.8 * girl + draw.normal(scale=0.5, size=80)[cluster]
    before = base + draw.normal(scale=2.0, size=n)
    sessions = np.where(treated, draw.integers(4, 13, n), 0)
    y = base + draw.normal(scale=2.0, size=n) + np.where(treated, effect, 0.0)
    weeks = np.full(n, 52.0)
    if binary:
        y = (y > 15).astype(float)
        weeks = np.where(y == 1, np.ceil(52 * draw.random(n)), 52.0)
    return People(
        persons=np.array([f"p{i:05d}" for i in range(n)]), treated=treated, outcomes={"y": y}, before={"y": before},
        covariates={"age": age, "girl": girl}, assigned=treated.copy(), cluster=cluster,
        dose=sessions.astype(float), running=running, time=weeks,
    )  # fmt: skip


def true_risk_difference(effect):
    """The change in the share above 15 among those treated, from 400,000 people with and without the effect."""
    with_it, without = (known_people(effect=e, n=400_000, seed=0, binary=True) for e in (effect, 0.0))
    return float((with_it.outcomes["y"] - without.outcomes["y"])[with_it.treated].mean())
