"""Small parts of handing over: what appears whole or not at all, and what is said of licences and data."""

import os
import zipfile
from types import SimpleNamespace

import pytest

from curv_eval.errors import RunError
from curv_eval.export.appearing import appearing, files_below, refuse_leaks, write_zip
from curv_eval.export.crate_words import licence_of, link_in
from curv_eval.export.package_readme import Shown

DONE = SimpleNamespace(study=SimpleNamespace(brief=SimpleNamespace(contact="Write to the team.")))


def test_a_folder_appears_whole(tmp_path):
    target = tmp_path / "made"
    with appearing(target) as work:
        (work / "a.txt").write_text("a")
        assert not target.exists()
    assert (target / "a.txt").read_text() == "a"
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_after_an_error_nothing_is_there(tmp_path):
    with pytest.raises(ValueError, match="half"), appearing(tmp_path / "made.zip") as work:
        (work / "a.txt").write_text("a")
        raise ValueError("half")
    assert list(tmp_path.iterdir()) == []


def test_what_came_there_meanwhile_is_not_overwritten(tmp_path):
    target = tmp_path / "made"
    with pytest.raises(RunError, match="already exists"), appearing(target) as work:
        (work / "a.txt").write_text("ours")
        target.write_text("theirs")
    assert target.read_text() == "theirs"


@pytest.mark.parametrize("name", ["there/made", "there/made.zip"])
def test_a_folder_that_is_not_there_is_named(tmp_path, name):
    with pytest.raises(RunError, match="there is no folder"), appearing(tmp_path / name):
        pass


def test_a_zip_has_no_times_no_rights_and_one_order(tmp_path):
    for folder, names in (("one", ["b.txt", "a/c.txt"]), ("two", ["a/c.txt", "b.txt"])):
        for name in names:
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
        os.utime(tmp_path / folder / "b.txt", (1, 1))
        write_zip(tmp_path / folder, tmp_path / f"{folder}.zip", top="top")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as held:
        assert held.namelist() == ["top/a/c.txt", "top/b.txt"]
        assert {one.date_time for one in held.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_links_are_refused(tmp_path):
    (tmp_path / "away").symlink_to(tmp_path.parent)
    with pytest.raises(RunError, match="holds links") as said:
        files_below(tmp_path)
    assert said.value.breaches == ("away",)


@pytest.fixture
def run(tmp_path):
    made = tmp_path / "project" / "outputs" / "demo" / "abc"
    (made / "restricted").mkdir(parents=True)
    (made / "restricted" / "panel.npz").write_bytes(b"rows of people")
    (made / "restricted" / "empty").write_bytes(b"")
    return made


def leaks(run, text, name="a.txt"):
    work = run.parents[3] / "work"
    work.mkdir()
    (work / name).write_bytes(text)
    refuse_leaks(work, run)


def test_a_restricted_file_by_another_name_is_refused(run):
    with pytest.raises(RunError, match="cannot be handed over") as said:
        leaks(run, b"rows of people")
    assert said.value.breaches == ("a.txt is a restricted file",)


@pytest.mark.parametrize("text", ["see {}/data", "{}", '"path": "{}"'])
def test_a_place_of_this_machine_is_refused(run, text):
    with pytest.raises(RunError) as said:
        leaks(run, text.format(run.parents[2]).encode())
    assert said.value.breaches == ("a.txt names a folder of this machine",)


@pytest.mark.parametrize("text", [b"", b"see outputs/demo/abc", b"other rows"])
def test_what_says_nothing_of_it_passes(run, text):
    leaks(run, text)


def test_licences():
    assert licence_of("", DONE)[0] == "#licence"
    assert "Write to the team." in licence_of("", DONE)[2]
    known = licence_of("https://creativecommons.org/licenses/by/4.0/", DONE)
    assert known[1] == "Creative Commons Attribution 4.0"
    other = licence_of("https://example.org/terms", DONE)
    assert other[:2] == ("https://example.org/terms", "https://example.org/terms")
    for wrong in ("MIT", "CC BY", "https://", "http://a b"):
        with pytest.raises(RunError, match="--licence: got"):
            licence_of(wrong, DONE)


@pytest.mark.parametrize(
    ("text", "link"),
    [("See https://x.example/a.", "https://x.example/a"), ("(https://x.example)", "https://x.example"), ("none", "")],
)
def test_a_link_is_found_in_a_text(text, link):
    assert link_in(text) == link


def test_a_package_is_exact_only_with_all_the_data_as_they_were():
    assert Shown(seeded=["a"]).exact
    assert Shown(copied=["a", "b"]).exact
    assert not Shown(copied=["a"], stand_in=["b"]).exact
    assert not Shown(copied=["a"], absent=["b"]).exact
