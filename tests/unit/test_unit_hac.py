"""Newey and West's errors and the tests of autocorrelation, by hand and against statsmodels."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import chi2
from statsmodels.stats.diagnostic import acorr_breusch_godfrey, acorr_ljungbox
from statsmodels.stats.sandwich_covariance import cov_hac

from curv_eval.stats.hac import bartlett, breusch_godfrey, durbin_watson, ljung_box, long_run, newey_west_lag


@pytest.fixture(scope="module")
def regression():
    draw = np.random.default_rng(4)
    x = np.column_stack([np.ones(80), draw.normal(size=80), np.arange(80.0)])
    e = np.zeros(80)
    for t in range(1, 80):
        e[t] = 0.6 * e[t - 1] + draw.normal()
    y = x @ [1.0, 2.0, 0.1] + e
    return sm.OLS(y, x).fit(), x


def covariance(found, x, **rule):
    bread = np.linalg.inv(x.T @ x)
    return bread @ long_run(x * found.resid[:, None], **rule) @ bread


def test_weights_fall_in_a_line_by_hand():
    assert bartlett(np.array([0.0, 1, 2, 4]), 2) == pytest.approx(
        np.array([[1, 2 / 3, 1 / 3, 0], [2 / 3, 1, 2 / 3, 0], [1 / 3, 2 / 3, 1, 1 / 3], [0, 0, 1 / 3, 1]])
    )


def test_lag_zero_takes_no_neighbour():
    assert bartlett(np.arange(4.0), 0) == pytest.approx(np.eye(4))


@pytest.mark.parametrize("lag", [0, 1, 5, 40])
def test_weights_are_a_covariance(lag):
    assert np.linalg.eigvalsh(bartlett(np.array([0.0, 1, 2, 5, 6, 9]), lag)).min() > 0


def test_the_sum_of_two_scores_by_hand():
    # scores 1 and 3 with lag 1: 1 + 9 + (1 - 1/2) * 2 * 3 = 13
    assert long_run(np.array([[1.0], [3.0]]), lag=1)[0, 0] == pytest.approx(13.0)


@pytest.mark.parametrize("lag", [0, 3, 12])
@pytest.mark.parametrize("adjust", [False, True])
def test_covariance_is_that_of_statsmodels(regression, lag, adjust):
    found, x = regression
    assert covariance(found, x, lag=lag, adjust=adjust) == pytest.approx(
        cov_hac(found, nlags=lag, use_correction=adjust), rel=1e-9
    )


def test_the_quadratic_form_of_the_weights_is_the_long_run(regression):
    found, x = regression
    scores = x * found.resid[:, None]
    assert scores.T @ bartlett(np.arange(80.0), 7) @ scores == pytest.approx(long_run(scores, lag=7), rel=1e-9)


def test_prewhitening_recovers_a_pure_autoregression_without_any_lag():
    # s_t = 0.5 s_{t-1} + e_t has long-run variance var(e) / (1 - 0.5)^2
    draw = np.random.default_rng(1)
    e = draw.normal(size=20_000)
    s = np.zeros(20_000)
    for t in range(1, 20_000):
        s[t] = 0.5 * s[t - 1] + e[t]
    white = long_run(s[:, None], lag=0, prewhite=True)[0, 0] / 20_000
    plain = long_run(s[:, None], lag=0)[0, 0] / 20_000
    assert white == pytest.approx(4.0, rel=0.06)
    assert plain == pytest.approx(4 / 3, rel=0.05)


def test_prewhitening_is_worked_out_by_hand_for_one_column():
    s = np.array([[1.0], [2.0], [3.0], [1.0]])
    phi = (1 * 2 + 2 * 3 + 3 * 1) / (1 + 4 + 9)
    left = np.array([2 - phi, 3 - 2 * phi, 1 - 3 * phi])
    assert long_run(s, lag=0, prewhite=True)[0, 0] == pytest.approx((left @ left) / (1 - phi) ** 2)


def lag_by_hand(h, n, m):
    s = [sum(h[t] * h[t + j] for t in range(n - j)) / n for j in range(m + 1)]
    s0 = s[0] + 2 * sum(s[1:])
    s1 = 2 * sum(j * s[j] for j in range(1, m + 1))
    return int(np.floor(1.1447 * ((s1 / s0) ** 2) ** (1 / 3) * n ** (1 / 3)))


@pytest.mark.parametrize("n", [30, 54, 192])
def test_automatic_lag_follows_newey_and_west(n):
    draw = np.random.default_rng(n)
    h = np.cumsum(draw.normal(size=n)) * 0.3 + draw.normal(size=n)
    m = int(np.floor(4 * (n / 100) ** (2 / 9)))
    assert newey_west_lag(h[:, None]) == min(lag_by_hand(h, n, m), n - 1)


def test_automatic_lag_leaves_out_columns_without_weight(regression):
    found, x = regression
    scores = x * found.resid[:, None]
    assert newey_west_lag(scores, weights=np.array([0.0, 1, 0])) == newey_west_lag(scores[:, [1]])


def test_automatic_lag_of_nothing_is_zero():
    assert newey_west_lag(np.zeros((20, 2))) == 0


def test_prewhitened_lag_is_that_of_the_residuals():
    draw = np.random.default_rng(2)
    s = draw.normal(size=(100, 1))
    for t in range(1, 100):
        s[t] += 0.7 * s[t - 1]
    phi = float(s[:-1, 0] @ s[1:, 0] / (s[:-1, 0] @ s[:-1, 0]))
    left = s[1:, 0] - phi * s[:-1, 0]
    expected = [sum(left[t] * left[t + j] for t in range(99 - j)) / 99 for j in range(4)]
    s0, s1 = expected[0] + 2 * sum(expected[1:]), 2 * sum(j * expected[j] for j in range(1, 4))
    assert newey_west_lag(s, prewhite=True) == int(1.1447 * ((s1 / s0) ** 2) ** (1 / 3) * 100 ** (1 / 3))


def test_durbin_watson_by_hand():
    assert durbin_watson(np.array([1.0, 2.0, -1.0])) == pytest.approx((1 + 9) / 6)


@pytest.mark.parametrize("lags", [1, 6, 12])
def test_ljung_box_is_that_of_statsmodels(regression, lags):
    found, _ = regression
    expected = acorr_ljungbox(found.resid, lags=[lags]).iloc[0]
    assert ljung_box(found.resid, lags) == pytest.approx((expected["lb_stat"], expected["lb_pvalue"]), rel=1e-9)


def test_ljung_box_by_hand():
    e = np.array([1.0, -1.0, 1.0, -1.0])
    statistic, p = ljung_box(e, 1)
    assert statistic == pytest.approx(4 * 6 * (3 / 4) ** 2 / 3)
    assert p == pytest.approx(chi2.sf(statistic, 1))


@pytest.mark.parametrize("lags", [1, 4])
def test_breusch_godfrey_is_that_of_statsmodels(regression, lags):
    found, x = regression
    expected = acorr_breusch_godfrey(found, nlags=lags, result_object=False)[:2]
    assert breusch_godfrey(x, found.resid, lags) == pytest.approx(expected, rel=1e-8)


def test_nothing_left_over_is_not_autocorrelated():
    assert durbin_watson(np.zeros(9)) == 2.0
    assert ljung_box(np.zeros(9), 2) == (0.0, 1.0)
