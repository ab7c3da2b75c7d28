"""Files that cannot be read are refused; real releases are no alarm."""

import csv
import struct
import zipfile
import zlib

import pytest
from test_scan_planted import kinds, put

from curv_eval.disclosure.scan import Known, refuse_findings, scan
from curv_eval.errors import DisclosureError, RunError
from curv_eval.shipped import shipped

HEAD = b"\x89PNG\r\n\x1a\n"


def chunk(kind, body=b""):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(*chunks):
    return HEAD + chunk(b"IHDR", bytes(13)) + b"".join(chunks) + chunk(b"IDAT", b"x") + chunk(b"IEND")


def unread(path):
    (found,) = scan(path)
    assert found.kind.startswith("not readable")
    return found.kind


def test_a_picture_without_text_is_no_alarm_and_one_with_text_is_read(tmp_path):
    assert kinds(put(tmp_path, "x.png", png(chunk(b"pHYs", bytes(9))))) == set()
    assert kinds(put(tmp_path, "x.png", png(chunk(b"tEXt", b"Software\0a program")))) == set()
    for text in (
        chunk(b"tEXt", b"Title\0seen at TS1 3BX"),
        chunk(b"zTXt", b"Title\0\0" + zlib.compress(b"seen at TS1 3BX")),
        chunk(b"iTXt", b"Title\0\x01\0en\0\0" + zlib.compress(b"seen at TS1 3BX")),
        chunk(b"iTXt", b"Title\0\0\0en\0\0seen at TS1 3BX"),
    ):
        assert kinds(put(tmp_path, "x.png", png(text))) == {"full postcode"}


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (png(chunk(b"eXIf", b"camera")), "EXIF"),
        (png(chunk(b"tEXt", b"Author\0nobody")), "a text of its own"),
        (png(chunk(b"zTXt", b"Title\0\0broken")), "cannot be unpacked"),
        (png() + b"more", "goes on after its end"),
        (png()[:-20], "cut off"),
        (b"no picture", "it is not one"),
    ],
)
def test_a_picture_that_may_hold_more_is_refused(raw, why, tmp_path):
    assert why in " ".join(one.kind for one in scan(put(tmp_path, "x.png", raw)))


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("x.bin", b"\0\1\2"),
        ("x.parquet", b"PAR1\0\0"),
        ("x.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0"),
        ("x.csv", b"a\0b"),
        ("x.json", b"{"),
        ("x.json", b"[" * 100_000),
        ("x.yml", b"a: [1"),
        ("x.svg", b"<svg"),
        ("x.docx", b"no archive"),
        ("x.zip", b"PK\x03\x04 cut off"),
        ("x.pdf", b"no pdf"),
        ("x.json", b'{"image/jpeg": "/9j/4AAQSkZJRg=="}'),
    ],
)
def test_what_cannot_be_read_is_refused(name, raw, tmp_path):
    unread(put(tmp_path, name, raw))


def test_text_in_another_encoding_is_read(tmp_path):
    for encoding in ("utf-8-sig", "utf-16", "cp1252"):
        assert kinds(put(tmp_path, "x.csv", "note\nat TS1 3BX, café\n".encode(encoding))) == {"full postcode"}, encoding


def test_a_link_is_refused_and_not_followed(tmp_path):
    put(tmp_path, "inside/x.txt", b"nothing")
    (tmp_path / "inside" / "y.txt").symlink_to(put(tmp_path, "outside.txt", b"TS1 3BX"))
    (found,) = scan(tmp_path / "inside")
    assert (found.file, found.kind) == ("y.txt", "not readable, so nobody can say what it holds: a link, not a file")


def test_a_packed_file_is_read_three_deep_and_then_refused(tmp_path):
    inner = put(tmp_path, "0.txt", b"TS1 3BX")
    for depth in range(1, 5):
        with zipfile.ZipFile(tmp_path / f"{depth}.zip", "w") as held:
            held.write(inner, inner.name)
        inner = tmp_path / f"{depth}.zip"
    assert [kinds(tmp_path / f"{depth}.zip") for depth in (1, 2, 3)] == [{"full postcode"}] * 3
    assert "too deep" in unread(tmp_path / "4.zip")


def test_names_and_comments_in_a_packed_file_are_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as held:
        held.writestr("oliver_smith.txt", "nothing")
        held.comment = b"at TS1 3BX"
    assert {(one.place, one.kind) for one in scan(tmp_path / "x.zip")} == {
        ("member number 1, its name", "name of a person"),
        ("comment", "full postcode"),
    }


def test_those_who_sign_a_study_are_no_alarm_and_others_are(tmp_path):
    put(tmp_path, "x.md", b"By Liam Taylor, liam.taylor@cleveland.police.uk, TS8 9EH.\n")
    signed = Known(signed="Liam Taylor\nWrite to liam.taylor@cleveland.police.uk, TS8 9EH. Born: 3 May 2006.")
    assert scan(tmp_path, signed) == ()
    put(tmp_path, "x.md", b"By Liam Taylor and Emily Jones. Born: 3 May 2006.\n")
    # a name may be signed with, and the day on which somebody was born may not
    assert {one.kind for one in scan(tmp_path, signed)} == {"name of a person", "date of birth"}
    put(tmp_path, "x.md", b"By Liam Taylor. Born: 3 May 2006.\n")
    assert {one.kind for one in scan(tmp_path, signed)} == {"date of birth"}


def test_a_fingerprint_of_the_plan_is_known_where_the_program_writes_it(tmp_path):
    raw = f'{{"registered_plan": "{"ab12" * 16}"}}'.encode()
    assert kinds(put(tmp_path, "results.json", raw)) == set()
    assert kinds(put(tmp_path, "results.json", raw.replace(b"registered_plan", b"crime"))) == {"identifier of a crime"}


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(RunError, match="there is nothing at"):
        scan(tmp_path / "nowhere")


def test_many_findings_are_cut_short(tmp_path):
    for n in range(50):
        put(tmp_path, f"x{n:02d}.txt", b"TS1 3BX")
    with pytest.raises(DisclosureError) as refusal:
        refuse_findings(tmp_path)
    assert len(refusal.value.breaches) == 41
    assert refusal.value.breaches[-1] == "... and 10 more"


# what the program itself publishes: the demo's bundle, as the engine made it, and the sample of the brief's tests
@pytest.mark.parametrize("where", ["briefs/bundle", "tests/publish/sample/release"])
def test_a_real_release_is_no_alarm(where):
    folder = shipped("briefs").parent / where
    assert sum(path.is_file() for path in folder.rglob("*")) > 14
    assert scan(folder) == ()


# examples on these pages that are meant to look like what they are
SHOWN = {
    "bring-your-own-study.md": {"identifier of a crime"},
    "governance.md": {"identifier of a crime"},
    "linkage.md": {"code like a pseudonym", "name of a person"},
    "disclosure.md": {"Police National Computer id", "criminal record number", "house and street"},
}


def test_the_pages_of_the_project_are_no_alarm_but_for_their_examples():
    root = shipped("briefs").parent
    pages = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "params").glob("*.yaml")]
    assert len(pages) > 25
    found = {page.name: kinds(page) for page in pages}
    assert {name: held for name, held in found.items() if held} == {n: h for n, h in SHOWN.items() if n in found}


def test_reading_a_table_leaves_the_limits_of_the_process_as_they_were(tmp_path):
    before = csv.field_size_limit()
    put(tmp_path, "long.csv", ("a,b\n" + "x" * 200_000 + ",1\n").encode())
    assert not [kind for kind in kinds(tmp_path / "long.csv") if kind.startswith("not readable")]
    assert csv.field_size_limit() == before
