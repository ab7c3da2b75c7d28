"""Trim and fill: against metafor, by hand, and what filling must keep."""

import numpy as np
import pytest
from hypothesis import given
from meta_cases import BCG, PUBLISHED, archive_studies, archive_values, bcg, half_a_last_digit, stopped_as_metafor
from meta_cases import studies as some_studies

from curv_eval.errors import DesignError
from curv_eval.stats import meta_between, meta_trim_fill
from curv_eval.stats.meta_bias import egger
from curv_eval.stats.meta_pooled import pooled
from curv_eval.stats.meta_trim_fill import trim_fill

Y, V = bcg()


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        ("trimfill_REML_L0", {"interval": "normal"}),
        ("trimfill_FE_L0", {"model": "fixed"}),
        ("trimfill_DL_R0", {"count": "r0", "tau2": "dl", "interval": "normal"}),
    ],
)
def test_the_thirteen_trials_are_metafor_s(name, choices):
    found, expected = trim_fill(Y, V, **choices), BCG["expected"][name]
    assert (found.side, found.missing) == (expected["side"], expected["k0"])
    assert found.filled.estimate == pytest.approx(expected["estimate"], abs=1e-6)
    assert found.filled.std_error == pytest.approx(expected["se"], abs=1e-6)
    assert found.filled.conf_low == pytest.approx(expected["ci_lb"], abs=1e-6)
    assert found.filled.between.tau2 == pytest.approx(expected["tau2"], abs=2e-6)
    assert found.filled.between.q == pytest.approx(expected["Q"], abs=1e-6)
    assert len(found.y) == expected["k"]


def test_programmes_lack_sixteen_studies_on_the_left_as_metafor_says():
    y, v = archive_studies("dat.landenberger2005_log_or_nonrecidivism.csv")
    found, expected = trim_fill(y, v, interval="normal"), archive_values("dat.landenberger2005", "trimfill")
    assert (found.side, found.missing, len(found.y)) == ("left", 16, expected["k"])
    assert found.filled.estimate == pytest.approx(expected["estimate"], abs=1e-6)
    assert found.filled.std_error == pytest.approx(expected["se"], abs=1e-6)
    assert found.filled.between.tau2 == pytest.approx(expected["tau2"], abs=2e-6)
    # metafor stops at steps of 1e-5, which Q of filled studies feels most
    assert found.filled.between.q == pytest.approx(expected["Q"], abs=1e-3)


def test_programmes_stopped_where_metafor_stops_are_its_own(monkeypatch):
    monkeypatch.setattr(meta_between, "_reml", stopped_as_metafor)
    y, v = archive_studies("dat.landenberger2005_log_or_nonrecidivism.csv")
    found, expected = trim_fill(y, v, interval="normal").filled, archive_values("dat.landenberger2005", "trimfill")
    assert found.estimate == pytest.approx(expected["estimate"], abs=1e-11)
    assert found.between.q == pytest.approx(expected["Q"], abs=1e-9)
    line = archive_values("dat.landenberger2005", "regtest")
    assert egger(y, v).statistic == pytest.approx(line["estimate"], abs=1e-11)


@pytest.mark.parametrize(("name", "choices"), [("fixed", {"model": "fixed"}), ("dl", {"tau2": "dl"})])
def test_made_up_studies_are_metafor_s(name, choices):
    case = PUBLISHED["trim_fill"]
    y, v = np.array(case["y"]), np.array(case["std_error"]) ** 2
    found, expected = trim_fill(y, v, **choices), case["expected"][name]
    assert (found.side, found.missing) == (expected["side"], expected["missing"])
    assert found.filled.estimate == pytest.approx(expected["estimate"], abs=case["tolerance"])
    assert found.filled.between.tau2 == pytest.approx(expected.get("tau2", 0.0), abs=case["tolerance"])
    mirrored = trim_fill(-y, v, **choices)
    assert (mirrored.side, mirrored.missing) == ("right", expected["missing"])
    assert mirrored.filled.estimate == pytest.approx(-expected["estimate"], abs=case["tolerance"])


def test_the_error_of_the_number_is_the_one_that_metafor_prints():
    expected = PUBLISHED["bcg_trim_fill"]["expected"]
    found = trim_fill(Y, V, model="fixed")
    assert (found.missing, found.side) == (expected["missing"], expected["side"])
    assert found.std_error == pytest.approx(expected["std_error"], abs=half_a_last_digit(expected["std_error"]))


def test_counts_by_hand():
    # ranks of |r|: 1, 2, 3, 4, 5 with the two below in places 1 and 2
    r = np.array([-0.1, -0.2, 0.3, 0.4, 0.5])
    # S = 3 + 4 + 5: (4 * 12 - 5 * 6) / 9 = 2; r0: 5 - 2 - 1 = 2
    assert meta_trim_fill._count(r, "l0") == 2
    assert meta_trim_fill._count(r, "r0") == 2
    assert meta_trim_fill._count(-r, "l0") == pytest.approx((4 * 3 - 30) / 9)
    assert meta_trim_fill._count(-r, "r0") == -1
    assert [meta_trim_fill._whole(x) for x in (-1.3, 0.4, 0.6, 2.5, 3.5)] == [0, 0, 1, 2, 4]


def test_errors_by_hand():
    # k = 5, none missing: 4 sqrt(5 * 6 * 11 / 24) / 9; r0: sqrt(2)
    assert meta_trim_fill._error(5, 0, "l0") == pytest.approx(4 * np.sqrt(330 / 24) / 9)
    assert meta_trim_fill._error(5, -2.0, "r0") == pytest.approx(np.sqrt(2))
    assert meta_trim_fill._error(5, 3.0, "r0") == pytest.approx(np.sqrt(8))


def test_what_is_filled_in_mirrors_the_most_extreme_studies():
    found = trim_fill(Y, V, model="fixed")
    extreme = np.argsort(Y)[:4]
    sums = found.y[13:] + Y[np.argsort(-Y)[-4:]]
    assert np.ptp(sums) == pytest.approx(0, abs=1e-12)
    assert sorted(found.v[13:]) == sorted(V[extreme])
    assert (found.y[:13] == Y).all()
    centre = pooled(np.delete(Y, extreme), np.delete(V, extreme), model="fixed").estimate
    assert sums[0] / 2 == pytest.approx(centre, rel=1e-12)


def test_an_even_funnel_lacks_nothing():
    # ranks of those above 0 add up to half of all, and so do those below
    y, v = 0.1 * np.array([1.0, -2, -3, 4, 5, -6, -7, 8, 9, -10, -11, 12]), np.full(12, 0.1)
    for side in ("left", "right"):
        for count in ("l0", "r0"):
            found = trim_fill(y, v, side=side, count=count, model="fixed")
            assert found.missing == 0
            assert found.filled.estimate == pooled(y, v, model="fixed").estimate


def test_a_side_can_be_named():
    left, right = trim_fill(Y, V, side="left"), trim_fill(Y, V, side="right")
    assert (left.side, right.side) == ("left", "right")
    assert left.missing != right.missing


@given(some_studies(least=10, most=14))
def test_mirrored_studies_lack_as_many_on_the_other_side(held):
    y, v = held
    y = y + 1e-3 * np.arange(len(y))
    if len(set(np.abs(y).round(6).tolist())) < len(y):
        return
    try:
        plain = trim_fill(y, v, side="left", model="fixed")
    except DesignError as error:
        assert "does not settle" in str(error)
        return
    other = trim_fill(-y, v, side="right", model="fixed")
    assert other.missing == plain.missing
    assert other.filled.estimate == pytest.approx(-plain.filled.estimate, rel=1e-9, abs=1e-9)


@given(some_studies(least=10, most=14))
def test_filling_on_the_left_moves_the_effect_to_the_left(held):
    y, v = held
    try:
        found = trim_fill(y, v, side="left", model="fixed")
    except DesignError as error:
        assert "does not settle" in str(error)
        return
    assert len(found.y) == len(y) + found.missing
    if found.missing:
        assert found.filled.estimate <= pooled(y, v, model="fixed").estimate + 1e-9
        assert found.filled.studies == len(y) + found.missing


def test_what_does_not_settle_is_refused(monkeypatch):
    answers = iter([1.0, 2.0] * 60)
    monkeypatch.setattr(meta_trim_fill, "_count", lambda r, count: next(answers))
    with pytest.raises(DesignError, match="does not settle"):
        trim_fill(Y, V, model="fixed")


def test_nine_studies_and_wrong_words_are_refused():
    with pytest.raises(DesignError, match="trim and fill cannot tell with 9 studies"):
        trim_fill(Y[:9], V[:9])
    with pytest.raises(DesignError) as raised:
        trim_fill(Y, V, side="up", count="q0")
    assert len(raised.value.breaches) == 2


def test_equally_precise_studies_must_be_told_the_side():
    with pytest.raises(DesignError, match="the side must be given"):
        trim_fill(Y, np.full(13, 0.1))
    assert trim_fill(Y, np.full(13, 0.1), side="left").side == "left"
