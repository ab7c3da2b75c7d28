"""The notebooks of a project that has none: copied, kept when changed, brought up to date when not."""

import re
import shutil

import nbformat
import pytest
from lab_places import NOTEBOOKS, ROOT, change, place

from curv_eval.errors import RunError
from curv_eval.lab import copies, find_project, set_up, settings
from curv_eval.manifest import tree


@pytest.fixture
def empty(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def test_an_empty_folder_receives_the_notebooks_and_the_study_they_open(empty):
    said = set_up(empty)
    there = tree(empty / "notebooks")
    assert there == {n: h for n, h in tree(NOTEBOOKS).items() if ".ipynb_checkpoints" not in n}
    assert {"data.ipynb", "power.ipynb", "effect.ipynb", "README.md", "jupytext.toml", "tutorials/nsw.ipynb"} <= set(
        there
    )
    assert said[0] == f"notebooks/: {len(there)} files copied from the package"
    assert "params/demo.yaml: copied, the example study that the notebooks open" in said
    source = "\n".join(c.source for c in nbformat.read(empty / "notebooks" / "data.ipynb", as_version=4).cells)
    (study,) = re.findall(r'^params = "(.*)"$', source, re.M)
    assert (empty / "notebooks" / study).resolve() == empty / "params" / "demo.yaml"


def test_nothing_that_somebody_changed_is_written_over(empty):
    set_up(empty)
    change(empty / "notebooks" / "data.ipynb", "study.question", "study.title")
    (empty / "params" / "demo.yaml").write_text("mine", "utf-8")
    (empty / "notebooks" / "own.ipynb").write_text("{}", "utf-8")
    before = tree(empty)
    assert "notebooks/: yours kept as they are: data.ipynb" in set_up(empty)
    assert tree(empty) == before


def test_a_notebook_that_was_removed_comes_back(empty):
    set_up(empty)
    (empty / "notebooks" / "power.ipynb").unlink()
    assert "notebooks/: 1 files copied from the package" in set_up(empty)


@pytest.fixture
def newer(tmp_path, monkeypatch):
    """A package in which two notebooks are others."""
    home = tmp_path / "package"
    shutil.copytree(NOTEBOOKS, home / "notebooks")
    shutil.copytree(ROOT / "params", home / "params")

    def use():
        for name in ("data", "power"):
            change(home / "notebooks" / f"{name}.ipynb", "ce.load_study(params)", "ce.load_study(params )")
        monkeypatch.setattr(copies, "shipped", lambda name: home / name)

    return use


def test_a_newer_package_brings_up_to_date_what_nobody_changed(empty, newer):
    set_up(empty)
    change(empty / "notebooks" / "data.ipynb", "study.question", "study.title")
    newer()
    said = set_up(empty)
    assert said[:2] == [
        "notebooks/: 1 files brought up to date from the package",
        "notebooks/: yours kept as they are: data.ipynb",
    ]
    assert "load_study(params )" in (empty / "notebooks" / "power.ipynb").read_text("utf-8")
    assert "load_study(params )" not in (empty / "notebooks" / "data.ipynb").read_text("utf-8")
    assert "study.title" in (empty / "notebooks" / "data.ipynb").read_text("utf-8")


def test_where_it_is_not_known_who_changed_a_notebook_it_is_kept(empty, newer):
    set_up(empty)
    (empty / ".lab" / "copied.json").write_text("not JSON", "utf-8")
    newer()
    assert "notebooks/: yours kept as they are: data.ipynb, power.ipynb" in set_up(empty)


def test_checkpoints_of_jupyterlab_are_not_copied(empty, newer, tmp_path):
    newer()
    hidden = tmp_path / "package" / "notebooks" / ".ipynb_checkpoints"
    hidden.mkdir(exist_ok=True)
    (hidden / "data-checkpoint.ipynb").write_text("{}", "utf-8")
    set_up(empty)
    assert not list((empty / "notebooks").rglob("*checkpoint*"))


def test_in_a_checkout_the_notebooks_are_used_where_they_are(empty, monkeypatch):
    shutil.copytree(NOTEBOOKS, empty / "notebooks")
    shutil.copytree(ROOT / "params", empty / "params")
    monkeypatch.setattr(copies, "shipped", lambda name: empty / name)
    before = tree(empty)
    assert set_up(empty)[0] == "notebooks/: 4 notebooks, those of this checkout"
    assert {name for name in tree(empty) if name not in before} == {
        name for name in tree(empty) if name.startswith(".lab")
    }


@pytest.mark.parametrize("inside", [".", "notebooks/tutorials", "params"])
def test_the_project_is_found_from_within_it(inside, tmp_path):
    made = place(tmp_path)
    made.lab("--set-up")
    assert find_project(made.project / inside) == made.project


def test_a_folder_that_is_no_project_becomes_one(empty):
    assert find_project(empty) == empty


def test_what_is_written_for_jupyterlab_stays_in_one_folder_that_git_ignores(tmp_path):
    made = place(tmp_path)
    before = {p.name for p in made.project.iterdir()}
    made.lab("--set-up")
    assert {p.name for p in made.project.iterdir()} - before == {".lab", "notebooks"}
    made.git("check-ignore", ".lab/kernels/curv/kernel.json", ".lab/copied.json", ".lab/.gitignore")


def test_the_project_comes_before_what_the_user_has(empty, monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", "/theirs")
    monkeypatch.delenv("JUPYTER_CONFIG_PATH", raising=False)
    held = settings.environment(empty)
    assert held["JUPYTER_PATH"].split(settings.os.pathsep) == [str(empty / ".lab"), "/theirs"]
    assert held["JUPYTER_CONFIG_PATH"] == str(empty / ".lab" / "config")


def test_tools_that_are_missing_are_named_all_at_once_and_nothing_is_written(empty, monkeypatch):
    found = settings.importlib.util.find_spec
    gone = ("nbdime", "nbstripout")
    monkeypatch.setattr(settings.importlib.util, "find_spec", lambda name: None if name in gone else found(name))
    with pytest.raises(RunError) as stop:
        set_up(empty)
    assert stop.value.breaches == gone
    assert stop.value.do == "pip install 'curv-eval[lab]'"
    assert list(empty.iterdir()) == []
