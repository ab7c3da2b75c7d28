"""The real files of Cleveland and of the ONS: read to the last row, and keeping their contracts."""

from __future__ import annotations

import csv
import io
import lzma
from datetime import date

import duckdb
import pytest
from sources_support import real_data

from curv_eval.contract import load_contract
from curv_eval.sources import load_dataset, police_uk

PURPOSE, TODAY = "violence reduction evaluation", date(2026, 11, 23)
POLICE = "police-uk-cleveland"
FILES = {
    "lsoa_lookup": ("geography-england-wales/lookup_lsoa11_lsoa21_ltla22.csv.gz", 35_795),
    "ward_lookup": ("geography-england-wales/lookup_lsoa21_ward24_ltla24.csv.gz", 35_672),
    "lsoa_population": ("geography-england-wales/population_lsoa11_mid2017_mid2019_mid2020_totals.csv.gz", 34_753),
    "lsoa_boundaries": ("geography-tees-valley/boundaries_lsoa21.geojson", 425),
    "intervention_register": ("interventions-cleveland/asb_hotspot_pilot_ward_lsoa21.csv", 74),
}


def load(con, name: str, location: str):
    contract = load_contract(name)
    return load_dataset(con, contract, real_data() / location, purpose=PURPOSE, today=TODAY)


@pytest.fixture(scope="module")
def street():
    con = duckdb.connect()
    return con, load(con, "police_uk_street", POLICE)


def test_every_street_row_of_54_months_is_there(street):
    con, dataset = street
    assert (dataset.rows, len(dataset.files), dataset.made_up) == (420_789, 54, False)
    assert sum(file.rows for file in dataset.files) == 420_789
    months = con.execute("SELECT count(DISTINCT month), min(month), max(month) FROM police_uk_street").fetchall()
    assert months == [(54, "2018-10", "2025-12")]


def test_antisocial_behaviour_has_neither_identifier_nor_outcome(street):
    con, _ = street
    found = con.execute("""
        SELECT crime_type = 'Anti-social behaviour', count(*), count(crime_id), count(last_outcome_category)
        FROM police_uk_street GROUP BY 1 ORDER BY 1""").fetchall()
    assert found == [(False, 332_825, 332_825, 332_825), (True, 87_964, 0, 0)]


def test_rows_that_repeat_another_exactly_are_kept(street):
    con, _ = street
    ((distinct,),) = con.execute("SELECT count(*) FROM (SELECT DISTINCT * FROM police_uk_street)").fetchall()
    assert 420_789 - distinct == 32_699


def test_rows_are_those_of_the_files_in_their_order():
    """Read here with Python alone, and compared cell by cell with the numbers of file and row."""
    con, contract, folder = duckdb.connect(), load_contract("police_uk_street"), real_data() / POLICE
    police_uk.read(con, folder, contract)
    for month in ("2018-10", "2021-12", "2024-08", "2025-12"):
        name = f"{month}-cleveland-street.csv"
        text = lzma.decompress((folder / month / f"{name}.xz").read_bytes()).decode("utf-8")
        expected = [(*row, i) for i, row in enumerate(csv.reader(io.StringIO(text, newline="")))][1:]
        found = con.execute(
            "SELECT * EXCLUDE (source_file) FROM raw_police_uk_street WHERE source_file = ? ORDER BY source_row", [name]
        ).fetchall()
        assert [tuple(cell or "" for cell in row[:-1]) + row[-1:] for row in found] == expected


def test_every_outcome_is_there():
    dataset = load(duckdb.connect(), "police_uk_outcomes", POLICE)
    assert (dataset.rows, len(dataset.files)) == (154_601, 24)


def test_every_search_is_there_in_the_month_of_its_file():
    con = duckdb.connect()
    dataset = load(con, "police_uk_stop_and_search", POLICE)
    assert (dataset.rows, len(dataset.files)) == (22_122, 35)
    assert con.execute("""
        SELECT count(DISTINCT month), count(*) FILTER (WHERE strftime(date, '%Y-%m') <> month)
        FROM police_uk_stop_and_search""").fetchall() == [(35, 431)]


@pytest.mark.parametrize("name", FILES)
def test_every_other_real_file_keeps_its_contract(name):
    location, rows = FILES[name]
    assert load(duckdb.connect(), name, location).rows == rows


def test_another_forces_archive_keeps_the_contract():
    con = duckdb.connect()
    assert load(con, "police_uk_street", "police-uk-durham").rows > 10_000
    assert con.execute("SELECT DISTINCT reported_by FROM police_uk_street").fetchall() == [("Durham Constabulary",)]


def test_the_hashes_are_those_of_the_files_on_disk(street):
    """The folder's own list of hashes was made by another program."""
    manifest = real_data() / "MANIFEST.csv"
    if not manifest.is_file():
        pytest.skip("this copy of the real data has no MANIFEST.csv to compare with")
    with manifest.open(encoding="utf-8", newline="") as lines:
        known = {row["path"]: (row["sha256"], int(row["bytes"])) for row in csv.DictReader(lines)}
    _, dataset = street
    assert [f for f in dataset.files if known[f"{POLICE}/{f.name}"] != (f.sha256, f.bytes)] == []
