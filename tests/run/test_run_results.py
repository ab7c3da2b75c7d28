"""The findings of a sweep side by side: a row for each study, from released results alone."""

import csv
import json
from dataclasses import replace

import pytest
from projects import DEMO, copied, curv_eval, finished, project

from curv_eval.errors import StudyError
from curv_eval.run.planning import Planned
from curv_eval.run.results import line, results, summed_up, write_results
from curv_eval.study import load_studies, swept

SWEEP = "\nsweep: { grid: { seed: [1, 2, 3], design.alpha: [0.05, 0.1] } }\n"


@pytest.fixture
def planned(tmp_path):
    """Return the plan of a sweep whose first five studies are finished: relative changes, None for withheld."""

    def made(*changes):
        path = tmp_path / "sweep.yaml"
        path.write_text(DEMO + SWEEP, "utf-8")
        found = []
        for number, study in enumerate(load_studies(path)):
            folder = tmp_path / "outputs" / study.study / f"key{number}"
            fresh = number < len(changes)
            if fresh:
                (folder / "release").mkdir(parents=True)
                (folder / "release" / "results.json").write_text(json.dumps(released(study, changes[number])), "utf-8")
            because = () if fresh else ("it was never run",)
            found.append(Planned(study, tmp_path, {}, folder, (), because, None))
        return found

    return made


def released(study, change):
    low, high = (None, None) if change is None else (change - 0.1, change + 0.1)
    row = {"term": "relative", "estimate": change, "conf_low": low, "conf_high": high}
    tables = {f"results_{study.primary.name}": {"rows": [{"term": "average", "estimate": 5.0}, row]}}
    return {"tables": tables, "values": {"headline": f"Violence changed by {change}."}}


def test_there_is_a_row_for_each_study_with_what_the_sweep_set(planned):
    rows = results(planned(-0.2, -0.3))
    assert len(rows) == 6
    assert [row.chosen for row in rows[:3]] == [
        {"seed": 1, "design.alpha": 0.05}, {"seed": 1, "design.alpha": 0.1}, {"seed": 2, "design.alpha": 0.05},
    ]  # fmt: skip
    assert rows[0].change == pytest.approx((-0.2, -0.3, -0.1))
    assert rows[0].outcome == "violent incidents recorded by the police"
    assert rows[2].change is None
    assert rows[2].state == "it was never run"


def test_a_line_says_the_change_and_its_interval(planned):
    first, second, third, *_ = results(planned(-0.2, None))
    assert line(first).endswith("(seed 1, alpha 0.05): -20.0% (-30.0% to -10.0%)")
    assert line(second).endswith(": withheld")
    assert line(third).endswith("no finding, it was never run")


def test_the_end_says_how_the_findings_lie_and_warns(planned):
    said = summed_up(results(planned(-0.2, -0.3, 0.05, 0.4, None)))
    assert said.startswith("6 studies, 4 with a finding, from -30.0% to +40.0%")
    assert "below 0 in 2 and above 0 in 1" in said
    assert "the study that was planned is the finding" in said
    assert summed_up(results(planned())) == "6 studies, none with a finding"


def test_the_file_has_a_column_for_each_key(planned, tmp_path):
    path = tmp_path / "rows.csv"
    write_results(results(planned(-0.2, None)), path)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["study", "run", "seed", "design.alpha", "outcome", "change", "from", "to", "finding"]
    assert [row["change"] for row in rows] == ["-0.2", "withheld", "", "", "", ""]
    assert rows[0]["seed"] == "1"
    assert rows[0]["finding"] == "Violence changed by -0.2."
    assert rows[2]["finding"] == "it was never run"


def test_a_file_that_is_there_is_not_written_over(planned, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("mine", "utf-8")
    with pytest.raises(FileExistsError):
        write_results(results(planned(-0.2)), path)
    assert path.read_text("utf-8") == "mine"


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "@SUM(A1)", "-2"])
def test_what_a_spreadsheet_would_run_is_neutralised(planned, tmp_path, text):
    first = replace(results(planned(-0.2))[0], finding=text, chosen={"words": text})
    write_results([first], tmp_path / "rows.csv")
    rows = list(csv.reader((tmp_path / "rows.csv").read_text("utf-8").splitlines()))
    assert text not in rows[1]


def test_a_study_without_a_sweep_has_nothing_set(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(DEMO, "utf-8")
    assert swept(path) == {}


def test_names_are_those_of_the_studies(tmp_path):
    path = tmp_path / "sweep.yaml"
    path.write_text(DEMO + SWEEP, "utf-8")
    assert list(swept(path)) == [study.study for study in load_studies(path)]
    path.write_text(DEMO + "\nsecret_key: abc\nsweep: 3\n", "utf-8")
    with pytest.raises(StudyError):
        load_studies(path)


def test_a_run_without_the_primary_result_is_told_as_withheld(planned):
    (first, *_) = planned(-0.2)
    held = json.loads((first.folder / "release" / "results.json").read_text("utf-8"))
    held["tables"] = {}
    (first.folder / "release" / "results.json").write_text(json.dumps(held), "utf-8")
    assert results([first])[0].change is None


def test_the_command_on_a_finished_run():
    said = curv_eval(finished().project, "results", "params/demo.yaml")
    assert said.code == 0, said.err
    assert said.out.splitlines()[0] == "demo: -21.3% (-26.3% to -16.0%)"
    assert "1 with a finding" in said.out


def test_the_command_writes_a_file_once():
    folder, _ = copied()
    assert curv_eval(folder, "results", "params/demo.yaml", "--csv", "rows.csv").code == 0
    assert len((folder / "rows.csv").read_text("utf-8").splitlines()) == 2
    again = curv_eval(folder, "results", "params/demo.yaml", "--csv", "rows.csv")
    assert again.code != 0
    assert "is there already" in again.err
    nowhere = curv_eval(folder, "results", "params/demo.yaml", "--csv", "no/rows.csv")
    assert "there is no folder no" in nowhere.err


def test_a_study_that_was_corrected_has_no_finding_until_it_is_run():
    folder, _ = copied()
    path = folder / "params" / "demo.yaml"
    path.write_text(path.read_text("utf-8").replace("\nseed: ", "\nseed: 1"), "utf-8")
    said = curv_eval(folder, "results", "params/demo.yaml")
    assert "no finding, parameter changed: seed" in said.out
    assert "none with a finding" in said.out


def test_a_project_without_a_run():
    folder = project(study=DEMO)
    said = curv_eval(folder, "results", "params/study.yaml")
    assert "no finding, it was never run" in said.out


def test_the_folder_of_data_is_handed_on(monkeypatch):
    seen = {}

    def plan(files, *, data):
        seen.update(data=data)
        return []

    monkeypatch.setattr("curv_eval.run.planning.plan", plan)
    said = curv_eval(finished().project, "results", "params/demo.yaml", "--data", "elsewhere")
    assert said.out.strip() == "0 studies, none with a finding"
    assert str(seen["data"]) == "elsewhere"
