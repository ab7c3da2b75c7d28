"""With the public data at hand, made-up people live in Cleveland's real areas; everything about them stays made up."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from curv_eval.errors import RunError
from curv_eval.made_up import Setting, make_up, read_truth
from curv_eval.made_up.cleveland import DISTRICTS, FILES, Outline, _inside, _within, make_cleveland, missing_files
from curv_eval.made_up.process import POLICE_SHARE

SQUARE = np.array([[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]], float)
HORSESHOE = np.array([[0, 0], [6, 0], [6, 6], [4, 6], [4, 2], [2, 2], [2, 6], [0, 6], [0, 0]], float)


class TestOutlines:
    @pytest.mark.parametrize(
        ("ring", "point", "inside"),
        [
            (SQUARE, (2, 2), True),
            (SQUARE, (5, 2), False),
            (SQUARE, (-1, 2), False),
            (HORSESHOE, (3, 4), False),
            (HORSESHOE, (1, 4), True),
            (HORSESHOE, (5, 4), True),
            (HORSESHOE, (3, 1), True),
        ],
    )
    def test_whether_a_point_lies_within(self, ring, point, inside):
        assert _within(np.array([point], float), ring).tolist() == [inside]
        assert _within(np.array([point], float), ring[::-1]).tolist() == [inside]

    def test_points_of_a_bent_area_lie_inside_it(self):
        points = _inside({"type": "Polygon", "coordinates": [HORSESHOE.tolist()]})
        assert len(points) >= 14
        assert _within(np.array(points), HORSESHOE).all()

    def test_a_sliver_is_searched_more_finely(self):
        sliver = [[0, 0], [1, 1], [1, 1.02], [0, 0.02], [0, 0]]
        points = _inside({"type": "MultiPolygon", "coordinates": [[sliver], [[[5, 5], [6, 5], [5, 5]]]]})
        assert len(points) >= 14
        assert _within(np.array(points), np.array(sliver)).all()

    def test_every_number_has_points_of_its_own(self):
        outline = Outline({}, tuple((float(i), 0.0) for i in range(16)))
        found = [{outline.point(k, 8, reach) for reach in (0.0, 0.3, 0.7)} for k in range(8)]
        assert all(not a & b for i, a in enumerate(found) for b in found[:i])


def test_missing_public_data_are_named_at_once(tmp_path):
    (tmp_path / "geography-england-wales").mkdir()
    with pytest.raises(RunError) as error:
        make_up(tmp_path / "data", seed=1, effect=0.0, setting=Setting(geography=tmp_path))
    assert list(error.value.breaches) == list(FILES.values())
    assert not (tmp_path / "data").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["geography-england-wales"]


@pytest.fixture(scope="module")
def public() -> Path:
    place = os.environ.get("CURV_EVAL_DATA")
    if not place or missing_files(Path(place)):
        pytest.skip("the public data are not here: set CURV_EVAL_DATA to test with them")
    return Path(place)


@pytest.fixture(scope="module")
def cleveland(public, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("cleveland") / "data"
    make_up(path, seed=4, effect=-0.2, setting=Setting(geography=public))
    return path


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def real(public: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(public / FILES[name], dtype=str, keep_default_na=False)


class TestCleveland:
    def test_it_says_what_is_real_and_that_the_rest_is_made_up(self, cleveland):
        said = json.loads((cleveland / "MADE_UP.json").read_text())
        assert (said["made_up"], said["geography"]) == (True, "Cleveland")
        assert "no row describes a real person or event" in said["note"]
        assert "Open Government Licence" in said["note"]
        assert read_truth(cleveland).geography == "Cleveland"
        assert str(cleveland.parent) not in (cleveland / "MADE_UP.json").read_text()

    def test_areas_wards_and_districts_are_the_real_ones(self, cleveland, public):
        ours, theirs = read(cleveland / "ward_lookup.csv"), real(public, "wards")
        here = theirs[theirs.ltla24_code.isin(DISTRICTS)]
        assert len(ours.merge(theirs)) == len(ours)
        assert set(here.lsoa21_code) <= set(ours.lsoa21_code)
        assert len(ours) - len(here) == 4

    def test_vintages_populations_and_deprivation_are_the_real_ones(self, cleveland, public):
        for name, file in (
            ("lsoa_lookup", "vintages"),
            ("lsoa_population", "population"),
            ("deprivation_2019", "deprived_2019"),
            ("deprivation_2025", "deprived_2025"),
        ):
            ours, theirs = read(cleveland / f"{name}.csv"), real(public, file)
            assert list(ours) == list(theirs)
            assert len(ours.merge(theirs)) == len(ours) > 350

    def test_boundaries_are_the_real_ones(self, cleveland, public):
        ours, theirs = (
            {f["properties"]["lsoa21_code"]: f["geometry"] for f in json.loads(path.read_text("utf-8"))["features"]}
            for path in (cleveland / "lsoa_boundaries.geojson", public / FILES["boundaries"])
        )
        assert len(ours) == 359
        assert all(theirs[code] == geometry for code, geometry in ours.items())

    def test_the_level_of_violence_is_the_real_one(self, cleveland, public):
        import duckdb

        files = sorted((cleveland / "police-uk-made-up").glob("*/*-street.csv"))
        street = pd.concat([read(file) for file in files])
        street = street[(street["Crime type"] == "Violence and sexual offences") & (street.Month < "2023-07")]
        ours = street.groupby("LSOA code").size() / 18
        with duckdb.connect() as con:
            rows = con.execute(
                'SELECT "LSOA code", sum(n) / 16 FROM read_parquet($path) '
                "WHERE \"Falls within\" = 'Cleveland Police' AND Month >= '2024' "
                "AND \"Crime type\" = 'Violence and sexual offences' GROUP BY 1",
                {"path": str(public / FILES["counts"])},
            ).fetchall()
        theirs = pd.Series({code: float(n) for code, n in rows})
        lookup = read(cleveland / "lsoa_lookup.csv")
        same = theirs.index.intersection(lookup[lookup.change_code == "U"].lsoa21_code).intersection(ours.index)
        assert len(same) > 300
        assert ours[same].mean() == pytest.approx(theirs[same].mean(), rel=0.08)
        assert np.corrcoef(ours[same], theirs[same])[0, 1] > 0.95

    def test_the_young_are_as_many_as_there_are(self, cleveland, public):
        world = make_cleveland(np.random.default_rng(1), public)
        from curv_eval.made_up.cleveland import cleveland_facts

        facts = cleveland_facts(world, public)
        total = sum(row[-1] for row in facts.population)
        assert 0.15 < facts.young.sum() / total < 0.20
        assert 80_000 < facts.young.sum() < 110_000
        assert world.mean * POLICE_SHARE == pytest.approx(6.7, abs=0.3)

    def test_points_lie_in_the_areas_they_are_of(self, cleveland):
        features = json.loads((cleveland / "lsoa_boundaries.geojson").read_text("utf-8"))["features"]
        parts = {f["properties"]["lsoa21_code"]: f["geometry"]["coordinates"] for f in features}
        files = sorted((cleveland / "police-uk-made-up").glob("2024-0[1-3]/*-street.csv"))
        rows = pd.concat([read(file) for file in files])[["LSOA code", "Longitude", "Latitude"]].drop_duplicates()
        placed = rows[rows["LSOA code"].isin(list(parts))]
        assert len(placed) > 2000
        for code, points in placed.groupby("LSOA code"):
            held = points[["Longitude", "Latitude"]].to_numpy(float)
            inside = np.any([_within(held, np.array(polygon[0])) for polygon in parts[code]], axis=0)
            assert inside.all(), code

    def test_streets_forces_and_postcodes_are_made_up(self, cleveland):
        street = read(cleveland / "police-uk-made-up" / "2024-01" / "2024-01-made-up-street.csv")
        assert set(street["Reported by"]) == {"Made-up Police"}
        assert street.Location.str.fullmatch(r"No location|On or near Made-up Street \d+").all()
        assert read(cleveland / "postcode_lookup.csv").pcds.str.startswith("ZY").all()

    def test_admissions_are_about_as_many_as_in_reality(self, cleveland):
        """325 a year for any violence and 65 by sharp object is what the area has (domain notes, rounded)."""
        rows = read(cleveland / "hospital_admissions.csv")
        coded = rows[[f"DIAG_{i:02d}" for i in range(1, 21)]]
        violent = coded.apply(lambda column: column.str[:3].between("X85", "Y09")).any(axis=1)
        violent &= rows.ADMIMETH.str.startswith("2") & (rows.EPIORDER == "1")
        assert 230 < violent.sum() / 3 < 420
        assert 40 < (violent & coded.eq("X999").any(axis=1)).sum() / 3 < 95

    def test_mentoring_runs_in_real_wards_among_the_more_violent(self, cleveland):
        register, wards = read(cleveland / "intervention_register.csv"), read(cleveland / "ward_lookup.csv")
        assert len(register.merge(wards)) == len(register)
        assert register.ward24_code.nunique() == 12
        assert set(register.ltla24_code) <= set(DISTRICTS)

    def test_the_same_seed_gives_the_same_country(self, public):
        one, two = (make_cleveland(np.random.default_rng(3), public) for _ in range(2))
        assert (one.start == two.start).all()
        assert one.areas == two.areas
