"""The structural model: equal to statsmodels' Kalman filter at the same variances, honest about not knowing them."""

import numpy as np
import pytest
from statsmodels.tsa.statespace.structural import UnobservedComponents

from curv_eval.errors import DesignError
from curv_eval.stats.structural import Model, continued, covariance, node


def made(n=60, seed=1, level=0.3, effect=0.0, start=40):
    draw = np.random.default_rng(seed)
    x = 50 + np.cumsum(draw.normal(size=n))
    y = 100 + 2 * x + level * np.cumsum(draw.normal(size=n)) + draw.normal(size=n)
    return y + effect * (np.arange(n) >= start), x[:, None]


def filtered(y, x, n_before, *, ratio, irregular):
    model = UnobservedComponents(
        y[:n_before], "local level", exog=x[:n_before], mle_regression=False, use_exact_diffuse=True
    )
    return model.smooth([irregular**2, (ratio * irregular) ** 2])


def kalman(y, x, n_before, **variances):
    return filtered(y, x, n_before, **variances).get_forecast(len(y) - n_before, exog=x[n_before:])


@pytest.mark.parametrize("ratio", [0.05, 0.3, 1.5])
def test_forecasts_are_those_of_the_exact_diffuse_filter(ratio):
    y, x = made()
    one = node(y, np.column_stack([np.ones(60), x]), 40, ratios=(ratio, 0.0))
    expected = kalman(y, x, 40, ratio=ratio, irregular=1.3)
    assert one.mean[40:] == pytest.approx(expected.predicted_mean, rel=1e-5)
    assert 1.3**2 * np.diag(one.scale)[40:] == pytest.approx(expected.var_pred_mean, rel=1e-3)


def test_a_level_that_never_changes_is_least_squares():
    y, x = made()
    columns = np.column_stack([np.ones(60), x])
    one = node(y, columns, 40, ratios=(0.0, 0.0))
    b = np.linalg.lstsq(columns[:40], y[:40], rcond=None)[0]
    assert one.coefficients == pytest.approx(b)
    assert one.mean[40:] == pytest.approx(columns[40:] @ b)
    assert one.sum_of_squares == pytest.approx(((y[:40] - columns[:40] @ b) ** 2).sum())
    bread = np.linalg.inv(columns[:40].T @ columns[:40])
    assert one.scale[40:, 40:] == pytest.approx(np.eye(20) + columns[40:] @ bread @ columns[40:].T)


def test_covariance_of_level_and_slope_is_that_of_their_steps():
    # levels add up level steps and slope steps one after the other
    n, level, slope = 7, 0.4, 0.2
    steps = np.tril(np.ones((n, n)), -1).T.T[:, : n - 1]  # level step r moves periods after it
    ramp = np.array([[max(t - r - 1, 0) for r in range(n - 1)] for t in range(n)], dtype=float)
    expected = np.eye(n) + level**2 * steps @ steps.T + slope**2 * ramp @ ramp.T
    assert covariance(n, level=level, slope=slope) == pytest.approx(expected)


def test_the_marginal_likelihood_is_that_of_the_diffuse_filter():
    # differences between ratios are what is compared; the scale is integrated out, so profile it the same way
    y, x = made()
    columns = np.column_stack([np.ones(60), x])
    ours, theirs = [], []
    for ratio in (0.1, 0.5, 1.0):
        one = node(y, columns, 40, ratios=(ratio, 0.0))
        irregular = np.sqrt(one.sum_of_squares / one.df)
        theirs.append(filtered(y, x, 40, ratio=ratio, irregular=irregular).llf)
        ours.append(one.weight)
    assert np.diff(ours) == pytest.approx(np.diff(theirs), abs=2e-3)


def test_the_effect_and_the_coefficient_are_recovered():
    y, x = made(n=120, seed=2, start=90, effect=-8.0)
    found = continued(y, x, 90, model=Model())
    average = (y - found.draws)[:, 90:].mean(axis=1)
    low, high = np.quantile(average, [0.025, 0.975])
    assert low < -8 < high < 0
    assert abs(found.coefficients[0] - 2) < 4 * found.coefficients_error[0]
    assert (y - found.expected)[90:].mean() == pytest.approx(average.mean(), abs=0.2)


def test_uncertainty_grows_with_the_distance_from_the_onset():
    y, x = made(n=80, seed=3, start=40, level=1.0)
    found = continued(y, x, 40, model=Model(prior=1.0))
    width = found.draws.std(axis=0)
    assert width[79] > 1.3 * width[40]
    assert found.level == pytest.approx(1.0, rel=0.3)


def test_a_tighter_prior_narrows_the_future():
    y, x = made()
    tight, wide = (continued(y, x, 40, model=Model(prior=p)).draws[:, 40:].mean(axis=1).std() for p in (0.01, 1.0))
    assert tight < wide


def test_draws_hold_more_than_the_likelihood_alone():
    # with 12 periods the variances are hardly known; plugging in their best values is too sure of itself
    y, x = made(n=24, seed=4)
    found = continued(y, x, 12, model=Model(draws=4000))
    best = kalman(y, x, 12, ratio=found.level / found.irregular, irregular=found.irregular)
    drawn = np.quantile(found.draws[:, 12:], 0.975, axis=0) - np.quantile(found.draws[:, 12:], 0.025, axis=0)
    assert (drawn > 2 * 1.96 * np.sqrt(best.var_pred_mean)).mean() > 0.7


def test_it_does_not_matter_in_which_units_the_series_are_given():
    y, x = made()
    plain, scaled = continued(y, x, 40, model=Model()), continued(7 * y, 1000 * x, 40, model=Model())
    assert scaled.expected == pytest.approx(7 * plain.expected)
    assert scaled.draws == pytest.approx(7 * plain.draws)
    assert scaled.coefficients == pytest.approx(plain.coefficients * 7 / 1000)
    assert scaled.irregular == pytest.approx(7 * plain.irregular)


def test_the_seed_decides_the_draws_and_not_the_mean():
    y, x = made()
    first, again, other = (continued(y, x, 40, model=Model(seed=s)) for s in (1, 1, 2))
    assert (first.draws == again.draws).all()
    assert (first.draws != other.draws).any()
    assert first.expected == pytest.approx(other.expected)


def test_what_happens_after_the_onset_does_not_change_what_was_expected():
    y, x = made()
    changed = y.copy()
    changed[40:] += 1000
    assert continued(y, x, 40, model=Model()).draws[:, 40:] == pytest.approx(
        continued(changed, x, 40, model=Model()).draws[:, 40:]
    )


def test_before_the_onset_each_period_is_expected_from_those_before_it():
    y, x = made(n=100)
    found = continued(y, x, 90, model=Model())
    before = (y - found.draws)[:, 30:90]
    z = before.mean(axis=0) / before.std(axis=0)
    assert abs(z.mean()) < 0.5
    assert 0.6 < z.std() < 1.4


def test_a_trend_is_continued_by_the_local_linear_trend_alone():
    draw = np.random.default_rng(8)
    y = 500 - 3.0 * np.arange(60) + draw.normal(size=60)
    none = np.empty((60, 0))
    level = continued(y, none, 40, model=Model("local_level"))
    trend = continued(y, none, 40, model=Model("local_linear_trend"))
    assert trend.expected[59] == pytest.approx(500 - 3 * 59, abs=5)
    assert level.expected[59] > 500 - 3 * 50
    assert trend.slope < 0.5


def test_draws_of_counts_are_never_negative():
    draw = np.random.default_rng(2)
    y = draw.poisson(3, 40).astype(float)
    found = continued(y, np.empty((40, 0)), 30, model=Model())
    assert found.draws.min() == 0.0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda y, x: (y, x, 5), "got 5 periods before the onset for 2 coefficients, expected at least 6"),
        (lambda y, x: (np.full(60, 7.0), x, 40), "the series never changes before the onset"),
        (lambda y, x: (y, np.ones((60, 1)), 40), "never change before the onset"),
        (lambda y, x: (y, np.hstack([x, 2 * x]), 40), "repeat one another"),
    ],
)
def test_refusals(change, said):
    y, x, before = change(*made())
    with pytest.raises(DesignError, match=said):
        continued(y, x, before, model=Model())


@pytest.mark.parametrize("level", [0.0, 0.1])
def test_intervals_hold_what_they_promise_when_the_model_is_true(level):
    inside = []
    for seed in range(80):
        y, x = made(n=54, seed=seed, level=level, start=36)
        average = (y - continued(y, x, 36, model=Model(draws=300)).draws)[:, 36:].mean(axis=1)
        low, high = np.quantile(average, [0.025, 0.975])
        inside.append(low <= 0 <= high)
    assert np.mean(inside) >= 0.95 - 2.5 * np.sqrt(0.95 * 0.05 / 80)
