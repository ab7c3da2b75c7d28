"""What every panel regression keeps, whatever the numbers: order, names, scale, levels, copies, and its coverage."""

from dataclasses import replace

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.averages import average, by, overall
from curv_eval.estimate.cells import cohort_codes, earliest_cohort, few_clusters, seen_cells
from curv_eval.methods import fit, load
from curv_eval.panel import Panel
from curv_eval.stats.sums import groups
from curv_eval.study import Design, Span
from panels import known

WINDOW = Span("2000-01", "2001-12")
CASES = [
    pytest.param(
        Design(method=name, window=WINDOW, options=options), id=f"{name}-{'-'.join(map(str, options.values()))}"
    )
    for name, options in (
        ("callaway_santanna", {"covariates": "doubly_robust"}), ("callaway_santanna", {"covariates": "ipw"}),
        ("callaway_santanna", {"covariates": "regression", "small_sample": "cr2"}),
        ("sun_abraham", {}), ("sun_abraham", {"small_sample": "fixest"}),
        ("sun_abraham", {"compared_with": "last_cohort"}),
        ("imputation", {}), ("imputation", {"small_sample": "none"}),
        ("poisson_staggered", {}), ("poisson_staggered", {"small_sample": "none"}),
        ("triple_differences", {"trends": "additive"}), ("triple_differences", {"trends": "proportional"}),
        ("triple_differences", {"trends": "proportional", "base": "universal", "small_sample": "none"}),
    )
]  # fmt: skip
STAGGERED = {"starts": (10, 14)}


def take(panel: Panel, rows: np.ndarray) -> Panel:
    return replace(
        panel, units=np.arange(len(rows)).astype(str), cohort=panel.cohort[rows], cluster=panel.cluster[rows],
        outcomes={name: y[rows] for name, y in panel.outcomes.items()}, population=None, neighbours=None, district=None,
        covariates={name: x[rows] for name, x in panel.covariates.items()},
    )  # fmt: skip


def numbers(panel: Panel, design: Design) -> np.ndarray:
    found = fit(panel, outcome="y", design=design)
    errors = np.linalg.norm(found.influence, axis=0)
    return np.concatenate(
        [overall(found)[["estimate", "std_error"]].to_numpy().ravel(), found.cells["estimate"], errors]
    )


@pytest.mark.parametrize("design", CASES)
def test_the_order_of_units_does_not_matter(design):
    panel = known(**STAGGERED)
    order = np.random.default_rng(3).permutation(len(panel.units))
    moved = take(panel, order)
    assert numbers(moved, design) == pytest.approx(numbers(panel, design), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("design", CASES)
def test_the_names_of_clusters_do_not_matter(design):
    panel = known(**STAGGERED)
    names = np.unique(panel.cluster)
    other = dict(zip(names, np.random.default_rng(4).permutation(len(names)), strict=True))
    renamed = replace(panel, cluster=np.array([f"area {other[name]:03d}" for name in panel.cluster]))
    assert numbers(renamed, design) == pytest.approx(numbers(panel, design), rel=1e-8, abs=1e-10)


@pytest.mark.parametrize("design", CASES)
def test_all_outcomes_three_times_as_large_make_effects_three_times_as_large(design):
    panel = known(**STAGGERED)
    tripled = replace(panel, outcomes={name: 3 * y for name, y in panel.outcomes.items()})
    small, large = numbers(panel, design), numbers(tripled, design)
    relative = slice(4, 6)
    assert large[relative] == pytest.approx(small[relative], rel=1e-6)
    rest = np.delete(np.arange(len(small)), [4, 5])
    assert large[rest] == pytest.approx(3 * small[rest], rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("design", CASES)
def test_every_unit_twice_in_its_cluster_has_the_same_numbers(design):
    # a cluster of copies says what one of them said
    panel = known(**STAGGERED)
    twice = take(panel, np.repeat(np.arange(len(panel.units)), 2))
    first, second = numbers(panel, design), numbers(twice, design)
    total = [2, 3]
    rest = np.delete(np.arange(len(first)), total)
    counts_rows = design.options.get("small_sample") == "fixest" or design.options == {"small_sample": "none"}
    tolerance = 1e-2 if counts_rows and design.method != "poisson_staggered" else 1e-6  # fixest's rule counts rows
    assert second[rest] == pytest.approx(first[rest], rel=tolerance, abs=1e-8)
    assert second[2] == pytest.approx(2 * first[2], rel=1e-6)


@pytest.mark.parametrize("design", CASES)
def test_a_level_of_its_own_for_every_unit_does_not_matter(design):
    # added under additive trends, multiplied under proportional ones
    panel = known(**STAGGERED)
    rate = np.random.default_rng(5).uniform(0.5, 2, len(panel.units))[:, None]
    trends = design.options.get("trends", load(design.method).TRENDS)
    if trends in ("additive", "option"):
        moved = replace(panel, outcomes={name: y + 5 * rate for name, y in panel.outcomes.items()})
        assert numbers(moved, design)[6:] == pytest.approx(numbers(panel, design)[6:], rel=1e-6, abs=1e-8)
    else:
        months = np.linspace(1, 2, len(panel.periods))
        moved = replace(panel, outcomes={"y": panel.outcomes["y"], "other": panel.outcomes["other"] * months})
        plain, shifted = (fit(p, outcome="y", design=design) for p in (panel, moved))
        if design.method == "poisson_staggered" or design.options.get("base") == "universal":
            assert shifted.cells["estimate"].to_numpy() == pytest.approx(plain.cells["estimate"].to_numpy(), abs=1e-8)


@pytest.mark.parametrize("design", CASES)
def test_the_cells_have_what_is_behind_them(design):
    panel = known(**STAGGERED)
    found = fit(panel, outcome="y", design=design)
    for row in found.cells.itertuples():
        members, at = panel.cohort == row.cohort, np.flatnonzero(panel.periods == row.period)[0]
        assert row.n_units == members.sum()
        assert row.observed == pytest.approx(panel.outcomes["y"][members, at].mean())
        assert row.events == panel.outcomes["y"][members, at].sum()
        assert row.event_time == row.period - row.cohort
    assert found.influence.shape == (found.n_clusters, len(found.cells))
    assert found.observed_influence.sum(axis=0) == pytest.approx(np.zeros(len(found.cells)), abs=1)


@pytest.mark.parametrize("design", CASES)
def test_averages_by_event_time_and_cohort_are_those_of_their_cells(design):
    found = fit(known(**STAGGERED), outcome="y", design=design)
    for column in ("event_time", "cohort", "period"):
        for row in by(found, column, seed=2).itertuples():
            chosen = (found.cells[column] == getattr(row, column)) & (found.after | (column == "event_time"))
            one = found.cells[chosen]
            assert row.estimate == pytest.approx(np.average(one["estimate"], weights=one["n_units"]))
            assert row.std_error == pytest.approx(average(found, chosen.to_numpy()).std_error)


def few(panel: Panel, clusters: int) -> Panel:
    """Only the first clusters of each cohort are treated; the others' units are left out."""
    names = np.unique(panel.cluster[panel.treated])[:clusters]
    return panel.take(~panel.treated | np.isin(panel.cluster, names))


@pytest.mark.parametrize("design", CASES)
def test_few_treated_clusters_are_named(design):
    if design.options.get("compared_with"):
        pytest.skip("the last cohort is not treated there")
    found = fit(few(known(**STAGGERED), 4), outcome="y", design=design)
    assert any("10 (2 clusters), 14 (2 clusters); their own intervals are too narrow" in note for note in found.notes)
    assert found.n_treated_clusters == 4
    assert any("small_sample: cr2" in note for note in found.notes) == ("CR2" not in found.se_rule)


def drawn(seed: int, n: int = 60) -> Panel:
    """Counts without any effect, with shocks to each cluster and month; 5 of 15 clusters treated in two cohorts."""
    draw = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(n // 4), 4)
    cohort = np.where(cluster < 3, 6.0, np.where(cluster < 6, 9.0, np.nan))
    shock = draw.gamma(8, 1 / 8, (n // 4, 12))[cluster]
    level = draw.gamma(4, 2, n)[:, None]
    return Panel(
        units=np.arange(n).astype(str), periods=np.arange(12), cohort=cohort, cluster=cluster, frequency="year",
        outcomes={"y": draw.poisson(level * shock).astype(float), "other": draw.poisson(level * shock).astype(float)},
        covariates={"size": level[:, 0]},
    )  # fmt: skip


def covered(method: str, draws: int, **options) -> float:
    design = Design(method=method, window=WINDOW, options=options)
    rows = [overall(fit(drawn(seed), outcome="y", design=design)).iloc[0] for seed in range(draws)]
    return float(np.mean([row["conf_low"] <= 0 <= row["conf_high"] for row in rows]))


@pytest.mark.parametrize("method", ["sun_abraham", "imputation", "poisson_staggered", "triple_differences"])
def test_the_house_rule_covers_with_few_treated_clusters(method):
    # with 100 draws a share of 95% is known to 2.2 points
    assert covered(method, 100) >= 0.90


def test_the_plain_rule_covers_less():
    assert covered("imputation", 100, small_sample="none") < covered("imputation", 100) - 0.02


def test_codes_of_cohorts_count_from_the_first_start():
    panel = known(**STAGGERED)
    code = cohort_codes(panel)
    assert set(code[panel.cohort == 10]) == {0}
    assert set(code[panel.cohort == 14]) == {1}
    assert set(code[~panel.treated]) == {2}


def test_a_cluster_belongs_to_its_earliest_cohort():
    panel = known(**STAGGERED)
    mixed = replace(
        panel, cluster=np.where(np.isin(panel.cluster, ["ward 00", "ward 01", "ward 29"]), "a", panel.cluster)
    )
    first = earliest_cohort(mixed, groups(mixed.cluster))
    assert first[0] == 10
    assert set(first) == {0, 10, 14}
    assert few_clusters(mixed, groups(mixed.cluster))[0].startswith(
        "cohorts with fewer than 10 treated clusters: 10 (8"
    )


def test_cells_of_what_was_seen_are_means_with_their_influence():
    panel = known(**STAGGERED)
    table, influence = seen_cells(panel, "y", of=np.array([0, 1]), at=np.array([12, 20]))
    assert table[["cohort", "period"]].to_numpy().tolist() == [[10, 12], [14, 20]]
    members = panel.cohort == 14
    y = panel.outcomes["y"][members, 20]
    assert influence[members, 1] == pytest.approx((y - y.mean()) / members.sum())
    assert (influence[~members, 1] == 0).all()


@pytest.mark.parametrize("method", ["sun_abraham", "imputation", "poisson_staggered", "triple_differences"])
def test_made_up_estimates_carry_their_method_and_rule(method):
    found = fit(known(**STAGGERED), outcome="y", design=Design(method=method, window=WINDOW))
    assert isinstance(found, Estimate)
    assert found.method == method
    assert "cluster" in found.se_rule
    assert found.groups is not None
    assert len(found.groups) == found.n_clusters


@pytest.mark.parametrize("method", ["sun_abraham", "imputation", "triple_differences"])
def test_a_start_in_the_second_period_leaves_one_before(method):
    panel = known(starts=(1, 14))
    found = fit(panel, outcome="y", design=Design(method=method, window=WINDOW))
    assert 1 in set(found.cells["cohort"])
    with pytest.raises(DesignError):
        fit(known(starts=(0, 14)), outcome="y", design=Design(method=method, window=WINDOW))
