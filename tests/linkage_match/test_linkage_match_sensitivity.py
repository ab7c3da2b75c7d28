"""Missed and false links: the published formula by hand, what must hold for every group, and coverage by simulation."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curv_eval.errors import DesignError
from curv_eval.linkage.sensitivity import (
    Group,
    corrected_difference,
    corrected_share,
    errors_from_quality,
    missed_grid,
    tipping_point,
)

SHARES = st.floats(0, 0.45)


@st.composite
def groups(draw, least=1):
    """A group whose missed and false links can have produced what was found."""
    n = draw(st.integers(20, 5_000))
    missed, false = draw(SHARES), draw(SHARES)
    low, high = math.ceil(false * n), math.floor((1 - missed) * n)
    return Group(draw(st.integers(min(max(low, least), high), high)), n, missed=missed, false=false)


# ---- by hand


def test_rogan_and_gladen_by_hand():
    # 130 of 1,000 found, sensitivity 0.80, specificity 0.95: (0.13 + 0.95 - 1) / (0.80 + 0.95 - 1) = 0.08 / 0.75
    share = corrected_share(Group(130, 1_000, missed=0.20, false=0.05))
    assert share.estimate == pytest.approx(0.106666667)
    # sqrt(0.13 x 0.87 / 1000) / 0.75 = sqrt(0.0001131) / 0.75
    assert share.std_error == pytest.approx(0.014179798, abs=1e-8)


def test_what_was_learnt_from_few_adds_to_the_error_by_hand():
    # P = 0.08 / 0.75; 0.0001131 + P^2 0.2 x 0.8 / 100 + (1 - P)^2 0.05 x 0.95 / 200, all over 0.75^2
    group = Group(130, 1_000, missed=0.20, false=0.05, missed_of=100, false_of=200)
    p = 0.08 / 0.75
    variance = (0.0001131 + p**2 * 0.0016 + (1 - p) ** 2 * 0.0002375) / 0.5625
    assert corrected_share(group).std_error == pytest.approx(math.sqrt(variance))
    assert corrected_share(group).std_error > corrected_share(Group(130, 1_000, missed=0.20, false=0.05)).std_error


def test_difference_and_ratio_by_hand():
    # 30 of 200 against 50 of 200, a fifth missed in both: 0.1875 and 0.3125
    found = corrected_difference(Group(30, 200, missed=0.2), Group(50, 200, missed=0.2))
    assert found.difference == pytest.approx(-0.125)
    assert found.ratio == pytest.approx(0.6)
    error = math.sqrt(0.15 * 0.85 / 200 + 0.25 * 0.75 / 200) / 0.8
    assert found.low == pytest.approx(-0.125 - 1.959964 * error, abs=1e-6)
    assert found.high == pytest.approx(-0.125 + 1.959964 * error, abs=1e-6)
    on_log = math.sqrt(0.85 / (200 * 0.15) + 0.75 / (200 * 0.25))
    assert math.log(found.ratio_high / found.ratio) == pytest.approx(1.959964 * on_log, abs=1e-6)
    assert found.ratio_low * found.ratio_high == pytest.approx(found.ratio**2)


def test_unequal_missed_links_can_make_a_difference_of_nothing():
    # one in four of both have the outcome; a fifth of the treated's links are missed, none of the others'
    found = corrected_difference(Group(200, 1_000, missed=0.2), Group(250, 1_000))
    assert found.difference == pytest.approx(0)
    assert corrected_difference(Group(200, 1_000), Group(250, 1_000)).difference == pytest.approx(-0.05)


def test_the_tipping_point_by_hand():
    # 0.15 against 0.25: 40% of the treated's links would have to be missed, if none of the others' are
    tip = tipping_point(Group(30, 200), Group(50, 200))
    assert tip.treated == pytest.approx(0.4)
    assert tip.comparison is None
    assert tipping_point(Group(50, 200), Group(30, 200)).comparison == pytest.approx(0.4)


# ---- what must hold for every group


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 500), st.integers(1, 500))
def test_without_errors_nothing_changes(found, more):
    group = Group(found, found + more)
    share = corrected_share(group)
    assert share.estimate == pytest.approx(group.share)
    assert share.std_error == pytest.approx(math.sqrt(group.share * (1 - group.share) / group.n))


@settings(max_examples=60, deadline=None)
@given(groups(), groups(), SHARES)
def test_equal_missed_shares_leave_the_ratio_and_shrink_the_difference(a, b, missed):
    a, b = (Group(g.found, g.n) for g in (a, b))
    if max(a.share, b.share) > 1 - missed:
        return
    plain = corrected_difference(a, b)
    corrected = corrected_difference(replace(a, missed=missed), replace(b, missed=missed))
    assert corrected.difference == pytest.approx(plain.difference / (1 - missed))
    assert corrected.ratio == pytest.approx(plain.ratio, nan_ok=True)


@settings(max_examples=60, deadline=None)
@given(groups(), st.floats(0, 0.2))
def test_the_more_is_missed_the_more_there_is(group, more):
    try:
        worse = corrected_share(replace(group, missed=group.missed + more))
    except DesignError:
        return
    assert worse.estimate >= corrected_share(group).estimate - 1e-9


@settings(max_examples=60, deadline=None)
@given(groups(), st.floats(0, 0.2))
def test_the_more_is_false_the_less_there_is(group, more):
    try:
        worse = corrected_share(replace(group, false=group.false + more))
    except DesignError:
        return
    assert worse.estimate <= corrected_share(group).estimate + 1e-9


@settings(max_examples=80, deadline=None)
@given(groups(), groups())
def test_at_the_tipping_point_nothing_is_left(a, b):
    tip = tipping_point(a, b)
    if tip.treated is not None and tip.treated + a.false < 0.99:
        assert corrected_difference(replace(a, missed=tip.treated), b).difference == pytest.approx(0, abs=1e-9)
    if tip.comparison is not None and tip.comparison + b.false < 0.99:
        assert corrected_difference(a, replace(b, missed=tip.comparison)).difference == pytest.approx(0, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(groups(), groups())
def test_turned_round_the_difference_changes_its_sign_only(a, b):
    there, back = corrected_difference(a, b), corrected_difference(b, a)
    assert there.difference == pytest.approx(-back.difference)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


@settings(max_examples=60, deadline=None)
@given(st.integers(10, 900), st.floats(0.6, 1), st.floats(0.6, 1))
def test_precision_and_recall_give_back_the_true_share(found, precision, recall):
    n = 2_000
    missed, false = errors_from_quality(found=found, n=n, precision=precision, recall=recall)
    assert corrected_share(Group(found, n, missed=missed, false=false)).estimate == pytest.approx(
        found * precision / recall / n
    )


# ---- by simulation


def test_intervals_hold_about_as_often_as_they_say():
    rng = np.random.default_rng(7)
    n, missed, false, held = 600, (0.25, 0.10), (0.02, 0.01), 0
    true = (0.20, 0.30)
    for _ in range(1_000):
        made = []
        for share, m, f in zip(true, missed, false, strict=True):
            seen = np.where(rng.random(n) < share, rng.random(n) >= m, rng.random(n) < f)
            made.append(Group(int(seen.sum()), n, missed=m, false=f))
        found = corrected_difference(*made)
        held += found.low <= true[0] - true[1] <= found.high
    assert held / 1_000 == pytest.approx(0.95, abs=0.025)


def test_intervals_hold_where_the_missed_share_was_learnt_from_few():
    rng = np.random.default_rng(8)
    held, known = 0, 0
    for _ in range(1_000):
        m = rng.binomial(60, 0.3) / 60
        seen = int((rng.random(5_000) < 0.25 * 0.7).sum())
        # the other group is known exactly: only the first group's error is tested
        a, b = Group(seen, 5_000, missed=m, missed_of=60), Group(250_000_000, 10**9)
        found, blind = corrected_difference(a, b), corrected_difference(replace(a, missed_of=None), b)
        held += found.low <= 0 <= found.high
        known += blind.low <= 0 <= blind.high
    assert held / 1_000 == pytest.approx(0.95, abs=0.03)
    assert known / 1_000 < 0.6


# ---- tables and refusals


def test_the_grid_has_every_pair_once_and_marks_what_cannot_be():
    grid = missed_grid(Group(30, 100), Group(80, 100), missed=[0.0, 0.1, 0.3])
    assert list(grid) == ["missed_treated", "missed_comparison", "difference", "low", "high"]
    assert len(grid.drop_duplicates(["missed_treated", "missed_comparison"])) == 9
    # 80 of 100 were found, so not 30 in 100 can have been missed
    assert grid["difference"].isna().equals(grid["missed_comparison"] == 0.3)
    plain = grid[(grid["missed_treated"] == 0) & (grid["missed_comparison"] == 0)]
    assert plain["difference"].item() == pytest.approx(-0.5)


def test_the_grid_rises_with_what_the_treated_miss():
    grid = missed_grid(Group(30, 100), Group(40, 100), missed=[0.0, 0.1, 0.2, 0.3])
    table = grid.pivot(index="missed_treated", columns="missed_comparison", values="difference").to_numpy()
    assert (np.diff(table, axis=0) > 0).all()
    assert (np.diff(table, axis=1) < 0).all()


def test_a_wider_level_gives_a_wider_interval():
    a, b = Group(30, 200), Group(50, 200)
    narrow, wide = corrected_difference(a, b, level=0.8), corrected_difference(a, b, level=0.99)
    assert wide.low < narrow.low < narrow.high < wide.high


def test_a_share_of_nobody_has_no_ratio():
    found = corrected_difference(Group(5, 100), Group(0, 100))
    assert found.difference == pytest.approx(0.05)
    assert math.isnan(found.ratio)
    assert math.isnan(corrected_difference(Group(0, 100), Group(5, 100)).ratio_low)
    assert tipping_point(Group(5, 100), Group(0, 100)).treated is None


def test_a_share_next_to_nothing_has_an_interval_without_an_upper_end():
    found = corrected_difference(Group(172, 686, false=0.25), Group(878, 4_782, false=0.18359375))
    assert found.ratio_high == math.inf
    assert found.ratio_low == 0


def test_what_cannot_have_been_is_refused_for_both_groups_at_once():
    with pytest.raises(DesignError) as refused:
        corrected_difference(Group(90, 100, missed=0.2), Group(5, 100, false=0.1))
    said = str(refused.value)
    assert "treated: found 0.900, missed 0.200, false 0.000 give a true share of 1.125, outside 0 to 1" in said
    assert "comparison: found 0.050, missed 0.000, false 0.100 give a true share of -0.056" in said


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"missed": 0.6, "false": 0.4}, "links say nothing"),
        ({"missed": 1.2}, "expected shares between 0 and 1"),
        ({"found": 11}, "found 11 of 10"),
        ({"found": -1}, "found -1 of 10"),
        ({"missed_of": 0}, "learnt from 0 people"),
    ],
)
def test_a_group_that_makes_no_sense_is_refused(wrong, said):
    with pytest.raises(DesignError, match=said):
        Group(**{"found": 3, "n": 10, **wrong})


def test_every_fault_of_a_group_is_named():
    with pytest.raises(DesignError) as refused:
        Group(11, 10, missed=2.0, missed_of=0)
    assert len(refused.value.breaches) == 3


def test_a_level_that_is_no_share_is_refused():
    with pytest.raises(DesignError, match="level"):
        corrected_difference(Group(3, 10), Group(4, 10), level=95)


@pytest.mark.parametrize(("precision", "recall"), [(0, 0.5), (0.5, 0), (1.1, 0.5), (0.9, 0.05)])
def test_a_quality_that_cannot_be_is_refused(precision, recall):
    with pytest.raises(DesignError):
        errors_from_quality(found=90, n=100, precision=precision, recall=recall)


def test_everybody_found_and_everybody_right_is_no_error():
    assert errors_from_quality(found=10, n=10, precision=1, recall=1) == (0, 0)
