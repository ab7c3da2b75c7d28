"""The engine refuses a release that names somebody, and the command says the same."""

import shutil

import pytest
from projects import DEMO, ROOT, change, curv_eval

from curv_eval import inputs
from curv_eval.data import contract_files
from curv_eval.errors import DisclosureError
from curv_eval.run.notebooks import How
from curv_eval.run.planning import Planned, Step
from curv_eval.run.records import write_record
from curv_eval.run.study_run import run_planned
from curv_eval.study import load_study


@pytest.fixture
def planned(tmp_path):
    """A run whose notebooks are all done: only what they made has to be put together."""
    return ready(tmp_path, DEMO)


def ready(folder, text):
    (folder / "params").mkdir()
    (folder / "params" / "demo.yaml").write_text(text, "utf-8")
    study = load_study(folder / "params" / "demo.yaml")
    step = Step("effect", "0123456789ab", folder / "outputs" / "demo" / "effect" / "0123456789ab", True)
    shutil.copytree(ROOT / "briefs" / "bundle", step.folder / "release")
    (step.folder / "restricted").mkdir()
    (step.folder / "restricted" / "people.csv").write_text("name,postcode\nLiam Taylor,TS1 3BX\n")
    kept = step.folder / "restricted" / "disclosure"
    kept.mkdir()
    for table in (step.folder / "release" / "tables").glob("*.csv"):
        (kept / table.name).write_text("row,column,decision,shown,count\n", "utf-8")
        (kept / f"{table.stem}.json").write_text(
            '{"title": "T", "rule": "open", "says": "", "attackable": null}', "utf-8"
        )
    record = {"notebook": "effect", "key": step.key, "seconds": 1.0, "started": "2026-01-01", "finished": "2026-01-02"}
    write_record(step.folder, record)
    found = {**inputs.inputs(study, data=None, contracts=contract_files(study)), "data": {}}
    return Planned(study, folder, found, folder / "outputs" / "demo" / inputs.key(found), (step,), ("new",), None)


def run(planned):
    return run_planned(planned, how=How(), tell=lambda event: None)


def release(planned):
    return planned.steps[0].folder / "release"


def again(planned):
    """Record what was changed in the folder of the notebook."""
    write_record(
        planned.steps[0].folder,
        {
            "notebook": "effect",
            "key": "0123456789ab",
            "seconds": 1.0,
            "started": "2026-01-01",
            "finished": "2026-01-02",
        },
    )
    return planned


def test_a_clean_release_becomes_a_run_whatever_is_restricted(planned):
    folder = run(planned)
    assert (folder / "manifest.json").is_file()
    said = curv_eval(planned.study.project, "scan", "demo")
    assert (said.code, said.err) == (0, "")
    assert "69 files read; nothing names or finds a person" in said.out


@pytest.mark.parametrize(
    ("name", "old", "new", "where"),
    [
        ("parts/_limits.md", "Real data", "TS1 3BX", "parts/_limits.md: full postcode in line 1"),
        ("figures/area_map.alt.txt", "Map", "Liam Taylor", "figures/area_map.alt.txt: name of a person in line 1"),
        ("tables/areas.csv", "area,", "surname,", "tables/areas.csv: column about single persons in row 1"),
        (
            "figures/event_study.svg",
            "<text",
            "<text aria-label='jo@nhs.net'",
            "event_study.svg: e-mail address in element",
        ),
    ],
)
def test_a_release_that_names_somebody_is_refused_and_nothing_is_left(name, old, new, where, planned):
    change(release(planned) / name, old, new)
    with pytest.raises(DisclosureError) as refusal:
        run(again(planned))
    assert where in str(refusal.value)
    assert new not in str(refusal.value)
    assert not planned.folder.exists()
    assert not list(planned.folder.parent.glob(".partial*"))
    assert planned.steps[0].folder.exists()


def test_a_text_of_the_study_itself_is_held_to_the_same(tmp_path):
    planned = ready(tmp_path, DEMO.replace("The plan was written before", "Call 01642 774774. It was written before"))
    with pytest.raises(DisclosureError, match=r"parts/_registration\.md: telephone number"):
        run(planned)


def test_authors_contacts_and_stewards_may_sign(tmp_path):
    signed = DEMO.replace("The curv-eval authors", "Liam Taylor and Emily Jones").replace(
        "See the project's page.", "Write to liam.taylor@cleveland.police.uk or ring 01642 774774."
    )
    (tmp_path / "data_contracts").mkdir()
    shutil.copy(ROOT / "data_contracts" / "vcse_referrals.yaml", tmp_path / "data_contracts")
    change(
        tmp_path / "data_contracts" / "vcse_referrals.yaml",
        'controller, value: "',
        'controller, value: "Aisha Begum of ',
    )
    planned = ready(tmp_path, signed)
    said = "Made by Liam Taylor and Emily Jones, liam.taylor@cleveland.police.uk, 01642 774774; data of Aisha Begum."
    (release(planned) / "parts" / "_limits.md").write_text(said)
    assert run(again(planned)).is_dir()
    assert curv_eval(tmp_path, "scan", "demo").code == 0
    change(planned.folder / "release" / "parts" / "_limits.md", "Emily", "Oliver")
    refused = curv_eval(tmp_path, "scan", "demo")
    assert refused.code == 5
    assert "parts/_limits.md: name of a person in line 1" in refused.err
    assert "Oliver" not in refused.err


def test_the_command_reads_any_file_and_folder(tmp_path):
    (tmp_path / "x.md").write_text("nothing")
    said = curv_eval(tmp_path, "scan", "x.md")
    assert (said.code, said.out) == (0, "x.md: 1 file read; nothing names or finds a person\n")
    (tmp_path / "y.csv").write_text("nhs_number\n1\n")
    said = curv_eval(tmp_path, "scan", ".")
    assert said.code == 5
    assert "y.csv: column about single persons in row 1, column nhs_number" in said.err
    assert curv_eval(tmp_path, "scan", "nowhere").code == 7
