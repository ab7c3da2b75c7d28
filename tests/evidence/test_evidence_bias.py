"""Lopsided funnels: Egger, Begg, PET-PEESE and contours against metafor, statsmodels and arithmetic."""

from itertools import combinations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import assume, given
from meta_cases import BCG, PUBLISHED, archive_studies, archive_values, bcg, half_a_last_digit, log_odds_ratios, made
from meta_cases import studies as some_studies
from scipy.stats import norm

from curv_eval.errors import DesignError
from curv_eval.stats.meta_between import between
from curv_eval.stats.meta_bias import FEWEST, begg, egger, enough, funnel_contours, pet_peese

Y, V = bcg()


def test_egger_s_test_of_the_thirteen_trials_is_metafor_s():
    found, expected = egger(Y, V), BCG["expected"]["egger_rma_REML"]
    assert found.statistic == pytest.approx(expected["zval"], abs=1e-6)
    assert found.p_value == pytest.approx(expected["pval"], abs=1e-6)
    assert found.limit == pytest.approx(expected["limit"], abs=1e-6)
    assert found.df == np.inf


def test_the_classical_test_is_metafor_s():
    found, expected = egger(Y, V, model="classical"), BCG["expected"]["egger_lm"]
    assert found.statistic == pytest.approx(expected["tval"], abs=1e-8)
    assert found.p_value == pytest.approx(expected["pval"], abs=1e-8)
    assert found.limit == pytest.approx(expected["limit"], abs=1e-8)
    assert found.df == expected["df"]
    assert np.isnan(found.tau2)


def test_egger_s_test_of_programmes_is_metafor_s():
    y, v = archive_studies("dat.landenberger2005_log_or_nonrecidivism.csv")
    found, expected = egger(y, v), archive_values("dat.landenberger2005", "regtest")
    assert found.statistic == pytest.approx(expected["estimate"], abs=5e-6)
    assert found.p_value == pytest.approx(expected["Qp"], abs=1e-7)


def test_magnesium_is_metafor_s():
    case = PUBLISHED["egger2001"]
    y, v = log_odds_ratios(case["counts"])
    expected, found = case["expected"], begg(y, v)
    assert egger(y, v).statistic == pytest.approx(expected["egger_z"], abs=half_a_last_digit(expected["egger_z"]))
    assert found.tau == pytest.approx(expected["begg_tau"], abs=1e-12)
    assert found.p_value == pytest.approx(expected["begg_p"], abs=half_a_last_digit(expected["begg_p"]))


def test_begg_s_test_is_metafor_s():
    found, expected = begg(Y, V), BCG["expected"]["begg_ranktest"]
    assert found.tau == pytest.approx(expected["tau"], abs=1e-10)
    assert found.p_value == pytest.approx(expected["pval"], abs=1e-8)


def test_begg_s_tau_with_ties_is_metafor_s():
    case = PUBLISHED["begg_with_ties"]
    found = begg(np.array(case["y"]), np.array(case["std_error"]) ** 2)
    assert found.tau == pytest.approx(case["expected"]["tau"], abs=case["tolerance"])
    assert 0.05 < found.p_value < 0.12


@pytest.mark.parametrize("least", [0.2, 0.002])
def test_begg_s_tau_counts_pairs(least):
    # a study with most of the weight is measured from a mean that it made itself
    y, v = made(np.random.default_rng(3), 12)
    v[0] = least
    y[0] = np.average(y, weights=1 / v) + 0.3 * least**0.5
    w = 1 / v
    z = (y - (w @ y) / w.sum()) / np.sqrt(v - 1 / w.sum())
    signs = [np.sign((z[i] - z[j]) * (v[i] - v[j])) for i, j in combinations(range(12), 2)]
    assert begg(y, v).tau == pytest.approx(sum(signs) / len(signs), abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_the_classical_line_is_weighted_least_squares(seed):
    y, v = made(np.random.default_rng(seed), 15)
    found = egger(y, v, model="classical", alpha=0.1)
    fit = sm.WLS(y, sm.add_constant(np.sqrt(v)), weights=1 / v).fit()
    assert (found.limit, found.slope) == pytest.approx(tuple(fit.params), rel=1e-9)
    assert (found.limit_error, found.slope_error) == pytest.approx(tuple(fit.bse), rel=1e-9)
    assert (found.limit_p, found.p_value) == pytest.approx(tuple(fit.pvalues), rel=1e-8)
    assert (found.limit_low, found.limit_high) == pytest.approx(tuple(fit.conf_int(0.1)[0]), rel=1e-8)


@pytest.mark.parametrize("method", ["reml", "dl", "pm"])
def test_the_random_line_is_weighted_by_its_own_tau2(method):
    y, v = made(np.random.default_rng(9), 15, tau2=0.3)
    x = np.column_stack([np.ones(15), np.sqrt(v)])
    tau2 = between(y, v, x=x, method=method).tau2
    found, w = egger(y, v, tau2=method), np.diag(1 / (v + tau2))
    covariance = np.linalg.inv(x.T @ w @ x)
    b = covariance @ x.T @ w @ y
    assert found.tau2 == tau2
    assert (found.limit, found.slope) == pytest.approx(tuple(b), rel=1e-9)
    assert found.p_value == pytest.approx(2 * norm.sf(abs(b[1]) / covariance[1, 1] ** 0.5), rel=1e-8)
    reach = norm.ppf(0.975) * covariance[0, 0] ** 0.5
    assert (found.limit_low, found.limit_high) == pytest.approx((b[0] - reach, b[0] + reach), rel=1e-9)


def test_studies_on_a_line_of_their_standard_errors_give_it_back():
    error = np.linspace(0.1, 0.5, 12)
    noise = 0.01 * np.resize([1, -1], 12)
    found = egger(0.2 + 1.5 * error + noise, error**2, model="classical")
    assert found.slope == pytest.approx(1.5, abs=0.05)
    assert found.limit == pytest.approx(0.2, abs=0.01)
    assert found.p_value < 1e-10


def test_peese_is_the_line_of_variances_and_the_rule_chooses():
    y, v = made(np.random.default_rng(1), 20)
    found = pet_peese(y, v)
    fit = sm.WLS(y, sm.add_constant(v), weights=1 / v).fit()
    assert (found.peese.limit, found.peese.slope) == pytest.approx(tuple(fit.params), rel=1e-9)
    assert found.peese.predictor == "variance"
    chosen = found.peese if found.pet.limit_p < 0.1 else found.pet
    assert (found.estimate, found.std_error) == (chosen.limit, chosen.limit_error)
    assert (found.conf_low, found.conf_high) == (chosen.limit_low, chosen.limit_high)


@pytest.mark.parametrize(("effect", "chosen"), [(0.0, "pet"), (0.8, "peese"), (-0.8, "peese")])
def test_the_rule_takes_peese_only_where_pet_sees_an_effect(effect, chosen):
    error = np.linspace(0.05, 0.4, 16)
    y = effect + 0.5 * error * np.resize([1, -1, 0.4, -0.4], 16)
    assert pet_peese(y, error**2).chosen == chosen


def test_the_rule_s_step_can_be_set():
    found = pet_peese(Y, V)
    assert (found.chosen, found.estimate) == ("pet", found.pet.limit)
    assert pet_peese(Y, V, step=found.pet.limit_p + 1e-9).chosen == "peese"


def test_contours_are_straight_lines_through_the_centre():
    error, low, high = funnel_contours(0.5, points=11)
    assert error == pytest.approx(np.linspace(0, 0.5, 11))
    assert high[:, -1] == pytest.approx(0.5 * norm.ppf([0.95, 0.975, 0.995]))
    assert low == pytest.approx(-high)
    assert (high[:, 0] == 0).all()
    moved = funnel_contours(0.5, centre=0.3, levels=(0.95,), points=11)
    assert (moved[1] + moved[2]) / 2 == pytest.approx(0.3)


def test_a_study_inside_a_contour_has_p_above_its_level():
    error, _, high = funnel_contours(0.4, points=5)
    for level, edge in zip((0.9, 0.95, 0.99), high, strict=True):
        z = (edge[1:] - 1e-9) / error[1:]
        assert (2 * norm.sf(z) > 1 - level).all()


@given(some_studies(least=10, most=14))
def test_mirrored_studies_lean_to_the_other_side(held):
    y, v = held
    assume(np.ptp(v) > 0.01)
    assume(np.ptp(y) > 0.1)
    for model in ("random", "classical"):
        try:
            plain, other = egger(y, v, model=model), egger(-y, v, model=model)
        except DesignError as error:
            assert "lie on a line exactly" in str(error)
            continue
        assert other.statistic == pytest.approx(-plain.statistic, rel=1e-5, abs=1e-6)
        assert other.p_value == pytest.approx(plain.p_value, rel=1e-4, abs=1e-6)
        assert other.limit == pytest.approx(-plain.limit, rel=1e-4, abs=1e-5)


@given(some_studies(least=10, most=14))
def test_order_and_units_do_not_matter_to_the_tests(held):
    y, v = held
    assume(np.ptp(v) > 0.01)
    assume(np.ptp(y) > 0.1)
    turned = np.random.default_rng(0).permutation(len(y))
    try:
        plain = egger(y, v, model="classical")
    except DesignError as error:
        assert "lie on a line exactly" in str(error)
        return
    for other in (egger(y[turned], v[turned], model="classical"), egger(8 * y, 64 * v, model="classical")):
        assert other.statistic == pytest.approx(plain.statistic, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize(("test", "words"), [(egger, "Egger's test"), (begg, "Begg's test"), (pet_peese, "PET-PEESE")])
def test_with_nine_studies_they_cannot_tell(test, words):
    with pytest.raises(DesignError, match=f"{words} cannot tell with 9 studies") as raised:
        test(Y[:9], V[:9])
    assert "at least 10 studies" in str(raised.value)
    assert "say that it could not be looked at" in raised.value.do


def test_ten_studies_are_enough_and_faults_come_first():
    assert FEWEST == 10
    assert len(enough(Y[:10], V[:10], what="a test")[0]) == 10
    with pytest.raises(DesignError, match="study 1: the variance is not above 0"):
        enough([1.0], [0.0], what="a test")


def test_equally_precise_studies_have_no_funnel():
    y, v = np.random.default_rng(0).normal(size=12), np.full(12, 0.1)
    for test in (egger, pet_peese):
        with pytest.raises(DesignError, match="equally precise"):
            test(y, v)
    with pytest.raises(DesignError, match="that differ"):
        begg(y, v)


def test_effects_exactly_on_a_line_leave_nothing_to_test_with():
    v = np.linspace(0.1, 1, 12)
    one = np.arange(12) == 0
    on_lines = [(np.zeros(12), v), (np.full(12, 0.3), v), (0.1 + 0.7 * np.sqrt(v), v)]
    # two precisions, and one effect at each
    on_lines.append((np.where(one, 0.0, 0.5), np.where(one, 1.0, 0.5)))
    for y, held in on_lines:
        with pytest.raises(DesignError, match="lie on a line exactly"):
            egger(y, held, model="classical")


def test_another_model_is_refused():
    with pytest.raises(DesignError, match="random or classical"):
        egger(Y, V, model="lm")


def test_contours_that_cannot_be_are_refused_at_once():
    with pytest.raises(DesignError) as raised:
        funnel_contours(0.0, levels=(0.95, 1.0), points=1)
    assert len(raised.value.breaches) == 3
