"""Made-up places fit together: hexagons, wards, districts, and codes of both censuses."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from curv_eval.linkage.areas import united_areas
from curv_eval.made_up import read_truth
from curv_eval.made_up.geography import Hexagon, Place, outside_places, studied_places
from curv_eval.made_up.process import make_world

DISTRICTS = ["Northwick", "Easterby", "Southam Vale", "Westhaven"]


def hexagon(place: Place) -> list[tuple[float, float]]:
    return Hexagon(place.x, place.y).geometry()["coordinates"][0]


def edges(ring) -> list[frozenset]:
    return [frozenset(map(tuple, edge)) for edge in pairwise(ring)]


@pytest.fixture(scope="module")
def rings(folder) -> dict[str, list]:
    features = json.loads((folder / "lsoa_boundaries.geojson").read_text())["features"]
    assert {feature["geometry"]["type"] for feature in features} == {"Polygon"}
    return {feature["properties"]["lsoa21_code"]: feature["geometry"]["coordinates"][0] for feature in features}


@pytest.fixture(scope="module")
def neighbours(rings) -> dict[str, set[str]]:
    owners: dict[frozenset, list[str]] = {}
    for code, ring in rings.items():
        for edge in edges(ring):
            owners.setdefault(edge, []).append(code)
    assert max(map(len, owners.values())) == 2
    return {code: {other for edge in edges(ring) for other in owners[edge]} - {code} for code, ring in rings.items()}


def test_every_boundary_is_a_closed_anticlockwise_hexagon(rings):
    assert len(rings) == 168
    for ring in rings.values():
        x, y = np.array(ring).T
        assert len(ring) == 7
        assert ring[0] == ring[-1]
        assert (x[:-1] * y[1:] - x[1:] * y[:-1]).sum() > 0


def test_neighbours_share_their_corners_exactly(rings, neighbours):
    # 24 columns by 7 rows without holes: most hexagons have six neighbours, none stands alone.
    counts = Counter(len(others) for others in neighbours.values())
    assert counts[6] == 22 * 5
    assert min(counts) >= 2
    corners = {tuple(corner) for ring in rings.values() for corner in ring}
    closest = np.array(sorted(corners))
    gaps = np.abs(closest[:, None] - closest).max(axis=2) + np.eye(len(closest))
    assert gaps.min() > 0.001


def test_each_ward_is_one_patch(table, neighbours):
    for _, members in table("ward_lookup").query("ltla24_name != 'Outer Moor'").groupby("ward24_code").lsoa21_code:
        codes = set(members)
        reached, frontier = set(), {min(codes)}
        while frontier:
            reached |= frontier
            frontier = {other for code in frontier for other in neighbours[code] & codes} - reached
        assert reached == codes
        assert 5 <= len(codes) <= 6


def test_districts_lie_side_by_side(table, rings):
    district = table("ward_lookup").set_index("lsoa21_code").ltla24_name
    east = {name: np.mean([rings[c][0][0] for c in rings if district[c] == name]) for name in DISTRICTS}
    assert list(east.values()) == sorted(east.values())
    assert Counter(district[code] for code in rings) == dict.fromkeys(DISTRICTS, 42)


def test_the_fifth_district_touches_the_fourth_but_has_no_boundary(table, rings):
    outside = table("ward_lookup").query("ltla24_code == 'E06999005'")
    assert set(outside.ltla24_name) == {"Outer Moor"}
    assert not set(outside.lsoa21_code) & set(rings)
    inner = {edge for place in studied_places() for edge in edges(hexagon(place))}
    assert any(edge in inner for place in outside_places() for edge in edges(hexagon(place)))


def test_degrees_are_plausible(rings):
    corners = np.array([corner for ring in rings.values() for corner in ring])
    assert (corners.min(axis=0) > [-9, 49]).all()
    assert (corners.max(axis=0) < [2, 61]).all()


def test_codes_and_names_look_official_and_are_unique(table):
    lsoa, ward = table("lsoa_lookup"), table("ward_lookup")
    for vintage in ("11", "21"):
        assert lsoa[f"lsoa{vintage}_code"].str.fullmatch(r"E01999\d{3}").all()
        assert lsoa[f"lsoa{vintage}_name"].str.fullmatch(r"[A-Z][A-Za-z ]+ \d{3}[A-Z]").all()
        pairs = lsoa[[f"lsoa{vintage}_code", f"lsoa{vintage}_name"]].drop_duplicates()
        assert pairs.iloc[:, 0].is_unique
        assert pairs.iloc[:, 1].is_unique
    assert ward.lsoa21_code.is_unique
    assert ward.ward24_code.str.fullmatch(r"E05999\d{3}").all()
    assert ward.ward24_code.nunique() == ward.ward24_name.nunique() == 33
    assert sorted(set(ward.ltla24_code)) == [f"E0699900{i}" for i in range(1, 6)]


def test_three_areas_were_split_and_one_was_merged(table):
    lookup = table("lsoa_lookup")
    split, merged = lookup.query("change_code == 'S'"), lookup.query("change_code == 'M'")
    assert (split.lsoa11_code.nunique(), split.lsoa21_code.nunique()) == (3, 6)
    assert (merged.lsoa11_code.nunique(), merged.lsoa21_code.nunique()) == (2, 1)
    same = lookup.query("change_code == 'U'")
    assert (same.lsoa11_code == same.lsoa21_code).all()
    changed = lookup.query("change_code != 'U'")
    assert not set(changed.lsoa11_code) & set(lookup.lsoa21_code)
    assert len(lookup) == 168 + 4 + 1


def test_some_changed_boundaries_are_mentored_and_some_are_not(table):
    mentored = set(table("intervention_register").lsoa21_code)
    changed = table("lsoa_lookup").query("change_code != 'U'").drop_duplicates("lsoa21_code")
    assert Counter(
        (code, area in mentored) for code, area in zip(changed.change_code, changed.lsoa21_code, strict=True)
    ) == {
        ("S", True): 4,
        ("S", False): 2,
        ("M", True): 1,
    }


def test_split_sisters_are_neighbours_in_one_ward(table, neighbours):
    ward = table("ward_lookup").set_index("lsoa21_code").ward24_code
    for _, (one, other) in table("lsoa_lookup").query("change_code == 'S'").groupby("lsoa11_code").lsoa21_code:
        assert ward[one] == ward[other]
        assert other in neighbours[one]


def test_united_areas_are_those_of_the_workbench(folder, table):
    lookup = table("lsoa_lookup")
    area = united_areas(zip(lookup.lsoa11_code, lookup.lsoa21_code, strict=True))
    studied = lookup[lookup.ltla22_name != "Outer Moor"].lsoa21_code
    assert studied.map(area).nunique() == read_truth(folder).n_areas
    mentored = table("intervention_register").lsoa21_code.map(area)
    assert mentored.nunique() == read_truth(folder).n_treated_areas


@pytest.mark.parametrize("seed", range(40))
def test_split_sisters_touch_whatever_the_seed(seed):
    areas = make_world(np.random.default_rng(seed)).areas
    split = [area for area in areas if area.change == "S"]
    assert [area.codes11 for area in split[::2]] == [area.codes11 for area in split[1::2]]
    for one, other in zip(split[::2], split[1::2], strict=True):
        assert one.ward == other.ward
        rings = [area.shape.geometry()["coordinates"][0] for area in (one, other)]
        assert set(edges(rings[0])) & set(edges(rings[1]))


def test_the_files_agree_on_codes(table, rings):
    lookup, ward, register = table("lsoa_lookup"), table("ward_lookup"), table("intervention_register")
    assert set(lookup.lsoa21_code) == set(ward.lsoa21_code)
    assert set(lookup.lsoa11_code) == set(table("lsoa_population").lsoa11_code)
    assert set(rings) == set(ward[ward.ltla24_name.isin(DISTRICTS)].lsoa21_code)
    shared = ["lsoa21_code", "lsoa21_name", "ward24_code", "ward24_name", "ltla24_code", "ltla24_name"]
    assert len(register.merge(ward, on=shared)) == len(register)
    assert set(register.start_month) == {"2023-07", "2023-10", "2024-01"}
    names = lookup.drop_duplicates("lsoa21_code").set_index("lsoa21_code")
    assert (ward.set_index("lsoa21_code").ltla24_code == names.ltla22_code[ward.lsoa21_code]).all()


def test_populations_are_whole_positive_and_plausible(table):
    people = table("lsoa_population").set_index("lsoa11_code").astype(int)
    assert list(people) == ["total_population_mid2017", "total_population_mid2019", "total_population_mid2020"]
    assert people.index.is_unique
    assert people.min().min() > 500
    assert people.max().max() < 4500


def test_the_young_are_a_realistic_share_of_the_people(table, drawn):
    people = table("lsoa_population").total_population_mid2020.astype(int)
    outside = table("lsoa_lookup").query("ltla22_name == 'Outer Moor'").lsoa11_code
    here = people[~table("lsoa_population").lsoa11_code.isin(outside)].sum()
    assert drawn.young.area.size / here == pytest.approx(0.17, abs=0.001)
    assert drawn.facts.young.min() > 150


@pytest.mark.parametrize(("name", "code", "ranks"), [("2019", "lsoa11_code", 32844), ("2025", "lsoa21_code", 33755)])
def test_deprivation_has_every_area_and_goes_with_violence(table, drawn, name, code, ranks):
    rows = table(f"deprivation_{name}").set_index(code)
    assert set(rows.index) == set(table("lsoa_lookup")[code])
    rank, decile = rows.IMD_rank.astype(int), rows.IMD_decile.astype(int)
    assert (decile == -(-10 * rank // ranks)).all()
    assert (rank.between(1, ranks).all(), rank.is_unique or rank.nunique() > 160) == (True, True)
    level = {area.codes11[0] if name == "2019" else area.code21: drawn.world.level[i]
             for i, area in enumerate(drawn.world.studied)}  # fmt: skip
    studied = [one for one in level if one in rank.index]
    assert np.corrcoef(rank[studied], [-np.log(level[one]) for one in studied])[0, 1] > 0.4


def test_deprivation_scores_are_higher_where_ranks_are_lower(table):
    rows = table("deprivation_2025")
    for domain in ("IMD", "Crime", "Environment"):
        rank, score = rows[f"{domain}_rank"].astype(int), rows[f"{domain}_score"].astype(float)
        assert score[rank.sort_values().index].is_monotonic_decreasing
    assert not any(name.endswith("_score") for name in table("deprivation_2019"))


def test_every_studied_area_has_postcodes_of_its_own(table, rings):
    rows = table("postcode_lookup")
    assert rows.pcds.is_unique
    assert rows.pcds.str.startswith("ZY").all()
    assert (rows.groupby("lsoa21cd").size() == 25).all()
    assert set(rows.lsoa21cd) == set(rings)
    pairs = set(zip(table("lsoa_lookup").lsoa11_code, table("lsoa_lookup").lsoa21_code, strict=True))
    assert set(zip(rows.lsoa11cd, rows.lsoa21cd, strict=True)) <= pairs
    merged = table("lsoa_lookup").query("change_code == 'M'").lsoa11_code
    assert set(merged) <= set(rows.lsoa11cd)
    district = table("ward_lookup").set_index("lsoa21_code")
    assert (rows.ladcd == rows.lsoa21cd.map(district.ltla24_code)).all()
    assert 0.02 < (rows.doterm != "").mean() < 0.06
