"""The model: which level a pair falls in, what is learnt, what is mended afterwards, and how weights add up."""

import math

import linkage_match_support as support
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curv_eval.errors import DesignError
from curv_eval.linkage.match_score import linked, probability, recalibrate
from curv_eval.linkage.model import DICE, clear_comparisons, encoded_comparisons
from curv_eval.linkage.model_train import LEAST_M, _clean_u, _smooth_m
from curv_eval.linkage.model_weights import waterfall, weight_table

# ---- levels


def level(con, comparison, left, right, columns=None):
    """Return the label of the level in which DuckDB puts two values."""
    held = comparison.create_comparison_dict("duckdb")["comparison_levels"]
    cases = " ".join(
        f"WHEN {one['sql_condition']} THEN {i}" for i, one in enumerate(held) if one["sql_condition"] != "ELSE"
    )
    name = comparison.create_output_column_name()
    columns = columns or {f"{name}_l": left, f"{name}_r": right}
    values = ", ".join(f"CAST(${key} AS {_kind(value)}) AS {key}" for key, value in columns.items())
    place = con.execute(f"SELECT CASE {cases} ELSE {len(held) - 1} END FROM (SELECT {values})", columns).fetchall()
    return held[place[0][0]]["label_for_charts"]


def _kind(value):
    return "BIGINT" if isinstance(value, int) else "VARCHAR"


def of(field, backend="duckdb"):
    return clear_comparisons([support.UK.field(field)], backend=backend)[0]


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("smith", "smith", "the same"),
        ("johnson", "jonhson", "very much alike"),
        ("catherine", "kathryn", "somewhat alike"),
        ("clark", "clarkeson", "much alike"),
        ("smith", "brown", "different"),
        (None, "brown", "surname is NULL"),
        ("smith", None, "surname is NULL"),
    ],
)
def test_levels_of_a_name(con, left, right, expected):
    assert level(con, of("surname"), left, right) == expected


@pytest.mark.parametrize("backend", ["duckdb", "spark"])
@pytest.mark.parametrize(
    ("right", "expected"),
    [
        ("2001-02-03", "the same"),
        ("2001-02-04", "one slip"),
        ("2001-20-03", "one slip"),
        ("2010-02-03", "one slip"),
        ("2001-03-02", "day and month swapped"),
        ("2011-02-13", "two slips"),
        ("2001-11-25", "the same year"),
        ("1987-11-25", "different"),
    ],
)
def test_levels_of_a_date(con, right, expected, backend):
    # the rules for Spark are of SQL that DuckDB also speaks
    assert level(con, of("date_of_birth", backend), "2001-02-03", right) == expected


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        ("ts11aa", "the same"),
        ("ts11ab", "the same sector"),
        ("ts11zz", "the same sector"),
        ("ts21aa", "one slip"),
        ("st11aa", "one slip"),
        ("ts111aa", "one slip"),
        ("ts19zz", "the same district"),
        ("le19zz", "different"),
    ],
)
def test_levels_of_a_postcode(con, right, expected):
    assert level(con, of("postcode"), "ts11aa", right) == expected


def test_levels_of_a_code(con):
    assert level(con, of("sex"), "f", "f") == "the same"
    assert level(con, of("sex"), "f", "m") == "different"


@pytest.mark.parametrize(
    ("shared", "expected"),
    [
        (64, "the same"),
        (60, "alike by 90% or more"),
        (52, "alike by 80% or more"),
        (46, "alike by 70% or more"),
        (36, "alike by 55% or more"),
        (35, "different"),
        (0, "different"),
    ],
)
def test_levels_of_filters_follow_the_dice_coefficient(con, shared, expected):
    # two filters of 64 bits set in 512, `shared` of them the same: Dice = 2 shared / 128
    comparison = encoded_comparisons([support.UK.field("surname")], bits=512)[0]
    columns = {"surname_l": 1, "surname_r": 1 if shared == 64 else 2, "n_surname_l": 64, "n_surname_r": 64}
    ones = (1 << 64) - 1
    words = {"l": [ones] + [0] * 7, "r": [(1 << shared) - 1, (1 << (64 - shared)) - 1] + [0] * 6}
    columns |= {f"w{i}_surname_{side}": _signed(w) for side, held in words.items() for i, w in enumerate(held, 1)}
    assert level(con, comparison, None, None, columns) == expected


def _signed(word):
    return word - (1 << 64) if word >> 63 else word


def test_dice_levels_go_down():
    assert list(DICE) == sorted(DICE, reverse=True)


def test_every_comparison_ends_with_what_is_different_and_knows_blanks():
    for comparison in clear_comparisons(support.UK.fields, backend="duckdb") + encoded_comparisons(
        support.UK.fields, bits=512
    ):
        held = comparison.create_comparison_dict("duckdb")["comparison_levels"]
        assert held[0]["is_null_level"]
        assert held[1]["label_for_charts"] == "the same"
        assert held[-1]["sql_condition"] == "ELSE"


def test_how_often_a_value_occurs_counts_for_names_and_places_only():
    kinds = {
        f.kind: c
        for f, c in zip(support.UK.fields, clear_comparisons(support.UK.fields, backend="duckdb"), strict=True)
    }
    by_kind = {
        kind: "tf_adjustment_column" in c.create_comparison_dict("duckdb")["comparison_levels"][1]
        for kind, c in kinds.items()
    }
    assert by_kind == {"name": True, "date": False, "code": False, "postcode": True}


# ---- what is learnt, mended


def levels_of(m, u):
    return [{"m_probability": a, "u_probability": b} for a, b in zip(m, u, strict=True)]


def test_half_a_pair_is_added_to_each_level_by_hand():
    held = levels_of([0.9, 0.1, 0.0], [0.1, 0.1, 0.8])
    _smooth_m(held, true_pairs=98.5)
    # (88.65 + 0.5, 9.85 + 0.5, 0.5) / 100
    assert [one["m_probability"] for one in held] == pytest.approx([0.8915, 0.1035, 0.005])


def test_no_level_alone_rules_a_pair_out():
    held = levels_of([1.0, 0.0], [0.1, 0.9])
    _smooth_m(held, true_pairs=1e9)
    assert held[1]["m_probability"] == pytest.approx(LEAST_M, rel=0.01)


def test_true_pairs_are_taken_out_of_chance_by_hand():
    # of a million pairs 200 are true, 180 of them the same; 40 others are the same by chance
    held = levels_of([0.9, 0.1], [0.0, 1.0])
    _clean_u(held, 220e-6, prior=200e-6, drawn=1e6)
    assert held[0]["u_probability"] == pytest.approx(40e-6, rel=0.001)


def test_chance_never_falls_to_nothing():
    held = levels_of([0.9, 0.1], [0.0, 1.0])
    _clean_u(held, 100e-6, prior=500e-6, drawn=1e6)
    assert held[0]["u_probability"] == pytest.approx(5e-6, rel=0.001)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=6).filter(lambda m: sum(m) > 0.1),
    st.lists(st.floats(0, 1), min_size=6, max_size=6),
    st.floats(1e-9, 0.4),
)
def test_after_mending_both_are_shares_above_nothing(m, u, prior):
    total, drawn = sum(m), sum(u[: len(m)]) or 1.0
    held = levels_of([part / total for part in m], [part / drawn for part in u[: len(m)]])
    _smooth_m(held, true_pairs=50)
    _clean_u(held, 0.01, prior=prior, drawn=1e6)
    for name in ("m_probability", "u_probability"):
        assert sum(one[name] for one in held) == pytest.approx(1)
        assert min(one[name] for one in held) > 0


# ---- the prior, weights and links


def test_the_prior_is_what_the_pairs_themselves_bear_out():
    # 300 pairs that are surely true and 700 that are surely not, whatever is guessed at first
    for guess in (1e-7, 1e-4):
        weight = np.concatenate([np.full(300, 30.0), np.full(700, -30.0)]) + np.log2(guess)
        shifted, prior = recalibrate(weight, prior=guess, pairs=10**6)
        assert prior * 10**6 == pytest.approx(300, rel=0.001)
        assert probability(shifted).sum() == pytest.approx(300, rel=0.001)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-20, 20), min_size=1, max_size=40), st.floats(1e-6, 0.1), st.floats(0.1, 10))
def test_the_first_guess_does_not_matter(weights, guess, times):
    weight, other = np.array(weights), guess * times
    moved = weight + np.log2(other / (1 - other)) - np.log2(guess / (1 - guess))
    first, second = (recalibrate(w, prior=p, pairs=10**6) for w, p in ((weight, guess), (moved, other)))
    assert first[1] == pytest.approx(second[1], rel=0.01)
    assert first[0] == pytest.approx(second[0], abs=0.02)


def test_no_pairs_are_no_fault():
    weight, prior = recalibrate(np.array([]), prior=1e-5, pairs=100)
    assert weight.tolist() == []
    assert 0 < prior < 0.01


def test_probability_and_weight_say_the_same():
    assert probability(np.array([0.0, 1.0, -1.0, 10.0])) == pytest.approx([1 / 2, 2 / 3, 1 / 3, 1024 / 1025])
    assert probability(np.array([-2000.0, 900.0])).tolist() == [0, 1]


def scored(rows):
    import pandas as pd

    table = pd.DataFrame(rows, columns=["left", "right", "weight"])
    return table.assign(probability=probability(table["weight"]))


def test_links_are_probable_enough_and_single():
    table = scored([(1, 1, 5.0), (1, 2, 6.0), (2, 1, 0.5), (3, 3, -0.1), (4, 4, 0.0)])
    assert linked(table, threshold=0.5, single=False).tolist() == [True, True, True, False, True]
    assert linked(table, threshold=0.5, single=True).tolist() == [False, True, True, False, True]
    assert linked(table, threshold=0.9, single=True).tolist() == [False, True, False, False, False]


# ---- tables of weights

MODEL = {
    "prior": 1 / 1025,
    "fields": {
        "surname": [
            {"level": "the same", "m": 0.8, "u": 0.1, "weight": 3.0},
            {"level": "different", "m": 0.2, "u": 0.9, "weight": math.log2(0.2 / 0.9)},
        ],
        "sex": [
            {"level": "the same", "m": 1.0, "u": 0.5, "weight": 1.0},
            {"level": "different", "m": 0.001, "u": 0.5, "weight": math.log2(0.002)},
        ],
    },
}


def test_the_weight_table_has_a_row_per_level():
    table = weight_table(MODEL)
    assert list(table) == ["field", "level", "m", "u", "weight"]
    assert table["field"].tolist() == ["surname", "surname", "sex", "sex"]
    assert table["weight"].to_numpy() == pytest.approx(np.log2(table["m"] / table["u"]).to_numpy())


def test_a_waterfall_by_hand():
    # odds of 1 to 1024 before, times 8, times 2: 1 to 64
    table = waterfall(MODEL, {"surname": "the same", "sex": "the same"})
    assert table["step"].tolist() == ["before comparing", "surname", "sex"]
    assert table["weight"].tolist() == pytest.approx([-10, 3, 1])
    assert table["total"].tolist() == pytest.approx([-10, -7, -6])
    assert table["probability"].iloc[-1] == pytest.approx(1 / 65)


def test_a_blank_says_nothing():
    table = waterfall(MODEL, {"surname": None, "sex": "the same"})
    assert table["level"].tolist() == ["", "blank", "the same"]
    assert table["total"].tolist() == pytest.approx([-10, -10, -9])


def test_what_the_model_does_not_know_is_refused_all_at_once():
    with pytest.raises(DesignError) as refused:
        waterfall(MODEL, {"surname": "nearly", "age": "the same"})
    assert refused.value.breaches == (
        "age: there is no such field",
        "surname: got 'nearly', expected one of the same, different",
    )
