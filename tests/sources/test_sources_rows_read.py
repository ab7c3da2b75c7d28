"""The number of rows read is held against the file, because a reader that skips rows in silence is the worst fault."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sources_support import plain_contract, put, read, refusal

from curv_eval.sources import _delimited
from curv_eval.sources._unpacked import Arrived, unpack_all

PLAIN = plain_contract()
TEXT = 'a,b,c\n1,"two\nlines",3\n4,5,6\n7,8,9\n'


def records(folder, content: bytes) -> int:
    (file,) = unpack_all([Arrived("data.csv", put(folder, "data.csv", content))], folder)
    return file.records


@pytest.mark.parametrize("lost", ["WHERE b <> '5'", "LIMIT 2", "UNION ALL SELECT '0', '0', '0', path, NULL FROM twice"])
def test_a_reader_that_loses_or_invents_rows_is_found_out(tmp_path, monkeypatch, lost):
    scan = _delimited._scan

    def careless(contract, header, files):
        named = f"WITH twice(a, b, c, path, n) AS ({scan(contract, header, files)}) SELECT * FROM twice"
        return f"{named} {lost}"

    path = put(tmp_path, "data.csv", TEXT)
    assert read(PLAIN, path)[1][0].rows == 3
    monkeypatch.setattr(_delimited, "_scan", careless)
    assert "data.csv" in refusal(PLAIN, path)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a,b,c\n1,2,3\n", 2),
        (b"a,b,c\n1,2,3", 2),
        (b"a,b,c\r\n1,2,3\r\n", 2),
        (TEXT.encode(), 4),
        (b'a,b,c\n1,"x""\n""y",3', 2),
        (b'a,b,c\n1,2,"\n\n\n"\n', 2),
    ],
)
def test_records_end_where_lines_end_outside_quotation_marks(tmp_path, content, expected):
    assert records(tmp_path, content) == expected


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(
    st.lists(st.lists(st.text('x",\né', max_size=4), min_size=2, max_size=2), min_size=1, max_size=8), st.integers(1, 9)
)
def test_records_do_not_depend_on_the_pieces_a_file_is_read_in(tmp_path_factory, rows, piece):
    held = io.StringIO(newline="")
    csv.writer(held, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("curv_eval.sources._unpacked._CHUNK", piece)
        assert records(tmp_path_factory.getbasetemp(), held.getvalue().encode()) == len(rows)


def test_quotation_marks_that_do_not_balance_are_counted_slowly_and_rightly(tmp_path):
    """A mark inside an unquoted value throws the quick count off; the rows are all there."""
    path = put(tmp_path, "data.csv", 'a,b,c\n1,6" nail,3\n4,5,6\n')
    assert read(PLAIN, path)[1][0].rows == 2
