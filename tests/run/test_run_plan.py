"""What a plan says: fresh, or why not, named to the parameter, the file, the package; and how long that takes."""

import functools
import json
import os
import shutil
import time
from dataclasses import replace

import pytest
from projects import STREET, change, copied, curv_eval, finished, plain_study, project, small_data

from curv_eval import inputs
from curv_eval.run.planning import moved_to, plan, plan_study, with_guesses
from curv_eval.run.progress import spell
from curv_eval.run.records import read_record
from curv_eval.study import load_study


@functools.cache
def planned_project():
    """A project with one finished run on small data, shared: copy it to change anything."""
    folder = project("planned", data=small_data(), keep=True)
    said = curv_eval(folder, "run", "params/study.yaml", "--no-brief")
    assert said.code == 0, said.err
    return folder


@pytest.fixture
def held(tmp_path):
    folder = tmp_path / "held"
    shutil.copytree(planned_project(), folder)
    return folder


def because(folder, *words):
    said = curv_eval(folder, "plan", "params/study.yaml", *words)
    assert said.code == 0, said.err
    return [line.strip() for line in said.out.splitlines() if line.startswith("  ")]


def fresh(folder):
    return curv_eval(folder, "plan", "params/study.yaml").out.startswith("demo: fresh (")


def test_a_finished_run_is_fresh_and_a_new_project_was_never_run(held):
    assert fresh(held)
    assert because(project(data=small_data())) == ["it was never run"]


def test_times_of_files_and_comments_change_nothing(held):
    later = time.time() + 1000
    for path in held.rglob("*"):
        if path.is_file():
            os.utime(path, (later, later))
    study = held / "params" / "study.yaml"
    study.write_text(
        "# a remark\n" + study.read_text("utf-8").replace("seed: 20261123\n", "seed:   20261123 # so\n"), "utf-8"
    )
    assert fresh(held)


def test_a_changed_parameter_is_named_with_both_values(held):
    change(held / "params" / "study.yaml", "smallest_worthwhile: 0.10", "smallest_worthwhile: 0.2")
    assert because(held) == ["parameter changed: smallest_worthwhile: 0.1 -> 0.2"]


def test_several_changes_are_all_named(held):
    change(held / "params" / "study.yaml", "smallest_worthwhile: 0.10", "smallest_worthwhile: 0.2")
    change(held / "params" / "study.yaml", "seed: 20261123\nsmallest", "seed: 5\nsmallest")
    (held / "data" / "ae_assaults.csv").write_bytes((held / "data" / "ae_assaults.csv").read_bytes() + b"\n")
    found = because(held)
    assert "parameter changed: smallest_worthwhile: 0.1 -> 0.2" in found
    assert "parameter changed: seed: 20261123 -> 5" in found
    assert "data changed: ae_assaults/ae_assaults.csv" in found


def test_a_file_of_data_that_is_gone_or_new_is_named(held):
    street = held / "data" / STREET
    month = sorted(street.iterdir())[-1]
    shutil.copytree(month, street / "2025-01")
    (found,) = because(held)
    assert found.startswith("data changed: police_uk_street/2025-01/")
    assert found.endswith("is new")
    shutil.rmtree(street / "2025-01")
    assert fresh(held), "what was put back is fresh again"


def test_a_changed_contract_is_named(held):
    from pathlib import Path

    home = held / "data_contracts"
    home.mkdir()
    text = (Path(__file__).parents[2] / "data_contracts" / "ae_assaults.yaml").read_text("utf-8")
    (home / "ae_assaults.yaml").write_text(text, "utf-8")
    assert fresh(held), "the same contract in another place"
    (home / "ae_assaults.yaml").write_text(text + "\n", "utf-8")
    assert because(held) == ["a contract changed: ae_assaults"]


@pytest.mark.parametrize(("what", "name", "said"), [
    ("code", "methods/imputation.py", "the program changed: methods/imputation.py"),
    ("environment", "numpy", "the environment changed: numpy"),
    ("notebooks", "effect", "a notebook changed: effect"),
])  # fmt: skip
def test_code_environment_and_notebooks_are_named(held, monkeypatch, what, name, said):
    real = inputs.inputs

    def changed(*args, **kwargs):
        found = real(*args, **kwargs)
        return {**found, what: {**found[what], name: "another"}}

    monkeypatch.setattr(inputs, "inputs", changed)
    found = because(held)
    assert found[0] == said
    if what == "notebooks":
        assert found[1:] == ["data and power are done already"], "what came before it need not run again"
    else:
        assert found[1:] == []


def test_a_notebook_is_what_it_does_and_not_what_it_shows(tmp_path):
    from pathlib import Path

    path = tmp_path / "effect.ipynb"
    held = json.loads((Path(__file__).parents[2] / "notebooks" / "effect.ipynb").read_text("utf-8"))
    path.write_text(json.dumps(held), "utf-8")
    before = inputs._source(path)
    held["metadata"]["kernelspec"] = {"name": "other"}
    held["cells"][2]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x"}]
    path.write_text(json.dumps(held, indent=4), "utf-8")
    assert inputs._source(path) == before
    held["cells"][2]["source"] += "\n1"
    path.write_text(json.dumps(held), "utf-8")
    assert inputs._source(path) != before


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": 1}', '{"cells": [{}], "metadata": {}}'])
def test_a_truncated_notebook_is_said(tmp_path, text):
    from curv_eval.errors import RunError

    path = tmp_path / "effect.ipynb"
    path.write_text(text, "utf-8")
    with pytest.raises(RunError, match="is not a whole notebook"):
        inputs._source(path)


DAMAGE = {
    "release/results.json is gone": lambda run: (run / "release" / "results.json").unlink(),
    "release/results.json has another size": lambda run: (run / "release" / "results.json").write_text("{}"),
    "has no readable manifest.json": lambda run: (run / "manifest.json").write_text('{"schema": 2'),
    "manifest schema None, expected 2": lambda run: (run / "manifest.json").write_text("[]"),
    "manifest schema 1, expected 2": lambda run: (run / "manifest.json").write_text('{"schema": 1}'),
    "manifest.json is not whole": lambda run: (run / "manifest.json").write_text('{"schema": 2}'),
}


@pytest.mark.parametrize("said", DAMAGE)
def test_a_damaged_run_is_not_fresh_and_is_put_right_from_its_notebooks(held, said):
    home = held / "outputs" / "demo"
    run = home / (home / "latest").read_text("utf-8").strip()
    before = inputs.tree(run / "release")
    DAMAGE[said](run)
    found = because(held)
    assert found[0].startswith("its finished run was damaged: ")
    assert said in found[0]
    assert found[1] == "data and power and effect are done already"
    told = curv_eval(held, "run", "params/study.yaml", "--no-brief")
    assert (told.code, told.err) == (0, "")
    assert inputs.tree(run / "release") == before
    assert fresh(held)


def test_a_damaged_notebook_s_folder_is_made_again(held):
    home = held / "outputs" / "demo"
    (step,) = (home / "effect").iterdir()
    (step / "restricted" / "effect.ipynb").write_text("{")
    shutil.rmtree(home / (home / "latest").read_text("utf-8").strip())
    told = curv_eval(held, "run", "params/study.yaml", "--no-brief")
    assert (told.code, told.err) == (0, "running effect\n")


def test_the_time_of_a_plan_is_that_of_the_last_run(held):
    change(held / "params" / "study.yaml", "smallest_worthwhile: 0.10", "smallest_worthwhile: 0.2")
    study = load_study(held / "params" / "study.yaml")
    made = plan_study(study, data=held / "data")
    records = [json.loads(path.read_text("utf-8")) for path in (held / "outputs" / "demo").glob("*/*/run.json")]
    assert made.seconds == pytest.approx(sum(one["seconds"] for one in records))
    assert f"about {spell(made.seconds)} with one job" in curv_eval(held, "plan", "params/study.yaml").out


def test_a_study_that_never_ran_is_expected_to_take_as_long_as_the_others(held):
    study = load_study(held / "params" / "study.yaml")
    known = plan_study(study, data=held / "data")
    never = replace(known, seconds=None, because=("there is no finished run",))
    assert with_guesses([never, replace(known, seconds=7.0)])[0].seconds == 7.0
    assert with_guesses([never])[0].seconds is None
    took = sum(read_record(step.folder)["seconds"] for step in known.steps)
    assert with_guesses([never, known])[0].seconds == pytest.approx(took)


def test_the_plan_for_programs(held):
    (line,) = curv_eval(held, "plan", "params/study.yaml", "--json").out.splitlines()
    found = json.loads(line)
    assert found["fresh"] is True
    assert found["left"] == []
    assert set(found) == {"study", "key", "fresh", "because", "seconds", "left"}


def test_faults_of_several_files_come_at_once():
    folder = project(data=small_data())
    (folder / "params" / "second.yaml").write_text(plain_study().replace("seed: ", "sed: "), "utf-8")
    (folder / "params" / "third.yaml").write_text("nothing", "utf-8")
    said = curv_eval(folder, "plan", "params/second.yaml", "params/third.yaml", "params/study.yaml")
    assert said.code == 2
    assert "second.yaml is not a study yet" in said.err
    assert "third.yaml holds no" in said.err


def test_two_files_with_one_name_are_refused():
    folder = project(data=small_data())
    shutil.copy(folder / "params" / "study.yaml", folder / "params" / "other.yaml")
    said = curv_eval(folder, "plan", "params/study.yaml", "params/other.yaml")
    assert said.code == 2
    assert "two files hold a study of the same name" in said.err
    assert "params/other.yaml" in said.err


def test_what_a_study_says_wrong_comes_before_what_its_data_lack():
    folder = project(study=plain_study().replace("method: callaway_santanna", "method: calaway_santanna"))
    said = curv_eval(folder, "plan", "params/study.yaml")
    assert said.code == 2
    assert "callaway_santanna" in said.err


def test_a_run_made_elsewhere_to_compare_starts_from_nothing(held, tmp_path):
    study = load_study(held / "params" / "study.yaml")
    made = moved_to(plan_study(study, data=held / "data"), tmp_path / "elsewhere")
    assert not made.fresh
    assert not any(step.done for step in made.steps)
    assert all(str(step.folder).startswith(str(tmp_path / "elsewhere")) for step in made.steps)


def test_keys_of_notebooks_follow_each_other():
    found = {"notebooks": {"data": "a", "power": "b", "effect": "c"}, "study": "s"}
    keys = inputs.step_keys(found)
    later = inputs.step_keys({**found, "notebooks": {"data": "a", "power": "x", "effect": "c"}})
    assert keys["data"] == later["data"]
    assert keys["power"] != later["power"]
    assert keys["effect"] != later["effect"], "what follows a changed notebook is made again"
    other = inputs.step_keys({**found, "study": "t"})
    assert not {*keys.values()} & {*other.values()}


def test_a_plan_reads_each_file_once(held, monkeypatch):
    (held / "params" / "study.yaml").write_text(
        (held / "params" / "study.yaml").read_text("utf-8") + "sweep: { grid: { seed: [1, 2, 3, 4, 5] } }\n", "utf-8"
    )
    read, real = [], inputs.sha256
    monkeypatch.setattr(inputs, "sha256", lambda path: read.append(path) or real(path))
    monkeypatch.chdir(held)
    monkeypatch.delenv("CURV_EVAL_DATA", raising=False)
    assert len(plan([held / "params" / "study.yaml"], data=held / "data")) == 5
    assert len(read) == len(set(read))


def test_the_demo_s_finished_run_records_every_notebook():
    run = finished().run
    steps = json.loads((run / "manifest.json").read_text("utf-8"))["steps"]
    assert [step["notebook"] for step in steps] == ["data", "power", "effect"]
    for step in steps:
        assert step["seconds"] > 0
        assert step["peak_memory"] > 50_000_000
        assert step["kernel"] == "warm"
        assert len(step["cells"]) > 5


def test_an_executed_notebook_names_no_place_of_this_machine():
    run = finished().run
    for path in (run / "restricted").glob("*.ipynb"):
        text = path.read_text("utf-8")
        assert str(finished().project) not in text
        assert "/tmp/" not in text
        assert 'params = \\"study.yaml\\"' in text


def test_a_run_in_another_folder_is_fresh_there_too():
    folder, _ = copied()
    said = curv_eval(folder, "plan", "params/demo.yaml")
    assert said.out.startswith("demo: fresh (")
