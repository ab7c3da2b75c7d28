"""What must hold for the arithmetic of trials, thresholds, survival and scales, whatever the numbers."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from curv_eval.errors import DesignError
from curv_eval.stats.ancova import regressors
from curv_eval.stats.change_scores import correction, reliable_change, standardised_change
from curv_eval.stats.cluster_permutation import Lots, permutation_test
from curv_eval.stats.clustered import CLUSTER_RULES, independent, least_squares
from curv_eval.stats.cox import cox
from curv_eval.stats.discontinuity import sharp
from curv_eval.stats.dose import bent, knots
from curv_eval.stats.instruments import ratio_set
from curv_eval.stats.intraclass import intraclass
from curv_eval.stats.local_polynomial import kernel, neighbour_residuals
from curv_eval.stats.mixed import mixed_model
from curv_eval.stats.ordinal import proportional_odds
from curv_eval.stats.survival import at_time, kaplan_meier, log_rank, pseudo_risks

many = settings(max_examples=100, deadline=None, derandomize=True)
few = settings(max_examples=25, deadline=None, derandomize=True)
seeds = st.integers(0, 10_000)


@st.composite
def followed(draw):
    """Times in whole numbers, so that they tie, events, and a group."""
    n = draw(st.integers(8, 60))
    time = np.array(draw(st.lists(st.integers(1, 9), min_size=n, max_size=n)), dtype=float)
    event = np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)), dtype=float)
    assume(event.sum() >= 2)
    return time, event, np.arange(n) % 2


@many
@given(followed())
def test_curves_fall_from_one_and_keep_to_their_interval(people):
    time, event, _ = people
    found = kaplan_meier(time, event)
    assert (np.diff(np.append(1.0, found.survival)) <= 0).all()
    assert (found.survival >= 0).all()
    assert (found.conf_low <= found.survival + 1e-12).all()
    assert (found.conf_high >= found.survival - 1e-12).all()
    assert found.events.sum() == event.sum()


@many
@given(followed())
def test_without_censoring_the_curve_is_the_share_left(people):
    time, _, _ = people
    found = kaplan_meier(time, np.ones(len(time)))
    assert found.survival == pytest.approx([(time > t).mean() for t in found.time])


@many
@given(followed(), st.integers(1, 9))
def test_pseudo_values_average_to_the_curve(people, when):
    time, event, _ = people
    curve = kaplan_meier(time, event)
    row = at_time(curve, when)
    risk = 0.0 if row < 0 else 1 - curve.survival[row]
    try:
        found = pseudo_risks(time, event, when=float(when))
    except DesignError:
        assert risk == 1
        return
    assert found.mean() == pytest.approx(risk, abs=1e-9)
    if (time[event == 0] > when).all():
        assert found == pytest.approx(np.where(time <= when, event, 0.0), abs=1e-9)


@many
@given(followed())
def test_log_rank_expects_as_many_as_there_were(people):
    time, event, group = people
    try:
        found = log_rank(time, event, group)
    except DesignError:
        assume(False)
    assert found.observed.sum() == pytest.approx(found.expected.sum())
    assert log_rank(time, event, 1 - group).chi2 == pytest.approx(found.chi2)
    assert 0 <= found.p_value <= 1


@few
@given(followed(), seeds)
def test_cox_does_not_care_for_order_or_for_the_clock(people, seed):
    time, event, group = people
    x = (group + np.random.default_rng(seed).normal(size=len(group)))[:, None]
    try:
        one = cox(time, event, x)
    except DesignError:
        assume(False)
    order = np.random.default_rng(seed).permutation(len(time))
    other = cox(np.exp(time[order] / 3), event[order], x[order])
    assert other.coefficients == pytest.approx(one.coefficients, abs=1e-6)
    assert other.scores == pytest.approx(one.scores[order], abs=1e-6)
    assert one.scores.sum(axis=0) == pytest.approx(0, abs=1e-6)


@st.composite
def regression(draw):
    seed, n, k, groups = draw(seeds), draw(st.integers(20, 60)), draw(st.integers(2, 4)), draw(st.integers(5, 12))
    pick = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), pick.normal(size=(n, k - 1))])
    cluster = np.arange(n) % groups
    return x, x.sum(axis=1) + pick.normal(size=n) + pick.normal(size=groups)[cluster], cluster, pick


@many
@given(regression(), st.sampled_from(CLUSTER_RULES))
def test_least_squares_in_other_columns_says_the_same(drawn, rule):
    x, y, cluster, pick = drawn
    turn = pick.normal(size=(x.shape[1], x.shape[1])) + 3 * np.eye(x.shape[1])
    assume(np.linalg.cond(turn) < 100)
    one = least_squares(x, y, rule=rule, cluster=cluster)
    other = least_squares(x @ turn, y, rule=rule, cluster=cluster)
    assert turn @ other.coefficients == pytest.approx(one.coefficients, abs=1e-7)
    assert turn @ other.robust.covariance @ turn.T == pytest.approx(one.robust.covariance, abs=1e-7)


@many
@given(regression())
def test_bias_reduced_errors_lie_between_the_plain_and_the_jackknife(drawn):
    x, y, cluster, _ = drawn
    plain, reduced, jackknife = (
        least_squares(x, y, rule=rule, cluster=cluster).robust for rule in ("CR0", "CR2", "CR3")
    )
    groups = len(np.unique(cluster))
    assert (reduced.df > 0).all()
    assert (reduced.df <= groups).all()
    # of the whole covariance: each is larger by what a cluster fits of itself
    assert np.trace(plain.covariance) <= np.trace(reduced.covariance) * (1 + 1e-9)
    assert np.trace(reduced.covariance) <= np.trace(jackknife.covariance) * (1 + 1e-9)


@many
@given(regression())
def test_a_column_added_from_others_is_seen(drawn):
    x, _, _, pick = drawn
    more = np.column_stack([x, x @ pick.normal(size=x.shape[1])])
    assert independent(x).all()
    assert independent(more).tolist() == [True] * x.shape[1] + [False]


@many
@given(regression())
def test_lin_is_the_same_whichever_arm_is_called_treated(drawn):
    x, y, _, pick = drawn
    d = (pick.permutation(len(y)) < len(y) // 2).astype(float)
    one = least_squares(regressors(d, x[:, 1:]), y, rule="HC2")
    other = least_squares(regressors(1 - d, x[:, 1:]), y, rule="HC2")
    assert other.coefficients[0] == pytest.approx(-one.coefficients[0])
    assert other.robust.errors[0] == pytest.approx(one.robust.errors[0])


@many
@given(
    st.floats(-5, 5), st.floats(-5, 5), st.floats(0.1, 3), st.floats(0.1, 3), st.floats(-0.9, 0.9), st.floats(-20, 20)
)
def test_sets_hold_what_their_test_does_not_reject(top, bottom, s1, s2, rho, effect):
    root = np.linalg.cholesky([[s1**2, rho * s1 * s2], [rho * s1 * s2, s2**2]]).T
    found = ratio_set(top, bottom, root, alpha=0.05, df=np.inf)
    gap = abs(top - effect * bottom) - 1.959963984540054 * np.linalg.norm(root @ [1, -effect])
    assume(abs(gap) > 1e-6)
    inside = found.low <= effect <= found.high
    assert (inside != found.outside) == (gap < 0)


@few
@given(seeds, st.integers(6, 9))
def test_permutation_ends_are_consistent_with_the_test(seed, groups):
    pick = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(groups), 3)
    d = (pick.permutation(groups) < groups // 2)[cluster].astype(float)
    y = pick.normal(size=3 * groups) + d
    found = permutation_test(y, d, Lots(cluster), alpha=0.1)
    assert found.floor <= found.p_value <= 1
    assert found.conf_low <= found.value <= found.conf_high
    assert (found.p_value > 0.1) == (found.conf_low <= 0 <= found.conf_high)


@many
@given(seeds)
def test_likeness_does_not_care_for_names_or_units(seed):
    pick = np.random.default_rng(seed)
    cluster = np.sort(pick.integers(0, 6, 40))
    y = pick.normal(size=40) + pick.normal(size=6)[cluster]
    one, other = intraclass(y, cluster), intraclass(5 - 3 * y, 10 - cluster)
    assert other.icc == pytest.approx(one.icc)
    assert one.conf_low < one.icc < one.conf_high < 1


@many
@given(seeds, st.sampled_from(["triangular", "epanechnikov", "uniform"]))
def test_kernels_are_even_and_weigh_nobody_from_afar(seed, name):
    u = np.random.default_rng(seed).normal(size=50)
    assert kernel(u, name) == pytest.approx(kernel(-u, name))
    assert (kernel(u, name)[np.abs(u) >= 1] == 0).all()
    assert (kernel(u, name)[np.abs(u) < 1] > 0).all()


@many
@given(seeds, st.integers(1, 5))
def test_residuals_from_neighbours_are_those_of_looking_one_by_one(seed, count):
    pick = np.random.default_rng(seed)
    x, y = np.sort(pick.integers(0, 12, 25)).astype(float), pick.normal(size=25)
    expected = []
    for i in range(25):
        far = np.abs(np.delete(x, i) - x[i])
        near = far <= np.sort(far)[count - 1]
        expected.append(np.sqrt(near.sum() / (near.sum() + 1)) * (y[i] - np.delete(y, i)[near].mean()))
    assert neighbour_residuals(x, y, neighbours=count) == pytest.approx(expected)


@few
@given(seeds, st.floats(-3, 3), st.floats(-3, 3))
def test_a_line_under_the_outcome_moves_the_jump_by_nothing(seed, slope, shift):
    pick = np.random.default_rng(seed)
    x = pick.normal(size=200)
    y = x**2 + pick.normal(size=200)
    one = sharp(x, y, widths=(1.0, 1.5))
    other = sharp(x, y + slope * x + shift * (x >= 0), widths=(1.0, 1.5))
    assert other.value == pytest.approx(one.value + shift, abs=1e-8)
    assert other.conventional == pytest.approx(one.conventional + shift, abs=1e-8)


@many
@given(seeds, st.integers(3, 5))
def test_bent_curves_are_smooth_and_end_straight(seed, number):
    pick = np.random.default_rng(seed)
    t = knots(pick.gamma(2, 3, size=200), number)
    far = t[-1] + np.array([1.0, 2.0, 3.0])
    assert np.diff(bent(far, t), 2, axis=0) == pytest.approx(0, abs=1e-8)
    for knot in t:
        around = bent(np.array([knot - 1e-7, knot + 1e-7]), t, slope=True)
        assert around[0] == pytest.approx(around[1], abs=1e-4)


@few
@given(seeds)
def test_two_waves_are_the_difference_in_changes_whatever_the_variances(seed):
    pick = np.random.default_rng(seed)
    n = 20
    treated, level = np.arange(n) % 2.0, pick.gamma(1, 3) * pick.normal(size=n)
    before, after = level + pick.normal(size=n), level + pick.gamma(1, 2) * pick.normal(size=n) + treated
    time, group = np.repeat([0.0, 1.0], n), np.tile(treated, 2)
    x = np.column_stack([group * time, np.ones(2 * n), group, time])
    found = mixed_model(x, np.concatenate([before, after]), np.tile(np.arange(n), 2))
    change = after - before
    assert found.coefficients[0] == pytest.approx(change[treated == 1].mean() - change[treated == 0].mean(), abs=1e-8)


@few
@given(seeds)
def test_ordered_answers_need_only_their_order(seed):
    pick = np.random.default_rng(seed)
    x = pick.normal(size=(80, 1))
    y = np.digitize(x[:, 0] + pick.logistic(size=80), [-1.0, 1.0])
    one, other = proportional_odds(x, y), proportional_odds(x, np.array(["a", "c", "x"])[y])
    assert other.coefficients == pytest.approx(one.coefficients)
    assert (np.diff(one.thresholds) > 0).all()


@many
@given(st.floats(1.01, 500))
def test_the_correction_is_below_one_and_grows(df):
    assert 0 < correction(df) < correction(df + 1) < 1


@many
@given(seeds, st.floats(0.0, 0.99))
def test_reliable_change_is_rarer_on_a_worse_scale(seed, reliability):
    pick = np.random.default_rng(seed)
    before, after = pick.normal(size=30), pick.normal(size=30)
    worse, better = (reliable_change(before, after, reliability=r) for r in (reliability / 2, reliability))
    assert worse.fell <= better.fell
    assert worse.rose <= better.rose
    turned = standardised_change(after, before)
    assert turned.value == pytest.approx(-standardised_change(before, after).value)
