"""For every contract on disk and every rule it states: rows made from its rules pass, and one broken row is found."""

from __future__ import annotations

from datetime import date

import pytest
from contract_support import FILE, ROWS, Plant, good_rows, raw_table, set_term, small_contract, write
from contract_support import RIGHT as RIGHT_SHAPE
from contract_support import plants as column_plants

from curv_eval.breach import find_breaches
from curv_eval.breach_sql import conditions
from curv_eval.contract import contract_names, load_contract

TODAY = date(2026, 11, 23)
CONTRACTS = [load_contract(name) for name in contract_names()]


def plants(contract) -> list[Plant]:
    """Every rule a contract states: of its columns, consent, and which of two columns comes first."""
    types = {column.name: column.type for column in contract.columns}
    found = column_plants(contract)
    if contract.consent_column:
        found.append(Plant(contract, contract.consent_column, "without consent", "false"))
    early = {name: RIGHT_SHAPE[types[name]].format(1).replace("2023", "2022") for _, name in contract.orders}
    return found + [Plant(contract, late, f"before {first}", early[late]) for first, late in contract.orders]


def follows(plant: Plant) -> set[tuple[str, str]]:
    """What cannot be kept once the plant is there: consent that does not read as true; a start moved past its end."""
    contract, broken = plant.contract, set()
    if plant.column == contract.consent_column and plant.value is not None:
        broken.add((plant.column, "without consent"))
    if plant.rule == "future":
        broken |= {(later, f"before {first}") for first, later in contract.orders if first == plant.column}
    return broken


PLANTS = [plant for contract in CONTRACTS for plant in plants(contract)]
BROKEN_ROW, SAME_ROW = 8, 3


def breaches(contract, rows):
    return find_breaches(raw_table(contract, rows), f"raw_{contract.name}", contract, today=TODAY)


def planted(plant: Plant) -> tuple[list[dict], list[int]]:
    """Rows with one breach, and the numbers of the rows it is in."""
    rows = good_rows(plant.contract)
    if plant.value is not None:
        rows[BROKEN_ROW - 1][plant.column] = plant.value
        return rows, [BROKEN_ROW]
    for name in plant.column.split(", "):
        rows[BROKEN_ROW - 1][name] = rows[SAME_ROW - 1][name]
    return rows, [SAME_ROW, BROKEN_ROW]


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.name)
def test_rows_made_from_the_rules_keep_the_contract(contract):
    assert breaches(contract, good_rows(contract)) == []


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.name)
def test_every_rule_that_is_compiled_is_planted(contract):
    compiled = {(condition.column.name, condition.rule) for condition in conditions(contract, TODAY)}
    stated = {(plant.column, plant.rule) for plant in plants(contract) if plant.rule != "duplicate"}
    assert compiled == stated


@pytest.mark.parametrize("plant", PLANTS, ids=str)
def test_one_broken_row_is_one_breach(plant):
    rows, places = planted(plant)
    found = breaches(plant.contract, rows)
    assert {(breach.column, breach.rule) for breach in found} == {(plant.column, plant.rule), *follows(plant)}
    for breach in found:
        assert breach.count == len(places)
        assert breach.first_rows == tuple(f"{FILE} row {place}" for place in places)
        assert breach.remedy


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.name)
def test_all_breaches_come_at_once(contract):
    """One rule of each column broken, each in its own row."""
    chosen = {plant.column: plant for plant in plants(contract) if plant.value is not None}
    rows = good_rows(contract, max(ROWS, len(chosen)))
    for i, plant in enumerate(chosen.values()):
        rows[i][plant.column] = plant.value
    found = {(b.column, b.rule): b.first_rows for b in breaches(contract, rows)}
    expected = {}
    for i, plant in enumerate(chosen.values()):
        for broken in {(plant.column, plant.rule), *follows(plant)}:
            expected[broken] = (*expected.get(broken, ()), f"{FILE} row {i + 1}")
    assert found == expected


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.name)
def test_a_missing_and_an_unknown_column_are_breaches(contract):
    gone = contract.columns[-1].name
    rows = [{**row, "suspect_name": "x"} for row in good_rows(contract)]
    for row in rows:
        del row[gone]
    found = [(b.column, b.rule) for b in breaches(contract, rows)]
    assert found == [(gone, "column missing"), ("suspect_name", "column not in the contract")]


def test_blank_is_not_wrong_where_it_is_allowed():
    contract = load_contract("police_uk_street")
    rows = good_rows(contract)
    for column in contract.columns:
        if not column.required:
            rows[0][column.name], rows[1][column.name] = "", None
    assert breaches(contract, rows) == []


@pytest.mark.parametrize("blank", ["", "   ", None])
def test_a_blank_key_is_blank_and_not_repeated(blank):
    contract = load_contract("ward_lookup")
    rows = good_rows(contract)
    rows[0]["lsoa21_code"] = rows[1]["lsoa21_code"] = blank
    found = {b.rule: b.count for b in breaches(contract, rows)}
    assert found["required"] == 2
    assert found.get("duplicate", 0) == (2 if blank == "   " else 0)


def test_a_blank_optional_part_of_a_key_is_a_value_like_any_other():
    contract = load_contract("intervention_register")
    rows = good_rows(contract)
    for row in rows:
        row["intervention_id"] = ""
    assert breaches(contract, rows) == []
    rows[4] = dict(rows[2])
    (breach,) = breaches(contract, rows)
    assert (breach.rule, breach.count) == ("duplicate", 2)


def test_rows_that_are_alike_are_counted_in_groups():
    contract = load_contract("ward_lookup")
    rows = good_rows(contract)
    rows[5], rows[7], rows[9], rows[11] = dict(rows[1]), dict(rows[1]), dict(rows[2]), dict(rows[2])
    (breach,) = breaches(contract, rows)
    assert breach.count == 6
    assert breach.first_rows == tuple(f"{FILE} row {n}" for n in (2, 3, 6))


def test_the_first_rows_are_first_by_file_and_row():
    contract = load_contract("lsoa_population")
    con = raw_table(contract, good_rows(contract), "2023-02.csv")
    con.execute("UPDATE raw_lsoa_population SET population = '-1' WHERE source_row IN (2, 11)")
    con.execute("INSERT INTO raw_lsoa_population VALUES ('E01999999', '0', '2023-01.csv', 4101)")
    (breach,) = find_breaches(con, "raw_lsoa_population", contract)
    assert breach.count == 3
    assert breach.first_rows == ("2023-01.csv row 4,101", "2023-02.csv row 2", "2023-02.csv row 11")
    assert breach.example == "0"


WRONG = {
    "integer": ["1.5", "1e3", "1,000", " 1", "x", "1 000", "9" * 30, "0x10"],
    "number": ["x", "1,5", "nan", "inf", "1e999", "--1", "1 ", "."],
    "date": [
        "2023-2-1",
        "2023-02-30",
        "01/02/2023",
        "2023-02-01 10:00",
        "20230201",
        "2023-13-01",
        "today",
        "infinity",
        "epoch",
    ],
    "timestamp": ["2023-02-01", "2023-02-01 25:00", "2023-02-30 10:00", "2023-02-01T10:00+01:00", "10:00"],
    "boolean": ["yes", "0", "1", "t", "T rue", "ja"],
}
RIGHT = {
    "integer": ["0", "007", "-3", "+3"],
    "number": ["0", "-1.250", ".5", "5.", "1e3", "+2"],
    "date": ["2023-02-01", "2024-02-29", "1999-12-31"],
    "timestamp": ["2023-02-01 10:00", "2023-02-01T10:00:59", "2023-02-01T10:00:59.5", "2023-02-01T00:00:00+00:00"],
    "boolean": ["true", "False", "TRUE"],
}


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in WRONG.items() for value in values])
def test_a_value_that_only_a_lenient_cast_would_take_is_refused(one_column, kind, value):
    assert one_column(kind, value) == [("type", 1)]


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in RIGHT.items() for value in values])
def test_a_value_of_the_type_is_taken(one_column, kind, value):
    assert one_column(kind, value) == []


@pytest.fixture
def one_column():
    """A function that puts one value into a column of a type and returns the rules it breaks."""
    from dataclasses import replace

    from curv_eval.contract import Column

    bare = load_contract("lsoa_population")

    def check(kind: str, value: str) -> list[tuple[str, int]]:
        contract = replace(bare, name="one", key=(), columns=(Column("v", "v", kind),))
        return [(b.rule, b.count) for b in breaches(contract, [{"v": value}])]

    return check


@pytest.mark.parametrize(("month", "wrong"), [("2026-10", 0), ("2026-11", 0), ("2026-12", 1), ("2027-01", 1)])
def test_the_month_of_today_is_not_in_the_future(month, wrong):
    contract = load_contract("police_uk_street")
    rows = good_rows(contract)
    rows[0]["month"] = month
    assert sum(b.count for b in breaches(contract, rows) if b.rule == "future") == wrong


@pytest.mark.parametrize(("day", "wrong"), [("2026-11-23", 0), ("2026-11-24", 1)])
def test_today_is_not_in_the_future(day, wrong):
    contract = load_contract("vcse_sessions")
    rows = good_rows(contract)
    rows[0]["session_date"] = day
    assert sum(b.count for b in breaches(contract, rows)) == wrong


def test_a_planned_start_may_lie_in_the_future():
    contract = load_contract("intervention_register")
    rows = good_rows(contract)
    rows[0]["start_month"] = "2999-01"
    assert breaches(contract, rows) == []


def test_the_bounds_themselves_are_allowed():
    contract = load_contract("vcse_referrals")
    rows = good_rows(contract)
    rows[0]["age_at_referral"], rows[1]["age_at_referral"] = "0", "120"
    assert breaches(contract, rows) == []


def test_quotation_marks_in_rules_and_values_are_text():
    from dataclasses import replace

    from curv_eval.contract import Column

    column = Column("v", "v", "string", values=("it's", 'a "b"'), pattern='^(it\'s|a "b")$', classification="public")
    contract = replace(load_contract("lsoa_population"), name="one", key=(), columns=(column,))
    assert breaches(contract, [{"v": "it's"}, {"v": 'a "b"'}]) == []
    assert {b.rule for b in breaches(contract, [{"v": "'; DROP TABLE raw_one; --"}])} == {
        "pattern",
        "value not allowed",
    }


def small(tmp_path, *columns: dict, **terms):
    document = small_contract()
    document["schema"][0]["properties"] += columns
    for name, value in terms.items():
        set_term(document, name, value)
    write(document, tmp_path)
    return load_contract("small", tmp_path)


def row(**values) -> dict:
    return {"month": "2023-03", "n": "1", **values}


def found_in(contract, *rows: dict) -> list[tuple[str, str, int]]:
    return [(b.column, b.rule, b.count) for b in breaches(contract, list(rows))]


def column(name: str, kind: str, **given) -> dict:
    return {"name": name, "logicalType": kind, "classification": "public", **given}


@pytest.mark.parametrize("value", ["false", "", None, "yes", "no"])
def test_only_true_is_consent(tmp_path, value):
    contract = small(tmp_path, column("agreed", "boolean"), consentColumn="agreed")
    assert found_in(contract, row(agreed="true"), row(agreed="TRUE")) == []
    assert ("agreed", "without consent", 1) in found_in(contract, row(agreed="true"), row(agreed=value))


@pytest.mark.parametrize(
    ("kind", "first", "second", "broken"),
    [
        ("date", "2023-03-02", "2023-03-01", True),
        ("date", "2023-03-02", "2023-03-02", False),
        ("date", "2023-03-02", "", False),
        ("date", "", "2023-03-02", False),
        ("timestamp", "2023-03-02 14:05", "2023-03-02 14:04", True),
        ("timestamp", "2023-03-02 14:05", "2023-03-02T14:05:00Z", False),
        ("integer", "10", "9", True),
        ("number", "10", "1e1", False),
    ],
)
def test_which_comes_first(tmp_path, kind, first, second, broken):
    contract = small(tmp_path, column("a", kind), column("b", kind), orders=[["a", "b"]])
    assert found_in(contract, row(a=first, b=second)) == ([("b", "before a", 1)] if broken else [])


@pytest.mark.parametrize(
    ("kind", "value"), [("date", "2999-3-01"), ("timestamp", "2999-03-01"), ("integer", "-0.6"), ("number", "-5m")]
)
def test_what_does_not_read_as_its_type_breaks_nothing_else(tmp_path, kind, value):
    columns = column("a", kind), column("b", kind)
    if kind in ("integer", "number"):
        columns[0]["logicalTypeOptions"] = {"minimum": 0}
    contract = small(tmp_path, *columns, orders=[["a", "b"]])
    assert found_in(contract, row(a=value, b="")) == [("a", "type", 1)]
    later = {"date": "2023-01-01", "timestamp": "2023-01-01 10:30"}.get(kind, "-9")
    assert found_in(contract, row(a=value, b=later)) == [("a", "type", 1)]


@pytest.mark.parametrize("blank", ["\t", " \u00a0 ", "\u00a0", "\r\n"])
def test_what_looks_empty_is_blank(tmp_path, blank):
    contract = small(tmp_path, column("name", "string", required=True))
    assert found_in(contract, row(name=blank)) == [("name", "required", 1)]


def test_a_unique_column_that_is_the_key_is_told_once(tmp_path):
    contract = small(tmp_path, column("id", "string", unique=True, primaryKey=True, primaryKeyPosition=1))
    assert found_in(contract, row(id="x"), row(id="x")) == [("id", "duplicate", 2)]


def test_a_rule_that_needs_a_missing_column_is_left_out(tmp_path):
    contract = small(tmp_path, column("a", "date"), column("b", "date"), orders=[["a", "b"]])
    assert found_in(contract, row(b="2023-01-01")) == [("a", "column missing", 0)]
