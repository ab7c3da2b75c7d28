"""What stands behind the numbers of a check about people, worked out by hand."""

import numpy as np
import pytest

from curv_eval.estimate.check_rows import fewest, rows
from people import known_people

GROUP = np.array([True] * 5 + [False] * 7)


@pytest.mark.parametrize(
    ("ones", "expected"),
    [
        ((2, 4), 2),  # 2 of 5, and 3 of 7 without it
        ((4, 4), 1),  # the one treated person without it
        ((0, 3), 3),  # nobody treated has it, which tells of nobody
        ((5, 7), 5),  # everybody
        ((0, 0), 5),
    ],
)
def test_of_two_values_the_rarest_in_either_group_counts(ones, expected):
    x = np.concatenate([np.arange(5) < ones[0], np.arange(7) < ones[1]]).astype(float)
    assert fewest(GROUP, x) == expected
    assert fewest(GROUP, 1 - x) == expected
    assert fewest(~GROUP, 3 + 2 * x) == expected


def test_of_many_values_the_smaller_group_counts():
    assert fewest(GROUP, np.arange(12.0)) == 5


def test_of_nobody_there_is_nobody():
    assert fewest(np.zeros(0, dtype=bool), np.zeros(0)) == 0


@pytest.mark.parametrize("binary", [False, True])
def test_a_row_has_the_fewer_of_what_stands_behind_all_and_behind_it(binary):
    people = known_people(binary=binary)
    everybody = int(people.outcomes["y"].sum()) if binary else 800
    table = rows([("a", 1.0), ("b", 1.0), ("c", 1.0)], people, outcome="y", behind={"b": 3, "c": 5000})
    assert table["events"].tolist() == [everybody, 3, everybody]
    assert table["n_units"].tolist() == [800] * 3
