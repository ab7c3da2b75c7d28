"""Panels with a known effect, for tests."""

import numpy as np

from curv_eval.panel import Panel


def known(*, effect=-0.3, seed=1, starts=(12,), n=120, periods=24, noise=True, level=8.0):
    """Counts that fall by `effect` in treated units from their start; `starts` are period numbers, one per cohort.

    Clusters hold 4 units; half of the clusters are treated, spread over the cohorts. Without noise the counts are the
    expectations themselves.
    """
    draw = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(n // 4), 4)
    cohort_of = {c: float(starts[c % len(starts)]) for c in range(n // 8)}
    cohort = np.array([cohort_of.get(c, np.nan) for c in cluster])
    unit = draw.gamma(4, level / 4, n)
    season = 1 + 0.2 * np.sin(np.arange(periods) / 12 * 2 * np.pi) - 0.005 * np.arange(periods)
    after = cohort[:, None] <= np.arange(periods)
    mean = np.outer(unit, season) * np.where(after, 1 + effect, 1.0)
    y = draw.poisson(mean).astype(float) if noise else mean
    touch = np.zeros((n, n), dtype=bool)
    pairs = np.arange(n // 4)  # every second treated unit touches one untreated unit
    touch[2 * pairs, n // 2 + 2 * pairs] = touch[n // 2 + 2 * pairs, 2 * pairs] = True
    other = draw.poisson(np.outer(unit, season)).astype(float)  # what the intervention could not change
    return Panel(
        units=np.array([f"E{i:03d}" for i in range(n)]), periods=np.arange(periods), cohort=cohort,
        cluster=np.array([f"ward {c:02d}" for c in cluster]), outcomes={"y": y, "other": other}, frequency="year",
        neighbours=touch, population=100.0 * unit, covariates={"deprivation": unit + draw.normal(size=n)},
        district=np.array(["north", "south", "east"])[cluster % 3],
    )  # fmt: skip
