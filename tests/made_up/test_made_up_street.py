"""Made-up street files look like those of data.police.uk where it matters."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

STREET = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
    "Last outcome category,Context"
)
KINDS = {
    "Anti-social behaviour",
    "Bicycle theft",
    "Burglary",
    "Criminal damage and arson",
    "Drugs",
    "Other crime",
    "Other theft",
    "Possession of weapons",
    "Public order",
    "Robbery",
    "Shoplifting",
    "Theft from the person",
    "Vehicle crime",
    "Violence and sexual offences",
}


def inside(point: tuple[float, float], ring: list) -> bool:
    """Whether a point lies left of every edge of an anticlockwise convex ring."""
    x, y = point
    return all((bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0 for (ax, ay), (bx, by) in pairwise(ring))


class TestStreet:
    def test_header_and_months_are_those_of_the_publisher(self, folder):
        for file in (folder / "police-uk-made-up").glob("*/*-street.csv"):
            lines = file.read_text(encoding="utf-8").splitlines()
            assert lines[0] == STREET
            assert {line.split(",")[1] for line in lines[1:]} == {file.parent.name}

    def test_all_fourteen_crime_types_occur_every_year(self, street):
        for _, rows in street.groupby(street["Month"].str[:4]):
            assert set(rows["Crime type"]) == KINDS

    def test_crime_ids_are_unique_and_missing_for_antisocial_behaviour_only(self, street):
        is_asb = street["Crime type"] == "Anti-social behaviour"
        assert (street["Crime ID"][is_asb] == "").all()
        assert (street["Last outcome category"][is_asb] == "").all()
        assert street["Crime ID"][~is_asb].str.fullmatch("[0-9a-f]{64}").all()
        assert street["Crime ID"][~is_asb].is_unique
        assert (street["Last outcome category"][~is_asb] != "").all()

    def test_exact_duplicates_are_antisocial_behaviour_and_common(self, street):
        repeated = street[street.duplicated()]
        assert set(repeated["Crime type"]) == {"Anti-social behaviour"}
        assert len(repeated) > 2000

    def test_constant_columns(self, street):
        assert set(street["Reported by"]) == set(street["Falls within"]) == {"Made-up Police"}
        assert set(street["Context"]) == {""}
        assert street["Location"].str.fullmatch(r"No location|On or near Made-up Street \d+").all()

    def test_some_rows_have_no_place_and_some_lie_outside(self, street, table):
        blank = street[street["LSOA code"] == ""]
        assert 150 < len(blank) < 450
        assert set(blank["Location"]) == {"No location"}
        assert (blank[["Longitude", "Latitude", "LSOA name"]] == "").all(axis=None)
        outside = table("ward_lookup").query("ltla24_name == 'Outer Moor'").lsoa21_code
        rows = street[street["LSOA code"].isin(outside)]
        assert 100 < len(rows) < 350
        for part in (blank, rows):
            assert "Violence and sexual offences" in set(part["Crime type"])

    def test_codes_change_from_2011_to_2021_in_march_and_april_2023(self, street, table):
        changed = table("lsoa_lookup").query("change_code != 'U'")
        old = street[street["LSOA code"].isin(changed.lsoa11_code)]["Month"]
        new = street[street["LSOA code"].isin(changed.lsoa21_code)]["Month"]
        assert old.nunique() == 16
        assert (old.max(), new.min()) == ("2023-04", "2023-03")
        assert new.nunique() == 22
        known = set(table("lsoa_lookup").lsoa11_code) | set(table("lsoa_lookup").lsoa21_code) | {""}
        assert set(street["LSOA code"]) <= known

    def test_names_belong_to_codes(self, street, table):
        lookup = table("lsoa_lookup")
        names = dict(zip(lookup.lsoa11_code, lookup.lsoa11_name, strict=True))
        names |= dict(zip(lookup.lsoa21_code, lookup.lsoa21_name, strict=True)) | {"": ""}
        assert (street["LSOA code"].map(names) == street["LSOA name"]).all()

    def test_points_lie_inside_the_hexagon_of_their_code(self, folder, street):
        features = json.loads((folder / "lsoa_boundaries.geojson").read_text())["features"]
        rings = {f["properties"]["lsoa21_code"]: f["geometry"]["coordinates"][0] for f in features}
        places = street[["LSOA code", "Longitude", "Latitude", "Location"]].drop_duplicates()
        placed = places[places["LSOA code"].isin(list(rings))]
        assert len(placed) == 168 * 8
        for row in placed.itertuples(index=False):
            assert inside((float(row[1]), float(row[2])), rings[row[0]])

    def test_a_point_of_a_merged_area_had_one_2011_code(self, street, table):
        merged = table("lsoa_lookup").query("change_code == 'M'").lsoa11_code
        rows = street[street["LSOA code"].isin(merged)]
        assert rows["LSOA code"].nunique() == 2
        assert (rows.groupby("Location")["LSOA code"].nunique() == 1).all()
        west, east = sorted((part.min(), part.max()) for _, part in rows.groupby("LSOA code")["Longitude"])
        assert west[1] < east[0]

    def test_the_mix_of_crime_is_realistic(self, street):
        per_month = street["Crime type"].value_counts() / (168 * 36)
        assert per_month["Violence and sexual offences"] == pytest.approx(5.8, abs=0.5)
        assert per_month["Anti-social behaviour"] == pytest.approx(3.6, abs=0.3)
        assert per_month.drop(["Violence and sexual offences", "Anti-social behaviour"]).max() < 2
