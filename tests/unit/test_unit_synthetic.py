"""Synthetic control arithmetic, worked by hand and against brute force."""

from functools import partial

import numpy as np
import pytest

from curv_eval.stats.inversion import ends
from curv_eval.stats.synthetic import fit, fitted, in_time, leave_one_donor_out
from curv_eval.stats.synthetic_augmented import Ridge, chosen_penalty, fit_augmented
from curv_eval.stats.synthetic_conformal import conformal, p_value
from curv_eval.stats.synthetic_did import (
    Block,
    Weights,
    _frank_wolfe,
    _steps,
    even,
    path,
    synthetic_did,
    without,
    without_each,
)
from curv_eval.stats.synthetic_placebos import (
    Placebos,
    in_space,
    placebo_groups,
    ranked,
    share_as_large,
    without_effect,
)
from curv_eval.stats.synthetic_simplex import ridge_simplex, simplex_weights


def series(seed=1, donors=8, periods=20):
    draw = np.random.default_rng(seed)
    common = np.cumsum(draw.normal(size=periods))
    rows = 10 + draw.normal(size=(donors + 1, 1)) * 3 + common + draw.normal(size=(donors + 1, periods))
    return rows[0], rows[1:]


BEFORE = np.arange(20) < 14
AFTER = ~BEFORE


# weights on the simplex


def test_two_donors_by_hand():
    # y = (1, 2) between (0, 0) and (4, 4): w on the second minimises (1 - 4w)^2 + (2 - 4w)^2, so 4w = 1.5
    assert simplex_weights(np.array([1.0, 2.0]), np.array([[0.0, 0.0], [4.0, 4.0]])) == pytest.approx([0.625, 0.375])


def test_outside_the_hull_all_weight_goes_to_the_nearest():
    assert simplex_weights(np.array([9.0]), np.array([[1.0], [5.0], [3.0]])) == pytest.approx([0, 1, 0])


def test_equal_donors_share_the_weight():
    donors = np.array([[0.0, 1.0], [0.0, 1.0], [2.0, 0.0]])
    w = simplex_weights(np.array([0.0, 1.0]), donors)
    assert w == pytest.approx([0.5, 0.5, 0.0], abs=1e-9)


def test_inside_the_hull_the_most_even_weights_are_taken():
    # 0 from -2, -1, 1, 2: every symmetric choice fits; equal weights have the smallest norm
    w = simplex_weights(np.array([0.0]), np.array([[-2.0], [-1.0], [1.0], [2.0]]))
    assert w == pytest.approx([0.25] * 4, abs=1e-9)


def test_a_series_equal_to_a_donor_outside_the_others_takes_it():
    donors = np.array([[5.0, 5.0], [0.0, 1.0], [1.0, 0.0]])
    assert simplex_weights(donors[0], donors) == pytest.approx([1, 0, 0], abs=1e-9)


def objective(w, y, donors, penalty=0.0):
    return ((y - w @ donors) ** 2).sum() + penalty * (w**2).sum()


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("penalty", [0.0, 0.7, 30.0])
def test_weights_keep_the_conditions_of_a_minimum(seed, penalty):
    draw = np.random.default_rng(seed)
    y, donors = draw.normal(size=6), draw.normal(size=(4 + seed * 2, 6)) + 0.5
    w = simplex_weights(y, donors) if penalty == 0 else ridge_simplex(y, donors, penalty=penalty)
    assert (w >= 0).all()
    assert w.sum() == pytest.approx(1, abs=1e-12)
    slope = donors @ (w @ donors - y) + penalty * w
    # Karush-Kuhn-Tucker: the same slope wherever there is weight, no smaller one elsewhere
    assert slope[w > 1e-9] == pytest.approx(slope.min(), abs=1e-8)


@pytest.mark.parametrize("seed", range(6))
def test_no_other_weights_fit_better(seed):
    draw = np.random.default_rng(seed)
    y, donors = draw.normal(size=9), draw.normal(size=(5, 9))
    best = objective(simplex_weights(y, donors), y, donors)
    others = draw.dirichlet(np.ones(5), size=3000)
    assert (((y - others @ donors) ** 2).sum(axis=1) >= best - 1e-8).all()


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_weights_do_not_depend_on_the_scale(scale):
    y, donors = series()
    assert simplex_weights(scale * y, scale * donors) == pytest.approx(simplex_weights(y, donors), abs=1e-8)


@pytest.mark.parametrize("level", [0.3, 8.0])
@pytest.mark.parametrize("seed", range(8))
def test_weights_of_counts_do_not_depend_on_the_order_of_donors(seed, level):
    draw = np.random.default_rng(seed)
    donors = draw.poisson(level, size=(60, 12)).astype(float)
    y, order = donors[:9].mean(axis=0), draw.permutation(60)
    found, again = simplex_weights(y, donors), simplex_weights(y, donors[order])
    assert again == pytest.approx(found[order], abs=1e-7)


def test_a_large_ridge_makes_weights_equal_and_a_small_one_none():
    y, donors = series()
    assert ridge_simplex(y, donors, penalty=1e9) == pytest.approx(np.full(8, 1 / 8), abs=1e-5)
    plain = objective(simplex_weights(y, donors), y, donors)
    assert objective(ridge_simplex(y, donors, penalty=1e-6), y, donors) == pytest.approx(plain, rel=1e-6)


# one fit


def test_gap_and_pre_rmspe_by_hand():
    found = fitted(np.array([1.0, 3.0, 9.0]), np.array([[2.0, 2.0, 2.0]]), np.array([True, True, False]),
                   weights=np.array([1.0]))  # fmt: skip
    assert found.gap.tolist() == [-1, 1, 7]
    assert found.pre_rmspe == 1.0


def test_an_intercept_makes_levels_free():
    y, donors = series()
    found = fit(y, donors, BEFORE, intercept=True)
    moved = fit(y + 100, donors + np.arange(8)[:, None], BEFORE, intercept=True)
    assert moved.gap == pytest.approx(found.gap, abs=1e-8)
    assert found.gap[BEFORE].mean() == pytest.approx(0, abs=1e-10)


def test_without_an_intercept_a_common_constant_changes_nothing_but_a_single_one_does():
    y, donors = series()
    found = fit(y, donors, BEFORE)
    assert fit(y + 7, donors + 7, BEFORE).gap == pytest.approx(found.gap, abs=1e-8)
    assert np.abs(fit(y + 7, donors, BEFORE).gap - found.gap).max() > 1


def test_an_effect_after_the_start_moves_the_gap_by_itself():
    y, donors = series()
    found, moved = fit(y, donors, BEFORE), fit(y - 5 * AFTER, donors, BEFORE)
    assert moved.gap - found.gap == pytest.approx(-5.0 * AFTER, abs=1e-12)


def test_in_time_uses_only_what_came_before():
    y, donors = series()
    found = in_time(y, donors, BEFORE, pretended=4)
    spoilt = np.where(AFTER, 1e6, y)
    assert len(found.gap) == 14
    assert in_time(spoilt, donors, BEFORE, pretended=4).gap == pytest.approx(found.gap)
    assert found.weights == pytest.approx(fit(y[:14], donors[:, :14], np.arange(14) < 10).weights)


@pytest.mark.parametrize("pretended", [0, 13, 99])
def test_in_time_refuses_a_start_with_nothing_before_it(pretended):
    with pytest.raises(ValueError, match="pretended"):
        in_time(*series(), BEFORE, pretended=pretended)


def test_leave_one_donor_out_leaves_out_those_with_weight():
    y, donors = series()
    used, gaps = leave_one_donor_out(y, donors, BEFORE)
    found = fit(y, donors, BEFORE)
    assert set(used) == set(np.flatnonzero(found.weights > 1e-10))
    assert gaps.shape == (len(used), 20)
    kept = np.delete(donors, used[0], axis=0)
    assert gaps[0] == pytest.approx(fit(y, kept, BEFORE).gap)
    with pytest.raises(ValueError, match="at least 2"):
        leave_one_donor_out(y, donors[:1], BEFORE)


# placebos


def test_one_cluster_each_gives_every_donor_once():
    groups, enumerated = placebo_groups(np.array(list("bca")), size=1, draws=1, seed=1)
    assert enumerated
    assert groups.astype(int).tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]


def test_beyond_four_hundred_single_clusters_are_drawn():
    assert placebo_groups(np.arange(400), size=1, draws=19, seed=1)[0].shape == (400, 400)
    groups, enumerated = placebo_groups(np.arange(401), size=1, draws=19, seed=1)
    assert not enumerated
    assert groups.shape == (19, 401)
    assert (groups.sum(axis=1) == 1).all()


def test_groups_are_whole_clusters_and_all_of_them_where_few():
    groups, enumerated = placebo_groups(np.repeat(list("abcd"), 2), size=2, draws=6, seed=1)
    assert enumerated
    assert groups.shape == (6, 8)
    assert (groups[:, ::2] == groups[:, 1::2]).all()
    assert (groups.sum(axis=1) == 4).all()


def test_drawn_groups_depend_on_the_seed_and_not_on_the_order_of_donors():
    cluster = np.array([f"w{i:02d}" for i in range(30)])
    one, enumerated = placebo_groups(cluster, size=5, draws=40, seed=1)
    order = np.random.default_rng(0).permutation(30)
    assert not enumerated
    assert (placebo_groups(cluster[order], size=5, draws=40, seed=1)[0] == one[:, order]).all()
    assert (placebo_groups(cluster, size=5, draws=40, seed=2)[0] != one).any()


def test_placebo_distribution_does_not_depend_on_the_order_of_donors():
    _, donors = series()
    order = np.random.default_rng(5).permutation(8)
    names = np.arange(8)
    one = in_space(donors, BEFORE, placebo_groups(names, size=1, draws=1, seed=1), fitter=fit, treated=names < 0)
    two = in_space(
        donors[order], BEFORE, placebo_groups(names[order], size=1, draws=1, seed=1), fitter=fit, treated=names < 0
    )
    assert two.gaps == pytest.approx(one.gaps, abs=1e-9)
    assert two.pre_rmspe == pytest.approx(one.pre_rmspe, abs=1e-9)


def placebos_of(averages, pre=1.0):
    gaps = np.zeros((len(averages), 20))
    gaps[:, AFTER] = np.array(averages)[:, None]
    return Placebos(gaps, np.full(len(averages), pre), True, np.zeros(len(averages)))


def gap_of(average, pre):
    gap = np.where(AFTER, average, pre * np.where(np.arange(20) % 2, 1, -1))
    return fitted(gap, np.zeros((1, 20)), BEFORE, weights=np.array([1.0]))


def test_rank_and_inversion_by_hand():
    # 19 placebos with ratios 1 to 19; the treated has gap 36 and pre-RMSPE 2, so ratio 18: 18 and 19 are as large
    found = ranked(gap_of(36.0, 2.0), placebos_of(np.arange(1, 20)), AFTER, size=1.0, alpha=0.05)
    assert found.p_value == pytest.approx(3 / 20)
    assert found.floor == pytest.approx(1 / 20)
    # rejected at 5% only where no placebo is as large: beyond 19 x 2 from the gap
    assert (found.conf_low, found.conf_high) == pytest.approx((36 - 38, 36 + 38))
    wide = ranked(gap_of(36.0, 2.0), placebos_of(np.arange(1, 20)), AFTER, size=1.0, alpha=0.10)
    assert (wide.conf_low, wide.conf_high) == pytest.approx((36 - 36, 36 + 36))


@pytest.mark.parametrize("average", [-37.9, 37.9, 38.1, -38.1, 0.0])
def test_interval_and_p_value_agree(average):
    found = ranked(gap_of(average, 2.0), placebos_of(np.arange(1, 20)), AFTER, size=1.0, alpha=0.05)
    assert (found.conf_low <= 0 <= found.conf_high) == (found.p_value > 0.05)


def test_rmspe_ratio_counts_effects_that_cancel():
    gap = np.where(AFTER, np.where(np.arange(20) % 2, 50.0, -50.0), np.where(np.arange(20) % 2, 1.0, -1.0))
    treated = fitted(gap, np.zeros((1, 20)), BEFORE, weights=np.array([1.0]))
    found = ranked(treated, placebos_of(np.arange(1, 20)), AFTER, size=1.0, alpha=0.05)
    assert found.p_value == 1.0
    assert found.rmspe_ratio == pytest.approx(50.0)
    assert found.rmspe_p_value == pytest.approx(1 / 20)


def test_too_few_placebos_leave_the_interval_open():
    found = ranked(gap_of(99.0, 1.0), placebos_of([1, 2, 3]), AFTER, size=1.0, alpha=0.05)
    assert found.p_value == found.floor == 0.25
    assert (found.conf_low, found.conf_high) == (-np.inf, np.inf)


def test_exact_fits_are_compared_by_their_gaps():
    found = ranked(gap_of(36.0, 0.0), placebos_of(np.arange(1, 20)), AFTER, size=1.0, alpha=0.05)
    assert found.statistic == "gap"
    assert np.isnan(found.rmspe_ratio)
    assert (found.conf_low, found.conf_high) == pytest.approx((36 - 19, 36 + 19))
    others = ranked(gap_of(36.0, 2.0), placebos_of(np.arange(1, 20), pre=0.0), AFTER, size=1.0, alpha=0.05)
    assert others.statistic == "gap"


def mixed(seed=7, units=8, effect=0.0):
    """Two of eight units are treated; every other pair is a placebo."""
    rows = 20 + np.random.default_rng(seed).normal(size=(units, 20)).cumsum(axis=1)
    treated = np.arange(units) < 2
    rows[:2, 14:] += effect
    members, _ = placebo_groups(np.arange(units), size=2, draws=99, seed=1)
    others = (members[(members != treated).any(axis=1)], True)
    return rows, treated, others


def test_share_is_how_far_a_placebo_moves_with_the_effect():
    rows, treated, groups = mixed()
    moved, *_ = mixed(effect=5.0)
    one, two = (in_space(r, BEFORE, groups, fitter=fit, treated=treated) for r in (rows, moved))
    assert len(one.gaps) == 27
    assert two.gaps[:, AFTER] - one.gaps[:, AFTER] == pytest.approx(np.outer(5 * one.share, np.ones(6)), abs=1e-9)
    assert without_effect(two, 5.0 * AFTER) == pytest.approx(one.gaps, abs=1e-9)
    assert np.abs(one.share).max() <= 1


@pytest.mark.parametrize("seed", range(8))
def test_interval_with_treated_donors_ends_where_p_passes_alpha(seed):
    rows, treated, groups = mixed(seed)

    def chance(c):
        clean = rows - c * np.outer(treated, AFTER)
        found = fit(clean[treated].mean(axis=0), clean[~treated], BEFORE)
        others = in_space(clean, BEFORE, groups, fitter=fit, treated=treated)
        return ranked(found, others, AFTER, size=20.0, alpha=0.2)

    whole = chance(0.0)
    for end, way in ((whole.conf_low, -1), (whole.conf_high, 1)):
        if np.isfinite(end):
            assert chance(end - way * 1e-4).p_value > 0.2 >= chance(end + way * 1e-4).p_value


@pytest.mark.parametrize("treated", [2, 4])
def test_groups_have_their_size_where_clusters_are_exchangeable(treated):
    # with placebos drawn from the donors alone, 4 treated of 8 reject a true null a third of the time and not a tenth
    members, all_ = placebo_groups(np.arange(8), size=treated, draws=99, seed=1)
    on, rejected = np.arange(8) < treated, []
    for seed in range(300):
        rows = np.random.default_rng(seed).normal(size=(8, 20)) + 3
        others = in_space(rows, BEFORE, (members[(members != on).any(axis=1)], all_), fitter=fit, treated=on)
        found = fit(rows[on].mean(axis=0), rows[~on], BEFORE)
        rejected.append(ranked(found, others, AFTER, size=3.0, alpha=0.15).p_value <= 0.15)
    assert 0.08 < np.mean(rejected) < 0.21  # 0.15 at most, with a standard error of 0.02


def test_ties_count_as_at_least_as_large():
    assert share_as_large(2.0, np.array([1.0, 2.0, 2.0 * (1 - 1e-13), 3.0])) == pytest.approx(4 / 5)


def test_placebo_test_has_its_size_where_areas_are_exchangeable():
    rejected = []
    for seed in range(300):
        rows = np.random.default_rng(seed).normal(size=(20, 20))
        groups = placebo_groups(np.arange(19), size=1, draws=1, seed=1)
        others = in_space(rows[1:], BEFORE, groups, fitter=fit, treated=np.zeros(19, dtype=bool))
        rejected.append(ranked(fit(rows[0], rows[1:], BEFORE), others, AFTER, size=1.0, alpha=0.1).p_value <= 0.1)
    assert 0.05 < np.mean(rejected) < 0.155  # 0.1 with a standard error of 0.017


# conformal


def test_conformal_p_is_one_for_the_effect_that_leaves_nothing():
    donors = np.ones((2, 20))
    y = 1 + 3.0 * AFTER
    assert p_value(y, donors, AFTER, effect=3.0, fitter=fit) == 1.0
    # at 0 all of the residuals are 0 but those after the start: only the shift by 0 is as large
    assert p_value(y, donors, AFTER, effect=0.0, fitter=fit) == pytest.approx(1 / 20)


def test_conformal_shifts_wrap_around():
    donors, y = np.zeros((2, 4)), np.array([5.0, 0.0, 0.0, 5.0])
    after = np.array([False, False, True, True])
    # blocks of two: (2,3) = 5, (3,0) = 10, (0,1) = 5, (1,2) = 0; at least 5 in three of four
    assert p_value(y, donors, after, effect=0.0, fitter=fit) == pytest.approx(3 / 4)


def test_conformal_interval_ends_where_p_passes_alpha():
    y, donors = series(seed=3, periods=20)
    found = conformal(y - 4 * AFTER, donors, AFTER, alpha=0.1, fitter=fit)
    for end, way in ((found.conf_low, -1), (found.conf_high, 1)):
        assert p_value(y - 4 * AFTER, donors, AFTER, effect=end + way * 1e-3, fitter=fit) <= 0.1
        assert p_value(y - 4 * AFTER, donors, AFTER, effect=end - way * 1e-3, fitter=fit) > 0.1
    assert found.floor == 1 / 20


def test_conformal_interval_is_open_where_no_p_is_small_enough():
    y, donors = series()
    found = conformal(y, donors, AFTER, alpha=0.04, fitter=fit)
    assert (found.conf_low, found.conf_high) == (-np.inf, np.inf)


# inversion


def test_ends_of_a_known_p_value():
    def chance(c):
        return max(0.0, 1 - abs(c - 2) / 10)

    assert ends(chance, centre=2.0, step=0.3, alpha=0.05) == pytest.approx((2 - 9.5, 2 + 9.5), abs=1e-5)
    assert ends(lambda c: 1.0, centre=0.0, step=1.0, alpha=0.05) == (-np.inf, np.inf)


# augmented


def test_a_boundless_penalty_is_the_synthetic_control():
    y, donors = series()
    found = fit_augmented(y, donors, BEFORE, ridge=Ridge(penalty=1e15))
    assert found.gap == pytest.approx(fit(y, donors, BEFORE).gap, abs=1e-8)


def test_no_penalty_fits_exactly_where_there_are_enough_donors():
    y, donors = series(donors=30)
    found = fit_augmented(y, donors, BEFORE, ridge=Ridge(penalty=0.0))
    assert found.gap[BEFORE] == pytest.approx(np.zeros(14), abs=1e-7)
    # the exact fit nearest to the synthetic control: least squares of the shift
    start = simplex_weights(y[BEFORE], donors[:, BEFORE])
    spread = donors[:, BEFORE] - donors[:, BEFORE].mean(axis=0)
    need = y[BEFORE] - donors[:, BEFORE].mean(axis=0) - spread.T @ start
    shift, *_ = np.linalg.lstsq(spread.T, need, rcond=None)
    assert found.weights == pytest.approx(start + shift, abs=1e-7)


def test_no_penalty_is_ordinary_least_squares_where_donors_are_few():
    y, donors = series(donors=4)
    found = fit_augmented(y, donors, BEFORE, ridge=Ridge(penalty=0.0))
    # least squares on the donors with weights adding to 1
    d = donors[:, BEFORE]
    free, *_ = np.linalg.lstsq((d[1:] - d[0]).T, y[BEFORE] - d[0], rcond=None)
    centred = np.append(1 - free.sum(), free)
    assert found.weights.sum() == pytest.approx(1, abs=1e-9)
    # centring over donors leaves the direction of equal shifts out, so the two agree in that they reproduce y best
    assert found.pre_rmspe <= fit(y, donors, BEFORE).pre_rmspe + 1e-9
    assert np.sqrt(((y[BEFORE] - centred @ d) ** 2).mean()) == pytest.approx(found.pre_rmspe, abs=1e-6)


@pytest.mark.parametrize("penalty", [0.01, 1.0, 50.0])
def test_augmented_weights_by_the_closed_form(penalty):
    y, donors = series(donors=12)
    d = donors[:, BEFORE]
    x, middle, w = d - d.mean(axis=0), d.mean(axis=0), simplex_weights(y[BEFORE], d)
    left = y[BEFORE] - middle - x.T @ w
    by_hand = w + x @ np.linalg.solve(x.T @ x + penalty * np.eye(14), left)
    found = fit_augmented(y, donors, BEFORE, ridge=Ridge(penalty=penalty))
    assert found.weights == pytest.approx(by_hand, abs=1e-9)
    assert found.penalty == penalty


def test_penalty_is_the_best_left_out_prediction_by_brute_force():
    y, donors = series(donors=10)
    pool, target = donors[:, BEFORE], y[BEFORE]
    grid = np.linalg.svd(pool - pool.mean(axis=0), compute_uv=False)[0] ** 2 * 1e-8 ** (np.arange(21) / 20)
    errors = np.empty((14, 21))
    for t in range(14):
        kept = np.arange(14) != t
        for j, penalty in enumerate(grid):
            errors[t, j] = fit_augmented(target, pool, kept, ridge=Ridge(penalty=float(penalty))).gap[t]
    mean, best = (errors**2).mean(axis=0), (errors**2).mean(axis=0).argmin()
    spread = (errors[:, best] ** 2).std(ddof=1) / np.sqrt(14)
    assert chosen_penalty(target, pool, ridge=Ridge(choice="least")) == pytest.approx(grid[best], rel=1e-6)
    assert chosen_penalty(target, pool) == pytest.approx(grid[mean <= mean[best] + spread].max(), rel=1e-6)


def test_an_augmented_intercept_makes_levels_free():
    y, donors = series()
    free = partial(fit_augmented, ridge=Ridge(intercept=True))
    moved = free(y + 50, donors - 3 * np.arange(8)[:, None], BEFORE)
    assert moved.gap == pytest.approx(free(y, donors, BEFORE).gap, abs=1e-6)


# synthetic difference-in-differences


def test_equal_weights_are_the_two_by_two():
    y = np.array([[1.0, 2.0, 5.0], [3.0, 4.0, 3.0], [2.0, 2.0, 9.0]])
    block = Block(y, 2, 2)
    # treated 9 - 2, donors 4 - 2.5
    assert path(block, even(block))[2] == pytest.approx(7 - 1.5)


def test_noise_and_zeta_by_hand():
    block = Block(np.array([[0.0, 1.0, 3.0, 9.0], [0.0, 0.0, 0.0, 9.0], [1.0, 1.0, 1.0, 1.0]]), 2, 3)
    assert block.noise == pytest.approx(np.std([1, 2, 0, 0], ddof=1))
    assert block.zeta == pytest.approx(block.noise)  # one treated row, one period after
    assert Block(block.y, 2, 2).zeta == pytest.approx(2**0.25 * np.std([1, 0], ddof=1))


@pytest.mark.parametrize("exact", [False, True])
def test_area_and_period_levels_do_not_matter(exact):
    y, donors = series()
    rows = np.vstack([donors, y - 4 * AFTER])
    block = Block(rows, 8, 14)
    moved = Block(rows + np.arange(9)[:, None] * 10 + 0.3 * np.arange(20), 8, 14)
    one, two = (path(b, synthetic_did(b, exact=exact)) for b in (block, moved))
    assert two == pytest.approx(one, abs=1e-6)


def test_steps_approach_the_minimum():
    y, donors = series()
    block = Block(np.vstack([donors, y]), 8, 14)
    steps, exact = synthetic_did(block), synthetic_did(block, exact=True)
    assert steps.omega == pytest.approx(exact.omega, abs=5e-3)
    assert steps.lambda_ == pytest.approx(exact.lambda_, abs=2e-2)


def test_leaving_rows_out_scales_the_other_weights():
    y, donors = series()
    block = Block(np.vstack([donors, y, y + 1]), 8, 14)
    weights = synthetic_did(block)
    gone = np.arange(10) == int(weights.omega.argmax())
    left = without(block, weights, gone)
    omega = np.delete(weights.omega, weights.omega.argmax())
    gap = block.y[8:].mean(axis=0) - omega / omega.sum() @ np.delete(donors, weights.omega.argmax(), axis=0)
    assert left == pytest.approx(gap - weights.lambda_ @ gap[:14])


@pytest.mark.parametrize("seed", range(4))
def test_leaving_each_group_out_is_leaving_one_out_for_each(seed):
    draw = np.random.default_rng(seed)
    block = Block(draw.normal(size=(30, 12)), 22, 8)
    omega = draw.dirichlet(np.full(22, 0.3))
    label = draw.integers(0, 9, 30)
    weights = Weights(omega, draw.dirichlet(np.ones(8)))
    one_by_one = np.array([without(block, weights, label == name) for name in np.unique(label)])
    assert without_each(block, weights, label) == pytest.approx(one_by_one, abs=1e-12)


def test_leaving_out_the_group_with_all_the_weight_leaves_equal_weights():
    block = Block(np.random.default_rng(3).normal(size=(10, 6)), 7, 4)
    weights = Weights(np.eye(7)[2], np.full(4, 0.25))
    label = np.arange(10)
    one_by_one = np.array([without(block, weights, label == name) for name in label])
    assert without_each(block, weights, label) == pytest.approx(one_by_one, abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("spread", [0.0, 0.5, 3.0])
def test_thousands_of_donors_give_the_weights_of_one_search_over_all(seed, spread):
    from scipy.optimize import nnls

    draw = np.random.default_rng(seed)
    donors = draw.normal(size=(3000, 7)) + draw.normal(size=(3000, 1))
    target = np.full(7, spread) + draw.normal(size=7) * spread
    found = simplex_weights(target, donors)
    gaps = (donors - target).T
    scale = np.sqrt((gaps**2).mean())
    plain, _ = nnls(np.vstack([gaps / scale, np.ones(3000)]), np.append(np.zeros(7), 1.0))
    plain /= plain.sum()
    assert found.min() >= 0
    assert found.sum() == pytest.approx(1)
    assert found @ donors == pytest.approx(plain @ donors, abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("level", [0.0, 200.0])
def test_thousands_of_rows_take_the_steps_of_their_triangle(seed, level):
    draw = np.random.default_rng(seed)
    a = draw.normal(size=(4000, 6)) + level * draw.normal(size=(4000, 1))
    b = a @ draw.dirichlet(np.ones(6)) + draw.normal(size=4000)
    found = _frank_wolfe(a, b, 1.0, zeta=1e-6)
    rule = (4000, 1e-6, 1e-5)
    first = _steps(a, b, np.full(6, 1 / 6), rule=(*rule, 100))
    large = np.where(first <= first.max() / 4, 0.0, first)
    assert found == pytest.approx(_steps(a, b, large / large.sum(), rule=(*rule, 10_000)), abs=1e-6)
    assert found.sum() == pytest.approx(1)
