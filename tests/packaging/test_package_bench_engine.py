"""The bench of the engine: its ways find the same, its page is whole, and says what it shows."""

import importlib.util
import re
import sys
from pathlib import Path

import nbformat
import pytest

from curv_eval.kernels import warm

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "bench" / "engine.md").read_text("utf-8")


def loaded(name):
    spec = importlib.util.spec_from_file_location(f"bench_{name}", ROOT / "bench" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def engine():
    return loaded("engine")


def part(start, end):
    return re.search(rf"<!-- {start} -->(.*?)<!-- {end} -->", PAGE, re.S)[1]


def test_the_page_has_every_way(engine):
    rows = [line.split(" | ")[0].strip("| ") for line in part("measured", "end").splitlines() if line.startswith("| ")]
    assert rows[2:] == list(engine.WAYS)


def test_the_page_gives_its_ratios_from_one_run(engine):
    cells = {
        row.split(" | ")[0].strip("| "): [float(x) if re.fullmatch(r"[\d.]+", x) else x for x in row.split(" | ")[1:5]]
        for row in part("measured", "end").splitlines()
        if row.startswith(("| curv-eval", "| papermill", "| the cells"))
    }
    for jobs, processes in (("one job", "one process"), ("two jobs", "two processes")):
        ours, theirs = cells[f"curv-eval, {jobs}"], cells[f"papermill, {processes}"]
        assert ours[3] == pytest.approx(theirs[0] / ours[0], rel=0.05)
        assert ours[2] == pytest.approx(ours[0] / cells[f"the cells alone, {processes}"][0], rel=0.1)


def test_the_notebook_is_one_of_twelve_cells_and_a_valid_one(engine):
    made = engine.notebook()
    nbformat.validate(made)
    assert len(made.cells) == 13
    assert made.cells[0].metadata.tags == ["parameters"]


@pytest.mark.skipif(not warm.POSSIBLE, reason="kernels are forked on Linux")
def test_kernels_find_what_the_cells_alone_find(engine, tmp_path):
    nbformat.write(engine.notebook(), tmp_path / "in.ipynb")
    for name, way in (("alone", engine.cells_alone), ("ours", engine.ours_one)):
        folder = tmp_path / name
        folder.mkdir()
        nbformat.write(engine.notebook(), folder / "in.ipynb")
        way(1, str(folder))
    assert (tmp_path / "ours" / "0.json").read_text() == (tmp_path / "alone" / "0.json").read_text()
    done = nbformat.read(tmp_path / "ours" / "0.ipynb", as_version=4)
    assert any(out.output_type == "execute_result" for cell in done.cells[1:] for out in cell.outputs)
    assert (tmp_path / "ours" / "0.svg").is_file()


def test_a_sweep_of_the_bench_is_as_many_studies_as_asked(tmp_path):
    from curv_eval.run.preflight import preflight
    from curv_eval.study import load_studies

    sweep = loaded("sweep")
    (tmp_path / "params").mkdir()
    (tmp_path / "params" / "many.yaml").write_text(sweep.study(1000), "utf-8")
    studies = load_studies(tmp_path / "params" / "many.yaml")
    assert len(studies) == len({study.study for study in studies}) == 1000
    preflight(studies[0])
