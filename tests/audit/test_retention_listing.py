"""What is over, and why; what is still covered, shared, linked, made up or of nobody stays out of it."""

import json
import shutil

import pytest
from copies import AFTER, BEFORE, SECRET, TODAY, YESTERDAY, contract, file, run, sha, study
from projects import curv_eval, scratch

from curv_eval.retention import Asked, Stands, listing, term


@pytest.fixture
def project():
    """A project whose agreement on referrals is over, with a study that uses them, and its data."""
    folder = scratch()
    contract(folder, "vcse_referrals", BEFORE, YESTERDAY)
    study(folder)
    file(folder / "data" / "vcse_referrals.csv")
    file(folder / "data" / "vcse_sessions.csv")
    return folder


def found(project, **asked):
    return listing(Asked(project, project / "data", TODAY, **asked))


def held(project, **asked):
    """Return what is over as contract -> names of files."""
    return {one.term.contract: sorted(path.name for path in one.files) for one in found(project, **asked).held}


@pytest.mark.parametrize(("expires", "delete_by", "stands"), [
    (AFTER, AFTER, Stands.COVERED), (TODAY.isoformat(), TODAY.isoformat(), Stands.COVERED),
    (BEFORE, AFTER, Stands.ENDED), (YESTERDAY, TODAY.isoformat(), Stands.ENDED),
    (BEFORE, YESTERDAY, Stands.DUE), (YESTERDAY, YESTERDAY, Stands.DUE),
])  # fmt: skip
def test_how_a_contract_stands(tmp_path, expires, delete_by, stands):
    contract(tmp_path, "vcse_referrals", expires, delete_by)
    assert term("vcse_referrals", tmp_path, TODAY).stands is stands


def test_a_reason_names_the_day_and_how_long_ago_it_was(tmp_path):
    contract(tmp_path, "vcse_referrals", BEFORE, YESTERDAY)
    one = term("vcse_referrals", tmp_path, TODAY)
    assert one.why == "kept 24 months from the end of the evaluation, so until 2026-06-29; that was 1 day ago"
    contract(tmp_path, "vcse_referrals", BEFORE, AFTER)
    one = term("vcse_referrals", tmp_path, TODAY)
    assert one.why == "the agreement ended on 2026-01-31, 150 days ago; the copy may exist until 2027-01-31"


def test_open_data_and_made_up_data_have_no_end_and_a_broken_contract_is_not_judged(tmp_path):
    assert term("police_uk_street", tmp_path, TODAY).stands is Stands.COVERED
    assert term("vcse_referrals", tmp_path, TODAY).stands is Stands.COVERED
    file(tmp_path / "data_contracts" / "vcse_referrals.yaml", "nothing: here")
    assert term("vcse_referrals", tmp_path, TODAY).stands is Stands.UNKNOWN
    assert term("no_such", tmp_path, TODAY).stands is Stands.UNKNOWN


def test_only_what_is_over_is_listed(project):
    assert held(project) == {"vcse_referrals": ["vcse_referrals.csv"]}
    (one,) = found(project).held
    assert list(one.files.values()) == ["demo.yaml uses it"]
    contract(project, "vcse_referrals", AFTER, AFTER)
    assert held(project) == {}


def test_a_folder_of_a_contract_is_listed_with_all_below_it(project):
    study(project, vcse_referrals="referrals/2025")
    for name in ("a.csv", "more/b.csv"):
        file(project / "data" / "referrals" / "2025" / name)
    file(project / "data" / "referrals" / "2026.csv")
    assert held(project) == {"vcse_referrals": ["a.csv", "b.csv", "vcse_referrals.csv"]}
    assert [path.name for path in found(project).strange] == ["2026.csv"]


def test_data_are_found_without_a_study_by_name_by_run_and_by_content(project):
    (project / "params" / "demo.yaml").unlink()
    for name in ("other.csv", "a copy.csv", "unlike.csv"):
        file(project / "data" / name, f"{SECRET} {name}")
    made = run(project, {"vcse_referrals": sha(project / "data" / "a copy.csv")})
    path = made / "manifest.json"
    told = json.loads(path.read_text())
    told["parameters"]["contracts"]["vcse_referrals"]["location"] = "other.csv"
    path.write_text(json.dumps(told))
    (one,) = found(project).held
    assert {path.name: why for path, why in one.files.items()} == {
        "vcse_referrals.csv": "it has the contract's name",
        "other.csv": "demo/aaaaaaaaaaaa was made of it",
        "a copy.csv": "it has the content of data that a run was made of",
    }
    assert [path.name for path in found(project).strange] == ["unlike.csv"]


def test_a_linkers_account_goes_with_its_pairs(project):
    contract(project, "people_links", BEFORE, YESTERDAY)
    for name in ("people_links.csv", "people_links.csv.about.json"):
        file(project / "data" / name)
    assert held(project)["people_links"] == ["people_links.csv", "people_links.csv.about.json"]


def test_rows_that_were_set_apart_are_found_wherever_they_lie(project):
    for place in (project / "apart", project / "data" / "2026" / "apart"):
        for name in ("kept.csv", "quarantined.csv", "beside.csv"):
            file(place / name)
        said = {"contract": {"name": "vcse_referrals"}, "kept": {"name": "kept.csv"}}
        file(place / "quarantine.json", json.dumps(said | {"quarantined": {"name": "quarantined.csv"}}))
    names = held(project)["vcse_referrals"]
    assert names == sorted([*["kept.csv", "quarantine.json", "quarantined.csv"] * 2, "vcse_referrals.csv"])


def test_a_quarantine_that_names_a_file_elsewhere_does_not_reach_it(project):
    file(project / "victim.csv")
    said = {"contract": {"name": "vcse_referrals"}, "kept": {"name": "../victim.csv"}}
    file(project / "apart" / "quarantine.json", json.dumps(said | {"quarantined": {"name": 3}}))
    file(project / "broken" / "quarantine.json", "[]")
    assert held(project)["vcse_referrals"] == ["quarantine.json", "vcse_referrals.csv"]


@pytest.mark.parametrize(("other", "stays"), [
    ((AFTER, AFTER), True), ((BEFORE, AFTER), True), ((BEFORE, YESTERDAY), False), (None, True),
])  # fmt: skip
def test_a_file_of_two_contracts_stays_as_long_as_one_lets_it(project, other, stays):
    study(project, vcse_referrals="both.csv", vcse_sessions="both.csv")
    file(project / "data" / "both.csv")
    if other:
        contract(project, "vcse_sessions", *other)
    else:
        file(project / "data_contracts" / "vcse_sessions.yaml", "broken")
    one = next(one for one in found(project).held if one.term.contract == "vcse_referrals")
    assert ("both.csv" in {path.name for path in one.kept}) is stays
    assert ("both.csv" in {path.name for path in one.files}) is not stays
    assert set(one.kept.values()) == ({"vcse_sessions"} if stays else set())


def test_links_are_not_followed_and_are_said(project):
    away = scratch()
    file(away / "precious.csv")
    (project / "data" / "vcse_referrals.csv").unlink()
    (project / "data" / "vcse_referrals.csv").symlink_to(away / "precious.csv")
    study(project, "folders", vcse_referrals="linked/in.csv", vcse_sessions="holding")
    contract(project, "vcse_sessions", BEFORE, YESTERDAY)
    file(away / "in.csv")
    (project / "data" / "linked").symlink_to(away, target_is_directory=True)
    file(project / "data" / "holding" / "mine.csv")
    (project / "data" / "holding" / "deep").symlink_to(away, target_is_directory=True)
    assert held(project) == {"vcse_sessions": ["mine.csv", "vcse_sessions.csv"]}
    links = {path.relative_to(project / "data").as_posix() for path in found(project).links}
    assert links == {"vcse_referrals.csv", "linked", "holding/deep"}


def test_made_up_data_are_left_alone_unless_they_are_asked_for(project):
    file(project / "data" / "MADE_UP.json", "{}")
    assert held(project) == {}
    assert found(project).made_up == 2
    assert held(project, made_up=True) == {"vcse_referrals": ["vcse_referrals.csv"]}


def test_what_runs_keep_is_listed_where_their_data_are_over(project):
    contract(project, "vcse_sessions", BEFORE, AFTER)
    run(project, {"vcse_referrals": "0" * 64, "police_uk_street": "1" * 64})
    run(project, {"vcse_sessions": "0" * 64}, key="bbbbbbbbbbbb")
    run(project, {"police_uk_street": "0" * 64}, key="cccccccccccc")
    run(project, {"vcse_referrals": "0" * 64}, key="dddddddddddd", made_up=True)
    file(project / "outputs" / "demo" / "lab" / "restricted" / "panel.npz")
    file(project / "outputs" / "demo" / ".partial-x-1234" / "restricted" / "panel.npz")
    home = project / "outputs" / "demo"
    told = {one.folder.parent.relative_to(home).as_posix(): one for one in found(project).runs}
    expected = {"aaaaaaaaaaaa", "data/daaaaaaaaaaa", "bbbbbbbbbbbb", "data/dbbbbbbbbbbb", "lab"}
    assert set(told) == expected
    assert (told["aaaaaaaaaaaa"].contracts, told["aaaaaaaaaaaa"].stands) == (("vcse_referrals",), Stands.DUE)
    assert (told["bbbbbbbbbbbb"].contracts, told["bbbbbbbbbbbb"].stands) == (("vcse_sessions",), Stands.ENDED)
    assert told["data/daaaaaaaaaaa"].sure and not told["lab"].sure
    assert {path.name for path in told["aaaaaaaaaaaa"].files} == {"panel.npz", "data.ipynb"}


def test_the_command_lists_changes_nothing_and_leaves_with_3(project):
    run(project, {"vcse_referrals": "0" * 64})
    file(project / "data" / "notes.txt")
    before = sorted(project.rglob("*"))
    said = curv_eval(project, "data", "expire", "--today", TODAY.isoformat())
    assert said.code == 3, said.err
    assert sorted(project.rglob("*")) == before
    lines = said.out.splitlines()
    assert lines[0] == "on 2026-06-30, in data:"
    assert lines[1].startswith("vcse_referrals v1.0.0: must be deleted: kept 24 months from the end of the evaluation")
    assert lines[2].startswith("  agreement: made-up demonstration only")
    assert lines[3].startswith(f"  data/vcse_referrals.csv: {len(SECRET)} bytes, of 20")
    assert "outputs/demo/aaaaaaaaaaaa/restricted: 2 files, from vcse_referrals" in said.out
    assert "not judged: files that belong to no contract: data/notes.txt" in said.out
    assert SECRET not in said.out + said.err


def test_the_command_leaves_with_0_where_nothing_must_go(project):
    said = curv_eval(project, "data", "expire", "--today", BEFORE)
    assert (said.code, said.out) == (0, "on 2026-01-31, in data:\nnothing here is over\n")
    contract(project, "vcse_referrals", BEFORE, AFTER)
    said = curv_eval(project, "data", "expire", "--today", TODAY.isoformat())
    assert said.code == 0
    assert "vcse_referrals v1.0.0: may not be used, and may be kept: the agreement ended on 2026-01-31" in said.out


def test_a_folder_without_data_and_one_that_is_not_there(project):
    shutil.rmtree(project / "data")
    said = curv_eval(project, "data", "expire", "--today", TODAY.isoformat())
    assert (said.code, said.out.splitlines()[-1]) == (0, "nothing here is over")
    said = curv_eval(project, "data", "expire", "--data", "nowhere")
    assert said.code == 3
    assert "ContractError: there is no data folder nowhere" in said.err
    said = curv_eval(project, "data", "expire", "--today", "tomorrow")
    assert "--today: got 'tomorrow', expected a day like" in said.err
