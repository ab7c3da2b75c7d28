"""For every contract on disk there is made-up data that keep it."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest
from made_up_support import read

from curv_eval.contract import contract_names, load_contract
from curv_eval.errors import ContractError
from curv_eval.sources import Dataset, load_dataset

AFTER_THE_DATA = date(2025, 3, 1)
NOT_A_TABLE_OF_ITS_OWN = {
    "lsoa_boundaries": "lsoa_boundaries.geojson",
    "police_uk_outcomes": "police-uk-made-up",
    "police_uk_stop_and_search": "police-uk-made-up",
    "police_uk_street": "police-uk-made-up",
    "partner_people": "partners/hospital/people.csv",
}
# tables of published studies and of those who chose them: nobody is in them, and tests/reviews makes up its own
OF_REVIEWS = {
    "cbt_offending_studies", "dropout_prevention_studies", "risk_of_bias", "school_calendar_studies",
    "screening_decisions",
}  # fmt: skip
NAMES = [name for name in contract_names() if name not in OF_REVIEWS]
SAID_ABOUT_ITSELF = {"MADE_UP.json", "truth.json"}
AS_SENT, LISTS = "vcse_outcomes.xlsx", ("vcse", "hospital", "police")


def location(name: str) -> str:
    return NOT_A_TABLE_OF_ITS_OWN.get(name, f"{name}.csv")


def load(name: str, path: Path) -> Dataset:
    contract = load_contract(name)
    return load_dataset(duckdb.connect(), contract, path, purpose=contract.purposes[0], today=AFTER_THE_DATA)


@pytest.mark.parametrize("name", NAMES)
def test_every_contract_has_data_that_keep_it(folder, name):
    dataset = load(name, folder / location(name))
    assert dataset.made_up
    assert dataset.rows >= 11


@pytest.mark.parametrize("name", NAMES)
def test_data_tampered_with_no_longer_keep_it(folder, tmp_path, name):
    contract = load_contract(name)
    if contract.format not in ("csv", "table"):
        pytest.skip("the next test")
    place = folder / location(name)
    rows = read(place)
    required = next(column for column in contract.columns if column.required)
    rows.loc[len(rows) // 2, required.source_name] = ""
    shutil.copy(folder / "MADE_UP.json", tmp_path)
    rows.to_csv(tmp_path / place.name, index=False)
    with pytest.raises(ContractError, match=required.name):
        load(name, tmp_path / place.name)


def test_every_table_of_the_folder_has_a_contract(folder):
    found = {path.name for path in folder.iterdir()}
    here = {location(name).split("/")[0] for name in NAMES}
    assert found == here | SAID_ABOUT_ITSELF | {AS_SENT, "partners"}


@pytest.mark.parametrize("name", NAMES)
def test_every_column_that_the_file_must_have_is_there_and_no_other(folder, name):
    contract = load_contract(name)
    if not location(name).endswith(".csv"):
        pytest.skip("not one table")
    header = list(read(folder / location(name)))
    known = [column.source_name for column in contract.columns]
    required = {column.source_name for column in contract.columns if not column.optional}
    assert required <= set(header)
    if contract.options["extra_columns"] == "refuse":
        assert set(header) <= set(known)


@pytest.mark.parametrize("source", LISTS)
def test_every_partner_s_list_keeps_its_contract(folder, source):
    assert load("partner_people", folder / "partners" / source / "people.csv").made_up


def test_the_workbook_keeps_the_contract_of_the_csv(folder):
    con, held = duckdb.connect(), {}
    for name in (AS_SENT, "vcse_outcomes.csv"):
        contract = load_contract("vcse_outcomes")
        load_dataset(con, contract, folder / name, purpose=contract.purposes[0], today=AFTER_THE_DATA)
        held[name] = con.execute("FROM vcse_outcomes").fetchall()
    assert held[AS_SENT] == held["vcse_outcomes.csv"]
    assert len(held[AS_SENT]) > 1000


@pytest.mark.parametrize("kind", ["street", "outcomes", "stop-and-search"])
def test_all_rows_of_the_archive_are_loaded(folder, kind):
    files = sorted((folder / "police-uk-made-up").glob(f"*/*-{kind}.csv"))
    name = f"police_uk_{kind.replace('-', '_')}"
    dataset = load(name, folder / "police-uk-made-up")
    assert dataset.rows == sum(len(read(file)) for file in files)
    assert len(dataset.files) == len(files) == {"street": 36, "outcomes": 12, "stop-and-search": 24}[kind]


def test_a_made_up_file_that_was_tampered_with_is_refused(folder, tmp_path):
    text = (folder / "vcse_referrals.csv").read_text(encoding="utf-8")
    shutil.copy(folder / "MADE_UP.json", tmp_path)
    (tmp_path / "vcse_referrals.csv").write_text(text.replace(",primary", ",worrying"), encoding="utf-8")
    with pytest.raises(ContractError, match="risk_tier"):
        load("vcse_referrals", tmp_path / "vcse_referrals.csv")


def test_made_up_data_do_not_pass_for_real(folder, tmp_path):
    """The mark belongs to the folder: without it, nobody takes the rows for made-up ones."""
    assert json.loads((folder / "MADE_UP.json").read_text())["made_up"] is True
    shutil.copy(folder / "lsoa_lookup.csv", tmp_path)
    assert not load("lsoa_lookup", tmp_path / "lsoa_lookup.csv").made_up


def test_without_its_mark_a_table_about_people_is_refused(folder, tmp_path):
    shutil.copy(folder / "ae_attendances.csv", tmp_path)
    with pytest.raises(ContractError, match="covers made-up data only"):
        load("ae_attendances", tmp_path / "ae_attendances.csv")
