"""Questionnaire scores against the published conversion table and against cases worked out by hand."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curv_eval.stats.scales import SDQ_DIFFICULTIES, SDQ_PARTS, SDQ_REVERSED, SWEMWBS_METRIC, sdq, swemwbs

TABLE = Path(__file__).parent / "swemwbs_conversion.csv"


def published():
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {int(row["raw_7_to_35"]): float(row["metric"]) for row in csv.DictReader(file)}


def answers(total):
    """Seven answers from 1 to 5 with this total."""
    items = [1] * 7
    for i in range(total - 7):
        items[i % 7] += 1
    return items


def test_every_raw_total_has_the_published_metric_score():
    table = published()
    raw, metric = swemwbs(np.array([answers(total) for total in table]))
    assert raw.tolist() == list(table)
    assert metric.tolist() == list(table.values())


def test_metric_scores_keep_order_and_ends():
    assert np.all(np.diff(SWEMWBS_METRIC) > 0)
    assert (SWEMWBS_METRIC[0], SWEMWBS_METRIC[-1], len(SWEMWBS_METRIC)) == (7.0, 35.0, 29)


def test_one_missing_answer_leaves_no_swemwbs_score():
    items = np.array([answers(20), answers(20)], dtype=float)
    items[1, 3] = np.nan
    raw, metric = swemwbs(items)
    assert raw[0] == 20
    assert np.isnan([raw[1], metric[1]]).all()


def form(**given):
    """One SDQ form: item numbers with their answers, others 0."""
    items = np.zeros((1, 25))
    for number, answer in given.items():
        items[0, int(number[1:]) - 1] = answer
    return items


def one(items):
    return {name: float(value[0]) for name, value in sdq(items).items()}


def test_a_form_of_zeros_scores_only_its_reversed_items():
    assert one(form()) == {
        "emotional": 0, "conduct": 2, "hyperactivity": 4, "peer": 4, "prosocial": 0, "total": 10,
    }  # fmt: skip


def test_the_highest_total_is_forty_and_the_lowest_is_nought():
    worst = np.full((1, 25), 2.0)
    worst[0, [n - 1 for n in SDQ_REVERSED]] = 0
    assert one(worst)["total"] == 40
    assert one(2 - worst)["total"] == 0


def test_prosocial_is_not_in_the_total():
    kind = form(i1=2, i4=2, i9=2, i17=2, i20=2)
    assert (one(kind)["prosocial"], one(kind)["total"]) == (10, 10)


@pytest.mark.parametrize(("missing", "score"), [(0, 10), (1, 10), (2, 10), (3, None), (5, None)])
def test_a_part_is_prorated_from_three_of_five(missing, score):
    items = form(i3=2, i8=2, i13=2, i16=2, i24=2)
    items[0, [number - 1 for number in SDQ_PARTS["emotional"][:missing]]] = np.nan
    found = one(items)
    assert found["emotional"] == score if score is not None else np.isnan([found["emotional"], found["total"]]).all()


def test_a_prorated_half_is_rounded_up():
    # 4 answered, sum 2: 2.5 becomes 3
    items = form(i3=2)
    items[0, 7] = np.nan
    assert one(items)["emotional"] == 3


def test_every_item_is_in_one_part():
    assert sorted(number for part in SDQ_PARTS.values() for number in part) == list(range(1, 26))
    assert set(SDQ_REVERSED) <= {number for part in SDQ_DIFFICULTIES for number in SDQ_PARTS[part]}


@pytest.mark.parametrize("value", [-1, 3, 0.5])
def test_answers_that_cannot_be_are_refused(value):
    with pytest.raises(ValueError, match="whole numbers from 0 to 2"):
        sdq(form(i1=value))
    with pytest.raises(ValueError, match="whole numbers from 1 to 5"):
        swemwbs(np.full((1, 7), 0 if value == -1 else value * 2 + 0.5))


@pytest.mark.parametrize("shape", [(25,), (1, 24), (0, 7)])
def test_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match="shape"):
        sdq(np.zeros(shape))


@given(st.lists(st.lists(st.integers(0, 2), min_size=25, max_size=25), min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_a_full_form_is_the_plain_sum(forms):
    items = np.array(forms, dtype=float)
    for name, numbers in SDQ_PARTS.items():
        plain = [sum(2 - f[n - 1] if n in SDQ_REVERSED else f[n - 1] for n in numbers) for f in forms]
        assert sdq(items)[name].tolist() == plain
