"""A study receives the columns it declared, as finely as it declared, and nothing else."""

from __future__ import annotations

import re
from datetime import date

import duckdb
import pytest
from contract_support import set_term, small_contract, write
from hypothesis import given, settings
from hypothesis import strategies as st

from curv_eval.contract import contract_names, load_contract
from curv_eval.errors import ContractError
from curv_eval.minimise import (
    AGE_BANDS,
    Received,
    allowed_forms,
    minimise,
    received_columns,
    received_contract,
)

PEOPLE = [
    ("a1", "Ada", "2008-02-29", "TS1 1AA", 16, "2024-02-28", "told us of a fight"),
    ("b2", "Bob", "1999-12-31", "ts12bb", 24, "2024-12-30", ""),
    ("c3", None, None, None, None, None, None),
]
TYPES = {"id": "string", "name": "string", "born": "date", "postcode": "string", "age": "integer", "seen": "date"}


def column(name, kind="string", role="none", **terms):
    level = {"direct identifier": "restricted", "none": "internal"}.get(role, "confidential")
    custom = [{"property": key, "value": value} for key, value in {"disclosureRole": role, **terms}.items()]
    return {"name": name, "logicalType": kind, "classification": level, "customProperties": custom}


@pytest.fixture
def contract(tmp_path):
    document = small_contract()
    document["schema"][0]["properties"] = [
        column("id", role="pseudonym"),
        column("name", role="direct identifier"),
        column("born", "date", "direct identifier", forms=["age_band", "under_25", "year"], ageAt="seen"),
        column("postcode", role="direct identifier", forms=["lsoa"]),
        column("age", "integer", "quasi-identifier"),
        column("seen", "date", "quasi-identifier"),
        column("notes", role="free text"),
    ]
    for name, value in {
        "periodColumn": "seen", "smallNumberRule": "under_10", "expires": "2030-01-01", "deleteBy": "2031-01-01",
    }.items():  # fmt: skip
        set_term(document, name, value)
    write(document, tmp_path)
    return load_contract("small", tmp_path)


@pytest.fixture
def con():
    con = duckdb.connect()
    con.execute("CREATE TABLE small (id TEXT, name TEXT, born DATE, postcode TEXT, age INT, seen DATE, notes TEXT)")
    con.executemany("INSERT INTO small VALUES (?, ?, ?, ?, ?, ?, ?)", PEOPLE)
    return con


def receive(con, contract, *declared):
    minimise(con, contract, received_columns(contract, declared))
    return con.execute("SELECT * FROM small").fetchall()


def names(con):
    return [row[0] for row in con.execute("DESCRIBE small").fetchall()]


def refusal(contract, *declared):
    with pytest.raises(ContractError) as caught:
        received_columns(contract, declared)
    return str(caught.value)


def test_what_is_not_declared_is_not_there(con, contract):
    assert receive(con, contract, "id", "age") == [("a1", 16), ("b2", 24), ("c3", None)]
    assert names(con) == ["id", "age"]
    text = str(con.execute("SELECT * FROM duckdb_tables()").fetchall())
    assert "born" not in text


def test_a_date_of_birth_becomes_an_age_at_the_date_meant(con, contract):
    rows = receive(con, contract, "id", "born as age_band")
    # one day before the sixteenth birthday, and one day before the twenty-fifth
    assert rows == [("a1", "15-17"), ("b2", "18-24"), ("c3", None)]


@pytest.mark.parametrize(
    ("seen", "age"), [("2024-02-28", 15), ("2024-02-29", 16), ("2023-02-28", 14), ("2023-03-01", 15)]
)
def test_a_birthday_is_the_day_an_age_begins(con, contract, seen, age):
    con.execute("UPDATE small SET seen = ? WHERE id = 'a1'", [seen])
    con.execute("UPDATE small SET born = DATE '2008-02-29' WHERE id = 'a1'")
    band = receive(con, contract, "born as age_band")[0][0]
    assert int(band.split("-")[0]) <= age <= int(band.split("-")[1])


def test_under_25_is_true_until_the_day_before(con, contract):
    assert receive(con, contract, "born as under_25") == [(True,), (True,), (None,)]
    con.execute("DROP TABLE small")
    con.execute("CREATE TABLE small AS SELECT DATE '1999-12-31' AS born, DATE '2024-12-31' AS seen")
    assert receive(con, contract, "born as under_25") == [(False,)]


@pytest.mark.parametrize(("form", "found"), [("month", "2024-12"), ("quarter", "2024-Q4"), ("year", "2024")])
def test_a_date_becomes_a_month_a_quarter_or_a_year(con, contract, form, found):
    assert receive(con, contract, f"seen as {form}") == [
        (found.replace("-12", "-02").replace("Q4", "Q1"),),
        (found,),
        (None,),
    ]


def test_a_postcode_becomes_an_area_however_it_is_written(con, contract):
    con.execute("CREATE TABLE postcode_lookup (postcode TEXT, lsoa11_code TEXT, lsoa21_code TEXT)")
    con.execute("INSERT INTO postcode_lookup VALUES ('TS1 1AA', 'E01999999', 'E01000001')")
    # the lookup of May 2022 has codes of 2011 only; both belong to one united area
    con.execute("INSERT INTO postcode_lookup VALUES ('TS1 2BB', 'E01000002', NULL)")
    assert receive(con, contract, "postcode as lsoa") == [("E01000001",), ("E01000002",), (None,)]


def test_areas_need_the_lookup_of_postcodes(con, contract):
    with pytest.raises(ContractError, match="add postcode_lookup to the study's contracts"):
        receive(con, contract, "postcode as lsoa")


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        (["name"], "name: may not be received like this (it is a direct identifier); expected that it stays with its"),
        (["born"], "born: may not be received like this (it is a direct identifier); expected `born as age_band`"),
        (["born as month"], "born as month: may not be received like this"),
        (["postcode"], "expected `postcode as lsoa`"),
        (["notes"], "notes: may not be received like this (it is a free text)"),
        (["age as month"], "age as month: may not be received like this; expected `age` or `age as age_band`"),
        (["agge"], "agge: is not in the agreement; did you mean age?"),
        (["home_address"], "home_address: is not in the agreement"),
        (["id", "id"], "id: stands twice"),
        (["age", "age as age_band"], "age: stands twice"),
        (["id as is"], "id as is: may not be received"),
        ([""], "is not in the agreement"),
        (["id, age"], "is not in the agreement"),
        (["id as as_given); DROP TABLE small"], "is not in the agreement"),
    ],
)
def test_what_may_not_be_received_is_refused(contract, declared, said):
    assert said in refusal(contract, *declared)


def test_every_refusal_is_given_at_once_and_names_the_steward(contract):
    said = refusal(contract, "name", "notes", "shoe_size")
    assert [name in said for name in ("name:", "notes:", "shoe_size:", "a steward")] == [True] * 4


def test_data_that_are_not_public_need_a_declaration(contract):
    said = refusal(contract)
    assert "columns: got none" in said
    assert "name the columns the study needs out of id, born, postcode, age, seen" in said


def test_public_data_are_received_whole(tmp_path):
    write(small_contract(), tmp_path)
    contract = load_contract("small", tmp_path)
    assert [(one.column.name, one.form) for one in received_columns(contract, ())] == [
        ("month", "as_given"),
        ("n", "as_given"),
    ]


def test_the_contract_a_study_sees_holds_what_it_received(contract):
    seen = received_contract(contract, received_columns(contract, ["id", "born as age_band", "seen as month"]))
    assert [(c.name, c.type) for c in seen.columns] == [("id", "string"), ("born", "string"), ("seen", "string")]
    assert seen.period_column == "seen"
    assert seen.columns[1].disclosure_role == "quasi-identifier"
    without = received_contract(contract, received_columns(contract, ["id"]))
    assert (without.period_column, without.key, without.orders) == (None, (), ())


@pytest.mark.parametrize("name", contract_names())
def test_no_shipped_contract_lets_an_identifier_or_free_text_out(name):
    for one in load_contract(name).columns:
        if one.disclosure_role in ("direct identifier", "free text"):
            assert "as_given" not in allowed_forms(one), one.name
            said = refusal(load_contract(name), one.name)
            assert f"{one.name}: may not be received like this" in said


@pytest.mark.parametrize("name", contract_names())
def test_every_form_of_every_shipped_contract_runs(name):
    contract = load_contract(name)
    kinds = {"string": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "date": "DATE", "timestamp": "TIMESTAMP"}
    for one in contract.columns:
        for form in allowed_forms(one):
            con = duckdb.connect()
            columns = ", ".join(f'"{c.name}" {kinds.get(c.type, "BOOLEAN")}' for c in contract.columns)
            con.execute(f'CREATE TABLE "{name}" ({columns})')
            con.execute(
                "CREATE TABLE IF NOT EXISTS postcode_lookup (postcode TEXT, lsoa11_code TEXT, lsoa21_code TEXT)"
            )
            minimise(con, contract, [Received(one, form)])
            assert con.execute(f'SELECT * FROM "{name}"').fetchall() == []


@given(born=st.dates(date(1930, 1, 1), date(2020, 12, 31)), seen=st.dates(date(2021, 1, 1), date(2026, 1, 1)))
@settings(max_examples=60, deadline=None)
def test_ages_are_those_a_person_would_count(born, seen):
    con = duckdb.connect()
    con.execute("CREATE TABLE small AS SELECT ?::DATE AS born, ?::DATE AS seen", [born, seen])
    folderless = _contract_of_two()
    minimise(con, folderless, received_columns(folderless, ["born as age_band"]))
    ((band,),) = con.execute("SELECT born FROM small").fetchall()
    age = seen.year - born.year - ((seen.month, seen.day) < (born.month, born.day))
    low = max(edge for edge in AGE_BANDS if edge <= age)
    assert int(re.match(r"\d+", band)[0]) == low


def _contract_of_two():
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        document = small_contract()
        document["schema"][0]["properties"] = [
            column("born", "date", "direct identifier", forms=["age_band"], ageAt="seen"),
            column("seen", "date", "quasi-identifier"),
        ]
        for name, value in {
            "periodColumn": "seen", "smallNumberRule": "under_10", "expires": "2030-01-01", "deleteBy": "2031-01-01",
        }.items():  # fmt: skip
            set_term(document, name, value)
        write(document, Path(folder))
        return load_contract("small", Path(folder))


ADMISSIONS = [
    # way of admission, episode, first and second diagnosis, assault, sharp
    ("21", 1, "S010", "X990", True, True),
    ("22", 1, "X85", None, True, False),
    ("28", 1, "T141", "Y09", True, False),
    ("11", 1, "S010", "X990", False, False),  # planned
    ("21", 2, "S010", "X990", False, False),  # not the first episode
    ("21", 1, "S610", "W260", False, False),  # an accident
    ("21", 1, "S610", "X780", False, False),  # self-harm
    ("21", 1, "S610", "Y280", False, False),  # nobody knows
    ("21", 1, "X84", None, False, False),
    ("21", 1, "Y10", None, False, False),
    (None, 1, "X99", None, False, False),
    ("21", None, "X99", None, False, False),
    ("21", 1, None, None, False, False),
]


def admissions():
    contract = load_contract("hospital_admissions")
    con = duckdb.connect()
    kinds = {"string": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "date": "DATE", "timestamp": "TIMESTAMP"}
    columns = ", ".join(f'"{c.name}" {kinds.get(c.type, "BOOLEAN")}' for c in contract.columns)
    con.execute(f"CREATE TABLE hospital_admissions ({columns})")
    for way, episode, first, second, *_ in ADMISSIONS:
        con.execute(
            "INSERT INTO hospital_admissions (admimeth, epiorder, diag_01, diag_02) VALUES (?, ?, ?, ?)",
            [way, episode, first, second],
        )
    return con, contract


def test_an_admission_for_assault_is_counted_by_its_definition():
    con, contract = admissions()
    minimise(con, contract, received_columns(contract, ["assault", "sharp_object_assault"]))
    found = con.execute("SELECT assault, sharp_object_assault FROM hospital_admissions").fetchall()
    assert found == [row[-2:] for row in ADMISSIONS]


def test_the_diagnoses_stay_behind():
    con, contract = admissions()
    received = received_columns(contract, ["admidate as month", "assault"])
    minimise(con, contract, received)
    assert [row[0] for row in con.execute("DESCRIBE hospital_admissions").fetchall()] == ["admidate", "assault"]
    seen = received_contract(contract, received)
    assert [(c.name, c.type) for c in seen.columns] == [("admidate", "string"), ("assault", "boolean")]


def test_a_derived_column_has_no_other_form(contract):
    assert "may not be received like this" in refusal(load_contract("hospital_admissions"), "assault as month")


@pytest.mark.parametrize(
    ("derived", "said"),
    [
        ({"name": "id", "what": "x", "allOf": {"age": "1"}}, "id: there is a column of this name already"),
        ({"name": "old", "what": "x", "allOf": {"agge": "1"}}, "old: agge is not a column"),
        ({"name": "old", "what": "x"}, "old: expected allOf, or anyOf with a pattern"),
        ({"name": "old", "what": "x", "anyOf": ["age"]}, "old: expected allOf, or anyOf with a pattern"),
        ({"name": "old", "what": "x", "allOf": {"age": "(?=1)"}}, "no look-around"),
        ({"name": "old", "what": "x", "allOf": {"age": "("}}, "old: pattern: "),
        ({"name": "old", "what": "x", "allOf": {"born": "19.*"}}, "old: born names a person"),
    ],
)
def test_a_derived_column_that_cannot_be_made_is_refused(tmp_path, derived, said):
    document = small_contract()
    document["schema"][0]["properties"] = [
        column("id", role="pseudonym"),
        column("age", "integer"),
        column("born", role="direct identifier"),
    ]
    for name, value in {
        "smallNumberRule": "under_10", "expires": "2030-01-01", "deleteBy": "2031-01-01", "derived": [derived],
    }.items():  # fmt: skip
        set_term(document, name, value)
    document["customProperties"] = [p for p in document["customProperties"] if p["property"] != "periodColumn"]
    write(document, tmp_path)
    with pytest.raises(ContractError) as caught:
        load_contract("small", tmp_path)
    assert said in str(caught.value)
