"""Archives made to fill a disk, to reach outside or to lie about themselves: small files that claim much."""

import gzip
import lzma
import os
import struct
import time
import warnings
import zipfile

import duckdb
import pytest
from sources_support import STREET, put, rows_of, street_text, zipped

from curv_eval.contract import load_contract
from curv_eval.errors import ContractError
from curv_eval.sources import csv, geojson, police_uk

MONTH = "2023-03/2023-03-cleveland-street.csv"
LATER = "2023-04/2023-04-cleveland-street.csv"
SWOLLEN = "unpacks to far more than a file of its size holds"


def read(path, *, reader=police_uk, contract="police_uk_street"):
    with duckdb.connect() as con:
        return reader.read(con, path, load_contract(contract))


def refusal(path, **how):
    began = time.perf_counter()
    with pytest.raises(ContractError) as fault:
        read(path, **how)
    assert time.perf_counter() - began < 5
    assert fault.value.do
    return str(fault.value)


def claims(raw, size):
    """Return a zip of one member that says it unpacks to `size` bytes."""
    held = bytearray(raw)
    at, local = held.find(b"PK\x01\x02") + 24, held.find(b"PK\x03\x04") + 22
    held[at : at + 4] = held[local : local + 4] = struct.pack("<I", size)
    return bytes(held)


def test_a_zip_that_would_fill_the_disk_is_not_unpacked(tmp_path):
    bomb = put(tmp_path, "bomb.zip", zipped({MONTH: b"\n" * (60 << 20)}))
    assert bomb.stat().st_size < 70_000
    assert SWOLLEN in refusal(bomb)


def test_so_are_many_members_that_are_small_each(tmp_path):
    line = b"\n" * (1 << 20)
    assert SWOLLEN in refusal(put(tmp_path, "many.zip", zipped({f"2023-03/{i}.csv": line for i in range(60)})))


@pytest.mark.parametrize(("ending", "packed"), [(".gz", gzip.compress), (".xz", lzma.compress)])
def test_other_packed_files_stop_where_they_swell(tmp_path, ending, packed):
    path = put(tmp_path, f"b.csv{ending}", packed(b"a,b\n" + b"0,1\n" * (13 << 20)))
    assert SWOLLEN in refusal(path, reader=csv, contract="lsoa_population")


def test_a_zip_within_a_zip_is_no_data(tmp_path):
    inner = zipped({"2023-03-cleveland-street.csv": street_text()})
    assert "is not UTF-8 text" in refusal(put(tmp_path, "a.zip", zipped({MONTH + ".zip": inner})))


def test_members_that_share_their_bytes_are_refused(tmp_path):
    raw = bytearray(zipped({MONTH: street_text(), LATER: street_text("2023-04")}))
    second = raw.find(b"PK\x01\x02", raw.find(b"PK\x01\x02") + 4)
    raw[second + 42 : second + 46] = struct.pack("<I", 0)
    assert "is damaged or cut short" in refusal(put(tmp_path, "a.zip", bytes(raw)))


def test_two_members_of_one_name_are_refused(tmp_path):
    with warnings.catch_warnings(), zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        warnings.simplefilter("ignore")
        for _ in range(2):
            archive.writestr(MONTH, street_text())
    assert "2023-03 stands twice for cleveland" in refusal(tmp_path / "a.zip")


def test_a_member_that_is_a_link_is_read_as_its_text_and_refused(tmp_path):
    link = zipfile.ZipInfo(MONTH)
    link.create_system, link.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, str(put(tmp_path, "secret.csv", street_text())))
    assert "columns missing: Crime ID" in refusal(tmp_path / "a.zip")


@pytest.mark.parametrize("name", ["/" + MONTH, "../" + MONTH, "C:\\" + MONTH, "2023-03/../" + MONTH])
def test_names_that_lead_elsewhere_are_no_months(tmp_path, name):
    assert "there are no month folders" in refusal(put(tmp_path, "a.zip", zipped({name: street_text()})))
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_twenty_thousand_members_are_looked_at_and_left_alone(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for i in range(20_000):
            archive.writestr(f"x{i}", "")
        archive.writestr(MONTH, street_text())
    assert [one.rows for one in read(tmp_path / "a.zip")] == [3]


def test_a_member_is_never_unpacked_beyond_what_it_says(tmp_path):
    raw = zipped({MONTH: street_text()})
    assert SWOLLEN in refusal(put(tmp_path, "much.zip", claims(raw, 0xFFFF_FFF0)))
    assert "is damaged or cut short" in refusal(put(tmp_path, "little.zip", claims(raw, 1)))


@pytest.mark.skipif(os.name == "nt", reason="pipes have no names there")
def test_a_pipe_among_the_files_does_not_hang_the_reading(tmp_path):
    (tmp_path / "a" / "2023-03").mkdir(parents=True)
    os.mkfifo(tmp_path / "a" / MONTH)
    assert f"{MONTH} is a pipe or a device, not a file" in refusal(tmp_path / "a")
    (tmp_path / "b").mkdir()
    os.mkfifo(tmp_path / "b" / "archive.zip")
    assert "archive.zip is not a file" in refusal(tmp_path / "b")


GEO = {
    "lists without end": "[" * 100_000 + "]" * 100_000,
    "a number of 5,000 figures": '[{"properties": {"a": ' + "9" * 5_000 + "}}]",
}


@pytest.mark.parametrize("case", GEO)
def test_json_that_cannot_be_held_is_refused(tmp_path, case):
    path = put(tmp_path, "a.geojson", '{"type": "FeatureCollection", "features": ' + GEO[case] + "}")
    assert "a.geojson is not GeoJSON" in refusal(path, reader=geojson, contract="lsoa_boundaries")


def test_half_a_character_in_json_becomes_a_question_mark(tmp_path):
    one = '{"properties": {"lsoa21_code": "E01", "lsoa21_name": "\\ud800"}, "geometry": null}'
    path = put(tmp_path, "a.geojson", f'{{"features": [{one}]}}')
    with duckdb.connect() as con:
        geojson.read(con, path, load_contract("lsoa_boundaries"))
        assert con.execute("SELECT lsoa21_name FROM raw_lsoa_boundaries").fetchall() == [("?",)]


def test_an_honest_archive_is_read(tmp_path):
    assert STREET.startswith("Crime ID")
    path = put(tmp_path, "a.zip", zipped({MONTH: street_text(rows=5_000)}))
    assert [one.rows for one in read(path)] == [5_000]
    assert rows_of
