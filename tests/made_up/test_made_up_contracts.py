"""Every made-up file keeps the contract that data of its kind have to keep."""

from __future__ import annotations

import json
import shutil
from datetime import date

import duckdb
import pytest

from curv_eval.contract import contract_names, load_contract
from curv_eval.errors import ContractError
from curv_eval.sources import load_dataset

LOCATIONS = {
    "ae_assaults": "ae_assaults.csv",
    "intervention_register": "intervention_register.csv",
    "lsoa_boundaries": "lsoa_boundaries.geojson",
    "lsoa_lookup": "lsoa_lookup.csv",
    "lsoa_population": "lsoa_population.csv",
    "police_uk_street": "police-uk-made-up",
    "vcse_referrals": "vcse_referrals.csv",
    "vcse_sessions": "vcse_sessions.csv",
    "ward_lookup": "ward_lookup.csv",
}
AFTER_THE_DATA = date(2025, 1, 1)


def load(name, path):
    purpose = "violence reduction evaluation"
    return load_dataset(duckdb.connect(), load_contract(name), path, purpose=purpose, today=AFTER_THE_DATA)


@pytest.mark.parametrize("name", LOCATIONS)
def test_every_file_keeps_its_contract(folder, name):
    dataset = load(name, folder / LOCATIONS[name])
    assert dataset.made_up
    assert dataset.rows > 60


def test_every_table_of_the_folder_has_a_contract(folder):
    said_about_itself = {"MADE_UP.json", "truth.json"}
    assert {path.name for path in folder.iterdir()} == {*LOCATIONS.values(), *said_about_itself}
    assert set(LOCATIONS) <= set(contract_names())


def test_street_rows_are_all_loaded(folder, street):
    assert load("police_uk_street", folder / "police-uk-made-up").rows == len(street)


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
