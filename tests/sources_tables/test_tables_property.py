"""Whatever text a table holds, its three kinds of file are one table; and of what partners add nothing is lost."""

from __future__ import annotations

import csv as csv_module
import warnings
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables_support import column, contract_of, fill, shared

from curv_eval.sources import table
from curv_eval.sources._dates import read_serial
from curv_eval.sources._layout import find_layout
from curv_eval.sources._repairs import listed
from curv_eval.sources._rows import read_block
from curv_eval.sources._sheet import Broken, Extras, Shown, sheet_rows
from curv_eval.sources._workbook import open_workbook

CONTRACT = replace(
    contract_of(column("id", required=True, pattern="^r[0-9]+$"), column("First text"), column("b"), column("c")),
    format="table",
)
NAMES = ["id", "First text", "b", "c"]
# what could matter to a parser, and ordinary characters; neither what XML cannot hold nor spaces nobody sees
SEEN = st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Cn", "Co", "Zs", "Zl", "Zp"))
AWKWARD = [
    "",
    ",",
    '"',
    "\n",
    "a\nb",
    "=1+1",
    "#N/A",
    "TRUE",
    "007",
    "1e5",
    "&amp;",
    "<t>",
    "]]>",
    "'x",
    "é日𝔘",
    "NULL",
]
TEXT = st.one_of(
    st.sampled_from(AWKWARD),
    st.text(SEEN, max_size=8),
    st.lists(st.sampled_from([*AWKWARD, "x y", "_x"]), max_size=4).map("".join),
).map(str.strip)
ROWS = st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=8)


@pytest.fixture(scope="module")
def con():
    with duckdb.connect() as opened:
        yield opened


def put_text(sheet, number: int, row) -> None:
    """Write texts as texts, whatever openpyxl would take them for."""
    for place, value in enumerate(row, 1):
        if value:
            sheet.cell(number, place).value = value
            sheet.cell(number, place).data_type = "s"


def raw(con, path: Path) -> list[tuple]:
    (file,) = table.read(con, path, CONTRACT)
    found = con.execute("SELECT * EXCLUDE (source_file) FROM raw_sessions").fetchall()
    assert file.rows == len(found)
    return [(*(value or "" for value in row[:-1]), row[-1]) for row in found], file


def as_csv(path: Path, rows) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        csv_module.writer(out, lineterminator="\n").writerows([NAMES, *rows])


def as_workbook(path: Path, rows, mess: Mess | None = None) -> list[int]:
    """Write rows with the mess of partners around them, and return where each stands."""
    whole, at, number = openpyxl.Workbook(), [], 1
    sheet = whole.active
    for title in mess.titles if mess else ():
        fill(sheet, number, title)
        number += 1
    put_text(sheet, number, mess.names if mess else NAMES)
    for i, row in enumerate(rows):
        number += 1 + (mess.gaps[i % len(mess.gaps)] if mess else 0)
        put_text(sheet, number, row)
        at.append(number)
    for gap, note in mess.notes if mess else ():
        number += gap + 1
        fill(sheet, number, note)
        mess.at.append(number)
    whole.save(path)
    return at


class Mess:
    """What stands around a table. at: where its notes came to stand."""

    def __init__(self, titles, names, gaps, notes) -> None:
        self.titles, self.names, self.gaps, self.notes, self.at = titles, names, gaps, notes, []


LOOSE = st.sampled_from(
    [
        NAMES,
        ["ID", "first_text", "B", "C"],
        [" Id: ", "First\ntext *", "b (optional)", "c?"],
        ["ID*", "FIRST-TEXT", "b", "C:"],
    ]
)
NOTE = st.sampled_from(
    [
        ["Notes"],
        ["Source: the office"],
        [None, "see the manual"],
        [None, None, None, "x"],
        ["x", None, None],
        ["Printed on 3 May"],
    ]
)
MESS = st.builds(
    Mess,
    st.lists(
        st.sampled_from([[], ["Youth project"], [None, "2023", 7], [date(2023, 1, 1)], ["b b", "c c"]]), max_size=12
    ),
    LOOSE,
    st.lists(st.sampled_from([0, 0, 0, 1, 3]), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 2), NOTE), max_size=3),
)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(texts=ROWS)
def test_the_three_kinds_of_file_are_one_table(con, tmp_path_factory, texts):
    folder = tmp_path_factory.getbasetemp()
    rows = [(f"r{i}", *row) for i, row in enumerate(texts)]
    as_csv(folder / "p.csv", rows)
    columns = {name: list(values) for name, values in zip(NAMES, zip(*rows, strict=True), strict=True)}
    pq.write_table(pa.table(columns), folder / "p.parquet")
    as_workbook(folder / "p.xlsx", rows)
    found = {}
    for kind in ("csv", "parquet", "xlsx"):
        found[kind], file = raw(con, folder / f"p.{kind}")
        assert file.repairs == ()
    assert found["csv"] == found["parquet"] == [(*row, i) for i, row in enumerate(rows, 1)]
    assert found["xlsx"] == [(*row, i) for i, row in enumerate(rows, 2)]


@settings(max_examples=80, deadline=None, derandomize=True, database=None)
@given(texts=ROWS, mess=MESS, as_excel=st.booleans())
def test_the_mess_of_partners_changes_no_row_and_is_counted(con, tmp_path_factory, texts, mess, as_excel):
    path = tmp_path_factory.getbasetemp() / "mess.xlsx"
    rows = [(f"r{i}", *row) for i, row in enumerate(texts)]
    at = as_workbook(path, rows, mess)
    if as_excel:
        shared(path)
    found, file = raw(con, path)
    assert found == [(*row, number) for row, number in zip(rows, at, strict=True)]
    noted = [said for said in file.repairs if "taken for" in said]
    assert noted == ([f"{listed(mess.at)} {said_of(mess.at)}"] if mess.at else [])
    header = len(mess.titles) + 1
    blank = at[-1] - header - len(at)
    counted = (
        f"{blank} blank row{'s' if blank > 1 else ''} between the others {'were' if blank > 1 else 'was'} passed over"
    )
    assert [said for said in file.repairs if "blank row" in said] == ([counted] if blank else [])
    assert any(f"stand in row {header};" in said for said in file.repairs) == (header > 1)


def said_of(rows: list[int]) -> str:
    return "was taken for a note" if len(rows) == 1 else "were taken for notes"


JUNK = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.lists(
            st.sampled_from([None, None, "x", "r7", "Total", "id", "First text", "b", 7, date(2023, 1, 1)]), max_size=4
        ),
    ),
    max_size=12,
)


@settings(max_examples=120, deadline=None, derandomize=True, database=None)
@given(junk=JUNK, notes_below=st.booleans())
def test_no_row_is_left_out_uncounted(tmp_path_factory, junk, notes_below):
    """Whatever stands below the names: every row with anything in it is data or said by its number."""
    path = tmp_path_factory.getbasetemp() / "junk.xlsx"
    whole, number, filled = openpyxl.Workbook(), 2, [2]
    fill(whole.active, 1, NAMES)
    fill(whole.active, 2, ["r0", "x"])
    for step, row in junk:
        number += step
        fill(whole.active, number, row)
        filled += [number] if any(value is not None for value in row) else []
    whole.save(path)
    contract = replace(CONTRACT, options={**CONTRACT.options, "notes_below": notes_below})
    with open_workbook(path) as workbook:
        block = read_block(workbook, find_layout(workbook, contract), contract)
    assert sorted([*block.numbers, *block.notes, *block.totals, *block.headings]) == filled
    assert block.blank == block.numbers[-1] - 1 - sum(number <= block.numbers[-1] for number in filled)
    assert notes_below or not block.notes + block.totals


CELL = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**14), 10**14),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.text(SEEN, min_size=1, max_size=6).filter(lambda text: not text.startswith("=") and not text.startswith("#")),
    st.dates(date(1900, 3, 1)),
    st.datetimes(datetime(1900, 3, 1), datetime(9000, 1, 1)).map(lambda at: at.replace(microsecond=0)),
    st.times().map(lambda at: at.replace(microsecond=0)),
    st.timedeltas(timedelta(0), timedelta(days=3)).map(lambda span: timedelta(seconds=span // timedelta(seconds=1))),
)
PLACE = st.tuples(st.integers(1, 40), st.one_of(st.integers(1, 30), st.sampled_from([702, 703, 16_384])))


@settings(max_examples=80, deadline=None, derandomize=True, database=None)
@given(cells=st.dictionaries(PLACE, CELL, max_size=12), as_excel=st.booleans())
def test_cells_are_those_that_openpyxl_reads(tmp_path_factory, cells, as_excel):
    path = tmp_path_factory.getbasetemp() / "cells.xlsx"
    whole = openpyxl.Workbook()
    for (row, place), value in cells.items():
        whole.active.cell(row, place).value = value
    whole.save(path)
    if as_excel and any(isinstance(value, str) for value in cells.values()):
        shared(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = openpyxl.load_workbook(path, data_only=True).active
    with open_workbook(path) as workbook:
        rows = list(sheet_rows(workbook, workbook.sheets[0], Extras()))
        found = {(row.number, column + 1): raw for row in rows for column, raw in row.cells.items()}
        for key in cells:
            assert same(found.get(key), theirs.cell(*key).value, workbook.epoch), key
        assert {key for key, value in cells.items() if value is not None} == set(found)


def same(ours, theirs, epoch) -> bool:
    assert not isinstance(ours, Broken)
    if not isinstance(ours, Shown):
        return ours == theirs
    if ours.kind == "boolean":
        return theirs is bool(ours.number)
    if isinstance(theirs, time):
        return round(ours.number * 86_400) == theirs.hour * 3_600 + theirs.minute * 60 + theirs.second
    if isinstance(theirs, timedelta):
        return round(ours.number * 86_400) == theirs / timedelta(seconds=1)
    return read_serial(ours.number, epoch) == theirs


FORMS = (
    "{d}/{m}/{y}",
    "{d:02d}-{m:02d}-{s:02d}",
    "{d}.{m}.{y}",
    "{y}-{m:02d}-{d:02d}",
    "{d} {name} {y}",
    "{d}-{name}-{s:02d}",
    "{y}/{m}/{d} 00:00",
    "real",
    "number",
)
SHORT = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(
    st.lists(st.tuples(st.dates(date(1930, 1, 1), date(2029, 12, 31)), st.sampled_from(FORMS)), min_size=1, max_size=8)
)
def test_dates_in_every_form_come_back_from_a_workbook(con, tmp_path_factory, days):
    contract = replace(contract_of(column("day", "date")), format="table")
    whole = openpyxl.Workbook()
    fill(whole.active, 1, ["day"])
    for number, (day, form) in enumerate(days, 2):
        parts = {"d": day.day, "m": day.month, "y": day.year, "s": day.year % 100, "name": SHORT[day.month - 1]}
        written = {"real": day, "number": (day - date(1899, 12, 30)).days}.get(form, form.format(**parts))
        fill(whole.active, number, [written])
    path = tmp_path_factory.getbasetemp() / "days.xlsx"
    whole.save(path)
    table.read(con, path, contract)
    found = [value for (value,) in con.execute("SELECT day FROM raw_sessions").fetchall()]
    assert found == [day.isoformat() for day, _ in days]
