"""Whatever text stands in a CSV file, it is read as Python's own csv module reads it."""

from __future__ import annotations

import csv
import io

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sources_support import plain_contract

from curv_eval.sources import csv as reader

PLAIN = plain_contract()
# every character that could matter to a parser, some that could matter to an encoding, and ordinary ones
AWKWARD = st.sampled_from(
    ["", ",", '"', '""', "\n", "\r\n", " ", "'", "\\", ";", "\t", "#", "é", "日", "𝔘", "\u2028", "NULL"]
)
VALUE = st.one_of(
    AWKWARD,
    st.lists(st.one_of(AWKWARD, st.text("ab0", max_size=2)), max_size=5).map("".join),
    st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12),
)
ROWS = st.lists(st.tuples(VALUE, VALUE, VALUE), min_size=1, max_size=12)


@pytest.fixture(scope="module")
def con():
    with duckdb.connect() as opened:
        yield opened


def written(rows, line_end: str, quoting: int, mark: bool) -> bytes:
    held = io.StringIO(newline="")
    writer = csv.writer(held, lineterminator=line_end, quoting=quoting)
    writer.writerows([("a", "b", "c"), *rows])
    return held.getvalue().encode("utf-8-sig" if mark else "utf-8")


@settings(max_examples=250, deadline=None, derandomize=True, database=None)
@given(
    rows=ROWS,
    line_end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    mark=st.booleans(),
)
def test_it_reads_what_the_csv_module_reads(con, tmp_path_factory, rows, line_end, quoting, mark):
    path = tmp_path_factory.getbasetemp() / "property.csv"
    path.write_bytes(written(rows, line_end, quoting, mark))
    with path.open(encoding="utf-8-sig", newline="") as file:
        expected = [tuple(row) for row in csv.reader(file)][1:]
    (file,) = reader.read(con, path, PLAIN)
    found = con.execute("SELECT a, b, c, source_row FROM raw_plain").fetchall()
    assert [tuple(value or "" for value in row[:3]) for row in found] == expected == rows
    assert [row[3] for row in found] == list(range(1, len(rows) + 1))
    assert file.rows == len(rows)
