"""Links: no record in two of them, the best set of pairs, the same set whatever the order, and nothing shown."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curv_eval.linkage import links as links_module
from curv_eval.linkage.links import Links, one_to_one


def kept(left, right, gain):
    chosen = one_to_one(np.array(left), np.array(right), np.array(gain))
    return {(a, b) for a, b, yes in zip(left, right, chosen, strict=True) if yes}


def test_a_pair_alone_is_kept_even_when_it_gains_nothing():
    assert kept([7], [3], [0.0]) == {(7, 3)}


def test_of_equally_good_sets_the_one_with_more_links_is_kept():
    assert kept([1, 1, 2], [1, 2, 1], [0.0, 0.0, 0.0]) == {(1, 2), (2, 1)}


def test_nothing_gives_nothing():
    assert one_to_one(np.array([], dtype=int), np.array([], dtype=int), np.array([])).tolist() == []


def test_of_two_for_one_record_the_heavier_is_kept():
    assert kept([1, 1], [5, 6], [3.0, 9.0]) == {(1, 6)}
    assert kept([1, 2], [5, 5], [3.0, 9.0]) == {(2, 5)}


def test_of_two_equal_ones_the_smaller_number_is_kept():
    assert kept([1, 1, 1], [9, 4, 6], [5.0, 5.0, 5.0]) == {(1, 4)}
    assert kept([8, 3, 6], [2, 2, 2], [5.0, 5.0, 5.0]) == {(3, 2)}


def test_the_best_sum_wins_over_the_strongest_pair():
    # strongest first would take (1, 1) for 10 and leave nothing better than 1 for the others
    assert kept([1, 1, 2, 2], [1, 2, 1, 2], [10.0, 9.0, 9.0, 1.0]) == {(1, 2), (2, 1)}


def test_groups_do_not_touch_each_other():
    assert kept([1, 1, 5, 6], [1, 2, 9, 9], [2.0, 1.0, 1.0, 2.0]) == {(1, 1), (6, 9)}


def test_numbers_need_not_start_at_nought_nor_be_small():
    big = 10**6
    assert kept([big, big, 2 * big], [0, big, big], [1.0, 2.0, 3.0]) == {(big, 0), (2 * big, big)}


def test_a_group_too_large_for_a_table_is_settled_strongest_first(monkeypatch):
    monkeypatch.setattr(links_module, "_MOST_CELLS", 3)
    assert kept([1, 1, 2, 2], [1, 2, 1, 2], [10.0, 9.0, 9.0, 1.0]) == {(1, 1), (2, 2)}
    assert kept([2, 1, 1], [1, 2, 1], [5.0, 5.0, 5.0]) == {(1, 1)}


def best_sum(pairs):
    """The largest sum of any set of pairs that names no record twice, by trying all."""
    best = 0.0
    for size in range(1, len(pairs) + 1):
        for chosen in itertools.combinations(pairs, size):
            if len({a for a, _, _ in chosen}) == len({b for _, b, _ in chosen}) == size:
                best = max(best, sum(gain for _, _, gain in chosen))
    return best


PAIRS = st.dictionaries(
    st.tuples(st.integers(0, 4), st.integers(0, 4)), st.integers(0, 40).map(lambda n: n / 4), min_size=1, max_size=9
)


@settings(max_examples=60, deadline=None)
@given(PAIRS, st.randoms(use_true_random=False))
def test_no_record_is_used_twice_and_no_set_is_better(pairs, random):
    rows = [(a, b, gain) for (a, b), gain in pairs.items()]
    random.shuffle(rows)
    chosen = kept(*zip(*rows, strict=True))
    assert len({a for a, _ in chosen}) == len({b for _, b in chosen}) == len(chosen)
    assert sum(pairs[pair] for pair in chosen) == pytest.approx(best_sum(rows))


@settings(max_examples=60, deadline=None)
@given(PAIRS, st.randoms(use_true_random=False))
def test_the_order_of_the_pairs_does_not_matter(pairs, random):
    rows = [(a, b, gain) for (a, b), gain in pairs.items()]
    first = kept(*zip(*rows, strict=True))
    random.shuffle(rows)
    assert kept(*zip(*rows, strict=True)) == first


@settings(max_examples=30, deadline=None)
@given(PAIRS)
def test_a_pair_that_nobody_contests_is_kept(pairs):
    rows = [(a, b, gain) for (a, b), gain in pairs.items()]
    alone = {
        (a, b) for a, b, _ in rows if sum(x == a for x, _, _ in rows) == 1 and sum(y == b for _, y, _ in rows) == 1
    }
    assert alone <= kept(*zip(*rows, strict=True))


@pytest.fixture
def links():
    ids = {"record_id_l": ["AB123456C", "x"], "record_id_r": ["jane", "y"]}
    pairs = pd.DataFrame({**ids, "probability": [0.9, 0.8], "weight": [3.2, 2.0]})
    return Links(pairs, threshold=0.5, mode="clear", n_left=10, n_right=20)


def test_what_is_printed_shows_shapes_and_nobody(links):
    assert repr(links) == "<Links: 2 between 10 and 20 records, clear>"
    assert "jane" not in f"{links} {[links]} { {'a': links} }"


def test_links_do_not_change(links):
    with pytest.raises(AttributeError):
        links.threshold = 0.1
    assert len(links) == 2
