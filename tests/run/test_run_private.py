"""What is published says nothing about the machine, its user or any person in the data."""

import csv
import getpass
import platform
import re
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path

import pytest
from projects import PERSON, PLACE, ROOT, STREET, finished

from curv_eval.disclosure.scan import scan

HEX = re.compile(rb"[0-9a-fA-F]{32,}")


def unpacked(path):
    """Yield the bytes of a file, and those of everything packed inside it."""
    raw = path.read_bytes()
    yield raw
    if path.suffix == ".docx":
        with zipfile.ZipFile(path) as held:
            yield from (held.read(name) for name in held.namelist())
    if path.suffix in (".pdf", ".png"):
        for start in re.finditer(rb"stream\r?\n|IDAT", raw):
            try:
                yield zlib.decompressobj().decompress(raw[start.end() :])
            except zlib.error:
                continue


def published():
    run = finished().run
    for part in ("release", "brief"):
        for path in sorted((run / part).rglob("*")):
            if path.is_file():
                yield path.relative_to(run).as_posix(), b"\n".join(unpacked(path))


@pytest.fixture(scope="module")
def files():
    return dict(published())


def machine():
    """Names of this machine, its folders and its user that nothing else would contain."""
    folders = [ROOT, finished().project, Path(tempfile.gettempdir()), Path(sys.prefix), Path.home()]
    names = [PERSON, PLACE, platform.node(), *(n for n in (getpass.getuser(),) if n not in ("root", "user", "runner"))]
    return [text for text in (*map(str, folders), *names) if len(text) > 4]


def test_the_search_sees_into_packed_files(files):
    assert b"<w:t" in files["brief/study.docx"]
    assert b"/Font" in files["brief/study.pdf"]
    assert len(files) > 60


def test_no_path_of_the_machine_and_no_user_name_is_published(files):
    found = [(name, word) for name, raw in files.items() for word in machine() if word.encode() in raw]
    assert found == []


def test_no_absolute_path_at_all_is_in_the_release(files):
    path = re.compile(rb"(?<![\w/.<:])/(?:home|root|tmp|Users|work|var|private|opt|mnt|usr)/|\b[A-Z]:\\")
    bundle = {name: raw for name, raw in files.items() if name.startswith("release/") and not name.endswith(".png")}
    assert [(name, path.search(raw).group()) for name, raw in bundle.items() if path.search(raw)] == []


def test_no_identifier_of_a_person_or_an_incident_is_published(files):
    folder = next(finished().run.parent.glob("made-up-data-*"))
    known = set()
    people = {"vcse_referrals": "person_id", "vcse_sessions": "person_id", "ae_attendances": "patient_id"}
    for name, pseudonym in {**people, "people_links": "left_id"}.items():
        known |= column(folder / f"{name}.csv", pseudonym)
    for path in (folder / STREET).glob("*/*-street.csv"):
        known |= column(path, "Crime ID")
    assert len(known) > 50_000
    found = {(name, match.decode()) for name, raw in files.items() for match in HEX.findall(raw)}
    assert [(name, one) for name, one in found if one in known or one.lower() in known] == []
    assert [name for name, _ in found if name.startswith("release/")] == []


def test_the_scan_finds_nothing_in_the_release_and_the_brief():
    for part in ("release", "brief"):
        folder = finished().run / part
        assert sum(path.is_file() for path in folder.rglob("*")) > 10
        assert scan(folder) == ()


def column(path, name):
    with path.open(encoding="utf-8", newline="") as file:
        return {row[name] for row in csv.DictReader(file)} - {""}


def test_no_coordinate_of_an_incident_is_published(files):
    folder = next(finished().run.parent.glob("made-up-data-*"))
    points = column(folder / STREET / "2022-01" / "2022-01-made-up-street.csv", "Longitude")
    assert len(points) > 100
    tables = {name: raw.decode() for name, raw in files.items() if name.endswith((".csv", ".json", ".md", ".yml"))}
    assert [(name, point) for name, raw in tables.items() for point in points if point in raw] == []


def test_the_manifest_names_no_place_on_the_machine():
    text = (finished().run / "manifest.json").read_text("utf-8")
    assert [word for word in machine() if word in text] == []


def test_no_free_text_of_the_data_is_published(files):
    said = re.compile(rb"made-up (place \d|method)")
    assert [name for name, raw in files.items() if said.search(raw)] == []


def test_nothing_of_a_partners_own_list_is_in_the_run(files):
    (folder,) = finished().run.parent.glob("made-up-data-*")
    partners = sorted((folder / "partners").glob("*/people.csv"))
    assert len(partners) >= 2
    known = {
        one for path in partners for name in ("record_id", "postcode") for one in column(path, name) if len(one) > 5
    }
    text = b"\n".join(raw for name, raw in files.items() if not name.endswith((".png", ".pdf", ".docx")))
    words = set(re.findall(rb"[A-Z]{2}-[0-9]{7}|ZY[0-9]{1,2} ?[0-9][A-Z]{2}", text))
    assert [one for one in words if one.decode() in known] == []
