"""A breach is told in the house voice, and never with a value about a person."""

from __future__ import annotations

from datetime import date

import pytest
from contract_support import FILE, good_rows, plants, raw_table

from curv_eval.breach import Breach, find_breaches, raise_breaches
from curv_eval.contract import contract_names, load_contract
from curv_eval.errors import ContractError

SECRET = "Jane Doe 07700 900123"
TODAY = date(2026, 11, 23)


def message(contract, rows) -> str:
    found = find_breaches(raw_table(contract, rows), f"raw_{contract.name}", contract, today=TODAY)
    with pytest.raises(ContractError) as caught:
        raise_breaches(found, contract, "the-file.csv")
    return str(caught.value)


def spoilt(name: str, column: str, value: str, rows: tuple[int, ...] = (3,)) -> str:
    contract = load_contract(name)
    data = good_rows(contract)
    for row in rows:
        data[row - 1][column] = value
    return message(contract, data)


def test_no_breach_is_no_error():
    raise_breaches([], load_contract("ward_lookup"), "the-file.csv")


def test_the_house_voice():
    assert spoilt("police_uk_street", "lsoa_code", "E99", (4, 6, 7)) == (
        "ContractError: the-file.csv does not keep police_uk_street v1.0.0:\n"
        "  lsoa_code: 3 values do not look like E01011949 or W01000001 "
        f"(first at {FILE} row 4, 'E99'); do: send the codes as the publisher writes them"
    )


def test_one_value_is_spoken_of_in_the_singular():
    said = spoilt("police_uk_street", "lsoa_code", "E99")
    assert f"lsoa_code: 1 value does not look like E01011949 or W01000001 (at {FILE} row 3, 'E99'); do:" in said


@pytest.mark.parametrize(
    ("name", "column", "value", "said"),
    [
        ("police_uk_street", "crime_type", "Arson", "1 value is not one of the 14 allowed"),
        ("lsoa_lookup", "change_code", "Q", "1 value is not U or S or M or X"),
        ("police_uk_street", "month", "", "1 value is blank"),
        ("police_uk_street", "month", "2999-01", "1 value lies in the future"),
        ("police_uk_street", "latitude", "north", "1 value is not a number"),
        ("police_uk_street", "latitude", "5", "1 value is below 49"),
        ("police_uk_street", "latitude", "95", "1 value is above 62"),
        ("lsoa_population", "population", "1.5", "1 value is not a whole number"),
        ("vcse_sessions", "session_date", "1/2/2023", "1 value is not a date like 2023-03-31"),
        ("police_uk_stop_and_search", "date", "1/2/2023", "1 value is not a date and time like 2023-03-31 14:05"),
        ("vcse_referrals", "accepted", "perhaps", "1 value is not true or false"),
        ("vcse_referrals", "consent_evaluation", "false", "1 row is without consent"),
        ("vcse_referrals", "start_date", "2022-01-01", "1 value is before referral_date"),
    ],
)
def test_each_rule_has_its_sentence(name, column, value, said):
    assert f"{column}: {said} (at {FILE} row 3" in spoilt(name, column, value)


def test_a_row_without_consent_is_taken_out():
    said = spoilt("vcse_referrals", "consent_evaluation", "false", (3, 5))
    assert f"consent_evaluation: 2 rows are without consent (first at {FILE} row 3); do: the young person" in said
    assert "has not agreed; remove the row before sharing" in said


def test_what_to_do_with_all_of_them_comes_last():
    contract = load_contract("ward_lookup")
    breach = Breach("ward_name", "required", 1, ("a.csv row 1",), "fill it in")
    with pytest.raises(ContractError) as caught:
        raise_breaches([breach], contract, "a.csv", do="then send it again")
    assert str(caught.value).splitlines()[1:] == [
        "  ward_name: 1 value is blank (at a.csv row 1); do: fill it in",
        "  do: then send it again",
    ]


def test_repeated_keys_are_rows_that_share():
    contract = load_contract("ward_lookup")
    rows = good_rows(contract)
    rows[6] = dict(rows[1])
    said = message(contract, rows)
    assert f"lsoa21_code: 2 rows share their lsoa21_code with another row (first at {FILE} row 2); do: " in said


def test_columns_are_named():
    contract = load_contract("vcse_sessions")
    rows = [{**row, "suspect_name": SECRET} for row in good_rows(contract)]
    for row in rows:
        del row["mode"]
    said = message(contract, rows)
    assert "mode: column missing; do: send the file with this column" in said
    assert (
        "suspect_name: column not in the contract; do: remove it before sharing; this dataset's agreement does not"
        in said
    )
    assert SECRET not in said


def test_a_long_example_is_cut():
    said = spoilt("police_uk_street", "lsoa_code", "x" * 5_000)
    assert len(said) < 400
    assert "xxx…'" in said


@pytest.mark.parametrize("name", contract_names())
def test_a_value_that_is_not_public_never_shows(name):
    """Every column that is not public holds the same secret in every row, which breaks whatever it can break."""
    contract = load_contract(name)
    rows = good_rows(contract)
    hidden = [column for column in contract.columns if column.classification != "public"]
    for row in rows:
        row.update({column.name: SECRET for column in hidden})
    found = find_breaches(raw_table(contract, rows), f"raw_{contract.name}", contract, today=TODAY)
    assert bool(found) == bool(hidden)
    told = repr(found) + (message(contract, rows) if found else "")
    assert [part for part in SECRET.split() if part in told] == []


@pytest.mark.parametrize("name", ["ae_assaults", "vcse_referrals", "vcse_sessions"])
def test_no_rule_of_a_column_that_is_not_public_gives_an_example(name):
    contract = load_contract(name)
    open_columns = {column.name for column in contract.columns if column.classification == "public"}
    for plant in plants(contract):
        if plant.value:
            rows = good_rows(contract)
            rows[2][plant.column] = plant.value
            found = find_breaches(raw_table(contract, rows), f"raw_{name}", contract, today=TODAY)
            assert {b.example for b in found if b.column not in open_columns} == {None}


def test_a_breach_without_rows_needs_no_column_of_the_contract():
    breach = Breach("gone", "column missing", 0, (), "send it")
    with pytest.raises(ContractError, match="gone: column missing; do: send it"):
        raise_breaches([breach], load_contract("ward_lookup"), "the-file.csv")
