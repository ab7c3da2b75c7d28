"""GeoJSON boundaries: properties by name, geometry as text, degrees only."""

from __future__ import annotations

import hashlib
import json

import pytest
from sources_support import pack, put, read, refusal, rows_of

from curv_eval.contract import load_contract

BOUNDARIES = load_contract("lsoa_boundaries")
SQUARE = {"type": "Polygon", "coordinates": [[[-1.3, 54.5], [-1.2, 54.5], [-1.2, 54.6], [-1.3, 54.5]]]}


def feature(code: str = "E01000001", **changes) -> dict:
    properties = {"lsoa21_code": code, "lsoa21_name": "Café 001A", "FID": 7}
    return {"type": "Feature", "properties": properties, "geometry": SQUARE, **changes}


def collection(*features: dict, **changes) -> str:
    return json.dumps({"type": "FeatureCollection", "features": list(features), **changes}, ensure_ascii=False)


def test_features_become_rows_in_their_order(tmp_path):
    path = put(tmp_path, "b.geojson", collection(feature(), feature("E01000002")))
    rows = rows_of(BOUNDARIES, path)
    assert [(row[0], row[1], row[3], row[4]) for row in rows] == [
        ("E01000001", "Café 001A", "b.geojson", 1),
        ("E01000002", "Café 001A", "b.geojson", 2),
    ]
    assert json.loads(rows[0][2]) == SQUARE
    assert rows[0][2].startswith('{"type":"Polygon",')


@pytest.mark.parametrize("ending", [".geojson", ".geojson.gz", ".geojson.xz"])
def test_a_packed_file_is_the_same_file(tmp_path, ending):
    raw = pack(collection(feature()), ending)
    _, (file,) = read(BOUNDARIES, put(tmp_path, f"b{ending}", raw))
    assert (file.name, file.rows, file.bytes) == (f"b{ending}", 1, len(raw))
    assert file.sha256 == hashlib.sha256(raw).hexdigest()


def test_numbers_become_text_and_null_stays_null(tmp_path):
    odd = feature(properties={"lsoa21_code": 7, "lsoa21_name": None}, geometry=None)
    ((code, name, geometry, *_),) = rows_of(BOUNDARIES, put(tmp_path, "b.geojson", collection(odd)))
    assert (code, name, geometry) == ("7", None, None)


def test_a_feature_without_properties_is_a_row_of_blanks(tmp_path):
    path = put(tmp_path, "b.geojson", collection(feature(), {"type": "Feature", "properties": None}))
    assert rows_of(BOUNDARIES, path)[1][:3] == (None, None, None)


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::4326"])
def test_degrees_may_be_stated(tmp_path, name):
    stated = {"type": "name", "properties": {"name": name}}
    assert rows_of(BOUNDARIES, put(tmp_path, "b.geojson", collection(feature(), crs=stated)))


def test_metres_are_refused(tmp_path):
    grid = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}
    said = refusal(BOUNDARIES, put(tmp_path, "b.geojson", collection(feature(), crs=grid)))
    assert "b.geojson is not in longitude and latitude" in said
    assert "do: export it in WGS84" in said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "b.geojson is empty (0 bytes)"),
        ("{}", "b.geojson is not a GeoJSON FeatureCollection"),
        ("[1, 2]", "b.geojson is not a GeoJSON FeatureCollection"),
        ('{"features": [1]}', "b.geojson is not a GeoJSON FeatureCollection"),
        (collection(), "b.geojson has no features"),
        (collection(feature())[:-20], "b.geojson is damaged or cut short: not JSON from line 1"),
        (collection(feature()).encode("utf-16"), "it looks like UTF-16"),
        (collection(feature()).encode("latin-1"), "it looks like Windows-1252"),
        (collection(feature(properties={"LSOA21CD": "E01"})), "columns missing: lsoa21_code, lsoa21_name"),
    ],
)
def test_a_file_that_is_not_whole_is_refused(tmp_path, content, said):
    assert said in refusal(BOUNDARIES, put(tmp_path, "b.geojson", content))


def test_a_missing_file_ends_with_how_to_get_it(tmp_path):
    assert refusal(BOUNDARIES, tmp_path / "none.geojson").endswith(BOUNDARIES.obtain)
    assert "got a folder; expected a GeoJSON file" in refusal(BOUNDARIES, tmp_path)
