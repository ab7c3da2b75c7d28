"""Who is matched to whom, worked by hand."""

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.stats.matching import exact_bins, greedy, nearest, whitened


def column(*values):
    return np.array(values, dtype=float)[:, None]


def test_each_takes_the_nearest_and_one_may_be_used_twice():
    found = nearest(column(1.0, 1.2, 5.0), column(1.1, 9.0, 4.0))
    assert found.matched.all()
    assert found.uses() == pytest.approx([2, 0, 1])
    assert found.expected(np.array([10.0, 20, 30])) == pytest.approx([10, 10, 30])


def test_all_who_are_as_near_count_the_same():
    found = nearest(column(0.0), column(-1.0, 1.0, 1.0, 3.0))
    assert found.uses() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0])
    assert found.uses(power=2) == pytest.approx([1 / 9, 1 / 9, 1 / 9, 0])
    assert found.expected(np.array([3.0, 6, 9, 100])) == pytest.approx([6])


def test_two_matches_take_the_two_nearest_and_ties_with_the_second():
    found = nearest(column(0.0), column(0.1, 0.5, -0.5, 2.0), ratio=2)
    assert found.expected(np.array([3.0, 6, 9, 100])) == pytest.approx([6])


def test_people_at_one_point_fill_several_matches_at_once():
    # two at 0.1 are the two nearest: nobody farther is taken
    found = nearest(column(0.0), column(0.1, 0.1, 0.5), ratio=2)
    assert found.uses() == pytest.approx([0.5, 0.5, 0])


def test_more_matches_than_there_are_people_take_everybody():
    assert nearest(column(0.0), column(1.0, 2.0), ratio=5).uses() == pytest.approx([0.5, 0.5])


def test_a_caliper_leaves_out_who_has_nobody_near():
    found = nearest(column(0.0, 10.0), column(0.5, 3.0), caliper=1.0)
    assert found.matched.tolist() == [True, False]
    assert found.uses() == pytest.approx([1, 0])
    assert found.expected(np.array([7.0, 8])) == pytest.approx([7])


def test_a_caliper_keeps_those_of_several_matches_that_are_near():
    found = nearest(column(0.0), column(0.5, 0.9, 3.0), ratio=3, caliper=1.0)
    assert found.uses() == pytest.approx([0.5, 0.5, 0])


def test_a_tolerance_makes_ties_of_near_distances():
    there = column(0.10, 0.11, 0.2)
    assert nearest(column(0.0), there).uses() == pytest.approx([1, 0, 0])
    assert nearest(column(0.0), there, tie=0.11**2 - 0.1**2 + 1e-9).uses() == pytest.approx([0.5, 0.5, 0])


def test_uses_add_up_to_the_number_matched():
    draw = np.random.default_rng(1)
    mine, others = np.round(draw.normal(size=(50, 2)), 1), np.round(draw.normal(size=(80, 2)), 1)
    for ratio in (1, 3):
        found = nearest(mine, others, ratio=ratio)
        assert found.uses().sum() == pytest.approx(50)


def brute(mine, others, ratio):
    """Everybody at most as far as the ratio-th nearest, one treated person at a time."""
    share = np.zeros((len(mine), len(others)))
    for i, place in enumerate(mine):
        gap = np.sqrt(((others - place) ** 2).sum(axis=1))
        near = gap <= np.sort(gap)[ratio - 1] + 1e-9
        share[i, near] = 1 / near.sum()
    return share


@pytest.mark.parametrize("ratio", [1, 2, 4])
@pytest.mark.parametrize("digits", [0, 1, 6])
def test_it_is_what_a_search_through_everybody_finds(ratio, digits):
    draw = np.random.default_rng(7)
    mine, others = np.round(draw.normal(size=(40, 2)), digits), np.round(draw.normal(size=(70, 2)), digits)
    y, share = draw.normal(size=70), brute(mine, others, ratio)
    found = nearest(mine, others, ratio=ratio)
    assert found.uses() == pytest.approx(share.sum(axis=0), abs=1e-12)
    assert found.uses(power=2) == pytest.approx((share**2).sum(axis=0), abs=1e-12)
    assert found.expected(y) == pytest.approx(share @ y, abs=1e-12)


def test_without_replacement_the_first_to_choose_takes_the_nearest():
    mine, others = column(1.0, 1.1), column(1.05, 3.0)
    first = greedy(mine, others, first=np.array([0, 1]))
    assert first.expected(np.array([10.0, 20])) == pytest.approx([10, 20])
    second = greedy(mine, others, first=np.array([1, 0]))
    assert second.expected(np.array([10.0, 20])) == pytest.approx([20, 10])
    assert first.uses() == pytest.approx([1, 1])


def test_without_replacement_ties_go_to_the_earliest_row():
    found = greedy(column(0.0), column(2.0, 1.0, -1.0), first=np.array([0]))
    assert found.uses() == pytest.approx([0, 1, 0])


def test_differences_in_the_last_digits_are_ties():
    found = greedy(column(0.0), column(1.0 + 1e-14, 1.0), first=np.array([0]))
    assert found.uses() == pytest.approx([1, 0])


def test_without_replacement_everybody_chooses_once_before_anybody_chooses_twice():
    found = greedy(column(0.0, 0.4), column(0.1, 0.2, 0.3, 9.0), first=np.array([0, 1]), ratio=2)
    # first round: 0.1 and 0.3; second round: 0.2 and 9
    assert found.expected(np.array([1.0, 2, 3, 9])) == pytest.approx([1.5, 6])


def test_without_replacement_a_caliper_leaves_people_out():
    found = greedy(column(0.0, 0.1), column(0.05, 5.0), first=np.array([0, 1]), caliper=1.0)
    assert found.matched.tolist() == [True, False]
    assert found.uses() == pytest.approx([1, 0])


@pytest.mark.parametrize("digits", [0, 1, 8])
@pytest.mark.parametrize("ratio", [1, 2])
def test_without_replacement_it_is_what_a_search_through_everybody_finds(digits, ratio):
    # more people than are looked up at once, and with few digits many at the same distance
    draw = np.random.default_rng(11)
    mine, others = np.round(draw.normal(size=(60, 2)), digits), np.round(draw.normal(size=(150, 2)), digits)
    first, taken, pairs = draw.permutation(60), np.zeros(150), []
    for row in np.tile(first, ratio):
        gap = np.sqrt(((others - mine[row]) ** 2).sum(axis=1)) + taken
        pairs.append((row, int(gap.argmin())))
        taken[pairs[-1][1]] = np.inf
    found = greedy(mine, others, first=first, ratio=ratio)
    assert sorted(zip(found.first.tolist(), found.second.tolist(), strict=True)) == sorted(pairs)


def test_without_replacement_too_few_people_are_refused():
    with pytest.raises(DesignError, match="got 2 untreated people for 1 x 3 matches"):
        greedy(column(0.0, 1.0, 2.0), column(0.0, 1.0), first=np.arange(3))


def test_exact_bins_of_two_values_are_the_values():
    mine = np.array([[0.0, 1.0], [1.0, 1.0], [1.0, 0.0]])
    others = np.array([[0.0, 1.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
    found = exact_bins(mine, others)
    assert found.matched.tolist() == [True, True, False]
    assert found.uses() == pytest.approx([0.5, 0.5, 1, 0])
    assert found.expected(np.array([2.0, 4, 10, 99])) == pytest.approx([3, 10])


def test_bins_are_of_equal_width():
    # 0 to 10 in two bins: cut at 5
    mine, others = column(0.0, 4.0, 6.0), column(4.9, 5.1, 10.0)
    found = exact_bins(mine, others, bins=2)
    assert found.uses() == pytest.approx([2, 0.5, 0.5])


def test_a_bin_holds_its_lower_edge():
    found = exact_bins(column(0.0, 5.0), column(4.0, 10.0), bins=2)
    assert found.uses() == pytest.approx([1, 1])


def test_more_bins_match_fewer_people():
    draw = np.random.default_rng(3)
    mine, others = draw.normal(size=(200, 3)), draw.normal(size=(300, 3))
    matched = [exact_bins(mine, others, bins=bins).matched.sum() for bins in (2, 5, 20)]
    assert matched[0] > matched[1] > matched[2]


def test_whitened_distance_is_mahalanobis_distance_within_groups():
    draw = np.random.default_rng(5)
    x = draw.normal(size=(200, 3)) @ np.array([[1, 0.5, 0], [0, 30, 1], [0, 0, 0.01]])
    treated = np.arange(200) < 60
    x[treated] += 1.0  # a gap between the groups is no part of the spread within them
    within = [x[g] - x[g].mean(axis=0) for g in (treated, ~treated)]
    covariance = sum(w.T @ w for w in within) / 198
    places, gap = whitened(x, treated), x[0] - x[100]
    expected = np.sqrt(gap @ np.linalg.inv(covariance) @ gap)
    assert np.linalg.norm(places[0] - places[100]) == pytest.approx(expected, rel=1e-9)


def test_units_do_not_move_mahalanobis_distance():
    draw = np.random.default_rng(5)
    x, treated = draw.normal(size=(50, 2)), np.arange(50) < 20
    one, two = whitened(x, treated), whitened(x * [100, 0.001] + 5, treated)
    gaps = [np.linalg.norm(p[:20, None] - p[None, 20:], axis=2) for p in (one, two)]
    assert gaps[0] == pytest.approx(gaps[1], rel=1e-8)
