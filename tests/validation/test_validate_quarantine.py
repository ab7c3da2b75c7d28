"""The quarantine: every row once, as it came, nothing half-written, and kept away from what is published."""

from __future__ import annotations

import gzip
import hashlib
import json
import stat
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook
from validation_support import (
    HEADER,
    TODAY,
    contract,
    good_rows,
    plant,
    put,
    read_rows,
    referrals,
    text_of,
)

import curv_eval.validation as validation
from curv_eval.contract import Column
from curv_eval.errors import ContractError, RunError
from curv_eval.validation import Outputs, validate
from curv_eval.validation import halves as halves_module

FILES = {".gitignore", "partner.kept.csv", "partner.quarantined.csv", "partner.breaches.csv", "quarantine.json"}


def quarantined(path, held, folder):
    return validate(path, held, today=TODAY, outputs=Outputs(folder))


@pytest.fixture
def task(tmp_path):
    rows = good_rows(2_000)
    truth = plant(rows, scale=0.02)
    return put(tmp_path, text_of(rows)), rows, set().union(*truth.values())


def test_the_folder_holds_these_files_and_nothing_else(task, tmp_path):
    path, _, _ = task
    quarantined(path, referrals(), tmp_path / "q")
    assert {file.name for file in (tmp_path / "q").iterdir()} == FILES
    assert {file.name for file in tmp_path.iterdir()} == {"partner.csv", "q"}


def test_kept_and_quarantined_are_all_rows_once_and_in_order(task, tmp_path):
    path, _, broken = task
    said = quarantined(path, referrals(), tmp_path / "q")
    lines = path.read_text("utf-8").splitlines()
    kept, apart = (
        (tmp_path / "q" / f"partner.{half}.csv").read_text("utf-8").splitlines() for half in ("kept", "quarantined")
    )
    assert kept == [lines[0], *(line for i, line in enumerate(lines[1:], 1) if i not in broken)]
    assert [line.rsplit(",", 2)[0] for line in apart[1:]] == [lines[i] for i in sorted(broken)]
    assert (said.halves.rows_kept, said.halves.rows_apart) == (len(kept) - 1, len(apart) - 1)
    assert said.halves.rows_kept + said.halves.rows_apart == said.rows == 2_000


def test_quarantined_rows_say_which_row_they_were_and_what_they_break(tmp_path):
    rows = good_rows(4)
    rows[2][2], rows[2][3] = "140", "F"
    quarantined(put(tmp_path, text_of(rows)), referrals(), tmp_path / "q")
    (row,) = read_rows(tmp_path / "q" / "partner.quarantined.csv")
    assert list(row) == [*HEADER, "source_row", "breaches"]
    assert list(row.values())[:8] == rows[2]
    assert (row["source_row"], row["breaches"]) == ("3", "age: above range; sex: value not allowed")


def test_every_row_of_a_repeated_key_is_set_apart(tmp_path):
    rows = good_rows(9)
    rows[1][0] = rows[5][0] = rows[7][0]
    quarantined(put(tmp_path, text_of(rows)), referrals(), tmp_path / "q")
    assert [row["source_row"] for row in read_rows(tmp_path / "q" / "partner.quarantined.csv")] == ["2", "6", "8"]


AWKWARD = 'id,note,n\r\n1,"a, ""b""\r\nc",x\r\n"2", plain ,1\r\n3,"",1\r\n4,=1+1,x\r\n5,é日,1'


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("blank", [b"", b"\r\n"])
def test_rows_stay_as_they_came_byte_for_byte(tmp_path, mark, blank):
    """Quotation marks, spaces, line ends inside of values, a byte order mark, and what a spreadsheet would run."""
    held = contract([Column("id", "id", "string"), Column("note", "note", "string"), Column("n", "n", "integer")])
    content = mark + AWKWARD.encode().replace(b'\r\n"2"', blank + b'\r\n"2"') + blank
    quarantined(put(tmp_path, content), held, tmp_path / "q")
    kept, apart = ((tmp_path / "q" / f"partner.{half}.csv").read_bytes() for half in ("kept", "quarantined"))
    assert kept == mark + 'id,note,n\r\n"2", plain ,1\r\n3,"",1\r\n5,é日,1\r\n'.encode()
    expected = 'id,note,n,source_row,breaches\r\n1,"a, ""b""\r\nc",x,1,"n: type"\r\n4,=1+1,x,4,"n: type"\r\n'
    assert apart == mark + expected.encode()


@pytest.mark.parametrize(
    ("name", "kept"),
    [("a.csv", "a"), ("2024.05 spring.csv", "2024.05 spring"), ("b.csv.gz", "b"), ("c[1].csv", "c[1]")],
)
def test_files_are_named_after_the_one_they_come_from(tmp_path, name, kept):
    content = text_of(good_rows(3)).encode()
    path = put(tmp_path, gzip.compress(content) if name.endswith(".gz") else content, name)
    said = quarantined(path, referrals(), tmp_path / "q")
    assert said.halves.kept == tmp_path / "q" / f"{kept}.kept.csv"
    assert said.halves.kept.read_bytes() == content


def test_a_file_without_a_breach_is_kept_whole(tmp_path):
    path = put(tmp_path, text_of(good_rows(20)))
    said = quarantined(path, referrals(), tmp_path / "q")
    assert (said.halves.rows_kept, said.halves.rows_apart) == (20, 0)
    assert said.halves.kept.read_bytes() == path.read_bytes()
    assert read_rows(said.halves.apart) == []


def test_a_file_of_which_nothing_can_be_kept(tmp_path):
    rows = good_rows(3)
    for row in rows:
        row[7] = "-1"
    said = quarantined(put(tmp_path, text_of(rows)), referrals(), tmp_path / "q")
    assert (said.halves.rows_kept, said.halves.rows_apart) == (0, 3)
    assert said.halves.kept.read_text("utf-8") == ",".join(HEADER) + "\n"


def test_the_facts_name_contract_and_files_by_hash_and_hold_no_time(task, tmp_path):
    path, _, broken = task
    held = referrals()
    for name in ("q", "again"):
        said = quarantined(path, held, tmp_path / name)
    facts = json.loads((tmp_path / "q" / "quarantine.json").read_text("utf-8"))
    assert facts["contract"] == {"name": held.name, "version": held.version, "sha256": held.sha256}
    assert facts["source"] == {"name": "partner.csv", "sha256": sha256(path), "rows": 2_000}
    for half, rows in (("kept", 2_000 - len(broken)), ("quarantined", len(broken))):
        file = tmp_path / "q" / f"partner.{half}.csv"
        assert facts[half] == {"name": file.name, "sha256": sha256(file), "rows": rows}
    assert facts["breaches"] == [{"column": b.column, "rule": b.rule, "count": b.count} for b in said.breaches]
    assert (tmp_path / "q" / "quarantine.json").read_bytes() == (tmp_path / "again" / "quarantine.json").read_bytes()


def sha256(path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_only_its_owner_can_open_it_and_git_does_not_take_it(task, tmp_path):
    quarantined(task[0], referrals(), tmp_path / "q")
    assert stat.S_IMODE((tmp_path / "q").stat().st_mode) == 0o700
    assert (tmp_path / "q" / ".gitignore").read_text("utf-8") == "*\n"


def test_what_is_made_up_stays_labelled(task, tmp_path):
    (tmp_path / "MADE_UP.json").write_text('{"seed": 1}', "utf-8")
    said = quarantined(task[0], referrals(), tmp_path / "elsewhere" / "q")
    assert said.made_up
    assert (tmp_path / "elsewhere" / "q" / "MADE_UP.json").read_text("utf-8") == '{"seed": 1}'


# ---- refused


@pytest.mark.parametrize("make", [lambda place: place.mkdir(), lambda place: place.write_text("mine")])
def test_a_folder_that_exists_is_left_alone(task, tmp_path, make):
    make(tmp_path / "q")
    with pytest.raises(RunError, match="exists already"):
        quarantined(task[0], referrals(), tmp_path / "q")
    assert {file.name for file in tmp_path.iterdir()} == {"partner.csv", "q"}


@pytest.mark.parametrize("place", ["release/q", "release/deeper/q", "run/brief/q", "other/../release/q"])
def test_it_is_not_written_where_things_are_published(task, tmp_path, place):
    with pytest.raises(RunError, match="hold personal data"):
        quarantined(task[0], referrals(), tmp_path / place)
    assert {file.name for file in tmp_path.iterdir()} == {"partner.csv"}


def test_nor_from_within_a_folder_that_is_published(task, tmp_path, monkeypatch):
    (tmp_path / "release").mkdir()
    monkeypatch.chdir(tmp_path / "release")
    with pytest.raises(RunError, match="hold personal data"):
        quarantined(task[0], referrals(), Path("q"))


@pytest.mark.parametrize(
    ("header", "said"), [(HEADER[:7], "column missing"), ((*HEADER, "suspect_name"), "column not in the contract")]
)
def test_a_file_that_is_wrong_as_a_whole_is_not_split(tmp_path, header, said):
    rows = [(*row, "x")[: len(header)] for row in good_rows(5)]
    found = quarantined(put(tmp_path, text_of(rows, header)), referrals(), tmp_path / "q")
    assert [breach.rule for breach in found.breaches] == [said]
    assert found.halves is None
    assert not (tmp_path / "q").exists()


def test_several_files_are_not_split(tmp_path):
    held = contract([Column("n", "n", "integer")], format="parquet")
    for name in ("a", "b"):
        pq.write_table(pa.table({"n": [1, 2]}), tmp_path / f"{name}.parquet")
    with pytest.raises(RunError, match="2 files; rows can be set apart in one file at a time"):
        quarantined(tmp_path, held, tmp_path / "q")
    assert not (tmp_path / "q").exists()


def test_what_cannot_be_read_leaves_nothing(tmp_path):
    path = put(tmp_path, text_of(good_rows(3)) + "short,row\n")
    with pytest.raises(ContractError):
        quarantined(path, referrals(), tmp_path / "q")
    assert {file.name for file in tmp_path.iterdir()} == {"partner.csv"}


# ---- faults of the program are found by the program


def one_off(records, broken):
    return ((number, record, breaches) for number, record, breaches in MARKED(records, ((n + 1, b) for n, b in broken)))


MARKED = halves_module._marked


def test_a_row_called_by_the_wrong_number_is_found_out(task, tmp_path, monkeypatch):
    monkeypatch.setattr(halves_module, "_marked", one_off)
    with pytest.raises(RunError, match="a fault of the program"):
        quarantined(task[0], referrals(), tmp_path / "q")
    assert {file.name for file in tmp_path.iterdir()} == {"partner.csv"}


def test_a_row_that_is_lost_is_found_out(task, tmp_path, monkeypatch):
    whole = halves_module._raw_records
    monkeypatch.setattr(halves_module, "_raw_records", lambda path: (r for i, r in enumerate(whole(path)) if i != 9))
    with pytest.raises(RunError, match="a fault of the program"):
        quarantined(task[0], referrals(), tmp_path / "q")
    assert not (tmp_path / "q").exists()


def test_an_interruption_leaves_nothing(task, tmp_path, monkeypatch):
    def stopped(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr(validation, "write_facts", stopped)
    with pytest.raises(KeyboardInterrupt):
        quarantined(task[0], referrals(), tmp_path / "q")
    assert {file.name for file in tmp_path.iterdir()} == {"partner.csv"}


# ---- other formats


def test_parquet_stays_parquet_with_its_types(tmp_path):
    columns = [
        Column("id", "id", "string", unique=True),
        Column("n", "n", "integer", minimum=0),
        Column("day", "day", "date"),
    ]
    rows = 70_000
    table = pa.table(
        {
            "id": [f"i{i}" for i in range(rows)],
            "n": pa.array([-1 if i % 30_000 == 5 else i for i in range(rows)], pa.int32()),
            "day": pa.array([19_000] * rows, pa.date32()),
        }
    )
    path = tmp_path / "partner.parquet"
    pq.write_table(table, path, row_group_size=20_000)
    said = quarantined(path, contract(columns, format="table"), tmp_path / "q")
    kept, apart = pq.read_table(said.halves.kept), pq.read_table(said.halves.apart)
    wrong = [i for i in range(rows) if i % 30_000 == 5]
    assert kept.schema == table.schema
    assert kept.equals(table.filter(pa.array([i not in wrong for i in range(rows)])))
    assert apart.drop_columns(["source_row", "breaches"]).equals(table.take(wrong))
    assert apart["source_row"].to_pylist() == [i + 1 for i in wrong]
    assert apart["breaches"].to_pylist() == ["n: below range"] * 3


def workbook(path, rows) -> None:
    book = Workbook()
    sheet = book.active
    sheet.append(["Referrals of spring"])
    sheet.append([])
    for row in rows:
        sheet.append(row)
    book.save(path)


def test_a_workbook_is_written_as_csv_by_the_rows_excel_shows(tmp_path):
    columns = [Column("id", "Id", "string", required=True), Column("n", "N", "integer", minimum=0)]
    path = tmp_path / "partner.xlsx"
    workbook(path, [["Id", "N"], ["a", 1], ["b", -2], ["c, d", 3]])
    said = quarantined(path, contract(columns, format="table"), tmp_path / "q")
    assert said.breaches[0].first_rows == ("partner.xlsx row 5",)
    assert said.halves.kept.read_bytes() == b'Id,N\r\na,1\r\n"c, d",3\r\n'
    assert read_rows(said.halves.apart) == [{"Id": "b", "N": "-2", "source_row": "5", "breaches": "n: below range"}]
    (line,) = read_rows(tmp_path / "q" / "partner.breaches.csv")
    assert (line["source_row"], line["spreadsheet_row"]) == ("5", "5")
    assert said.repairs


def test_a_column_of_the_file_called_source_row_is_not_written_over(tmp_path):
    options = {**referrals().options, "extra_columns": "drop"}
    held = contract([Column("n", "n", "integer")], options=options)
    said = quarantined(put(tmp_path, "n,source_row\nx,77\n1,78\n"), held, tmp_path / "q")
    assert read_rows(said.halves.apart) == [{"n": "x", "source_row": "77", "source_row_": "1", "breaches_": "n: type"}]
    assert read_rows(said.halves.kept) == [{"n": "1", "source_row": "78"}]
