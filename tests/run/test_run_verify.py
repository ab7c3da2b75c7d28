"""verify names everything that moved since a run was made; a review holds for exactly what was reviewed."""

import json
import shutil

import pytest
from projects import ROOT, STREET, change, copied, curv_eval

from curv_eval.review import approved


@pytest.fixture
def project():
    folder, run = copied()
    shutil.copytree(ROOT / "data_contracts", folder / "data_contracts")
    return folder, run


def data_of(folder):
    return next((folder / "outputs" / "demo").glob("made-up-data-*"))


def add_a_byte(path):
    path.write_bytes(path.read_bytes() + b"\n")


def test_nothing_moved(project):
    said = curv_eval(project[0], "verify", "demo")
    assert (said.code, said.err) == (0, "")
    compared = "outputs, study, contracts, data, code, notebooks and environment"
    assert said.out == f"{project[1].name}: nothing moved ({compared})\n"


CHANGES = {
    "output: release/results.json changed": lambda f, r: add_a_byte(r / "release" / "results.json"),
    "output: release/tables/placed.csv is gone": lambda f, r: (r / "release" / "tables" / "placed.csv").unlink(),
    "output: release/extra.csv is new": lambda f, r: (r / "release" / "extra.csv").write_text("x"),
    "output: restricted/panel.npz changed": lambda f, r: add_a_byte(r / "restricted" / "panel.npz"),
    "output: study.yaml changed": lambda f, r: add_a_byte(r / "study.yaml"),
    "study: demo.yaml changed": lambda f, r: change(
        f / "params" / "demo.yaml", "seed: 20261123\nsmallest", "seed: 1\nsmallest"
    ),
    "study: demo.yaml changed, and cannot be read": lambda f, r: (f / "params" / "demo.yaml").write_text("x"),
    "contracts: ae_assaults changed": lambda f, r: add_a_byte(f / "data_contracts" / "ae_assaults.yaml"),
    "data: ae_assaults/ae_assaults.csv changed": lambda f, r: add_a_byte(data_of(f) / "ae_assaults.csv"),
    "data: vcse_sessions/vcse_sessions.csv is gone": lambda f, r: (data_of(f) / "vcse_sessions.csv").unlink(),
    "data: police_uk_street/2022-01/2022-01-made-up-street.csv changed": lambda f, r: add_a_byte(
        data_of(f) / STREET / "2022-01" / "2022-01-made-up-street.csv"
    ),
    "data: police_uk_street/2025-01/note.csv is new": lambda f, r: (
        (data_of(f) / STREET / "2025-01").mkdir(),
        (data_of(f) / STREET / "2025-01" / "note.csv").write_text("x"),
    ),
    "manifest: manifest.json was edited": lambda f, r: (
        change(r / "manifest.json", '"demo.yaml"', '"demo.yaml" ')
        or change(r / "manifest.json", '"study": "', '"study": "0')
    ),
}


@pytest.mark.parametrize("moved", CHANGES)
def test_one_change_is_named_and_nothing_else(project, moved):
    CHANGES[moved](*project)
    said = curv_eval(project[0], "verify", "demo")
    assert said.code == 7
    lines = said.err.splitlines()
    assert lines[0] == f"RunError: {project[1].name} is not as it was made:"
    assert f"  {moved}" in lines
    assert len([line for line in lines[1:] if not line.startswith("  do: ")]) == (2 if "manifest" in moved else 1)
    assert lines[-1].startswith("  do: bring back what moved, or run the study again")
    assert "Traceback" not in said.err


def test_every_change_is_named_at_once(project):
    add_a_byte(project[1] / "release" / "results.json")
    add_a_byte(data_of(project[0]) / "ae_assaults.csv")
    said = curv_eval(project[0], "verify", "demo")
    assert "  output: release/results.json changed" in said.err
    assert "  data: ae_assaults/ae_assaults.csv changed" in said.err


def test_without_its_study_only_outputs_are_compared_and_verify_says_so(project):
    (project[0] / "params" / "demo.yaml").unlink()
    said = curv_eval(project[0], "verify", "demo")
    assert said.code == 0
    assert "nothing moved (outputs only: params/demo.yaml is not here)" in said.out


def test_without_its_data_everything_else_is_compared_and_verify_says_so(project):
    from projects import small_data

    folder, _ = plain_run(small_data())
    shutil.rmtree(folder / "data")
    said = curv_eval(folder, "verify", "demo")
    assert said.code == 0
    assert "contracts, code, notebooks and environment; the data folder is not here" in said.out
    change(folder / "params" / "study.yaml", "seed: 20261123\nsmallest", "seed: 1\nsmallest")
    assert "study: study.yaml changed" in curv_eval(folder, "verify", "demo").err
    said = curv_eval(folder, "verify", "demo", "--data", "nowhere")
    assert said.code == 3
    assert "the data folder nowhere does not exist" in said.err


def plain_run(data):
    """Return a project with data of its own and a run folder made without notebooks."""
    from projects import project as new

    from curv_eval import manifest
    from curv_eval.data import contract_files
    from curv_eval.report.bundle import add_facts
    from curv_eval.run.folders import name_latest, staged
    from curv_eval.study import load_study

    folder = new(data=data)
    study = load_study(folder / "params" / "study.yaml")
    found = manifest.inputs(study, data=folder / "data", contracts=contract_files(study))
    final = folder / "outputs" / "demo" / manifest.key(found)
    with staged(final) as work:
        shutil.copyfile(study.path, work / "study.yaml")
        add_facts(work, made_up=True)
        manifest.write(work, study=study, found=found, times={})
    name_latest(final)
    return folder, final


def test_a_run_on_made_up_data_in_a_plain_folder_is_labelled_too():
    from projects import small_data

    _, run = plain_run(small_data())
    assert json.loads((run / "manifest.json").read_text("utf-8"))["made_up"] is True


def approve(folder, decision="approve"):
    return curv_eval(
        folder, "review", "demo", "--reviewer", "R. Viewer", "--decision", decision, "--findings", "read it"
    )


def documents(folder, run):
    from test_run_again import text_of

    said = curv_eval(folder, "brief", "demo")
    assert said.code == 0, said.err
    return {place: text_of(run / "brief", place) for place in ("html", "pdf", "docx", "source")}


def test_a_brief_is_a_draft_until_approved_and_a_draft_again_after_any_change(project):
    folder, run = project
    assert "DRAFT" in (run / "brief" / "study.html").read_text("utf-8")
    assert approve(folder).code == 0
    assert [place for place, text in documents(folder, run).items() if "DRAFT" in text] == []
    add_a_byte(run / "release" / "tables" / "placed.csv")
    assert [place for place, text in documents(folder, run).items() if "DRAFT" not in text] == []


@pytest.mark.parametrize("what", ["release/results.json", "restricted/panel.npz", "study.yaml", "manifest.json"])
def test_an_approval_ends_with_any_change_of_the_run(project, what):
    folder, run = project
    approve(folder)
    assert approved(run)
    add_a_byte(run / what)
    assert not approved(run)


@pytest.mark.parametrize("decision", ["revise", "refuse"])
def test_the_last_review_decides(project, decision):
    folder, run = project
    approve(folder)
    approve(folder, decision)
    assert not approved(run)
    approve(folder)
    assert approved(run)


def test_reviews_are_only_ever_added(project):
    folder, run = project
    held = []
    for decision in ("refuse", "revise", "approve"):
        assert approve(folder, decision).code == 0
        now = json.loads((run / "reviews.json").read_text("utf-8"))
        assert now[:-1] == held
        assert now[-1]["decision"] == decision
        assert now[-1]["reviewer"] == "R. Viewer"
        held = now


def test_a_tampered_run_cannot_be_reviewed(project):
    folder, run = project
    add_a_byte(run / "release" / "results.json")
    said = approve(folder)
    assert said.code == 7
    assert f"RunError: {run.name} was changed after it was made" in said.err
    assert "  output: release/results.json changed" in said.err
    assert "  do: run the study again" in said.err
    assert not (run / "reviews.json").exists()


def test_a_run_with_a_tampered_manifest_cannot_be_reviewed(project):
    folder, run = project
    change(run / "manifest.json", '"study": "', '"study": "0')
    assert approve(folder).code == 7
    assert not (run / "reviews.json").exists()


def test_damaged_reviews_are_not_written_over(project):
    folder, run = project
    (run / "reviews.json").write_text("[{")
    said = approve(folder)
    assert said.code == 7
    assert "reviews.json of" in said.err
    assert "is not readable" in said.err
    assert (run / "reviews.json").read_text() == "[{"


@pytest.mark.parametrize("name", ["demo", "outputs/demo", "demo/{key}", "outputs/demo/{key}", "{path}"])
def test_a_run_is_found_by_every_name_a_person_would_give(project, name):
    folder, run = project
    assert curv_eval(folder, "verify", name.format(key=run.name, path=run)).code == 0


def commands(monkeypatch):
    """Note what level 3 would run, and run nothing."""
    from curv_eval.run import fresh

    made = []

    def told(command, failed):
        made.append(command)
        return "run again, every released file is the same"

    monkeypatch.setattr(fresh, "_told", told)
    return made


def test_a_fresh_environment_is_built_from_the_lock_and_installed_from_the_checkout(project, monkeypatch):
    """Installed elsewhere it would not find the lock, which is part of every run's environment."""
    made = commands(monkeypatch)
    said = curv_eval(project[0], "verify", "demo", "--level", "3")
    assert said.code == 0, said.err
    build, locked, installed, again = made
    assert build[1:3] == ["-m", "venv"]
    assert "--require-hashes" in locked
    assert locked[-1] == str(ROOT / "requirements.lock")
    assert installed[-2:] == ["--editable", str(ROOT)]
    assert again[-4:] == [str(project[1]), "--level", "2", "--cold"]
    assert "every released file is the same" in said.out


@pytest.mark.slow
def test_a_run_is_made_again_in_an_environment_that_is_built_from_the_lock(project):
    said = curv_eval(project[0], "verify", "demo", "--level", "3")
    assert said.code == 0, said.err
    assert "run again, every released file is the same" in said.out
