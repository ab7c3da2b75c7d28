"""Made-up data belong to the program that made them: another version makes its own, and removes the old ones."""

from pathlib import Path

import pytest

from curv_eval import data, rehearsal
from curv_eval.errors import StudyError
from curv_eval.run.planning import plan
from curv_eval.study import load_study

DEMO = (Path(__file__).parents[2] / "params" / "demo.yaml").read_text("utf-8")


@pytest.fixture
def made(monkeypatch):
    """The folders that were made, without what takes long: their files."""
    folders = []

    def make_up(folder, asked, *, links):
        folder.mkdir(parents=True)
        (folder / "MADE_UP.json").write_text("{}")
        folders.append(folder)

    monkeypatch.setattr(data, "_make_up", make_up)
    return folders


def study(tmp_path, text=DEMO):
    path = tmp_path / "params" / "demo.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    return load_study(path)


def test_they_are_made_once(tmp_path, made):
    first = data.data_folder(study(tmp_path))
    assert data.data_folder(study(tmp_path)) == first
    assert made == [first]


def test_another_version_makes_its_own_and_removes_the_old(tmp_path, made, monkeypatch):
    first = data.data_folder(study(tmp_path))
    old = first.with_name(first.name.rpartition("-")[0])  # as they were named before they had a version
    other = first.with_name(first.name.replace("effect-0.2", "effect-0.3"))
    old.mkdir()
    other.mkdir()
    monkeypatch.setattr(rehearsal, "maker", lambda: "0123abcd")
    second = data.data_folder(study(tmp_path))
    assert second.name.endswith("-0123abcd")
    assert made == [first, second]
    assert sorted(path.name for path in first.parent.iterdir()) == sorted([second.name, other.name])


def test_the_version_is_that_of_the_source():
    assert rehearsal.maker() == rehearsal.maker()
    assert len(rehearsal.maker()) == 8
    int(rehearsal.maker(), 16)


def test_a_slip_is_told_before_data_are_made_up(tmp_path, made):
    text = DEMO.replace("method: callaway_santanna", "method: calaway_santana")
    study(tmp_path, text)
    with pytest.raises(StudyError, match="did you mean callaway_santanna"):
        plan([tmp_path / "params" / "demo.yaml"])
    assert made == []
