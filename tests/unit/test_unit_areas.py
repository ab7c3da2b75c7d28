"""Places that mean the same in 2011 and 2021, and which of them touch."""

import json

import numpy as np
import pytest

from curv_eval.linkage.areas import united_areas
from curv_eval.linkage.neighbours import adjacency


def test_an_unchanged_area_is_itself():
    assert united_areas([("E1", "E1")]) == {"E1": "E1"}


def test_a_new_code_for_the_same_place_names_both():
    assert united_areas([("E1", "E9")]) == {"E1": "E9", "E9": "E9"}


def test_a_split_keeps_its_children_together_under_the_smaller_new_code():
    assert united_areas([("P", "E5"), ("P", "E3"), ("P", "E4")]) == {"P": "E3", "E3": "E3", "E4": "E3", "E5": "E3"}


def test_a_merge_takes_the_name_of_the_new_area():
    assert united_areas([("A", "Z"), ("B", "Z")]) == {"A": "Z", "B": "Z", "Z": "Z"}


def test_the_name_is_never_a_code_of_2011():
    # "A" is smaller than both, and is the code of the place before the split
    assert united_areas([("A", "E2"), ("A", "E3")])["A"] == "E2"


def test_a_chain_of_splits_and_merges_is_one_area():
    # A -> X, Y; B -> Y, Z; C -> Z: all of A, B, C, X, Y, Z hang together, D does not
    pairs = [("A", "X"), ("A", "Y"), ("B", "Y"), ("B", "Z"), ("C", "Z"), ("D", "D")]
    assert united_areas(pairs) == {**dict.fromkeys("ABCXYZ", "X"), "D": "D"}


def test_an_irregular_change_is_followed_whatever_the_order_of_the_rows():
    # two old areas redrawn as two new ones with no clean parent: every old one overlaps every new one
    pairs = [("A", "X"), ("A", "Y"), ("B", "X"), ("B", "Y"), ("E1", "E1"), ("E2", "E2")]
    orders = [np.random.default_rng(seed).permutation(len(pairs)) for seed in range(20)]
    found = [united_areas([pairs[i] for i in order]) for order in orders]
    assert all(f == {"A": "X", "B": "X", "X": "X", "Y": "X", "E1": "E1", "E2": "E2"} for f in found)


def test_a_code_that_outlives_a_split_stays_with_the_whole():
    # the parent's code is used again for one of the children
    assert united_areas([("E1", "E1"), ("E1", "E2")]) == {"E1": "E1", "E2": "E1"}


def shape(*rings, kind="Polygon"):
    return json.dumps({"type": kind, "coordinates": list(rings)})


def box(x, y):
    return [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1], [x, y]]


def touching(shapes, areas=None):
    areas = areas or sorted({name for name, _ in shapes})
    touch = adjacency(areas, shapes)
    assert touch.dtype == bool
    assert (touch == touch.T).all()
    assert not touch.diagonal().any()
    return {(areas[i], areas[j]) for i, j in np.argwhere(touch) if i < j}


def test_a_shared_edge_touches_and_a_shared_corner_does_not():
    # a b     a|b, a|c, b|d and c|d share an edge; a and d, b and c only the point in the middle
    # c d
    shapes = [("a", shape(box(0, 1))), ("b", shape(box(1, 1))), ("c", shape(box(0, 0))), ("d", shape(box(1, 0)))]
    assert touching(shapes) == {("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")}


def test_areas_apart_do_not_touch():
    assert touching([("a", shape(box(0, 0))), ("b", shape(box(5, 0)))]) == set()


def test_every_part_of_a_multipolygon_counts():
    island = shape([box(10, 10)], [box(1, 0)], kind="MultiPolygon")
    assert touching([("a", shape(box(0, 0))), ("b", island)]) == {("a", "b")}


def test_an_area_in_the_hole_of_another_touches_it():
    ring = [[-1, -1], [2, -1], [2, 2], [-1, 2], [-1, -1]]
    assert touching([("a", shape(box(0, 0))), ("b", shape(ring, box(0, 0)))]) == {("a", "b")}


def test_several_shapes_of_one_united_area_are_one_place():
    # u is made of two squares; only the second touches b
    shapes = [("u", shape(box(0, 0))), ("u", shape(box(1, 0))), ("b", shape(box(2, 0)))]
    assert touching(shapes) == {("b", "u")}


def test_two_corners_of_two_parts_are_an_edge_only_when_the_points_differ():
    # both parts of u touch b in the same single point: one shared point is a corner
    shapes = [("b", shape(box(0, 0))), ("u", shape(box(1, 1))), ("u", shape(box(1, -1)))]
    assert touching(shapes) == {("b", "u")}  # (1, 1) and (1, 0): two points
    shapes = [("b", shape(box(0, 0))), ("u", shape(box(1, 1))), ("u", shape(box(-1, 1)))]
    assert touching(shapes) == {("b", "u")}  # (1, 1) and (0, 1)
    shapes = [("b", shape(box(0, 0))), ("u", shape(box(1, 1))), ("u", shape(box(1, 1)))]
    assert touching(shapes) == set()


def test_an_area_without_a_shape_touches_nothing():
    assert touching([("a", shape(box(0, 0))), ("b", shape(box(1, 0)))], areas=["a", "b", "z"]) == {("a", "b")}


@pytest.mark.parametrize("seed", range(3))
def test_a_grid_has_the_neighbours_of_a_grid(seed):
    order = np.random.default_rng(seed).permutation(12)
    places = {f"{i:02d}": (i % 4, i // 4) for i in range(12)}
    shapes = [(name, shape(box(*places[name]))) for name in (f"{i:02d}" for i in order)]
    assert touching(shapes) == {(a, b) for a in places for b in places if a < b and apart(places[a], places[b]) == 1}


def apart(p, q):
    return abs(p[0] - q[0]) + abs(p[1] - q[1])
