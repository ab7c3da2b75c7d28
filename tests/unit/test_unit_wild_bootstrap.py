"""The wild cluster bootstrap against brute force, and the guard for few clusters."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.estimate.averages import overall
from curv_eval.methods import fit
from curv_eval.stats.few_clusters import guard, refuse_few, true_size
from curv_eval.stats.wild_bootstrap import WEBB, Rule, sign_vectors, wild_cluster
from curv_eval.study import Design, Span
from panels import known

WINDOW = Span("2000-01", "2001-12")


def sample(seed=1, clusters=6, k=3):
    draw = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(clusters), draw.integers(3, 9, clusters))
    x = np.column_stack([np.ones(len(cluster)), draw.normal(size=(len(cluster), k - 1))])
    x[:, 1] = cluster < clusters // 2
    y = x @ np.arange(1.0, k + 1) * 0.2 + draw.normal(size=clusters)[cluster] + draw.normal(size=len(cluster))
    return y, x, cluster


def t_statistic(y, x, cluster, column, value):
    bread = np.linalg.inv(x.T @ x)
    beta = bread @ x.T @ y
    left = y - x @ beta
    scores = np.array([x[cluster == g].T @ left[cluster == g] for g in np.unique(cluster)])
    n, k, count = len(y), x.shape[1], len(scores)
    v = bread @ (scores.T @ scores) @ bread * count / (count - 1) * (n - 1) / (n - k)
    return (beta[column] - value) / np.sqrt(v[column, column]), beta


def brute_force(y, x, cluster, column, value, *, impose=True):
    own, beta = t_statistic(y, x, cluster, column, value)
    others = np.delete(x, column, axis=1)
    mean = others @ np.linalg.lstsq(others, y - value * x[:, column], rcond=None)[0] + value * x[:, column]
    if not impose:
        mean = x @ beta
    left, centre = y - mean, value if impose else beta[column]
    t = [
        t_statistic(mean + np.array(signs)[cluster] * left, x, cluster, column, centre)[0]
        for signs in product([-1.0, 1.0], repeat=cluster.max() + 1)
    ]
    return own, np.mean(np.abs(t) >= abs(own) - 1e-9), np.mean(np.abs(t) > abs(own) + 1e-9)


@pytest.mark.parametrize("column", [0, 1, 2])
@pytest.mark.parametrize("value", [0.0, 0.4])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_restricted_bootstrap_is_that_of_brute_force(column, value, seed):
    y, x, cluster = sample(seed)
    found = wild_cluster(y, x, cluster, null=(column, value))
    own, p, strict = brute_force(y, x, cluster, column, value)
    assert found.statistic == pytest.approx(own)
    assert (found.p_value, found.p_strict) == pytest.approx((p, strict))
    assert found.draws == 64


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_unrestricted_bootstrap_is_that_of_brute_force(seed):
    y, x, cluster = sample(seed)
    found = wild_cluster(y, x, cluster, null=(1, 0.2), rule=Rule(impose_null=False))
    own, p, strict = brute_force(y, x, cluster, 1, 0.2, impose=False)
    assert found.statistic == pytest.approx(own)
    assert (found.p_value, found.p_strict) == pytest.approx((p, strict))


@pytest.mark.parametrize("seed", range(5))
def test_the_interval_ends_where_p_passes_alpha(seed):
    y, x, cluster = sample(seed, clusters=9)
    rule = Rule(alpha=0.1)
    found = wild_cluster(y, x, cluster, null=(1, 0.0), rule=rule)
    assert found.conf_low < found.estimate < found.conf_high
    for end, way in ((found.conf_low, -1), (found.conf_high, 1)):
        inside, outside = (wild_cluster(y, x, cluster, null=(1, end + s * way * 1e-4)).p_value for s in (-1, 1))
        assert inside > 0.1 >= outside


def test_ties_are_the_two_vectors_of_one_sign():
    y, x, cluster = sample(clusters=7)
    found = wild_cluster(y + 50 * x[:, 1], x, cluster, null=(1, 0.0))
    assert found.floor == pytest.approx(2 / 128)
    assert found.p_value - found.p_strict >= 2 / 128 - 1e-12


def test_few_clusters_leave_the_interval_open():
    y, x, cluster = sample(clusters=4, k=2)
    found = wild_cluster(y, x, cluster, null=(1, 0.0))
    assert found.floor == 2 / 16
    assert (found.conf_low, found.conf_high) == (-np.inf, np.inf)


def test_sign_vectors_are_all_up_to_twelve_clusters_and_drawn_beyond():
    signs, all_ = sign_vectors(5, rule=Rule())
    assert all_
    assert len(np.unique(signs, axis=0)) == 32
    assert sign_vectors(12, rule=Rule())[0].shape == (4096, 12)
    drawn, all_ = sign_vectors(13, rule=Rule(draws=77))
    assert not all_
    assert drawn.shape == (77, 13)
    assert set(np.unique(drawn)) == {-1.0, 1.0}


def test_webb_weights_have_mean_0_and_variance_1():
    assert WEBB.mean() == pytest.approx(0)
    assert (WEBB**2).mean() == pytest.approx(1)
    assert len(np.unique(WEBB)) == 6
    drawn, all_ = sign_vectors(4, rule=Rule(weights="webb", draws=500))
    assert not all_
    assert np.isin(drawn.round(9), WEBB.round(9)).all()


def test_drawn_p_is_near_the_enumerated_one_and_counts_the_real_statistic():
    y, x, cluster = sample(clusters=12)
    exact = wild_cluster(y, x, cluster, null=(1, 0.0)).p_value
    wide = np.concatenate([cluster, [12]])
    drawn = wild_cluster(np.append(y, 0), np.vstack([x, np.zeros(3)]), wide, null=(1, 0.0), rule=Rule(draws=4999))
    assert drawn.floor == pytest.approx(1 / 5000)
    assert drawn.p_value == pytest.approx(exact, abs=0.03)  # a cluster of zeros changes nothing


def test_what_has_no_answer_is_refused():
    y, x, cluster = sample()
    with pytest.raises(DesignError, match="1 cluster"):
        wild_cluster(y, x, np.zeros(len(y)))
    with pytest.raises(DesignError, match="linearly dependent"):
        wild_cluster(y, np.column_stack([x, x[:, 1]]), cluster)


# the method


def design(**options):
    return Design(method="wild_cluster_bootstrap", window=WINDOW, options=options)


def test_panel_effects_absorb_units_as_dummies_do():
    panel = known(n=40, periods=8, starts=(4,))
    found = fit(panel, outcome="y", design=design())
    y, n, t = panel.outcomes["y"], 40, 8
    d = (panel.treated[:, None] & (panel.periods >= 4)).astype(float)
    dummies = np.column_stack([np.kron(np.eye(n), np.ones((t, 1))), np.tile(np.eye(t)[:, 1:], (n, 1))])
    whole = wild_cluster(y.ravel(), np.column_stack([d.ravel(), dummies]), np.repeat(panel.cluster, t))
    assert found.cells["estimate"].iloc[0] == pytest.approx(whole.estimate)
    assert found.tested.p_value == pytest.approx(whole.p_value)
    assert (found.tested.conf_low, found.tested.conf_high) == pytest.approx((whole.conf_low, whole.conf_high), rel=1e-4)


def test_the_estimate_and_its_error_are_those_of_difference_in_differences():
    panel = known()
    plain = Design(method="difference_in_differences", window=WINDOW)
    one, two = (overall(fit(panel, outcome="y", design=d)).iloc[0] for d in (design(), plain))
    assert one["estimate"] == pytest.approx(two["estimate"])
    assert one["std_error"] == pytest.approx(two["std_error"])


def test_both_tie_rules_and_the_floor_are_printed():
    found = fit(known(n=40), outcome="y", design=design())
    assert "ties counted" in found.notes[0]
    assert "p cannot be below 0.0020" in found.notes[0]
    assert found.tested.draws == 1024


def test_few_treated_clusters_are_told_the_remedy_and_one_is_refused():
    panel = known()
    three = panel.with_cohort(np.where(np.isin(panel.cluster, ["ward 00", "ward 01", "ward 02"]), 12.0, np.nan))
    notes = " ".join(fit(three, outcome="y", design=design()).notes)
    assert "3 treated clusters" in notes
    assert "randomisation_inference" in notes
    one = panel.with_cohort(np.where(panel.cluster == "ward 00", 12.0, np.nan))
    with pytest.raises(DesignError, match="1 treated cluster") as refusal:
        fit(one, outcome="y", design=design())
    assert "randomisation_inference" in refusal.value.do


def test_few_comparison_clusters_are_told_too():
    panel = known(n=40)
    most = panel.with_cohort(np.where(np.isin(panel.cluster, ["ward 08", "ward 09"]), np.nan, 12.0))
    assert "2 comparison clusters" in " ".join(fit(most, outcome="y", design=design()).notes)


def test_an_exact_model_has_nothing_to_draw_from():
    panel = known()
    flat = np.where(panel.treated[:, None] & (panel.periods >= 12), 3.0, 5.0)
    with pytest.raises(DesignError, match="no error to draw from"):
        fit(replace(panel, outcomes={"y": flat}), outcome="y", design=design())


# few clusters


def test_cr1_with_eight_areas_and_two_treated_rejects_14_percent():
    assert true_size(8, 2, "CR1") == pytest.approx(0.143, abs=0.01)
    assert true_size(8, 2, "CR0") > true_size(8, 2, "CR1") > true_size(8, 2, "CR2 per cohort") > 0.05
    assert true_size(8, 2, "CR2") < 0.03  # its degrees of freedom are few, and its intervals wide


def test_size_comes_down_with_more_clusters():
    sizes = [true_size(n, n // 2, "CR1") for n in (6, 12, 24, 60)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == pytest.approx(0.05, abs=0.008)
    assert true_size(351, 60, "CR2") == pytest.approx(0.05, abs=0.006)


def test_size_follows_alpha_and_needs_two_on_either_side():
    assert true_size(30, 15, "CR2", alpha=0.2) == pytest.approx(0.2, abs=0.01)
    with pytest.raises(ValueError, match="at least 2"):
        true_size(8, 1, "CR1")


def test_guard_says_how_often_and_what_to_do():
    (said,) = guard(8, 2, "CR1")
    assert "with 8 clusters of which 2 treated CR1 rejects a true null about 14%" in said
    for remedy in ("randomisation_inference", "wild_cluster_bootstrap", "synthetic_control"):
        assert remedy in said


def test_guard_is_silent_with_enough_and_careful_with_few_treated():
    assert guard(84, 15, "CR2") == ()
    assert guard(30, 15, "CR1") == ()
    (said,) = guard(40, 3, "CR2")
    assert "randomisation_inference" in said
    (said,) = guard(8, 2, "CR2")
    assert "vary alike (there it rejects a true null 1% of the time)" in said
    (said,) = guard(40, 1, "CR2")
    assert "no valid error" in said
    (said,) = guard(40, 38, "CR2")
    assert "38 treated" in said
    with pytest.raises(ValueError, match="CR7"):
        guard(8, 2, "CR7")


@pytest.mark.parametrize(("n", "treated"), [(4, 2), (5, 2), (8, 1), (8, 7), (1, 1), (84, 1)])
def test_too_few_clusters_are_refused_with_three_remedies(n, treated):
    with pytest.raises(DesignError, match="cannot give a cluster-robust interval") as refusal:
        refuse_few(n, treated, method="callaway_santanna")
    for remedy in ("randomisation_inference", "wild_cluster_bootstrap", "synthetic_control"):
        assert remedy in refusal.value.do
    assert all("got" in fault and "expected" in fault for fault in refusal.value.breaches)


def test_every_fault_is_named_at_once():
    with pytest.raises(DesignError) as refusal:
        refuse_few(2, 1, method="x")
    assert len(refusal.value.breaches) == 3


@pytest.mark.parametrize(("n", "treated"), [(6, 2), (6, 4), (10, 5), (84, 15)])
def test_enough_clusters_are_let_through(n, treated):
    refuse_few(n, treated, method="callaway_santanna")


@pytest.mark.parametrize("weights", ["rademacher", "webb"])
@pytest.mark.parametrize("impose", [True, False])
def test_many_clusters_are_added_up_to_what_few_are(weights, impose, monkeypatch):
    y, x, cluster = sample(clusters=120)
    rule = Rule(weights=weights, draws=499, impose_null=impose)
    quick = wild_cluster(y, x, cluster, rule=rule)
    monkeypatch.setattr("curv_eval.stats.wild_bootstrap.MANY", 10**9)
    slow = wild_cluster(y, x, cluster, rule=rule)
    assert quick.p_value == slow.p_value
    assert quick.p_strict == slow.p_strict
    assert (quick.conf_low, quick.conf_high) == pytest.approx((slow.conf_low, slow.conf_high), rel=1e-9)
