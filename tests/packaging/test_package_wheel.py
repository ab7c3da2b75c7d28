"""The wheel: built, looked into, installed beside nothing but its dependencies, and used from an empty folder."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from curv_eval.study import load_study

ROOT = Path(__file__).parents[2]
TRAVELS = ("notebooks", "params", "data_contracts", "briefs")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def inside(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Where the wheel is installed, without the checkout on the path."""
    site = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--quiet", "--target", str(site)]
    done = subprocess.run([*command, str(wheel)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return site


def call(installed, folder, *arguments):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CURV_EVAL")}
    environment["PYTHONPATH"] = str(installed)
    command = [sys.executable, "-c", "from curv_eval.cli import main; main()", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def kept(folder):
    """The files of a folder that belong to the project, below the root, with / between."""
    found = [p.relative_to(ROOT).as_posix() for p in (ROOT / folder).rglob("*") if p.is_file()]
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        return [name for name in found if "__pycache__" not in name and ".ipynb_checkpoints" not in name]
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", folder]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    return [name for name in found if name in listed]


@pytest.mark.parametrize("folder", TRAVELS)
def test_what_an_evaluator_starts_from_is_inside(folder, inside):
    files = kept(folder)
    assert files
    assert {f"curv_eval/_shipped/{name}" for name in files} <= inside


def test_every_file_of_the_package_is_inside(inside):
    files = [name.removeprefix("src/") for name in kept("src/curv_eval") if "__pycache__" not in name]
    assert set(files) <= inside
    ends = {Path(name).suffix for name in files}
    assert {".py", ".yaml", ".lua", ".typ", ".css"} <= ends  # what is not Python travels too


def test_nothing_else_is_inside(inside):
    assert {name.split("/")[0].split("-")[0] for name in inside} == {"curv_eval"}
    for unwanted in ("tests/", "outputs/", "bench/", ".ipynb_checkpoints", "__pycache__", ".git"):
        assert not [name for name in inside if unwanted in name]


def test_the_licence_and_the_command_are_declared(wheel, inside):
    assert [name for name in inside if name.endswith("LICENSE")]
    with zipfile.ZipFile(wheel) as archive:
        (points,) = [name for name in inside if name.endswith("entry_points.txt")]
        assert "curv-eval = curv_eval.cli:main" in archive.read(points).decode()


def test_no_place_on_the_builders_machine_is_inside(wheel):
    with zipfile.ZipFile(wheel) as archive:
        found = [name for name in archive.namelist() if str(ROOT).encode() in archive.read(name)]
    assert found == []


def test_the_installed_copy_is_the_one_that_runs(installed, tmp_path):
    code = "import curv_eval, curv_eval.shipped as s; print(curv_eval.__file__); print(s.shipped('notebooks'))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert [Path(line).is_relative_to(installed) for line in done.stdout.split("\n") if line] == [True, True]


def test_doctor_is_content_from_an_empty_folder(installed, tmp_path):
    done = call(installed, tmp_path, "doctor")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "NO " not in done.stdout
    assert all(f"ok  {name}: with the package" in done.stdout for name in TRAVELS)
    assert list(tmp_path.iterdir()) == []


def test_doctor_misses_what_is_missing(installed, tmp_path):
    code = "import curv_eval.shipped as s, pathlib; s._PACKAGE = pathlib.Path('nowhere/a/b').absolute(); "
    command = [sys.executable, "-c", code + "from curv_eval.cli import main; main()", "doctor"]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(installed)}, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "NO  notebooks: missing; install curv-eval again" in done.stdout


def test_a_new_study_starts_from_an_empty_folder(installed, tmp_path):
    done = call(installed, tmp_path, "new", "mystudy")
    assert (done.returncode, done.stderr) == (0, "")
    assert [p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()] == ["params/mystudy.yaml"]
    assert load_study(tmp_path / "params" / "mystudy.yaml").study == "mystudy"
    again = call(installed, tmp_path, "new", "mystudy")
    assert again.returncode == 7
    assert "already exists" in again.stderr
    assert "Traceback" not in again.stderr


def test_a_new_study_can_start_from_any_example(installed, tmp_path):
    done = call(installed, tmp_path, "new", "mine", "--example", "cleveland-asb-hotspots")
    assert done.returncode == 0, done.stderr
    assert load_study(tmp_path / "params" / "mine.yaml").place.name == "Cleveland"
    done = call(installed, tmp_path, "new", "other", "--example", "nothing")
    assert done.returncode == 7
    assert "there are cleveland-asb-hotspots, demo" in done.stderr


@pytest.mark.parametrize("name", ["my_study", "My Study", "ab", "../elsewhere"])
def test_a_name_no_study_may_have_is_refused_before_anything_is_written(name, installed, tmp_path):
    folder = tmp_path / "project"
    (folder / "params").mkdir(parents=True)
    done = call(installed, folder, "new", name)
    assert done.returncode != 0
    assert not list(tmp_path.rglob("*.yaml"))


def test_the_installed_copy_brings_its_notebooks_into_an_empty_folder(installed, tmp_path):
    done = call(installed, tmp_path, "lab", "--set-up")
    assert (done.returncode, done.stderr) == (0, "")
    there = {p.relative_to(tmp_path).as_posix() for p in (tmp_path / "notebooks").rglob("*") if p.is_file()}
    assert there == set(kept("notebooks"))
    assert sorted(p.name for p in tmp_path.iterdir()) == [".lab", "notebooks", "params"]
    notebook = tmp_path / "notebooks" / "data.ipynb"
    notebook.write_text("mine", "utf-8")
    assert "yours kept as they are: data.ipynb" in call(installed, tmp_path, "lab", "--set-up").stdout
    assert notebook.read_text("utf-8") == "mine"


def test_the_installed_copy_checks_its_own_made_up_data(installed, tmp_path):
    call(installed, tmp_path, "new", "mystudy")
    done = call(installed, tmp_path, "data", "check", "params/mystudy.yaml")
    assert (done.returncode, done.stderr) == (0, "")
    assert "11 datasets of made-up data" in done.stdout
    assert done.stdout.count("contract kept") == 11
    assert sorted(p.name for p in tmp_path.iterdir()) == ["outputs", "params"]
