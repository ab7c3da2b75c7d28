"""Trials of whole groups: likeness within clusters by hand, means of clusters, and the method."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats as distributions

from curv_eval.errors import DesignError
from curv_eval.estimate.averages import overall
from curv_eval.methods import fit
from curv_eval.people import People
from curv_eval.stats.intraclass import cluster_means, intraclass
from curv_eval.study import Design, Span
from people import known_people

# three clusters of two: means 2, 4, 9; B = 2 x ((2-5)^2 + (4-5)^2 + (9-5)^2) / 2 = 26, W = (2 + 2 + 2) / 3 = 2
SCORES, GROUP = np.array([1.0, 3.0, 3.0, 5.0, 8.0, 10.0]), np.repeat(["a", "b", "c"], 2)


def design(**options):
    return Design(method="cluster_trial", window=Span("2000-01", "2001-12"), options=options)


def trial(seed=1, groups=16, size=12, take_up=1.0, spread=0.5):
    """Half of the groups are offered it; `take_up` of their people take it; the effect of taking it is 1."""
    draw = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(groups), size)
    n = len(cluster)
    assigned = (draw.permutation(groups) < groups // 2)[cluster]
    treated = assigned & (draw.random(n) < take_up)
    x = draw.normal(size=n)
    y = 10 + x + draw.normal(size=n) + spread * draw.normal(size=groups)[cluster] + treated
    return People(
        persons=np.arange(n), treated=treated, outcomes={"y": y}, covariates={"x": x}, assigned=assigned,
        cluster=np.array([f"school {c:02d}" for c in cluster]),
    )  # fmt: skip


def test_likeness_by_hand():
    found = intraclass(SCORES, GROUP)
    assert found.f == pytest.approx(13.0)
    assert found.icc == pytest.approx((26 - 2) / (26 + 2))
    assert found.design_effect == pytest.approx(1 + 12 / 14)
    assert found.clusters == 3
    error = np.sqrt(2 / (2 * 1 * 2)) * (1 - found.icc) * (1 + found.icc)
    assert found.std_error == pytest.approx(error)


def test_the_interval_is_exact_for_clusters_of_one_size():
    found = intraclass(SCORES, GROUP)
    low, high = (13.0 / q for q in distributions.f.ppf([0.975, 0.025], 2, 3))
    assert found.conf_low == pytest.approx((low - 1) / (low + 1))
    assert found.conf_high == pytest.approx((high - 1) / (high + 1))


def test_the_interval_holds_the_truth_as_often_as_it_says():
    # icc 0.2 in 20 clusters of 10: an exact interval, so 500 draws hold it about 95 times in 100
    draw, held = np.random.default_rng(7), 0
    for _ in range(500):
        cluster = np.repeat(np.arange(20), 10)
        y = draw.normal(size=200) + 0.5 * draw.normal(size=20)[cluster]
        found = intraclass(y, cluster)
        held += found.conf_low <= 0.2 <= found.conf_high
    assert 0.92 <= held / 500 <= 0.98


def test_means_of_arms_do_not_count_as_likeness():
    arm = np.array([0, 0, 1, 1, 1, 1])
    found = intraclass(SCORES, GROUP, arm=arm)
    moved = intraclass(SCORES + 100 * arm, GROUP, arm=arm)
    assert moved.icc == pytest.approx(found.icc)
    # one cluster in an arm leaves nothing there: B = 2 x (4 - 6.5)^2 + 2 x (9 - 6.5)^2 over 3 - 2 clusters
    assert found.f == pytest.approx(25.0 / 2.0)


def test_sizes_make_the_design_effect():
    draw = np.random.default_rng(2)
    cluster = np.repeat(np.arange(4), [2, 4, 6, 8])
    found = intraclass(draw.normal(size=20), cluster)
    assert found.inflation == pytest.approx((4 + 16 + 36 + 64) / 20 - 1)


def test_no_likeness_may_come_out_below_zero():
    found = intraclass(np.array([1.0, 3.0, 1.0, 3.0, 1.1, 3.0]), GROUP)
    assert found.icc < 0


@pytest.mark.parametrize(
    ("y", "cluster", "said"),
    [
        (SCORES, np.arange(6), "two or more people"),
        (SCORES, np.zeros(6), "two or more people"),
        (np.repeat([1.0, 2.0, 3.0], 2), GROUP, "variance within clusters is 0"),
    ],
)
def test_likeness_that_cannot_be_seen_is_refused(y, cluster, said):
    with pytest.raises(DesignError, match=said):
        intraclass(y, cluster)


def test_means_of_clusters_are_the_t_test():
    people = trial()
    y, d = people.outcomes["y"], people.assigned.astype(float)
    found = cluster_means(y, d, people.cluster)
    means = {c: y[people.cluster == c].mean() for c in np.unique(people.cluster)}
    on = {c for c in means if people.assigned[people.cluster == c].all()}
    theirs = distributions.ttest_ind([means[c] for c in on], [m for c, m in means.items() if c not in on])
    assert found.value / found.robust.errors[0] == pytest.approx(theirs.statistic)
    assert found.robust.df[0] == theirs.df
    assert found.robust.scores.shape == (16, 1)


def test_means_of_clusters_are_taken_less_what_covariates_predict():
    people = trial()
    y, d, x = people.outcomes["y"], people.assigned.astype(float), people.covariates["x"]
    slope = np.polyfit(x, y, 1)
    by_hand = cluster_means(y - np.polyval(slope, x), d, people.cluster)
    found = cluster_means(y, d, people.cluster, x=x[:, None])
    assert found.value == pytest.approx(by_hand.value)
    assert found.robust.errors[0] == pytest.approx(by_hand.robust.errors[0])


def test_means_of_clusters_need_whole_clusters_and_two_of_each():
    people = trial()
    y, d = people.outcomes["y"], people.assigned.astype(float)
    d[0] = 1 - d[0]
    with pytest.raises(DesignError, match="1 clusters hold both"):
        cluster_means(y, d, people.cluster)
    with pytest.raises(DesignError, match="got 1 treated"):
        cluster_means(y, (people.cluster == "school 00").astype(float), people.cluster)


def test_both_analyses_find_the_effect():
    people = trial(groups=60, size=20)
    for analysis in ("people", "clusters"):
        found = fit(people, outcome="y", design=design(analysis=analysis))
        row = overall(found).iloc[0]
        assert abs(row["estimate"] - 1) < 4 * row["std_error"]
        assert row["conf_low"] > 0
        assert found.n_clusters == found.influence.shape[0] == 60
        assert "cluster" in found.se_rule


def test_with_clusters_of_one_size_and_no_covariates_both_say_the_same():
    people = trial(groups=10)
    rows = [
        overall(fit(people, outcome="y", design=design(analysis=a, adjust="none"))).iloc[0]
        for a in ("people", "clusters")
    ]
    assert rows[0]["estimate"] == pytest.approx(rows[1]["estimate"])
    assert rows[0]["std_error"] == pytest.approx(rows[1]["std_error"])


def test_likeness_and_design_effect_are_reported():
    people = trial()
    table = fit(people, outcome="y", design=design()).parameters.set_index("term")
    held = intraclass(people.outcomes["y"], people.cluster, arm=people.assigned)
    assert table.loc["intraclass correlation", "estimate"] == pytest.approx(held.icc)
    assert table.loc["design effect", "estimate"] == pytest.approx(held.design_effect)
    assert table.loc["design effect", "conf_low"] == pytest.approx(1 + 11 * held.conf_low)
    p = distributions.f.sf(held.f, 14, 176)
    assert table.loc["intraclass correlation", "p_value"] == pytest.approx(p)


def test_the_effect_on_compliers_is_the_ratio():
    people = trial(take_up=0.6)
    found = fit(people, outcome="y", design=design(effect="cace", adjust="none"))
    z, y, d = people.assigned, people.outcomes["y"], people.treated
    ratio = (y[z].mean() - y[~z].mean()) / (d[z].mean() - d[~z].mean())
    assert overall(found).iloc[0]["estimate"] == pytest.approx(ratio)
    assert found.tested.conf_low < ratio < found.tested.conf_high
    assert "compliers" in found.estimand
    beside = fit(people, outcome="y", design=design(adjust="none")).parameters.set_index("term")
    row = beside.loc["effect on compliers (Anderson-Rubin interval)"]
    assert row["estimate"] == pytest.approx(ratio)
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((found.tested.conf_low, found.tested.conf_high))


def test_the_offer_counts_and_not_what_was_taken_up():
    people = trial(take_up=0.6)
    found = fit(people, outcome="y", design=design(adjust="none"))
    z, y = people.assigned, people.outcomes["y"]
    assert overall(found).iloc[0]["estimate"] == pytest.approx(y[z].mean() - y[~z].mean())
    assert found.cells["n_units"].iloc[0] == z.sum()
    assert any("were not assigned" in note for note in found.notes)


def test_an_offer_that_nearly_nobody_took_up_does_not_bound_the_effect():
    people = trial(take_up=0.02, seed=4)
    found = fit(people, outcome="y", design=design())
    assert "effect on compliers (Anderson-Rubin interval)" not in set(found.parameters["term"])
    assert any("too little to bound" in note for note in found.notes)


def test_people_drawn_one_by_one_are_named():
    found = fit(known_people(), outcome="y", design=design())
    assert any("clusters were not what was drawn" in note for note in found.notes)


def test_few_clusters_are_said_with_the_remedy():
    found = fit(trial(groups=6), outcome="y", design=design())
    assert any("test: permutation" in note for note in found.notes)


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        (lambda p: replace(p, cluster=None), {}, "cluster: is not given"),
        (lambda p: replace(p, assigned=None), {"effect": "cace"}, "assigned: is not given"),
        (lambda p: replace(p, assigned=p.cluster == "school 03"), {}, "got 1 offered it and 15 others"),
    ],
)
def test_what_is_no_trial_of_clusters_is_refused(change, options, said):
    with pytest.raises(DesignError, match=said):
        fit(change(trial()), outcome="y", design=design(**options))
