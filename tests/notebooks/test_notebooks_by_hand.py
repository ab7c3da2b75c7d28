"""The notebooks as a person runs them in JupyterLab: cell by cell, from their own folder, nothing changed but `folder`.

They run on the demo's made-up data, which are generated under outputs/ where they are missing.
"""

import json
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

HOME = Path(__file__).parents[2] / "notebooks"
ORDER = ("data", "power", "effect")


def opened(name, folder):
    """The notebook, with `folder` in its parameters cell redirected and every other default as it stands."""
    notebook = nbformat.read(HOME / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    (cell,) = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    cell.source, changed = re.subn(r'^folder = ".*"$', f"folder = {str(folder)!r}", cell.source, flags=re.M)
    assert changed == 1
    return notebook


def run(name, folder):
    notebook = opened(name, folder)
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(HOME)}})
    client.execute(cwd=str(HOME))
    return notebook


@pytest.fixture(scope="module")
def quiet():
    """Threads of one process only, no place of real data, as in a run from the command line."""
    patch = pytest.MonkeyPatch()
    patch.delenv("CURV_EVAL_DATA", raising=False)
    patch.setenv("OMP_NUM_THREADS", "1")
    patch.setenv("OPENBLAS_NUM_THREADS", "1")
    yield
    patch.undo()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="module")
def done(quiet, folder):
    return {name: run(name, folder) for name in ORDER}


def code(notebook):
    return [c for c in notebook.cells if c.cell_type == "code"]


def badge(cell):
    return "ce.freshness(" in cell.source


def asked(notebook):
    """The code cells but the badge, which speaks of runs and not of data."""
    return [c for c in code(notebook) if not badge(c)]


def texts(cell):
    """What a cell shows, as text."""
    for output in cell.outputs:
        yield output.get("text") or output.get("data", {}).get("text/plain", "")


@pytest.mark.parametrize("name", ORDER)
def test_every_cell_runs_and_nothing_is_complained_about(name, done):
    assert all(c.execution_count for c in code(done[name]))
    assert [o for c in code(done[name]) for o in c.outputs if o.output_type in ("stream", "error")] == []


def shown(cell):
    return "ce.show(" in cell.source


@pytest.mark.parametrize("name", ORDER)
def test_no_number_is_seen_before_a_released_table(name, done):
    # shapes only: how many units, periods, rows, cells; nothing with a decimal point, a sign or a percentage
    cells = asked(done[name])
    first = [shown(c) for c in cells].index(True)
    before = "\n".join(text for cell in cells[:first] for text in texts(cell))
    assert not re.search(r"\d[.]\d(?!\.\d)|[-+]\d|%", re.sub(r"v\d+\.\d+\.\d+", "", before)), before
    shapes = r"(units|periods|cohorts|never treated|datasets|rows|file\(s\)|cells|placebo draws|clusters)"
    left = re.sub(rf"\d[\d,]* (x \d+ )?{shapes}|v\d+\.\d+\.\d+", "", before.replace(" of ", " "))
    assert not re.search(r"\d", left.replace("A&E", "")), left


@pytest.mark.parametrize("name", ORDER)
def test_the_badge_stands_right_after_the_parameters(name, done):
    parameters, found = code(done[name])[:2]
    assert "parameters" in parameters.metadata["tags"]
    assert badge(found)
    (text,) = texts(found)
    assert text.partition(":")[0] in ("fresh", "stale", "never run"), text
    (output,) = found.outputs
    assert output["data"]["text/html"].startswith("<div><span style=")


@pytest.mark.parametrize("name", ORDER)
def test_no_cell_shows_a_table_that_was_not_released(name, done):
    for cell in asked(done[name]):
        if not shown(cell):
            assert not [o for o in cell.outputs if "text/html" in o.get("data", {}) or "image/png" in o.get("data", {})]


def test_the_panel_and_the_estimates_show_shapes(done):
    first = {name: [t for c in asked(done[name]) for t in texts(c)] for name in ORDER}
    panel = re.compile(r"<Panel: \d+ units x \d+ periods, \d+ cohorts, \d+ never treated>")
    assert [t for t in first["data"] if panel.fullmatch(t)]
    assert panel.fullmatch(first["power"][0])
    assert panel.fullmatch(first["effect"][0])
    assert "<Power: 200 placebo draws" in first["power"][1]


def test_together_they_leave_the_bundle_of_a_run(done, folder):
    release = folder / "release"
    results = json.loads((release / "results.json").read_text("utf-8"))
    assert results["made_up"] is True
    assert {"headline", "power", "relative", "months", "question"} <= set(results["values"])
    assert {"placed", "cohorts", "power", "results_police_violence", "event_study"} <= set(results["tables"])
    for name in ("area_map", "observed_expected", "event_study"):
        assert {p.name for p in (release / "figures").glob(f"{name}.*")} == {
            f"{name}.svg", f"{name}.png", f"{name}.csv", f"{name}.alt.txt"
        }  # fmt: skip
    parts = {p.stem for p in (release / "parts").glob("_*.md")}
    assert {"_headline", "_claim", "_results", "_checks", "_limits", "_map", "_data", "_method"} <= parts


def test_the_truth_lies_in_the_interval(done, folder):
    from curv_eval.study import load_study

    study = load_study(HOME.parent / "params" / "demo.yaml")
    rows = json.loads((folder / "release" / "results.json").read_text("utf-8"))["tables"]["results_police_violence"][
        "rows"
    ]
    (row,) = [r for r in rows if r["term"] == "relative"]
    assert row["conf_low"] <= study.made_up.effect <= row["conf_high"]


def test_the_notebooks_on_disk_are_as_before(done):
    for name in ORDER:
        held = nbformat.read(HOME / f"{name}.ipynb", as_version=4)
        assert not [c for c in code(held) if c.outputs or c.execution_count]


@pytest.mark.parametrize("name", ["power", "effect"])
def test_a_misspelt_folder_is_said_in_one_sentence(name, quiet, folder, tmp_path):
    with pytest.raises(CellExecutionError) as stop:
        run(name, tmp_path / "labb")
    assert stop.value.ename == "RunError"
    assert "this folder holds no panel yet" in stop.value.evalue
    assert "do: run the data notebook with the same `folder` first" in stop.value.evalue
    assert not (tmp_path / "labb").exists()


def test_the_defaults_name_places_that_exist():
    for name in ORDER:
        (cell,) = [
            c
            for c in nbformat.read(HOME / f"{name}.ipynb", as_version=4).cells
            if "parameters" in c.metadata.get("tags", [])
        ]
        given = dict(re.findall(r'^(\w+) = "(.*)"$', cell.source, re.M))
        assert list(given) == ["params", "folder"]
        assert (HOME / given["params"]).resolve().is_file()
        assert (HOME / given["folder"]).resolve().is_relative_to(HOME.parent / "outputs")
