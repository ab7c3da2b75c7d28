"""What people were like before, as columns: none of them tells of a few people, not even by what is left."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curv_eval.people.categories import covariates

SIDES = np.repeat([True, False], [40, 60])


def columns(*levels, groups=(SIDES, ~SIDES), fewest=10, name="sex"):
    """levels: (name, how many treated, how many others)."""
    treated = [one for level, count, _ in levels for one in [level] * count]
    others = [one for level, _, count in levels for one in [level] * count]
    base = pd.DataFrame({f"x_{name}": pd.Series(treated + others, dtype=object)})
    return covariates(base, [name], groups=groups, fewest=fewest)


def sizes(found):
    return {key: (int(x[SIDES].sum()), int(x[~SIDES].sum())) for key, x in found.items()}


def test_a_rare_category_counts_with_the_largest():
    found = columns(("f", 20, 32), ("m", 18, 27), ("other", 2, 1))
    assert sizes(found) == {"sex_m": (18, 27)}


def test_a_category_that_is_rare_in_one_group_is_rare():
    found = columns(("f", 28, 20), ("m", 10, 20), ("other", 2, 20))
    assert sizes(found) == {"sex_m": (10, 20)}


def test_a_category_that_nobody_has_in_one_group_tells_of_nobody():
    found = columns(("f", 30, 30), ("m", 10, 15), ("other", 0, 15))
    assert sizes(found) == {"sex_m": (10, 15), "sex_other": (0, 15)}


def test_several_rare_ones_are_told_of_together_where_they_are_enough():
    found = columns(("f", 28, 40), ("m", 4, 8), ("other", 4, 6), (None, 4, 6))
    assert sizes(found) == {"sex_others_together": (12, 20)}


def test_several_rare_ones_that_are_too_few_together_count_with_the_largest():
    found = columns(("f", 24, 40), ("m", 12, 14), ("other", 2, 3), (None, 2, 3))
    assert sizes(found) == {"sex_m": (12, 14)}


def test_the_largest_is_not_few_in_a_group_either():
    # f is the largest, but 4 of the treated are f: m alone would tell of them
    assert columns(("f", 4, 50), ("m", 36, 10)) == {}
    assert sizes(columns(("f", 4, 36), ("m", 22, 12), ("x", 14, 12))) == {"sex_m": (22, 12)}


def test_without_a_rule_every_category_is_told_of():
    found = columns(("f", 20, 32), ("m", 18, 27), ("other", 2, 1), fewest=1)
    assert sizes(found) == {"sex_m": (18, 27), "sex_other": (2, 1)}


@pytest.mark.parametrize(("gaps", "told"), [(0, False), (3, False), (10, True), (37, False)])
def test_a_gap_is_told_of_where_enough_have_it(gaps, told):
    age = np.arange(100.0)
    age[:gaps] = np.nan
    age[40 : 40 + 12 * (gaps == 10)] = np.nan
    base = pd.DataFrame({"x_age": age})
    found = covariates(base, ["age"], groups=(SIDES, ~SIDES), fewest=10)
    assert sorted(found) == (["age", "age_missing"] if told else ["age"])
    assert np.isfinite(found["age"]).all()


counts = st.lists(st.tuples(st.integers(0, 25), st.integers(0, 25)), min_size=1, max_size=6).filter(
    lambda found: min(sum(a for a, _ in found), sum(b for _, b in found)) > 0
)


@given(counts, st.integers(1, 12))
def test_whatever_the_categories_no_count_that_follows_is_small(levels, fewest):
    sides = np.repeat([True, False], [sum(a for a, _ in levels), sum(b for _, b in levels)])
    named = [(f"c{i}", *level) for i, level in enumerate(levels)]
    found = columns(*named, groups=(sides, ~sides), fewest=fewest)
    told = [x.astype(bool) for x in found.values()]
    rest = [~np.any(told, axis=0)] if told else []
    following = [int((one & side).sum()) for one in told + rest for side in (sides, ~sides)]
    assert not [count for count in following if 0 < count < fewest]
    assert all(sum(one.astype(int) for one in told) <= 1) if told else True
