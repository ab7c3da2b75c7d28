"""Which files belong to which contract: sweeps, made-up studies, runs of other versions, files of nobody."""

import json
import os
import shutil
from datetime import date

import pytest
from copies import AFTER, BEFORE, SECRET, TODAY, YESTERDAY, contract, file, run, sha, study, tree
from projects import DEMO, curv_eval, scratch

from curv_eval.audit import lines
from curv_eval.data import made_up_folder
from curv_eval.retention import Asked, listing, remove
from curv_eval.retention.claims import Claim, by_run, by_study, runs_of, studies_of
from curv_eval.retention.files import walked
from curv_eval.study import load_study


@pytest.fixture
def project():
    """A project whose agreement on referrals is over, with a study and a file of them."""
    folder = scratch()
    contract(folder, "vcse_referrals", BEFORE, YESTERDAY)
    study(folder)
    file(folder / "data" / "vcse_referrals.csv")
    return folder


def found(project, **asked):
    return listing(Asked(project, project / "data", TODAY, **asked))


def files(project, **asked):
    return [path.relative_to(project).as_posix() for one in found(project, **asked).held for path in one.files]


def test_studies_of_a_sweep_claim_each_place_once(project):
    path = project / "params" / "demo.yaml"
    path.write_text(path.read_text() + "\nsweep:\n  grid:\n    seed: [1, 2, 3]\n")
    studies, faults = studies_of(project)
    assert faults == []
    claims = list(by_study(studies, project / "data"))
    assert len(studies) == 3
    assert len({(one.contract, one.place) for one in claims}) == len(claims)
    assert files(project) == ["data/vcse_referrals.csv"]


def test_a_study_with_made_up_data_claims_its_own_folder_and_makes_nothing(project):
    (project / "params" / "demo.yaml").write_text(DEMO, "utf-8")
    shutil.rmtree(project / "data")
    before = tree(project)
    assert files(project) == []
    assert tree(project) == before
    made = made_up_folder(load_study(project / "params" / "demo.yaml"))
    file(made / "vcse_referrals.csv")
    file(made / "MADE_UP.json", "{}")
    assert files(project) == []
    (name,) = files(project, made_up=True)
    assert name == (made / "vcse_referrals.csv").relative_to(project.resolve()).as_posix()


def test_a_run_of_another_version_or_half_made_is_passed_over(project):
    made = run(project, {"vcse_referrals": "0" * 64})
    held = json.loads((made / "manifest.json").read_text())
    for key, text in (
        ("bbbbbbbbbbbb", json.dumps(held | {"schema": 1})),
        ("cccccccccccc", "{"),
        ("dddddddddddd", "[]"),
    ):
        file(made.with_name(key) / "manifest.json", text)
    assert [path.name for path, _ in runs_of(project)] == ["aaaaaaaaaaaa"]


def test_a_run_on_made_up_data_claims_nothing(project):
    made = run(project, {"vcse_referrals": "0" * 64}, made_up=True)
    held = json.loads((made / "manifest.json").read_text())
    assert list(by_run([(made, held)], project / "data")) == []
    assert [one.contract for one in by_run([(made, held | {"made_up": False})], project / "data")] == ["vcse_referrals"]


def test_a_claim_that_leads_out_of_its_folder_is_not_followed(project):
    away = file(project / "elsewhere" / "x.csv")
    for place in (project / "data" / ".." / "elsewhere", away.parent, project / "data" / ".." / "data" / "x"):
        assert walked(Claim("vcse_referrals", place, project / "data", "")).files == ()


def test_what_is_no_ordinary_file_is_left_alone(project):
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no pipes in folders")
    study(project, vcse_referrals="folder")
    (project / "data" / "folder").mkdir()
    os.mkfifo(project / "data" / "folder" / "pipe")
    file(project / "data" / "folder" / "x.csv")
    assert walked(Claim("", project / "data" / "folder" / "pipe", project / "data", "")).files == ()
    remove(listing(Asked(project, project / "data", date.today())))
    assert [path.name for path in (project / "data" / "folder").iterdir()] == ["pipe"]


def test_a_copy_of_covered_data_is_no_copy_of_what_is_over(project):
    contract(project, "vcse_sessions", AFTER, AFTER)
    file(project / "data" / "copy.csv", "the same")
    same = sha(project / "data" / "copy.csv")
    run(project, {"vcse_referrals": same})
    assert "data/copy.csv" in files(project)
    # the same bytes were read under a contract that still covers them
    run(project, {"vcse_sessions": same}, key="bbbbbbbbbbbb")
    assert "data/copy.csv" not in files(project)


def test_a_contract_of_the_project_comes_before_the_one_that_ships(project):
    assert files(project) == ["data/vcse_referrals.csv"]
    (project / "data_contracts" / "vcse_referrals.yaml").unlink()
    # the one that ships covers made-up data only and has no end
    assert files(project) == []


def test_a_contract_that_is_not_there_is_said_and_keeps_its_files(project):
    shutil.copy(project / "data" / "vcse_referrals.csv", project / "data" / "kept.csv")
    said = {"contract": {"name": "of_a_partner"}, "kept": {"name": "kept.csv"}, "quarantined": {"name": "none.csv"}}
    file(project / "data" / "quarantine.json", json.dumps(said))
    told = curv_eval(project, "data", "expire", "--remove", "--yes", "--today", TODAY.isoformat())
    assert told.code == 0, told.err
    assert "not judged: of_a_partner: its contract cannot be read: there is no contract 'of_a_partner'" in told.out
    assert (project / "data" / "kept.csv").exists()
    assert not (project / "data" / "vcse_referrals.csv").exists()


def test_a_contract_name_cannot_lead_out_of_the_folder_of_contracts(project):
    said = {"contract": {"name": "../../etc/passwd"}, "kept": {"name": "kept.csv"}, "quarantined": {"name": "x.csv"}}
    file(project / "data" / "kept.csv")
    file(project / "data" / "quarantine.json", json.dumps(said))
    assert [one.contract for one in found(project).unknown] == ["../../etc/passwd"]
    assert files(project) == ["data/vcse_referrals.csv"]


def test_a_data_folder_that_is_a_link_is_the_folder_it_leads_to(project):
    away = scratch() / "drive"
    (project / "data").rename(away)
    (project / "data").symlink_to(away, target_is_directory=True)
    said = curv_eval(project, "data", "expire", "--remove", "--yes", "--today", TODAY.isoformat())
    assert said.code == 0, said.err
    assert not (away / "vcse_referrals.csv").exists()
    assert (project / "data").is_symlink()
    assert "data: vcse_referrals.csv" in lines(project / "outputs")[0].detail


def test_hidden_folders_and_those_of_programs_are_not_searched_for_quarantines(project):
    said = {"contract": {"name": "vcse_referrals"}, "kept": {"name": "kept.csv"}, "quarantined": {"name": "bad.csv"}}
    for place in (".venv", "node_modules"):
        file(project / place / "quarantine.json", json.dumps(said))
        file(project / place / "kept.csv")
    assert files(project) == ["data/vcse_referrals.csv"]


def test_no_value_of_the_data_is_in_the_list_or_in_the_log(project):
    run(project, {"vcse_referrals": "0" * 64})
    for words in ((), ("--remove", "--yes", "--with-runs")):
        said = curv_eval(project, "data", "expire", *words, "--today", TODAY.isoformat())
        assert SECRET not in said.out + said.err
    assert SECRET not in (project / "outputs" / "audit.jsonl").read_text()
