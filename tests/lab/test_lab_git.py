"""What git stores, shows and merges of notebooks once a project was set up; and what it does when that is undone."""

import json
import re
import shutil
import subprocess

import nbformat
import pytest
from lab_places import NOTEBOOKS, ROOT, THEIRS, cells, change, place, with_outputs

DATA = "notebooks/data.ipynb"
EVERY = sorted(p.relative_to(NOTEBOOKS).as_posix() for p in NOTEBOOKS.rglob("*.ipynb") if ".ipynb_" not in str(p))


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A project that was set up, with everything committed. Tests change notebooks, and bring them back."""
    made = place(tmp_path_factory.mktemp("lab"))
    made.lab("--set-up")
    made.commit(".", why="Begin")
    return made


@pytest.fixture
def there(done):
    yield done
    done.git("reset", "-q", "--hard")
    done.git("clean", "-fdq", "notebooks")


def test_outputs_counts_and_times_are_not_stored_and_stay_on_disk(there):
    before = with_outputs(there.project / DATA)
    change(there.project / DATA, "study.question", "study.title")
    there.git("add", DATA)
    text = there.git("show", f":./{DATA}")
    assert "9071263408" not in text
    assert "iopub" not in text
    stored = there.stored(DATA)
    code = [c for c in stored.cells if c.cell_type == "code"]
    assert code
    assert all(c.outputs == [] and c.execution_count is None for c in code)
    on_disk = nbformat.read(there.project / DATA, as_version=4)
    assert [c.get("outputs") for c in on_disk.cells] == [c.get("outputs") for c in before.cells]


def test_ids_tags_and_what_the_notebook_declares_are_stored(there):
    before = with_outputs(there.project / DATA)
    change(there.project / DATA, "study.question", "study.title")
    there.git("add", DATA)
    stored = there.stored(DATA)
    assert [c.id for c in stored.cells] == [c.id for c in before.cells]
    assert [c.metadata.get("tags") for c in stored.cells] == [c.metadata.get("tags") for c in before.cells]
    assert ["parameters"] in [c.metadata.get("tags") for c in stored.cells]
    assert stored.metadata.curv_eval == before.metadata.curv_eval
    assert stored.metadata.kernelspec == before.metadata.kernelspec
    assert stored.metadata.language_info == {"name": "python"}


def test_a_notebook_that_was_only_run_is_no_change(there):
    with_outputs(there.project / DATA)
    assert there.git("diff") == ""
    there.git("add", DATA)
    assert there.git("status", "--short") == ""


@pytest.mark.parametrize("name", EVERY)
def test_a_shipped_notebook_is_stored_byte_for_byte(name, done):
    whole = subprocess.run(
        ["git", "show", f":./notebooks/{name}"], cwd=done.project, env=done.env, capture_output=True, check=True
    )
    assert whole.stdout == (NOTEBOOKS / name).read_bytes()


def test_a_difference_is_shown_by_cell_and_without_outputs(there):
    with_outputs(there.project / DATA)
    change(there.project / DATA, "study.question", "study.title")
    said = re.sub(r"\x1b\[[0-9;]*m", "", there.git("diff", "--", DATA))
    assert said.startswith("nbdiff ")
    assert "## modified /cells/3/source:" in said
    assert re.search(r"^-\s*study\.question$", said, re.M)
    assert re.search(r"^\+\s*study\.title$", said, re.M)
    assert "9071263408" not in said
    assert "execution_count" not in said


def both_change(there, old, *, ours, theirs):
    """Return what git says of merging two branches that both changed cells."""
    there.git("checkout", "-q", "-b", "theirs")
    change(there.project / DATA, *theirs)
    there.commit(DATA)
    there.git("checkout", "-q", old)
    change(there.project / DATA, *ours)
    there.commit(DATA)
    return there.git("merge", "theirs", check=False)


@pytest.fixture
def branch(there):
    old, at = there.git("branch", "--show-current").strip(), there.git("rev-parse", "HEAD").strip()
    yield old
    there.git("merge", "--abort", check=False)
    there.git("checkout", "-qf", old)
    there.git("reset", "-q", "--hard", at)
    there.git("branch", "-D", "theirs")


@pytest.mark.slow
def test_changes_to_two_cells_are_merged(there, branch):
    both_change(
        there, branch, ours=("study.question", "study.title"), theirs=("ce.load_data(study)", "ce.load_data(study )")
    )
    merged = "\n".join(c.source for c in there.stored(DATA, "HEAD").cells)
    assert "study.title" in merged
    assert "ce.load_data(study )" in merged
    assert there.git("status", "--short") == ""


def test_a_conflict_leaves_a_notebook_that_opens(there, branch):
    both_change(there, branch, ours=("study.question", "study.title"), theirs=("study.question", "study.brief"))
    assert f"UU {DATA}" in there.git("status", "--short")
    held = nbformat.read(there.project / DATA, as_version=4)  # text merged line by line would not be JSON any more
    nbformat.validate(held)
    (cell,) = [c for c in held.cells if "study.title" in c.source]
    assert "study.brief" in cell.source
    assert "<<<<<<<" in cell.source


def test_nothing_of_the_user_is_changed_and_nothing_is_there_to_be_committed(tmp_path):
    made = place(tmp_path)
    made.lab("--set-up")
    assert (made.home / ".gitconfig").read_text("utf-8") == THEIRS
    assert [p.name for p in made.home.iterdir()] == [".gitconfig"]
    new = {line.split("/")[0] for line in made.git("status", "--short").split("?? ") if line}
    assert new == {"notebooks", "params"}
    assert "curv" not in made.git("config", "--global", "--list")


def test_doing_it_twice_changes_nothing(tmp_path):
    made = place(tmp_path)
    made.lab("--set-up")
    first = state(made)
    again = made.lab("--set-up")
    assert state(made) == first
    assert "notebooks/: as they came with the package" in again


def state(made):
    git = made.project / ".git"
    return (git / "config").read_text("utf-8"), attributes(made)


def attributes(made):
    path = made.project / ".git" / "info" / "attributes"
    return path.read_text("utf-8") if path.exists() else None


@pytest.mark.parametrize("before", [None, "*.csv diff=table\n# theirs\n"])
def test_undoing_it_leaves_git_as_it_was(before, tmp_path):
    made = place(tmp_path)
    if before:
        (made.project / ".git" / "info").mkdir(exist_ok=True)
        (made.project / ".git" / "info" / "attributes").write_text(before, "utf-8")
    was = state(made)
    made.lab("--set-up")
    assert state(made) != was
    said = made.lab("--undo")
    assert said == ["git: notebooks are stored, compared and merged as any other file again", ".lab/: removed"]
    assert state(made) == was
    assert not (made.project / ".lab").exists()
    assert (made.project / DATA).is_file()
    with_outputs(made.project / DATA)
    made.git("add", DATA)
    assert "9071263408" in made.git("show", f":./{DATA}")
    assert made.lab("--undo") == ["nothing was set up here"]


def test_another_filter_is_left_and_said(tmp_path):
    made = place(tmp_path)
    (made.project / ".gitattributes").write_text("*.ipynb filter=lfs diff=lfs\n", "utf-8")
    said = made.lab("--set-up")
    assert "git: notebooks already have filter=lfs; it was left" in said
    assert "git: notebooks already have diff=lfs; it was left" in said
    assert not [line for line in said if "stripped" in line or "git diff" in line]
    assert "git: notebooks are merged by cell (nbdime)" in said
    assert made.git("check-attr", "filter", "merge", "--", DATA).split("\n")[:2] == [
        f"{DATA}: filter: lfs", f"{DATA}: merge: curv-notebook"
    ]  # fmt: skip


@pytest.mark.parametrize("inside", ["our work [1]/Prüfung"])
def test_of_a_larger_repository_only_this_project_is_concerned(inside, tmp_path):
    made = place(tmp_path, inside)
    made.lab("--set-up")
    top = tmp_path / "repository"
    (top / "elsewhere").mkdir()
    for path in (made.project / DATA, made.project / "deeper" / "own.ipynb", top / "elsewhere" / "own.ipynb"):
        path.parent.mkdir(exist_ok=True)
        if not path.exists():
            shutil.copyfile(NOTEBOOKS / "data.ipynb", path)
        with_outputs(path)
    made.git("add", "-A", str(top))
    assert "9071263408" not in made.git("show", f":./{DATA}")
    assert "9071263408" not in made.git("show", ":./deeper/own.ipynb")
    assert "9071263408" in made.git("show", ":elsewhere/own.ipynb")


@pytest.mark.slow
def test_undoing_one_of_two_projects_leaves_the_other(tmp_path):
    one = place(tmp_path, "one")
    other = type(one)(tmp_path / "repository" / "other", one.home, one.env)
    shutil.copytree(one.project, other.project)
    for made in (one, other):
        made.lab("--set-up")
    one.lab("--undo")
    with_outputs(one.project / DATA)
    with_outputs(other.project / DATA)
    one.git("add", "-A", ".", "../other")
    assert "9071263408" in one.git("show", f":./{DATA}")
    assert "9071263408" not in other.git("show", f":./{DATA}")


def test_where_the_filter_cannot_run_outputs_are_refused_and_not_stored(tmp_path):
    made = place(tmp_path)
    made.lab("--set-up")
    clean = made.git("config", "filter.curv-notebook.clean")
    made.git("config", "filter.curv-notebook.clean", "/nowhere/bin/python " + clean.split(" ", 1)[1])
    with_outputs(made.project / DATA)
    assert "curv-notebook" in made.fails("add", DATA)
    assert made.git("ls-files", DATA) == ""


def test_the_python_that_is_called_may_lie_in_a_folder_with_spaces(monkeypatch):
    from curv_eval.lab import commits

    monkeypatch.setattr(commits.sys, "executable", "/our tools/it's/python")
    held = commits.configuration()
    for name in ("filter.curv-notebook.clean", "diff.curv-notebook.command", "merge.curv-notebook.driver"):
        assert held[name].startswith("""'/our tools/it'"'"'s/python' -P -m nb""")


def test_outside_a_repository_it_says_so_and_goes_on(tmp_path):
    made = place(tmp_path, repository=False)
    made.env["GIT_CEILING_DIRECTORIES"] = str(tmp_path)
    said = made.lab("--set-up")
    assert said[-1].startswith("git: this is not in a repository, so nothing was set")
    assert (made.project / ".lab").is_dir()
    assert made.lab("--undo") == [".lab/: removed"]


def test_the_page_shows_what_is_printed_in_a_checkout(tmp_path, monkeypatch, capsys):
    from curv_eval.lab import copies, set_up

    made = place(tmp_path)
    shutil.copytree(NOTEBOOKS, made.project / "notebooks")
    monkeypatch.setattr(copies, "shipped", lambda name: made.project / name)
    said = set_up(made.project)
    page = (ROOT / "docs" / "in-jupyterlab.md").read_text("utf-8")
    (shown,) = re.findall(r"\$ curv-eval lab --set-up\n(.*?)```", page, re.S)
    assert shown.splitlines() == said


def test_a_paired_script_holds_cells_and_tags_and_is_read_back(there):
    def jupytext(*words):
        done = subprocess.run(
            [*python(), "-m", "jupytext", *words], cwd=there.project, env=there.env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr

    with_outputs(there.project / DATA)
    before = nbformat.read(there.project / DATA, as_version=4)
    jupytext("--set-formats", "ipynb,py:percent", DATA)
    script = there.project / "notebooks" / "data.py"
    text = script.read_text("utf-8")
    assert '# %% tags=["parameters"]' in text
    assert "ce.load_data(study)" in text
    for unwanted in ("9071263408", "3.11.99", "iopub", "data-00"):
        assert unwanted not in text
    script.write_text(text.replace("study.question", "study.title"), "utf-8")
    jupytext("--sync", "notebooks/data.py")
    after = nbformat.read(there.project / DATA, as_version=4)
    changed = [(one[3], other[3]) for one, other in zip(cells(before), cells(after), strict=True) if one != other]
    assert [pair for pair in changed if pair[0] == pair[1]] == []  # same source: same id and tags
    assert ["study.title" in other for _, other in changed] == [True]
    assert after.metadata.curv_eval == before.metadata.curv_eval
    assert sum(bool(c.get("outputs")) for c in after.cells) >= len([c for c in before.cells if c.get("outputs")]) - 1


def python():
    import sys

    return [sys.executable]


def test_no_notebook_is_paired_by_itself():
    for path in NOTEBOOKS.rglob("*.ipynb"):
        if ".ipynb_checkpoints" not in path.parts:
            assert "jupytext" not in json.loads(path.read_text("utf-8"))["metadata"], path.name
    assert "\nformats" not in (NOTEBOOKS / "jupytext.toml").read_text("utf-8")
