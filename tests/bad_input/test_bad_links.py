"""What a tired key holder, linker or data lead gives to `curv-eval link`."""

from __future__ import annotations

from pathlib import Path

import pytest
from projects import curv_eval, scratch

PEOPLE = "record_id,given_name,surname,date_of_birth,sex,postcode\n"
NAMES = [("Ann", "Lee", "TS1 1AA"), ("Bob", "Kaur", "TS1 1AB"), ("Cat", "Moss", "TS2 1AA"), ("Dan", "Ford", "TS3 1AA")]
SECRETS = ("Lee", "Kaur", "Moss", "TS1 1AA", "2008-01")
SAID = ("--key", "keys/a.key", "--purpose", "a rehearsal")
ENCODE = ("link", "encode", "people.csv")
CONTENT = ("link", "content", "vcse_sessions")


@pytest.fixture
def desk() -> Path:
    """A key, a list, its content, and two encoded files, each in its place."""
    folder = scratch()
    for name in ("keys", "send", "linker"):
        (folder / name).mkdir()
    rows = [f"{i},{g},{s},2008-01-0{i + 1},F,{p}" for i, (g, s, p) in enumerate(NAMES)]
    (folder / "people.csv").write_text(PEOPLE + "\n".join(rows) + "\n", "utf-8")
    sessions = "person_id,session_date,session_type,minutes_planned,minutes_attended,mode\n"
    (folder / "sessions.csv").write_text(f"{sessions}0,2024-01-02,mentoring,60,60,in_person\n", "utf-8")
    assert curv_eval(folder, "link", "key", "keys/a.key", "--project", "rehearsal").code == 0
    for source in ("vcse", "hospital"):
        done = curv_eval(folder, *ENCODE, f"linker/{source}.parquet", "--source", source, *SAID)
        assert done.code == 0, done.err
    return folder


def refused(folder: Path, words: tuple[str, ...], *pieces: str) -> None:
    before = sorted(folder.rglob("*"))
    said = curv_eval(folder, *words)
    assert said.code in (3, 4, 7), said.out + said.err
    assert "Traceback" not in said.err
    assert [piece for piece in pieces if piece not in said.err] == [], said.err
    assert [secret for secret in SECRETS if secret in said.out + said.err] == []
    assert len(said.err.rstrip("\n").split("\n")[-1].partition("  do: ")[2]) > 10
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(("out", "pieces"), [
    (".", (". is a folder", "do: give the name of a file")),
    ("send", ("send is a folder", "do: give the name of a file")),
    ("nowhere/people.parquet", ("there is no folder for people.parquet",)),
    ("send/people.csv", ("people.csv would hold Parquet", "do: give a name that ends in .parquet")),
    ("send/people", ("people would hold Parquet",)),
    ("linker/vcse.parquet", ("vcse.parquet already exists",)),
])  # fmt: skip
def test_an_encoded_file_that_cannot_be_there(desk, out, pieces):
    refused(desk, (*ENCODE, out, "--source", "vcse", *SAID), *pieces)


@pytest.mark.parametrize(("out", "pieces"), [
    (".", (". is a folder", "do: give the name of a file")),
    ("nowhere/x.csv", ("there is no folder for x.csv",)),
    ("send/x.xlsx", ("x.xlsx would hold CSV", "do: give a name that ends in .csv")),
    ("sessions.csv", ("sessions.csv already exists",)),
])  # fmt: skip
def test_content_that_cannot_be_there(desk, out, pieces):
    words = (*CONTENT, "sessions.csv", out, "--source", "vcse", "--record-id", "person_id", "--key", "keys/a.key")
    refused(desk, words, *pieces)


def test_a_label_that_encode_would_refuse_is_refused_for_content_too(desk):
    words = (*CONTENT, "sessions.csv", "send/x.csv", "--source", "VCSE!", "--record-id", "person_id")
    refused(desk, (*words, "--key", "keys/a.key"), "source: expected a short label")


@pytest.mark.parametrize("given", [".", "keys"])
def test_a_list_or_a_key_that_is_a_folder(desk, given):
    refused(desk, ("link", "encode", given, "send/a.parquet", "--source", "vcse", *SAID), f"{given} is a folder")
    refused(desk, ("link", "key", given, "--project", "rehearsal"), f"{given} is a folder")


@pytest.mark.parametrize(("words", "pieces"), [
    (("linker/vcse.parquet", "linker/hospital.parquet", "."), (". is a folder",)),
    (("linker/vcse.parquet", "linker/hospital.parquet", "nowhere/pairs.csv"), ("there is no folder for pairs.csv",)),
    (("linker/vcse.parquet", "linker/hospital.parquet", "pairs.parquet"), ("pairs.parquet would hold CSV",)),
    (("linker/vcse.parquet", "linker/hospital.parquet", "people.csv"), ("people.csv already exists",)),
])  # fmt: skip
def test_pairs_that_cannot_be_there_are_refused_before_anything_is_compared(desk, words, pieces, monkeypatch):
    from curv_eval.linkage import handover

    monkeypatch.setattr(handover, "link_files", lambda *_, **__: pytest.fail("hours of work, and then refused"))
    refused(desk, ("link", "match", *words), *pieces)


@pytest.mark.parametrize(("words", "pieces"), [
    (("linker/vcse.parquet", "linker/vcse.parquet"), ("both come from vcse",)),
    (("linker/vcse.parquet", "people.csv"), ("people.csv is not readable as an encoded file",)),
    (("people.csv", "sessions.csv"), ("people.csv is not readable as an encoded file",)),
    (("linker/vcse.parquet", "linker"), ("linker is a folder",)),
    (("linker/vcse.parquet", "linker/nowhere.parquet"), ("there is no file nowhere.parquet",)),
    (("linker/vcse.parquet", "linker/hospital.parquet", "--threshold", "50"), ("threshold: got 50.0",)),
    (("linker/vcse.parquet", "linker/hospital.parquet", "--threshold", "nan"), ("threshold: got nan",)),
    (("linker/vcse.parquet", "linker/hospital.parquet", "--backend", "sparc"), ("backend: got 'sparc'",)),
    (("linker/vcse.parquet", "linker/hospital.parquet", "--seed", "-1"), ("seed: got -1",)),
])  # fmt: skip
def test_files_that_cannot_be_matched(desk, words, pieces):
    refused(desk, ("link", "match", *words[:2], "pairs.csv", *words[2:]), *pieces)


@pytest.mark.parametrize(("words", "pieces"), [
    (("--charts", "linker"), ("linker already exists",)),
    (("--charts", "nowhere/charts"), ("there is no folder for charts",)),
    (("--charts", "charts", "--exact"), ("equal pseudonyms weigh nothing", "do: leave out --charts or --exact")),
])  # fmt: skip
def test_charts_that_cannot_be_drawn_are_refused_before_anything_is_compared(desk, words, pieces, monkeypatch):
    from curv_eval.linkage import handover

    monkeypatch.setattr(handover, "link_files", lambda *_, **__: pytest.fail("hours of work, and then refused"))
    refused(desk, ("link", "match", "linker/vcse.parquet", "linker/hospital.parquet", "pairs.csv", *words), *pieces)
