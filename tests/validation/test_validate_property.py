"""Whatever the rules and the rows: the same breaches as row by row in plain Python, and every row kept once."""

from __future__ import annotations

import json
import shutil
import string

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from validation_support import TODAY, contract, counts, plain_breaches, put, read_rows, text_of

from curv_eval.breach import find_breaches
from curv_eval.contract import Column
from curv_eval.validation import Outputs, validate

BLANKS = ["", "", " ", "\t", "\u00a0 "]
VALUES = {
    "string": ["a", "b", "A", "ab", "é", "x,y", 'x"y', "two\nlines", "2026-11", "2026-12", "2026-13", "'", "NULL"],
    "integer": ["0", "1", "-1", "+2", "007", "12", "1.5", "1e3", "9" * 30, "x", " 1", "-0.6", "١"],
    "number": ["0", "1", "-1.5", ".5", "5.", "1e1", "12", "nan", "inf", "1e999", "1,5", "x", "1e", "--1"],
    "date": [
        "2023-02-01",
        "2024-02-29",
        "2023-02-29",
        "2026-11-23",
        "2026-11-24",
        "2023-2-1",
        "01/02/2023",
        "2999-01-01",
    ],
    "timestamp": [
        *("2023-02-01 10:00", "2023-02-01T10:00:59.5", "2023-02-01T00:00:00Z", "2026-11-23 23:59", "2026-11-24 00:00"),
        *("2023-02-01", "2023-02-01 25:00", "2023-02-30 10:00", "2023-02-01T10:00+01:00", "2023-02-01 10:00+00"),
    ],
    "boolean": ["true", "TRUE", "False", "yes", "0", "t", "false"],
}
PATTERNS = ["^[a-z]+$", "[0-9]", "^.{1,2}$", "b"]


@st.composite
def columns(draw, name: str) -> Column:
    kind = draw(st.sampled_from(sorted(VALUES)))
    ranged = kind in ("integer", "number")
    low, high = sorted(draw(st.tuples(st.integers(-2, 5), st.integers(-2, 12)))) if ranged else (None, None)
    return Column(
        name,
        name.upper(),
        kind,
        required=draw(st.booleans()),
        unique=draw(st.integers(0, 3)) == 0,
        pattern=draw(st.none() | st.sampled_from(PATTERNS)) if kind == "string" else None,
        examples=("a",),
        values=draw(st.sampled_from([(), (), ("a", "x,y", "'")])) if kind == "string" else (),
        minimum=draw(st.sampled_from([None, low])),
        maximum=draw(st.sampled_from([None, high])),
        classification=draw(st.sampled_from(["public", "restricted"])),
    )


@st.composite
def contracts(draw):
    names = string.ascii_lowercase[: draw(st.integers(1, 4))]
    found = [draw(columns(name)) for name in names]
    kinds = {kind: [c.name for c in found if c.type == kind] for kind in VALUES}
    pairs = [tuple(kinds[k][:2]) for k in ("date", "timestamp", "integer", "number") if len(kinds[k]) > 1]
    return contract(
        found,
        key=tuple(draw(st.lists(st.sampled_from(names), unique=True, max_size=2))),
        period_column=draw(st.none() | st.sampled_from(names)),
        consent_column=draw(st.sampled_from([None, *kinds["boolean"]])),
        orders=tuple(pair for pair in pairs if draw(st.booleans())),
    )


@st.composite
def tables(draw):
    held = draw(contracts())
    cells = [st.sampled_from([*BLANKS, *VALUES[column.type], *VALUES[column.type]]) for column in held.columns]
    return held, draw(st.lists(st.tuples(*cells), min_size=1, max_size=12))


def named(held, rows) -> list[dict[str, str]]:
    return [dict(zip([column.name for column in held.columns], row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("property")


@settings(max_examples=80, deadline=None, derandomize=True, database=None)
@given(table=tables(), end=st.sampled_from(["\n", "\r\n"]))
def test_breaches_and_quarantine_are_those_of_plain_python(folder, table, end):
    held, rows = table
    shutil.rmtree(folder / "q", ignore_errors=True)
    header = [column.source_name for column in held.columns]
    path = put(folder, text_of(rows, header, end))
    said = validate(path, held, today=TODAY, outputs=Outputs(folder / "q"))
    expected = plain_breaches(held, named(held, rows), TODAY)
    names = {column.source_name: column.name for column in held.columns}
    listing = read_rows(folder / "q" / "partner.breaches.csv")
    found = [
        (int(line["source_row"]), ", ".join(names[one] for one in line["column"].split(", ")), line["rule"])
        for line in listing
    ]
    assert set(found) == expected
    assert len(found) == len(expected) == said.total
    broken = {row for row, _, _ in expected}
    assert said.broken == len(broken)
    event(f"{min(len(broken), 3)}+ rows broken")
    _check_halves(folder / "q", rows, broken)


def _check_halves(q, rows, broken):
    kept, apart = (read_rows(q / f"partner.{half}.csv") for half in ("kept", "quarantined"))
    assert [tuple(row.values()) for row in kept] == [row for i, row in enumerate(rows, 1) if i not in broken]
    assert [tuple(row.values())[:-2] for row in apart] == [row for i, row in enumerate(rows, 1) if i in broken]
    assert [int(row["source_row"]) for row in apart] == sorted(broken)
    facts = json.loads((q / "quarantine.json").read_text("utf-8"))
    assert facts["kept"]["rows"] + facts["quarantined"]["rows"] == facts["source"]["rows"] == len(rows)


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(table=tables())
def test_the_summary_is_that_of_the_loader(folder, table):
    """A file that is refused here is refused there, for the same reasons."""
    import duckdb

    from curv_eval.sources import csv as reader

    held, rows = table
    path = put(folder, text_of(rows, [column.source_name for column in held.columns]))
    said = validate(path, held, today=TODAY)
    with duckdb.connect() as con:
        reader.read(con, path, held)
        loaded = find_breaches(con, "raw_partner", held, today=TODAY)
    assert counts(said) == {(breach.column, breach.rule): breach.count for breach in loaded}
    assert len(said.breaches) == len(loaded)
