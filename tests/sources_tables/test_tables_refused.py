"""Files that are no whole workbook, whatever their name says: refused in words, with what to do."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import duckdb
import pytest
from docx import Document
from tables_support import (
    BOOK,
    FIRST,
    NAMES,
    SHEET,
    STRINGS,
    book,
    column,
    contract_of,
    patched,
    refusal,
    rows_of,
    sessions,
    shared,
    swap,
)

from curv_eval.sources import xlsx
from curv_eval.sources._kinds import SAID, kind_of

COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504
TYPES = "[Content_Types].xml"
SAVE = "do: open it in Excel and save it as Excel Workbook (.xlsx)"
SECRET = "Jane Doe"


def put(folder: Path, content: bytes | str, name: str = "outcomes.xlsx") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def zipped(folder: Path, **members: str) -> Path:
    path = folder / "outcomes.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return path


def good(folder: Path) -> Path:
    return book(folder, [NAMES, [*FIRST[:4], SECRET]])


def stated(folder: Path, kind: str) -> Path:
    """A workbook that states another kind, as those with macros do."""
    main = "vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    return patched(good(folder), {TYPES: swap(main, kind)})


def word(folder: Path) -> Path:
    Document().save(folder / "outcomes.xlsx")
    return folder / "outcomes.xlsx"


KINDS = {
    "xls": lambda f: put(f, COMPOUND + "Workbook".encode("utf-16-le"), "outcomes.xls"),
    "xlsm": lambda f: stated(f, "vnd.ms-excel.sheet.macroEnabled.main+xml"),
    "xlsb": lambda f: stated(f, "vnd.ms-excel.sheet.binary.macroEnabled.main"),
    "ods": lambda f: zipped(f, mimetype="application/vnd.oasis.opendocument.spreadsheet", **{"content.xml": "<x/>"}),
    "numbers": lambda f: zipped(f, Index__Document__iwa="x", **{"Index/Document.iwa": "x"}),
    "docx": word,
    "zip": lambda f: zipped(f, **{"outcomes.csv": "a,b\n"}),
    "html": lambda f: put(f, "\ufeff\n<html><table><tr><td>Jane Doe</td></tr></table></html>"),
    "xml": lambda f: put(f, '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>'),
    "pdf": lambda f: put(f, b"%PDF-1.7\n\0"),
    "parquet": lambda f: put(f, b"PAR1\0\0"),
    "text": lambda f: put(f, "person_id,Session date\nAB0001,Jane Doe\n"),
    "other": lambda f: put(f, b"\0\1\2\3"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_another_kind_of_file_is_told_by_what_it_holds(tmp_path, kind):
    path = KINDS[kind](tmp_path)
    assert kind_of(path) == kind
    said = refusal(sessions(), path)
    assert f"{path.name} is {SAID[kind]}; expected an Excel workbook (.xlsx)" in said
    assert "save it as" in said
    assert SECRET not in said


def test_text_under_the_name_of_a_workbook_may_just_have_the_wrong_name(tmp_path):
    assert "if it is comma-separated, name it .csv" in refusal(sessions(), KINDS["text"](tmp_path))


@pytest.mark.parametrize("filler", [0, 1 << 20, (1 << 20) - len(COMPOUND) - 10])
def test_a_protected_workbook(tmp_path, filler):
    """Also where the mark lies far into the file, or across two pieces of it."""
    path = put(tmp_path, COMPOUND + b"\0" * filler + "EncryptedPackage".encode("utf-16-le"))
    said = refusal(sessions(), path)
    assert "outcomes.xlsx is protected by a password" in said
    assert "take the password off" in said
    assert "expected" not in said


def test_a_zip_with_a_password_is_protected(tmp_path):
    path = good(tmp_path)
    raw = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = raw.find(mark)
        while place >= 0:
            raw[place + at] |= 1
            place = raw.find(mark, place + 4)
    said = refusal(sessions(), put(tmp_path, bytes(raw)))
    assert "outcomes.xlsx is protected by a password\n  do: take the password off" in said


def test_an_empty_file(tmp_path):
    said = refusal(sessions(), put(tmp_path, b""))
    assert "outcomes.xlsx is empty (0 bytes)\n  do: get it again from where it came" in said


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_file_that_is_cut_short(tmp_path, share):
    raw = good(tmp_path).read_bytes()
    said = refusal(sessions(), put(tmp_path, raw[: int(len(raw) * share)]))
    assert "outcomes.xlsx is damaged or cut short" in said
    assert "get it again" in said


@pytest.mark.parametrize("part", [SHEET, STRINGS, BOOK, "xl/styles.xml", "xl/_rels/workbook.xml.rels", "_rels/.rels"])
@pytest.mark.parametrize("damage", ["cut", "not xml", "bytes"])
def test_a_part_that_is_damaged(tmp_path, part, damage):
    path = shared(good(tmp_path))
    if damage == "bytes":
        with zipfile.ZipFile(path) as archive:
            info = archive.getinfo(part)
        raw = bytearray(path.read_bytes())
        start = info.header_offset + 30 + len(info.filename)
        raw[start + 2 : start + 12] = bytes(10)
        path.write_bytes(bytes(raw))
    else:
        patched(path, {part: (lambda text: text[: len(text) // 2]) if damage == "cut" else (lambda _: SECRET)})
    said = refusal(sessions(), path)
    assert "outcomes.xlsx is damaged or cut short: it is not a whole .xlsx file" in said
    assert SECRET not in said


@pytest.mark.parametrize("part", [SHEET, BOOK, "xl/styles.xml"])
def test_a_part_that_is_missing(tmp_path, part):
    assert "is damaged or cut short" in refusal(sessions(), patched(good(tmp_path), {}, drop=[part]))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('r="A2"', 'r="?2"'),
        ("<v>60</v>", "<v>sixty</v>"),
        ('<row r="2"', '<row r="two"'),
        ('t="n"><v>60', 't="s"><v>60'),
    ],
)
def test_a_worksheet_that_makes_no_sense(tmp_path, old, new):
    said = refusal(sessions(), patched(good(tmp_path), {SHEET: swap(old, new)}))
    assert "is damaged" in said or "stands in columns without a name" in said


def test_a_part_that_swells_is_not_unpacked(tmp_path):
    path = good(tmp_path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/media/x.bin", "w") as part:
        for _ in range(60):
            part.write(bytes(1 << 20))
    assert path.stat().st_size < 1 << 20
    said = refusal(sessions(), path)
    assert "outcomes.xlsx unpacks to far more than a workbook of its size holds, so it is not opened" in said
    assert "copy the rows into a new workbook, or send them as CSV" in said


def test_a_workbook_of_more_than_two_gigabytes_is_not_unpacked(tmp_path, monkeypatch):
    from curv_eval.sources import _workbook

    path = good(tmp_path)
    monkeypatch.setattr(_workbook, "_MOST", 1_000)
    assert "so it is not opened" in refusal(sessions(), path)


@pytest.mark.parametrize("part", [SHEET, STRINGS, BOOK])
def test_entities_are_refused_before_they_swell(tmp_path, part):
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'

    def swell(text):
        head, mark, rest = text.partition("?>") if text.startswith("<?xml") else ("", "", text)
        return f"{head}{mark}{laughs}{rest}"

    assert "is damaged" in refusal(sessions(), patched(shared(good(tmp_path)), {part: swell}))


def test_a_file_that_is_named_in_an_entity_is_not_read(tmp_path):
    (tmp_path / "secret.txt").write_text(SECRET)
    asks = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{tmp_path}/secret.txt">]>'
    path = patched(good(tmp_path), {SHEET: lambda text: asks + text.replace(SECRET, "&e;")})
    assert "is damaged" in refusal(sessions(), path)


def test_other_workbooks_that_this_one_refers_to_are_not_opened(tmp_path):
    target = "http://127.0.0.1:9/x.xlsx"
    link = f'<Relationship Id="rId50" Type="http://x/externalLink" Target="{target}" TargetMode="External"/>'
    path = patched(good(tmp_path), {"xl/_rels/workbook.xml.rels": swap("</Relationships>", f"{link}</Relationships>")})
    assert len(rows_of(sessions(), path)) == 1


def test_parts_are_found_however_their_names_are_written(tmp_path):
    """Backslashes and capitals, as some programs on Windows write them; targets from the root."""
    path = patched(good(tmp_path), {"xl/_rels/workbook.xml.rels": swap("/xl/worksheets/", "worksheets\\")})
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("worksheets/", "WorkSheets\\"), content)
    assert len(rows_of(sessions(), path)) == 1


def test_a_workbook_without_styles_is_read(tmp_path):
    relation = re.compile(r"<Relationship [^>]*styles.xml[^>]*/>")
    rels = {"xl/_rels/workbook.xml.rels": lambda text: relation.sub("", text)}
    path = patched(book(tmp_path, [["notes"], [45000]]), rels, drop=["xl/styles.xml"])
    assert rows_of(contract_of(column("notes")), path) == [("45000", 2)]


def test_a_missing_file_ends_with_how_to_get_it(tmp_path):
    said = refusal(sessions(), tmp_path / "none.xlsx")
    assert "there is no such file" in said
    assert said.endswith(sessions().obtain)
    assert "got a folder; expected an Excel workbook (.xlsx)" in refusal(sessions(), tmp_path)


def test_reading_again_replaces_and_a_refusal_leaves_what_was_there(tmp_path):
    con = duckdb.connect()
    for values in (FIRST, ["AB0009", *FIRST[1:]]):
        xlsx.read(con, book(tmp_path, [NAMES, values]), sessions())
    assert con.execute("SELECT person_id FROM raw_sessions").fetchall() == [("AB0009",)]
    tables = [name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
    views = [name for (name,) in con.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()]
    assert (tables, views) == (["raw_sessions"], [])


@pytest.mark.parametrize("name", ["out[co]*mes?.xlsx", "it's.xlsx", "a b.xlsx", "ü.xlsx", "Report.XLSX", "outcomes"])
def test_odd_file_names_are_names(tmp_path, name):
    assert len(rows_of(sessions(), book(tmp_path, [NAMES, FIRST], name=name))) == 1
