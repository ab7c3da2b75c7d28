"""`curv-eval link content`: what a partner sends to the analyst, under pseudonyms and as the contract says."""

from __future__ import annotations

import csv

import pytest
from typer.testing import CliRunner

from curv_eval.cli import app
from curv_eval.contract import load_contract
from curv_eval.errors import ContractError, RunError
from curv_eval.linkage.content import pseudonymise
from curv_eval.linkage.encode import record_pseudonym
from curv_eval.linkage.keys import make_key

SESSIONS = load_contract("vcse_sessions")
HEADER = "Case No,Full Name,session_date,session_type,minutes_planned,minutes_attended,mode,Notes\n"
ROWS = [
    "VC-17,Ada Lovelace,2024-03-01,mentoring,60,60,in_person,cried",
    "VC-18,Bob Stone,2024-03-02,mentoring,60,0,remote,",
    "VC-17,Ada Lovelace,2024-03-08,mentoring,60,30,in_person,left early",
]


@pytest.fixture
def key(tmp_path):
    place = tmp_path / "keys"
    place.mkdir()
    return make_key(place / "test.key", project="test-project")


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "sessions.csv"
    path.write_text(HEADER + "\n".join(ROWS) + "\n", "utf-8")
    return path


@pytest.fixture
def out(tmp_path):
    (tmp_path / "send").mkdir()
    return tmp_path / "send" / "sessions.csv"


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(table, out, key, contract=SESSIONS, own=("vcse", "Case No")):
    return pseudonymise(table, out, key=key, contract=contract, own_id=own)


def test_ids_become_the_record_ids_that_encode_gives(table, out, key):
    write(table, out, key)
    assert [row["person_id"] for row in read(out)] == [
        record_pseudonym(key, "vcse", one) for one in ("VC-17", "VC-18", "VC-17")
    ]


def test_the_rest_is_as_it_was_and_in_its_order(table, out, key):
    write(table, out, key)
    rows = read(out)
    assert [row["session_date"] for row in rows] == ["2024-03-01", "2024-03-02", "2024-03-08"]
    assert [row["minutes_attended"] for row in rows] == ["60", "0", "30"]


def test_what_the_contract_does_not_name_stays(table, out, key):
    done = write(table, out, key)
    text = out.read_text("utf-8")
    assert [word in text for word in ("Ada", "Stone", "cried", "VC-17", "Case")] == [False] * 5
    assert set(done.not_leaving) == {"Full Name", "Notes"}
    assert set(done.columns) == {column.source_name for column in SESSIONS.columns}


def test_direct_identifiers_stay_even_where_the_contract_names_them(tmp_path, out, key):
    contract = load_contract("vcse_referrals")
    assert not [c for c in contract.columns if c.disclosure_role == "direct identifier"]
    with pytest.raises(ContractError, match="has 0 columns for a pseudonym"):
        write(tmp_path / "x.csv", out, key, contract=load_contract("partner_people"))


def test_another_key_gives_other_ids(table, out, key, tmp_path):
    write(table, out, key)
    other = make_key(tmp_path / "keys" / "other.key", project="test-project")
    second = out.with_name("second.csv")
    write(table, second, other)
    assert not {row["person_id"] for row in read(out)} & {row["person_id"] for row in read(second)}


def test_a_missing_column_is_named_before_anything_is_written(tmp_path, out, key):
    table = tmp_path / "short.csv"
    table.write_text("Case No,session_date\nVC-17,2024-03-01\n", "utf-8")
    with pytest.raises(ContractError, match="columns missing: session_type, minutes_attended"):
        write(table, out, key)
    assert not out.exists()


def test_rows_without_an_id_are_refused_by_their_numbers(tmp_path, out, key):
    table = tmp_path / "gaps.csv"
    table.write_text(HEADER + ROWS[0] + "\n" + ROWS[1].replace("VC-18", " ") + "\n", "utf-8")
    with pytest.raises(ContractError, match=r"1 rows without an id \(row 2 below the header\)") as caught:
        write(table, out, key)
    assert "Stone" not in str(caught.value)
    assert not out.exists()


def test_a_file_that_is_there_is_kept(table, out, key):
    out.write_text("kept", "utf-8")
    with pytest.raises(RunError, match="already exists"):
        write(table, out, key)
    assert out.read_text("utf-8") == "kept"


def test_the_key_may_not_lie_where_the_file_goes(table, key, tmp_path):
    with pytest.raises(RunError, match="the key lies where"):
        write(table, tmp_path / "keys" / "out.csv", key)


def test_the_command_says_what_left_and_what_did_not(table, out, key, tmp_path):
    arguments = ["vcse_sessions", table, out, "--source", "vcse", "--record-id", "Case No", "--key"]
    done = CliRunner().invoke(app, ["link", "content", *map(str, arguments), str(tmp_path / "keys" / "test.key")])
    assert done.exit_code == 0, done.output
    assert "3 rows" in done.output
    assert "does not leave: Full Name, Notes" in done.output
    assert "Ada" not in done.output
    assert list(out.parent.iterdir()) == [out]
