"""The effect on matched people and its three errors, by hand and against a plain search."""

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.stats.matched_effect import abadie_imbens, by_sets, linear, matched
from curv_eval.stats.matching import exact_bins, greedy, nearest


def column(*values):
    return np.array(values, dtype=float)[:, None]


def three():
    """Treated at 0, 1 and 5 with outcomes 4, 6 and 10; others at 0.1, 5.2 and 5.4 with outcomes 1, 3 and 7."""
    y, treated = np.array([4.0, 6, 10, 1, 3, 7]), np.arange(6) < 3
    places = column(0, 1, 5, 0.1, 5.2, 5.4)
    return y, treated, places, nearest(places[treated], places[~treated])


def root_sum(parts):
    return np.sqrt(sum((part**2).sum() for part in parts))


def test_the_effect_is_the_mean_gap():
    y, treated, _, matches = three()
    found = matched(y, treated, matches)
    assert found.gaps == pytest.approx([3, 5, 7])
    assert found.value == pytest.approx(5)


def test_the_abadie_imbens_error_by_hand():
    # gaps 3, 5, 7 about 5: 8 / 9. One is used twice, K^2 - K' = 4 - 2, another once, 1 - 1 = 0.
    # the variance near the first: 2 / 3 (1 - mean(3, 7))^2 = 2 / 3 x 16
    y, treated, places, matches = three()
    found = matched(y, treated, matches)
    mine, others = abadie_imbens(found, places[~treated])
    assert (mine**2).sum() == pytest.approx(8 / 9)
    assert others**2 == pytest.approx([2 * 2 / 3 * 16 / 9, 0, 0])


def test_one_variance_for_all_comes_from_the_pairs():
    # pairs differ from the effect by -2, 0 and 2: half their mean square is 4 / 3
    y, treated, _, matches = three()
    _, others = abadie_imbens(matched(y, treated, matches), None)
    assert others**2 == pytest.approx([2 * 4 / 3 / 9, 0, 0])


def test_one_variance_counts_every_tied_pair():
    y, treated = np.array([5.0, 9, 1, 3]), np.array([True, True, False, False])
    places = column(0, 0, -1, 1)
    found = matched(y, treated, nearest(places[treated], places[~treated]))
    assert found.value == pytest.approx(5)
    # gaps of pairs less the effect: 5-1-5, 5-3-5, 9-1-5, 9-3-5
    expected = (1 + 9 + 9 + 1) / 4 / 2
    _, others = abadie_imbens(found, None)
    assert others**2 == pytest.approx([(1 - 0.5) * expected / 4] * 2)


def test_errors_of_matched_sets_are_those_of_a_mean():
    y, treated, places, _ = three()
    found = matched(y, treated, greedy(places[treated], places[~treated], first=np.arange(3)))
    mine, others = by_sets(found)
    assert root_sum((mine, others)) == pytest.approx(found.gaps.std() / np.sqrt(3))
    assert (others == 0).all()


def drawn(n=300, seed=2, digits=6):
    draw = np.random.default_rng(seed)
    x = np.round(draw.normal(size=(n, 2)), digits)
    treated = draw.random(n) < 0.25 + 0.2 * (x[:, 0] > 0)
    return 2 + x @ [1.5, -1.0] + draw.normal(size=n) - treated, treated, x


@pytest.mark.parametrize("digits", [1, 6])
def test_it_is_what_a_plain_search_gives(digits):
    y, treated, x = drawn(digits=digits)
    mine, others, yo = x[treated], x[~treated], y[~treated]
    share = np.zeros((len(mine), len(others)))
    for i, place in enumerate(mine):
        gap = np.sqrt(((others - place) ** 2).sum(axis=1))
        near = gap <= np.sort(gap)[1] + 1e-9
        share[i, near] = 1 / near.sum()
    gaps = y[treated] - share @ yo
    found = matched(y, treated, nearest(mine, others, ratio=2))
    assert found.gaps == pytest.approx(gaps, abs=1e-10)
    parts = abadie_imbens(found, None)
    pair = ((y[treated][:, None] - yo - gaps.mean()) ** 2 * share).sum() / 2 / len(mine)
    squares = share.sum(axis=0) ** 2 - (share**2).sum(axis=0)
    expected = (((gaps - gaps.mean()) ** 2).sum() + squares.sum() * pair) / len(mine) ** 2
    assert root_sum(parts) ** 2 == pytest.approx(expected, rel=1e-10)


def test_a_straight_line_leaves_no_bias_after_correction():
    draw = np.random.default_rng(4)
    treated = np.arange(200) < 60
    x = draw.normal(size=(200, 1)) + treated[:, None]
    y = 5 + 3 * x[:, 0] - 2 * treated
    matches = nearest(x[treated], x[~treated])
    assert abs(matched(y, treated, matches).value + 2) > 0.05
    assert matched(y, treated, matches, x=x).value == pytest.approx(-2, abs=1e-9)


def test_the_correction_is_the_regression_of_those_matched_as_often_as_used():
    import statsmodels.api as sm

    y, treated, x = drawn()
    matches = nearest(x[treated], x[~treated])
    fitted = sm.WLS(y[~treated], sm.add_constant(x[~treated]), weights=matches.uses()).fit()
    shift = fitted.predict(sm.add_constant(x))
    raw, corrected = matched(y, treated, matches), matched(y, treated, matches, x=x)
    away = shift[treated] - matches.expected(shift[~treated])
    assert corrected.gaps == pytest.approx(raw.gaps - away, abs=1e-9)


def test_the_corrected_effect_is_the_mean_residual_of_the_treated():
    y, treated, x = drawn()
    found = matched(y, treated, nearest(x[treated], x[~treated]), x=x)
    assert found.value == pytest.approx(found.treated.mean(), abs=1e-10)


def test_too_few_matched_people_for_a_regression_are_refused():
    y, treated, places, matches = three()
    with pytest.raises(DesignError, match="2 untreated people were matched, too few to correct for 2 covariates"):
        matched(y, treated, matches, x=np.column_stack([places, places**2]))


def test_the_linear_form_divides_by_what_the_regression_leaves_free():
    import statsmodels.api as sm

    y, treated, x = drawn()
    matches = nearest(x[treated], x[~treated])
    found, n = matched(y, treated, matches, x=x), treated.sum()
    root = np.sqrt(matches.uses())
    fitted = sm.OLS(root * y[~treated], root[:, None] * sm.add_constant(x[~treated])).fit()
    leverage = fitted.get_influence().hat_matrix_diag
    _, others = linear(found)
    assert others == pytest.approx(-root * fitted.resid / (1 - leverage) / n, abs=1e-10)


def test_the_three_errors_agree_where_all_may_be_used():
    # one match each for a tenth of the people: hardly anybody is used twice
    draw = np.random.default_rng(8)
    n = 4000
    treated = np.arange(n) < 400
    x = draw.normal(size=(n, 1))
    y = x[:, 0] + draw.normal(size=n) - treated
    matches = greedy(x[treated], x[~treated], first=np.arange(400))
    found = matched(y, treated, matches, x=x)
    errors = [root_sum(parts) for parts in (by_sets(found), abadie_imbens(found, x[~treated]), linear(found))]
    assert errors[1:] == pytest.approx([errors[0]] * 2, rel=0.1)


@pytest.mark.parametrize("ratio", [1, 3])
def test_the_errors_are_the_spread_over_draws(ratio):
    values, errors = [], []
    for seed in range(120):
        y, treated, x = drawn(n=250, seed=seed)
        matches = nearest(x[treated], x[~treated], ratio=ratio)
        found = matched(y, treated, matches, x=x)
        values.append(found.value)
        errors.append([root_sum(abadie_imbens(found, x[~treated])), root_sum(linear(found))])
    assert np.mean(errors, axis=0) == pytest.approx(np.full(2, np.std(values)), rel=0.2)


def test_exact_bins_give_the_stratified_difference():
    x = column(0, 0, 0, 1, 1, 1, 1)
    treated = np.array([True, False, False, True, True, False, False])
    y = np.array([5.0, 1, 3, 10, 12, 7, 9])
    found = matched(y, treated, exact_bins(x[treated], x[~treated]))
    assert found.value == pytest.approx((3 + 2 + 4) / 3)
