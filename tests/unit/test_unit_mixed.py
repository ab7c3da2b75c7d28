"""Mixed models: closed forms for balanced data, whitening, quadrature against brute force, ordered answers."""

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.stats.mixed import mixed_model
from curv_eval.stats.mixed_counts import Response, mixed_counts
from curv_eval.stats.ordinal import proportional_odds


def balanced(groups=30, size=4, between=1.5, seed=1):
    draw = np.random.default_rng(seed)
    group = np.repeat(np.arange(groups), size)
    y = 3 + between * draw.normal(size=groups)[group] + draw.normal(size=groups * size)
    return np.ones((groups * size, 1)), y, group


def waves(n=40, seed=2):
    draw = np.random.default_rng(seed)
    treated = (draw.permutation(n) < n // 2).astype(float)
    level = 2 * draw.normal(size=n)
    before, after = level + draw.normal(size=n), level + draw.normal(size=n) + treated
    time, group = np.repeat([0.0, 1.0], n), np.tile(treated, 2)
    x = np.column_stack([group * time, np.ones(2 * n), group, time])
    return x, np.concatenate([before, after]), np.tile(np.arange(n), 2), treated == 1


def test_balanced_groups_have_the_variances_of_the_analysis_of_variance():
    x, y, group = balanced()
    means = y.reshape(30, 4).mean(axis=1)
    within = ((y.reshape(30, 4) - means[:, None]) ** 2).sum() / 90
    between = 4 * means.var(ddof=1)
    found = mixed_model(x, y, group)
    assert found.within == pytest.approx(within, rel=1e-6)
    assert found.between[0, 0] == pytest.approx((between - within) / 4, rel=1e-6)
    assert found.coefficients[0] == pytest.approx(y.mean())
    assert found.errors[0] == pytest.approx(np.sqrt(between / 120), rel=1e-6)
    assert found.icc == pytest.approx((between - within) / (between + 3 * within), rel=1e-6)


def test_maximum_likelihood_divides_by_all_groups():
    x, y, group = balanced()
    means = y.reshape(30, 4).mean(axis=1)
    found = mixed_model(x, y, group, reml=False)
    within = ((y.reshape(30, 4) - means[:, None]) ** 2).sum() / 90
    between = 4 * means.var(ddof=0)
    assert found.within == pytest.approx(within, rel=1e-6)
    assert found.between[0, 0] == pytest.approx((between - within) / 4, rel=1e-5)


def test_predicted_effects_are_shrunk_means():
    x, y, group = balanced()
    found = mixed_model(x, y, group)
    shrink = found.between[0, 0] / (found.between[0, 0] + found.within / 4)
    expected = shrink * (y.reshape(30, 4).mean(axis=1) - y.mean())
    assert found.effects[:, 0] == pytest.approx(expected, rel=1e-6)


def test_two_waves_give_the_difference_in_changes():
    x, y, person, treated = waves()
    found, change = mixed_model(x, y, person), y[40:] - y[:40]
    assert found.coefficients[0] == pytest.approx(change[treated].mean() - change[~treated].mean())
    pooled = (change[treated].var(ddof=1) * 19 + change[~treated].var(ddof=1) * 19) / 38
    assert found.errors[0] == pytest.approx(np.sqrt(pooled * (1 / 20 + 1 / 20)), rel=1e-6)


@pytest.mark.parametrize("slopes", [True, False])
def test_whitened_rows_give_the_same_by_least_squares(slopes):
    draw = np.random.default_rng(5)
    group = draw.integers(0, 15, 100)
    x = np.column_stack([np.ones(100), draw.normal(size=100)])
    y = x @ [1, 2] + draw.normal(size=15)[group] + draw.normal(size=15)[group] * x[:, 1] + draw.normal(size=100)
    found = mixed_model(x, y, group, z=x if slopes else None)
    wx, wy = found.whitened
    assert np.linalg.lstsq(wx, wy, rcond=None)[0] == pytest.approx(found.coefficients)
    assert found.within * np.linalg.inv(wx.T @ wx) == pytest.approx(found.covariance)
    left = wy - wx @ found.coefficients
    assert left @ left / 98 == pytest.approx(found.within)


def test_the_criterion_is_that_of_the_whole_matrix():
    draw = np.random.default_rng(6)
    group = draw.integers(0, 8, 40)
    x = np.column_stack([np.ones(40), draw.normal(size=40)])
    y = x @ [1, 2] + draw.normal(size=8)[group] + draw.normal(size=40)
    found = mixed_model(x, y, group, z=x)
    together = group[:, None] == group
    v = (x @ found.between @ x.T) * together + found.within * np.eye(40)
    inverse = np.linalg.inv(v)
    left = y - x @ found.coefficients
    by_hand = (
        np.linalg.slogdet(v)[1] + np.linalg.slogdet(x.T @ inverse @ x)[1] + left @ inverse @ left
        + 38 * np.log(2 * np.pi)
    )  # fmt: skip
    assert found.deviance == pytest.approx(by_hand, abs=1e-6)


def test_rows_and_names_in_any_order():
    x, y, person, _ = waves()
    order = np.random.default_rng(1).permutation(len(y))
    one = mixed_model(x, y, person)
    other = mixed_model(x[order], y[order], np.array([f"p{i:02d}" for i in person])[order])
    assert other.coefficients == pytest.approx(one.coefficients)
    assert other.within == pytest.approx(one.within, rel=1e-6)


@pytest.mark.parametrize("scale", [0.001, 1000.0])
def test_units_do_not_matter(scale):
    draw = np.random.default_rng(7)
    group = np.repeat(np.arange(20), 5)
    x = np.column_stack([np.ones(100), draw.normal(size=100)])
    y = x @ [1, 2] + (x * draw.normal(size=(20, 2))[group]).sum(axis=1) + draw.normal(size=100)
    one = mixed_model(x, y, group, z=x)
    turned = x * [1, scale]
    other = mixed_model(turned, 10 * y, group, z=turned)
    assert other.coefficients * [1, scale] == pytest.approx(10 * one.coefficients, rel=1e-4)
    assert other.within == pytest.approx(100 * one.within, rel=1e-3)
    assert other.between[1, 1] * scale**2 == pytest.approx(100 * one.between[1, 1], rel=1e-2)


def test_groups_that_are_not_alike_have_no_variance():
    draw = np.random.default_rng(3)
    group = np.repeat(np.arange(20), 2)
    # two answers that pull apart: a negative likeness, which a variance cannot show
    y = np.tile([1.0, -1.0], 20) + 0.1 * draw.normal(size=40)
    found = mixed_model(np.ones((40, 1)), y, group)
    assert found.boundary
    assert found.between[0, 0] == 0
    assert found.errors[0] == pytest.approx(y.std(ddof=1) / np.sqrt(40), rel=1e-6)


@pytest.mark.parametrize(
    ("x", "group"),
    [
        (np.ones((6, 2)), np.repeat([0, 1, 2], 2)),
        (np.ones((6, 1)), np.zeros(6)),
        (np.ones((6, 1)), np.arange(6)),
    ],
)
def test_what_is_not_grouped_is_refused(x, group):
    with pytest.raises(DesignError, match="mixed model needs groups"):
        mixed_model(x, np.arange(6.0), group)


def counts(family, seed=1, groups=25, size=6, sd=0.8):
    draw = np.random.default_rng(seed)
    group = np.repeat(np.arange(groups), size)
    x = np.column_stack([np.ones(groups * size), draw.normal(size=groups * size)])
    eta = x @ [-0.5, 0.7] + sd * draw.normal(size=groups)[group]
    if family == "poisson":
        exposure = np.log(draw.uniform(1, 5, groups * size))
        return x, Response(draw.poisson(np.exp(eta + exposure)).astype(float), "poisson", offset=exposure), group
    trials = draw.integers(1, 9, groups * size).astype(float)
    return x, Response(draw.binomial(trials.astype(int), 1 / (1 + np.exp(-eta))).astype(float), size=trials), group


def brute(theta, x, response, group):
    """The log-likelihood by a fine grid over each group's intercept."""
    grid = np.linspace(-9, 9, 3001)
    weight = np.exp(-(grid**2) / 2) / np.sqrt(2 * np.pi) * (grid[1] - grid[0])
    total, part = 0.0, lambda v, rows: v[rows, None] if np.ndim(v) else v
    for one in np.unique(group):
        rows = np.flatnonzero(group == one)
        few = Response(response.y[rows, None], response.family, part(response.size, rows), part(response.offset, rows))
        eta = (x[rows] @ theta[:-1])[:, None] + part(response.offset, rows) + theta[-1] * grid
        total += np.log(np.exp(few.log_density(eta).sum(axis=0)) @ weight)
    return total


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_quadrature_is_brute_force_and_its_top_is_the_top(family):
    x, response, group = counts(family)
    found = mixed_counts(x, response, group, points=15)
    theta = np.append(found.coefficients, found.sd)
    top = brute(theta, x, response, group)
    assert found.log_likelihood == pytest.approx(top, abs=1e-6)
    for i in range(3):
        for step in (-0.02, 0.02):
            moved = theta.copy()
            moved[i] += step
            assert brute(moved, x, response, group) < top


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_errors_are_those_of_the_curvature(family):
    x, response, group = counts(family)
    found = mixed_counts(x, response, group, points=15)
    theta, h = np.append(found.coefficients, found.sd), 1e-3
    bend = np.empty((3, 3))
    for i in range(3):
        for j in range(3):
            ei, ej = h * np.eye(3)[i], h * np.eye(3)[j]
            corners = [
                s * brute(theta + a * ei + b * ej, x, response, group)
                for a, b, s in ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))
            ]
            bend[i, j] = sum(corners) / (4 * h * h)
    by_hand = np.sqrt(np.diagonal(np.linalg.inv(-bend)))
    assert found.errors == pytest.approx(by_hand[:2], rel=1e-3)
    assert found.sd_error == pytest.approx(by_hand[2], rel=1e-2)
    assert np.sqrt(np.diagonal(found.given_sd)) == pytest.approx(
        np.sqrt(np.diagonal(np.linalg.inv(-bend[:2, :2]))), rel=1e-3
    )


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_groups_alike_give_the_model_without_them(family):
    import statsmodels.api as sm

    x, response, group = counts(family, sd=0.0, groups=12)
    found = mixed_counts(x, response, np.random.default_rng(9).permutation(group))
    if family == "poisson":
        theirs = sm.GLM(response.y, x, family=sm.families.Poisson(), offset=response.offset).fit()
    else:
        pair = np.column_stack([response.y, response.size - response.y])
        theirs = sm.GLM(pair, x, family=sm.families.Binomial()).fit()
    assert found.coefficients == pytest.approx(theirs.params, abs=0.05)
    assert found.log_likelihood >= theirs.llf - 1e-3


def test_known_values_are_found_in_many_groups():
    x, response, group = counts("poisson", groups=400)
    found = mixed_counts(x, response, group)
    assert np.abs(found.coefficients - [-0.5, 0.7]).max() < 4 * found.errors.max()
    assert abs(found.sd - 0.8) < 4 * found.sd_error


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (Response(np.array([1.0, 3.0]), size=2.0), "more than there were trials"),
        (Response(np.array([0.5, 1.0]), "poisson"), "whole numbers"),
        (Response(np.array([1.0, 1.0]), "gamma"), "family"),
    ],
)
def test_counts_that_cannot_be_are_refused(response, said):
    with pytest.raises(DesignError, match=said):
        mixed_counts(np.ones((2, 1)), response, np.arange(2))


def answers(n=300, seed=1):
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(n, 2))
    latent = x @ [1.0, -0.5] + draw.logistic(size=n)
    return x, np.digitize(latent, [-1.0, 0.5, 2.0])


def test_two_answers_are_a_logit():
    import statsmodels.api as sm

    x, y = answers()
    yes = (y >= 2).astype(int)
    theirs = sm.Logit(yes, sm.add_constant(x)).fit(disp=0)
    found = proportional_odds(x, yes)
    assert found.coefficients == pytest.approx(theirs.params[1:], rel=1e-6)
    assert found.thresholds[0] == pytest.approx(-theirs.params[0], rel=1e-6)
    assert found.errors == pytest.approx(theirs.bse[[0, 1, 2]], rel=1e-6)
    assert found.log_likelihood == pytest.approx(theirs.llf)


def test_ordered_answers_are_those_of_statsmodels():
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    x, y = answers()
    theirs = OrderedModel(y, x, distr="logit").fit(method="bfgs", disp=0, gtol=1e-8)
    found = proportional_odds(x, y)
    assert found.coefficients == pytest.approx(theirs.params[:2], abs=1e-4)
    assert found.errors[3:] == pytest.approx(theirs.bse[:2], abs=1e-4)
    assert found.log_likelihood == pytest.approx(theirs.llf, abs=1e-6)


def test_without_columns_thresholds_are_log_odds_of_shares():
    _, y = answers()
    found = proportional_odds(np.empty((300, 0)), y)
    share = np.array([(y <= j).mean() for j in range(3)])
    assert found.thresholds == pytest.approx(np.log(share / (1 - share)))


def test_weights_repeat_people_and_scores_add_to_nothing():
    x, y = answers(n=90)
    weights = 1.0 + np.arange(90) % 3
    often = np.repeat(np.arange(90), weights.astype(int))
    one, other = proportional_odds(x, y, weights=weights), proportional_odds(x[often], y[often])
    assert one.coefficients == pytest.approx(other.coefficients)
    assert one.errors == pytest.approx(other.errors)
    assert one.scores.sum(axis=0) == pytest.approx(0, abs=1e-6)


def test_turning_answers_round_turns_the_signs():
    x, y = answers()
    one, other = proportional_odds(x, y), proportional_odds(x, 3 - y)
    assert other.coefficients == pytest.approx(-one.coefficients)
    assert other.thresholds == pytest.approx(-one.thresholds[::-1])


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        (np.arange(10.0)[:, None], np.ones(10), "same answer"),
        (np.arange(10.0)[:, None], np.arange(10) // 5, "no end"),
        (np.column_stack([np.arange(10.0), np.arange(10.0)]), np.arange(10) % 3, "no end"),
    ],
)
def test_answers_that_say_nothing_are_refused(x, y, said):
    with pytest.raises(DesignError, match=said):
        proportional_odds(x, y)
