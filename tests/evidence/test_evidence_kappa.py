"""Kappa against statsmodels, against printed tables, by hand, and where there is none."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import proportion_confint

from curv_eval.errors import DesignError
from curv_eval.stats.meta_agreement import cohen_kappa, crossed

HELD = json.loads((Path(__file__).parents[1] / "reference" / "kappa_published.json").read_text("utf-8"))
TABLES = [
    [[20, 5], [10, 15]],
    [[75, 1, 4], [5, 4, 1], [0, 0, 10]],
    [[0, 4, 1], [0, 8, 0], [0, 1, 5]],
    [[118, 5, 2], [12, 30, 9], [1, 7, 400]],
    [[1, 0], [0, 1]],
    [[3, 7], [9, 2]],
    [[40, 0, 1, 2], [3, 30, 1, 0], [0, 1, 20, 4], [2, 2, 2, 10]],
]
WEIGHTS = {"none": None, "linear": "linear", "quadratic": "quadratic"}


@pytest.mark.parametrize("case", HELD["data"]["inline"]["cases"], ids=lambda case: case["name"])
def test_printed_numbers_are_reached(case):
    expected = HELD["expected"][case["name"]]
    found = cohen_kappa(np.array(case["table"]), weights=case["weights"])
    for name, value in expected.items():
        assert getattr(found, name) == pytest.approx(value, abs=HELD["tolerance"][case["name"]]), name


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("weights", WEIGHTS)
def test_statsmodels_gives_the_same(table, weights):
    found = cohen_kappa(np.array(table), weights=weights)
    other = cohens_kappa(np.array(table), wt=WEIGHTS[weights])
    assert found.kappa == pytest.approx(other.kappa, abs=1e-12)
    assert found.std_error == pytest.approx(np.sqrt(max(other.var_kappa, 0)), abs=1e-9)
    assert found.std_error**2 == pytest.approx(other.var_kappa, abs=1e-12)
    if other.var_kappa > 0:
        assert (found.conf_low, found.conf_high) == pytest.approx((other.kappa_low, other.kappa_upp), abs=1e-12)


@pytest.mark.parametrize("table", TABLES)
def test_the_interval_of_raw_agreement_is_wilson_s(table):
    found = cohen_kappa(np.array(table))
    low, high = proportion_confint(np.trace(table), np.sum(table), method="wilson")
    assert (found.raw_low, found.raw_high) == pytest.approx((low, high), abs=1e-12)


def test_by_hand():
    # raw (20 + 15) / 50 = 0.7; by chance 0.5 * 0.6 + 0.5 * 0.4 = 0.5; kappa (0.7 - 0.5) / 0.5; PABAK 2 * 0.7 - 1
    found = cohen_kappa(np.array([[20, 5], [10, 15]]))
    assert found.raw == pytest.approx(0.7)
    assert found.kappa == pytest.approx(0.4)
    assert found.pabak == pytest.approx(0.4)
    assert found.n == 50


def test_pabak_of_three_classes_by_hand():
    found = cohen_kappa(np.diag([10, 10, 10]) + np.array([[0, 3, 0], [0, 0, 3], [0, 0, 0]]))
    raw = 30 / 36
    assert found.pabak == pytest.approx((3 * raw - 1) / 2)


def test_prevalence_lowers_kappa_and_not_pabak():
    even, skewed = cohen_kappa([[45, 5], [5, 45]]), cohen_kappa([[85, 5], [5, 5]])
    assert even.raw == skewed.raw
    assert skewed.kappa < even.kappa
    assert skewed.pabak == pytest.approx(even.pabak)


def test_full_agreement_is_1_without_error():
    found = cohen_kappa([[5, 0], [0, 7]])
    assert (found.kappa, found.std_error, found.conf_low, found.conf_high) == (1.0, 0.0, 1.0, 1.0)


def test_everything_in_one_class_has_no_kappa():
    found = cohen_kappa([[12, 0], [0, 0]])
    assert np.isnan([found.kappa, found.std_error, found.conf_low, found.conf_high]).all()
    assert (found.raw, found.pabak) == (1.0, 1.0)


def test_a_wider_level_gives_a_wider_interval():
    wide, narrow = cohen_kappa(TABLES[1], alpha=0.01), cohen_kappa(TABLES[1], alpha=0.2)
    assert wide.conf_low < narrow.conf_low < narrow.conf_high < wide.conf_high


COUNTS = st.lists(st.integers(0, 40), min_size=9, max_size=9)


@given(COUNTS, st.sampled_from(sorted(WEIGHTS)))
def test_turning_the_table_and_counting_more_change_nothing(counts, weights):
    table = np.array(counts).reshape(3, 3)
    assume(table.sum() > 0)
    found, turned = cohen_kappa(table, weights=weights), cohen_kappa(table.T, weights=weights)
    assume(np.isfinite(found.kappa))
    assert turned.kappa == pytest.approx(found.kappa, abs=1e-10)
    assert turned.std_error == pytest.approx(found.std_error, abs=1e-7)
    more = cohen_kappa(4 * table, weights=weights)
    assert more.kappa == pytest.approx(found.kappa, abs=1e-10)
    assert more.std_error == pytest.approx(found.std_error / 2, abs=1e-7)
    assert found.kappa <= 1 + 1e-12


@given(COUNTS)
def test_names_of_classes_do_not_matter_without_weights(counts):
    table = np.array(counts).reshape(3, 3)
    assume(table.sum() > 0)
    order = [2, 0, 1]
    found, other = cohen_kappa(table), cohen_kappa(table[np.ix_(order, order)])
    assert found.raw == pytest.approx(other.raw)
    assert np.isnan(found.kappa) == np.isnan(other.kappa)
    assert np.isnan(found.kappa) or found.kappa == pytest.approx(other.kappa, abs=1e-10)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=60))
def test_the_table_counts_every_pair(pairs):
    first, second = np.array(pairs).T
    table = crossed(first, second, classes=3)
    assert table.sum() == len(pairs)
    for i in range(3):
        for j in range(3):
            assert table[i, j] == pairs.count((i, j))


@pytest.mark.parametrize(
    ("table", "given_", "fault"),
    [
        ([[1, 2, 3]], {}, "table: got shape"),
        ([[1]], {}, "table: got shape"),
        ([[1, -1], [0, 2]], {}, "whole counts"),
        ([[1.5, 1], [0, 2]], {}, "whole counts"),
        ([[np.nan, 1], [0, 2]], {}, "whole counts"),
        ([[0, 0], [0, 0]], {}, "whole counts"),
        ([[1, 0], [0, 1]], {"weights": "cubic"}, "weights: got 'cubic'"),
        ([[1, 0], [0, 1]], {"alpha": 0.7}, "alpha: got 0.7"),
    ],
)
def test_what_is_no_table_is_refused(table, given_, fault):
    with pytest.raises(DesignError) as refusal:
        cohen_kappa(np.array(table), **given_)
    assert any(fault in text for text in refusal.value.breaches)


def test_every_fault_of_a_table_is_told_at_once():
    with pytest.raises(DesignError) as refusal:
        cohen_kappa(np.array([[1.5, 0], [0, 1]]), weights="cubic", alpha=2)
    assert len(refusal.value.breaches) == 3


@pytest.mark.parametrize(
    ("first", "second"), [([0, 3], [0, 1]), ([0, -1], [0, 1]), ([0.5, 1], [0, 1]), ([0, 1], [0]), ([[0]], [[0]])]
)
def test_ratings_that_are_none_are_refused(first, second):
    with pytest.raises(DesignError, match="cannot be set against each other"):
        crossed(np.array(first), np.array(second), classes=3)
