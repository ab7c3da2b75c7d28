"""Columns of a segmented regression, and the fit: any number of interruptions, any season, one series or two."""

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.stats.arma import Orders, arma_regression
from curv_eval.stats.segmented import beside, interruptions, regress, season, trend

TIME = np.arange(8.0)


def test_an_interruption_by_hand():
    columns = interruptions(TIME, [5.0])
    assert columns.names == ("level", "slope")
    assert columns.values.T.tolist() == [[0, 0, 0, 0, 0, 1, 1, 1], [0, 0, 0, 0, 0, 0, 1, 2]]


def test_several_interruptions_are_numbered_and_each_adds_to_the_last():
    columns = interruptions(TIME, [2.0, 5.0])
    assert columns.names == ("level 1", "slope 1", "level 2", "slope 2")
    assert columns.values[:, 2].tolist() == [0, 0, 0, 0, 0, 1, 1, 1]
    assert columns.values[7].tolist() == [1, 5, 1, 2]


def test_a_change_of_level_only_has_no_slope():
    assert interruptions(TIME, [3.0], change="level").names == ("level",)


def test_no_interruption_has_no_column():
    assert interruptions(TIME, []).values.shape == (8, 0)


def test_months_leave_out_the_first_and_those_that_are_not_there():
    columns = season(np.arange(24012, 24012 + 18.0), "months")
    assert columns.names == tuple(f"month {m}" for m in range(2, 13))
    assert (columns.values.sum(axis=1) <= 1).all()
    assert columns.values[12].sum() == 0  # January again
    few = season(np.array([3.0, 4, 15, 16]), "months")
    assert few.names == ("month 5",)
    assert few.values[:, 0].tolist() == [0, 1, 0, 1]


def test_fourier_terms_repeat_each_year_and_average_to_nothing():
    columns = season(np.arange(24.0), "fourier")
    assert columns.names == ("sine 1", "sine 2", "cosine 1", "cosine 2")
    assert columns.values[:12] == pytest.approx(columns.values[12:])
    assert columns.values.sum(axis=0) == pytest.approx(np.zeros(4), abs=1e-12)
    assert columns.values[3] == pytest.approx([1, 0, 0, -1], abs=1e-12)


def test_no_season_has_no_column():
    assert season(TIME, "none").values.shape == (8, 0)


def test_two_series_share_the_season_and_differ_in_the_rest():
    own, shared = trend(TIME), season(TIME, "fourier", harmonics=1)
    columns = beside(own, shared)
    assert columns.values.shape == (16, 6)
    assert columns.names[-2:] == ("intercept difference", "trend difference")
    assert columns.values[8:, -2:].tolist() == np.zeros((8, 2)).tolist()
    assert columns.values[:8, -2:] == pytest.approx(own.values)
    assert columns.values[8:, :4] == pytest.approx(columns.values[:8, :4])


def test_interruptions_are_recovered_exactly_without_noise():
    time = np.arange(40.0)
    x = (trend(time) + interruptions(time, [12.0, 28.0])).values
    truth = np.array([3.0, 0.01, -0.4, 0.02, 0.3, -0.05])
    for model, y in (("quasi_poisson", np.exp(x @ truth)), ("ols", x @ truth)):
        assert regress(y, x, model=model).coefficients == pytest.approx(truth, abs=1e-8)


def test_two_series_by_least_squares_are_the_regression_of_their_difference():
    # with the same columns in both, the differences' coefficients are those of y1 - y0
    draw = np.random.default_rng(2)
    time = np.arange(30.0)
    own = trend(time) + interruptions(time, [18.0])
    first, second = draw.normal(size=30), draw.normal(size=30)
    both = beside(own, season(time, "none"))
    found = regress(np.concatenate([first, second]), both.values, model="ols")
    alone = regress(first - second, own.values, model="ols")
    assert found.coefficients[-4:] == pytest.approx(alone.coefficients, abs=1e-10)


def test_the_spread_is_that_of_the_model():
    draw = np.random.default_rng(5)
    y = draw.negative_binomial(3, 0.05, size=80).astype(float)
    x = trend(np.arange(80.0)).values
    quasi, binomial, ols = (regress(y, x, model=m) for m in ("quasi_poisson", "negative_binomial", "ols"))
    assert quasi.spread**2 == pytest.approx(quasi.dispersion * quasi.mean)
    assert binomial.spread**2 == pytest.approx(binomial.mean + binomial.mean**2 / binomial.theta)
    assert np.ptp(ols.spread) == 0
    assert ols.spread[0] ** 2 == pytest.approx(((y - ols.mean) ** 2).sum() / 78)
    assert quasi.dispersion > 5


@pytest.mark.parametrize("model", ["quasi_poisson", "negative_binomial", "ols"])
def test_too_few_counts_are_refused_with_the_remedy(model):
    x = trend(np.arange(3.0)).values
    with pytest.raises(DesignError, match="got 3 counts for 2 coefficients, expected at least 4") as refusal:
        regress(np.array([1.0, 2, 3]), x, model=model)
    assert "season: none" in refusal.value.do


def test_repeated_columns_are_refused():
    time = np.arange(10.0)
    x = (trend(time) + interruptions(time, [0.0])).values
    with pytest.raises(DesignError, match="repeat one another"):
        regress(np.ones(10), x, model="ols")


def test_an_offset_is_taken_off_least_squares():
    time = np.arange(10.0)
    x, offset = trend(time).values, np.sin(time)
    found = regress(2 + 3 * time + offset, x, model="ols", offset=offset)
    assert found.coefficients == pytest.approx([2, 3])
    assert found.mean == pytest.approx(2 + 3 * time + offset)


def test_arima_without_arma_terms_is_least_squares():
    y, x = np.random.default_rng(4).normal(size=30), trend(np.arange(30.0)).values
    found, plain = regress(y, x, model="arima", orders=Orders()), regress(y, x, model="ols")
    assert found.coefficients == pytest.approx(plain.coefficients)
    assert found.spread == pytest.approx(plain.spread)
    assert found.covariance == pytest.approx(plain.dispersion * np.eye(30))


def test_arima_takes_an_offset_and_its_orders():
    draw = np.random.default_rng(6)
    y, x, offset = np.cumsum(draw.normal(size=40)), trend(np.arange(40.0)).values, np.cos(np.arange(40.0))
    orders = Orders(ar=1, seasonal_ar=1, length=4)
    found, direct = regress(y + offset, x, model="arima", offset=offset, orders=orders), arma_regression(y, x, orders)
    assert found.coefficients == pytest.approx(direct.coefficients, rel=1e-4)
    assert found.arma == pytest.approx(direct.arma, rel=1e-4)
    assert found.mean == pytest.approx(x @ direct.coefficients + offset, rel=1e-4, abs=1e-4)
