"""The template folder is a Quarto project that renders as it is, with an example bundle of made-up data."""

import json
import shutil

from curv_eval.publish import assemble, lint, render
from curv_eval.shipped import shipped


def test_the_template_with_its_example_is_inside_the_subset():
    assert lint(shipped("briefs")) == []


def test_the_example_is_labelled_made_up_and_draft():
    held = json.loads((shipped("briefs") / "bundle" / "results.json").read_text("utf-8"))
    status = (shipped("briefs") / "bundle" / "parts" / "_status.md").read_text("utf-8")
    assert held["made_up"] is True
    assert "Made-up data" in status
    assert "Draft" in status


def test_the_example_renders_in_a_copy_of_the_folder(tmp_path):
    folder = tmp_path / "briefs"
    shutil.copytree(shipped("briefs"), folder)
    made = render(folder, engine="builtin")
    assert sorted(made) == ["docx", "html", "pdf"]
    assert all(path.stat().st_size > 10_000 for path in made.values())


def test_no_brief_inherits_from_the_example(tmp_path):
    run = tmp_path / "run"
    shutil.copytree(shipped("briefs") / "bundle", run / "release")
    (run / "release" / "parts" / "_status.md").unlink()
    (run / "release" / "figures" / "area_map.csv").unlink()
    brief = assemble(run, tmp_path / "brief", approved=False)
    assert not (brief / "bundle" / "figures" / "area_map.csv").exists()
