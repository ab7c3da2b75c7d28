"""What single studies do: against metafor's leave1out, cumul and influence, and by doing it by hand."""

import numpy as np
import pytest
from hypothesis import given
from meta_cases import BCG, PUBLISHED, bcg, made, stopped_as_metafor
from meta_cases import studies as some_studies
from scipy.stats import chi2

from curv_eval.errors import DesignError
from curv_eval.stats import meta_between
from curv_eval.stats.meta_influence import cumulative, influence, leave_one_out
from curv_eval.stats.meta_pooled import pooled

Y, V = bcg()
YEAR = np.array(BCG["data"]["inline"]["year"])
ONE = PUBLISHED["bcg_without_the_first"]["expected"]


@pytest.mark.parametrize(
    ("name", "key", "tolerance"),
    [
        ("estimate", "estimate", 1e-6),
        ("std_error", "se", 1e-6),
        ("tau2", "tau2", 1e-6),
        ("i2", "I2", 1e-4),
        ("q", "Q", 1e-6),
    ],
)
def test_leaving_one_out_is_metafor_s(name, key, tolerance):
    found = leave_one_out(Y, V, interval="normal")
    assert getattr(found, name) == pytest.approx(BCG["expected"]["leave1out_REML"][key], abs=tolerance)


def test_leaving_the_first_out_is_metafor_s_to_its_last_digits():
    found = leave_one_out(Y, V, interval="normal")
    for name, value in ONE["leave_one_out"].items():
        assert getattr(found, name)[0] == pytest.approx(value, rel=1e-5), name


def test_adding_studies_by_year_is_metafor_s():
    found = cumulative(Y, V, order=np.argsort(YEAR, kind="stable"), interval="normal")
    expected = BCG["expected"]["cumul_by_year"]
    # metafor stops at steps of 1e-5: the next test stops there too
    assert found.estimate == pytest.approx(expected["estimate"], abs=5e-6)
    assert found.std_error == pytest.approx(expected["se"], abs=5e-6)


def test_stopped_where_metafor_stops_the_numbers_are_its_own(monkeypatch):
    monkeypatch.setattr(meta_between, "_reml", stopped_as_metafor)
    found = cumulative(Y, V, order=np.argsort(YEAR, kind="stable"), interval="normal")
    expected = BCG["expected"]["cumul_by_year"]
    assert found.estimate == pytest.approx(expected["estimate"], abs=1e-9)
    assert found.std_error == pytest.approx(expected["se"], abs=1e-9)
    for name, value in ONE["leave_one_out"].items():
        assert getattr(leave_one_out(Y, V, interval="normal"), name)[0] == pytest.approx(value, rel=1e-9), name
    for name, value in ONE["influence"].items():
        assert getattr(influence(Y, V), name)[0] == pytest.approx(value, rel=1e-9), name


@pytest.mark.parametrize("name", ["rstudent", "cook", "hat", "dffits"])
def test_influence_is_metafor_s(name):
    assert getattr(influence(Y, V), name) == pytest.approx(BCG["expected"]["influence"][name], abs=1e-6)


def test_influence_of_the_first_trial_is_metafor_s_to_its_last_digits():
    found = influence(Y, V)
    for name, value in ONE["influence"].items():
        assert getattr(found, name)[0] == pytest.approx(value, rel=2e-5), name
    assert not found.influential.any()


def test_with_the_fixed_model_influence_has_closed_forms():
    y, v = made(np.random.default_rng(2), 7)
    found, w = influence(y, v, model="fixed"), 1 / v
    total, mean = w.sum(), (w @ y) / w.sum()
    others = (total * mean - w * y) / (total - w)
    assert found.rstudent == pytest.approx((y - others) / np.sqrt(v + 1 / (total - w)), rel=1e-10)
    assert found.hat == pytest.approx(w / total, rel=1e-12)
    assert found.covariance_ratio == pytest.approx(total / (total - w), rel=1e-10)
    assert found.cook == pytest.approx((mean - others) ** 2 * total, rel=1e-9)
    assert found.dffits == pytest.approx((mean - others) / np.sqrt(w / total * v), rel=1e-9)
    assert found.dfbeta == pytest.approx((mean - others) * np.sqrt(total), rel=1e-9)
    assert (found.tau2 == 0).all()


def test_a_study_far_from_the_others_is_called_influential():
    y, v = np.array([0.1, 0.12, 0.09, 0.11, 0.1, 0.1, 2.0]), np.full(7, 0.01)
    found = influence(y, v)
    assert found.influential.tolist() == [False] * 6 + [True]
    assert found.rstudent.argmax() == 6
    assert found.rstudent[6] > 10
    assert found.covariance_ratio[6] < 0.1


def test_a_study_with_most_of_the_weight_is_called_influential():
    y, v = np.array([0.1, 0.2, 0.15, 0.12, 0.3]), np.array([0.001, 1, 1, 1, 1])
    found = influence(y, v, model="fixed")
    assert found.hat[0] > 3 / 5
    assert found.influential[0]


def test_each_rule_of_thumb_calls_a_study_influential_by_itself():
    # all effects alike: only the weight can
    alike = influence(np.full(5, 0.2), np.array([0.001, 1, 1, 1, 1]), model="fixed")
    assert alike.influential.tolist() == [True] + [False] * 4
    # 30 studies of one precision, one of them 3.3 standard errors off: |dffits| 0.6 > 3 / sqrt(29), the rest small
    y = np.r_[0.05 * np.resize([1, -1], 29), 3.3]
    off = influence(y, np.ones(30), model="fixed")
    assert abs(off.dffits[29]) > 3 / np.sqrt(29)
    assert abs(off.dfbeta[29]) < 1
    assert off.cook.max() < chi2.ppf(0.5, 1)
    assert off.hat.max() < 3 / 30
    assert off.influential.tolist() == [False] * 29 + [True]


@pytest.mark.parametrize("choices", [{}, {"tau2": "dl"}, {"model": "fixed"}, {"interval": "normal", "alpha": 0.1}])
def test_rows_are_what_pooling_the_others_gives(choices):
    y, v = made(np.random.default_rng(7), 6)
    found = leave_one_out(y, v, **choices)
    for i in range(6):
        other = pooled(np.delete(y, i), np.delete(v, i), **choices)
        assert found.estimate[i] == other.estimate
        assert (found.conf_low[i], found.conf_high[i]) == (other.conf_low, other.conf_high)
        assert (found.p_value[i], found.tau2[i]) == (other.p_value, other.between.tau2)
        assert found.q_p_value[i] == other.between.p_value


def test_the_last_row_of_the_cumulation_is_the_whole_and_the_first_is_one_study():
    order = np.random.default_rng(0).permutation(13)
    found, whole = cumulative(Y, V, order=order), pooled(Y, V)
    assert found.estimate[-1] == pytest.approx(whole.estimate, rel=1e-9)
    assert found.conf_high[-1] == pytest.approx(whole.conf_high, rel=1e-8)
    assert found.estimate[0] == Y[order[0]]
    assert found.std_error[0] == pytest.approx(V[order[0]] ** 0.5, rel=1e-12)
    assert (found.tau2[0], found.q[0]) == (0, 0)
    assert len(found.estimate) == 13


@given(some_studies(least=3, most=6))
def test_turning_studies_round_turns_the_rows_round(held):
    y, v = held
    plain, other = influence(y, v), influence(y[::-1].copy(), v[::-1].copy())
    for name in ("rstudent", "cook", "hat", "dffits"):
        assert getattr(other, name)[::-1] == pytest.approx(getattr(plain, name), rel=1e-4, abs=1e-5), name


@given(some_studies(least=3, most=6))
def test_mirrored_studies_have_mirrored_residuals_and_the_same_weights(held):
    y, v = held
    plain, other = influence(y, v), influence(-y, v)
    assert other.rstudent == pytest.approx(-plain.rstudent, rel=1e-4, abs=1e-5)
    assert other.hat == pytest.approx(plain.hat, rel=1e-5, abs=1e-8)
    assert plain.hat.sum() == pytest.approx(1)


@pytest.mark.parametrize("function", [leave_one_out, influence])
def test_two_studies_are_too_few(function):
    with pytest.raises(DesignError, match="expected at least 3"):
        function(Y[:2], V[:2])


@pytest.mark.parametrize("order", [[0, 1], [0, 1, 1], [1, 2, 3], [0.5, 1, 2]])
def test_an_order_that_misses_studies_is_refused(order):
    with pytest.raises(DesignError, match="every position from 0 to k - 1 once"):
        cumulative(Y[:3], V[:3], order=np.array(order))
