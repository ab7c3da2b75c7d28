"""The register's files: the same every time, whole, and harmless in a browser and in a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from pathlib import Path

import pytest
from contract_support import set_term, small_contract, write
from hypothesis import given, settings
from hypothesis import strategies as st
from register_support import shipped_contracts_are_read_once  # noqa: F401 - a fixture

from curv_eval.errors import RunError
from curv_eval.register import FILES, _cell, write_register
from curv_eval.register.page import plain
from curv_eval.register.rows import COLUMN, DATASET

TODAY = date(2026, 11, 23)
NASTY = [
    '=HYPERLINK("http://example.org","click")',
    "+1+1",
    "-1",
    "@SUM(A1)",
    "\uff1dcmd",
    "\t=1+1",
    "a | b | c",
    "<script>alert(1)</script>",
    "![x](http://example.org/x.png)",
    "# heading\n\n- list\n\n| --- |",
    "`code` *bold* _it_ ~no~ $x$",
    "{{< include /etc/passwd >}}",
]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "data_contracts").mkdir()
    return tmp_path / "data_contracts"


def nasty(text: str) -> dict:
    """A contract that says `text` wherever it may say anything."""
    document = small_contract()
    document["name"] = text
    document["description"] = {"purpose": text, "limitations": text}
    for term in ("controller", "steward", "lawfulBasis", "gateway", "agreementReference", "dpiaReference"):
        set_term(document, term, text)
    set_term(document, "retentionTrigger", text)
    for term in ("purposes", "recipients"):
        set_term(document, term, [text, "another"])
    document["schema"][0]["properties"][1]["description"] = text
    document["schema"][0]["properties"][1]["classification"] = "internal"
    set_term(document, "smallNumberRule", "under_10")
    set_term(document, "expires", "2026-12-24")
    set_term(document, "deleteBy", "2026-12-24")
    return document


def texts(out: Path) -> list[str]:
    return [(out / name).read_text(encoding="utf-8") for name in FILES]


def test_the_same_contracts_and_day_give_the_same_bytes(tmp_path):
    write_register(None, tmp_path / "a", TODAY)
    write_register(None, tmp_path / "b", TODAY)
    assert [(tmp_path / "a" / f).read_bytes() for f in FILES] == [(tmp_path / "b" / f).read_bytes() for f in FILES]
    write_register(None, tmp_path / "c", date(2026, 11, 24))
    assert texts(tmp_path / "c")[0] != texts(tmp_path / "a")[0]


def test_nothing_is_said_of_the_machine(tmp_path):
    write_register(None, tmp_path / "out", TODAY)
    for text in texts(tmp_path / "out"):
        assert str(tmp_path) not in text
        assert "/data_contracts" not in text
        assert "\r" not in text


def tables(page: str) -> list[list[str]]:
    bare = re.sub(r"\\.", "", page)
    return [table.splitlines() for table in re.findall(r"(?:^\|.*\n)+", bare, re.MULTILINE)]


@pytest.mark.parametrize("text", NASTY)
def test_no_text_of_a_contract_is_more_than_text(folder, tmp_path, text):
    write(nasty(text), folder)
    write_register(folder, tmp_path / "out", TODAY)
    page, *sheets = texts(tmp_path / "out")
    for cell in (cell for sheet in sheets for row in csv.reader(io.StringIO(sheet)) for cell in row):
        assert not cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"))
        assert not re.search(r"[\n\r\t]", cell)
    bare = re.sub(r"\\.", "", page)
    assert [mark for mark in ("<", "`", "](", "{{", "![", "*", "$") if mark in bare] == []
    outside = [line for line in page.splitlines() if line and not line.startswith(("|", "# ", "## ", "### "))]
    assert len(outside) == 4
    for table in tables(page):
        assert len({line.count("|") for line in table}) == 1


def test_every_table_has_a_heading_and_as_many_cells_in_each_line(tmp_path):
    write_register(None, tmp_path / "out", TODAY)
    found = tables(texts(tmp_path / "out")[0])
    assert len(found) > 10
    for table in found:
        assert len({line.count("|") for line in table}) == 1
        assert set(table[1]) <= set("| -")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_one_line_that_neither_program_runs(text):
    assert not _cell(text).startswith(("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"))
    bare = re.sub(r"\\.", "", plain(text))
    assert not set(bare) & set("`*_[]<>|#{}\n\r")
    assert len(plain(text).splitlines()) <= 1
    assert len(_cell(text).splitlines()) <= 1


def test_the_sheets_have_their_columns(tmp_path):
    write_register(None, tmp_path / "out", TODAY)
    _, datasets, columns = texts(tmp_path / "out")
    assert next(csv.reader(io.StringIO(datasets))) == list(DATASET)
    assert next(csv.reader(io.StringIO(columns))) == list(COLUMN)


def test_an_older_register_is_replaced_and_nothing_else_touched(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine", encoding="utf-8")
    (out / "register.md").write_text("old", encoding="utf-8")
    write_register(None, out, TODAY)
    assert sorted(path.name for path in out.iterdir()) == sorted([*FILES, "notes.txt"])
    assert (out / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert (out / "register.md").read_text(encoding="utf-8").startswith("# Information-sharing register")


def test_where_nothing_can_be_written_it_is_said_and_nothing_is_left(tmp_path):
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    with pytest.raises(RunError, match="the register cannot be written"):
        write_register(None, tmp_path / "out", TODAY)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_write_that_stops_half_way_changes_no_file(tmp_path, monkeypatch):
    out = tmp_path / "out"
    write_register(None, out, TODAY)
    before = texts(out)
    real = Path.write_text

    def full(self, text, *args, **given):
        if self.name == FILES[2]:
            raise OSError(28, "No space left on device")
        return real(self, text, *args, **given)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(RunError, match="No space left on device"):
        write_register(None, out, date(2027, 11, 23))
    assert texts(out) == before
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)
