"""What a run depends on changes while it runs: nothing is kept under the name of what was planned."""

import functools
import shutil

import pytest
from projects import change, plain_study, project, small_data

from curv_eval.errors import RunError
from curv_eval.run.notebooks import How
from curv_eval.run.planning import plan_study
from curv_eval.run.study_run import refuse_moved, run_planned
from curv_eval.shipped import shipped
from curv_eval.study import load_study


@functools.cache
def begun():
    """A project with contracts of its own, and no run."""
    folder = project("moved", data=small_data(), keep=True)
    (folder / "data_contracts").mkdir()
    text = (shipped("data_contracts") / "ae_assaults.yaml").read_text("utf-8")
    (folder / "data_contracts" / "ae_assaults.yaml").write_text(text, "utf-8")
    return folder


def fewer_rows(folder):
    path = folder / "data" / "ae_assaults.csv"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-40]))


def another_text(folder):
    path = folder / "data_contracts" / "ae_assaults.yaml"
    path.write_text(path.read_text("utf-8") + "# changed\n", "utf-8")


def another_seed(folder):
    change(folder / "params" / "study.yaml", "seed: 20261123", "seed: 8")


MOVES = {
    "data: ae_assaults/ae_assaults.csv changed": fewer_rows,
    "contracts: ae_assaults changed": another_text,
    "study: changed": another_seed,
}


@pytest.fixture
def held(tmp_path):
    shutil.copytree(begun(), tmp_path / "held")
    return tmp_path / "held"


def planned(folder):
    return plan_study(load_study(folder / "params" / "study.yaml"), data=folder / "data")


@pytest.mark.parametrize("said", MOVES)
def test_the_notebook_is_not_kept_and_what_moved_is_named(said, held):
    done = []

    def harm(event):
        if event["event"] == "kernel-started" and not done:
            done.append(MOVES[said](held))

    with pytest.raises(RunError) as fault:
        run_planned(planned(held), how=How(), tell=harm)
    assert fault.value.what == "what the data notebook depends on changed while it ran"
    assert said in fault.value.breaches
    assert not list((held / "outputs" / "demo").glob("*/*/run.json"))
    assert not list((held / "outputs" / "demo").glob("*/.partial*"))


def test_nothing_that_stayed_is_refused(held):
    refuse_moved(planned(held), "data")


def test_a_study_of_a_sweep_is_read_again_alone(tmp_path, monkeypatch):
    from curv_eval.study import reading

    text = plain_study() + "sweep: { grid: { seed: [1, 2, 3] } }\n"
    path = tmp_path / "many.yaml"
    path.write_text(text, "utf-8")
    every = reading.load_studies(path)
    looked, valid = [], reading._valid
    monkeypatch.setattr(reading, "_valid", lambda raw, **more: looked.append(raw["study"]) or valid(raw, **more))
    assert load_study(every[1].reference) == every[1]
    assert looked == [every[1].study]
