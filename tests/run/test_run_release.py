"""What a run lets out: its evidence record, the attack on it, and the record in ACRO's layout."""

import csv
import hashlib
import json
import re

import pytest
from projects import copied, curv_eval, finished

from curv_eval.disclosure.nouns import Status
from curv_eval.errors import DisclosureError
from curv_eval.report.evidence import FOLDER, read_evidence


@pytest.fixture(scope="module")
def tables():
    return {table.name: table for table in read_evidence(finished().run)}


def test_every_released_number_has_a_decision(tables):
    run = finished().run
    for path in sorted((run / "release" / "tables").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        records = tables[path.stem].records
        assert set(records["decision"]) <= {status.value for status in Status}
        per_column = records.groupby("column").size()
        assert (per_column == len(rows)).all()
        for column, listed in records.groupby("column"):
            withheld = [row[column] == "withheld" for row in rows]
            assert withheld == listed["decision"].str.startswith("withheld").tolist(), (path.stem, column)


def test_the_counts_behind_are_in_the_record_and_not_in_the_release(tables):
    records = tables["results_ae_assaults"].records
    assert {"behind: n_units", "behind: events"} <= set(records)
    events = {str(int(number)) for number in records["behind: events"]}
    released = "".join(
        p.read_text("utf-8") for p in (finished().run / "release").rglob("*") if p.suffix in (".csv", ".md", ".json")
    )
    assert not any(f'"{number}"' in released or f",{number}," in released for number in events)


def test_the_page_is_for_the_checker_and_says_so():
    page = (finished().run / FOLDER / "evidence.html").read_text("utf-8")
    assert "For the output checker only" in page
    assert "<script" not in page
    assert "Events behind it" in page
    assert "interval from" in page
    assert not {"n_units", "conf_low", "std_error"} & set(re.findall(r"\w+", page))
    assert page.count("<h2 ") == len(read_evidence(finished().run))


def test_counts_with_noise_are_given_of_an_approved_run_and_cost_of_the_budget():
    folder, run = copied()
    asked = ("download", "demo", "delivery", "open", "--epsilon", "0.8")
    before = curv_eval(folder, *asked)
    assert "is not approved" in before.err
    assert curv_eval(folder, "review", "demo", "--reviewer", "R. Viewer", "--decision", "approve").code == 0
    said = curv_eval(folder, *asked)
    assert said.code == 0, said.err
    assert "spent: 0.8 of 1" in said.out
    assert (folder / "open" / "counts.csv").is_file()
    assert "MADE-UP DATA" in (folder / "open" / "README.md").read_text("utf-8")
    again = curv_eval(folder, "download", "demo", "delivery", "more", "--epsilon", "0.8")
    assert "more than is left of the privacy budget" in again.err
    assert not (folder / "more").exists()
    assert "noised counts" in curv_eval(folder, "audit", "show").out
    assert curv_eval(folder, "verify", "demo").code == 0
    assert run.is_dir()


def test_the_command_names_every_table_and_attacks_it(tables):
    said = curv_eval(finished().project, "release", "demo", "--attack")
    assert said.code == 0, said.err
    assert {line.split(" ")[0] for line in said.out.splitlines() if "): " in line} == set(tables)
    small = sum(int(t.attackable.primary.sum()) for t in tables.values() if t.attackable is not None)
    assert f"Attacked: {small} small counts" in said.out
    assert "Nothing can be worked out" in said.out


def test_the_attack_on_a_run_can_fail():
    project, run = copied()
    path = run / FOLDER / "placed.json"
    held = json.loads(path.read_text("utf-8"))
    counts = held["attackable"]["counts"]
    # as if a small count had been let out with all others of its row shown
    at = held["attackable"]["ties"][0][0]
    part = next(place for place in at if not held["attackable"]["known"][place])
    held["attackable"]["small"][part] = held["attackable"]["hidden"][part] = True
    path.write_text(json.dumps(held), "utf-8")
    said = curv_eval(project, "release", run, "--attack")
    assert said.code == DisclosureError.exit_code, said.out
    assert "can be worked out exactly" in said.err
    assert str(counts[part]) not in said.err


def test_a_record_that_is_gone_or_torn_is_one_message():
    project, run = copied()
    (run / FOLDER / "placed.json").write_text("{", "utf-8")
    assert "evidence record of its release is not whole" in curv_eval(project, "release", run).err
    for path in (run / FOLDER).iterdir():
        path.unlink()
    assert "there is no evidence record" in curv_eval(project, "release", run).err


def test_the_record_for_the_sacro_viewer(tmp_path, tables):
    said = curv_eval(finished().project, "release", "demo", "--acro", tmp_path / "record")
    assert said.code == 0, said.err
    held = json.loads((tmp_path / "record" / "results.json").read_text("utf-8"))
    assert held["version"].startswith("1.")
    assert len(held["results"]) == len(tables)
    for name, output in held["results"].items():
        keys = {"uid", "status", "type", "properties", "files", "outcome", "command", "summary", "timestamp"}
        assert set(output) == keys | {"comments", "exception"}
        assert output["uid"] == name
        (file,) = output["files"]
        path = tmp_path / "record" / file["name"]
        assert (
            path.read_bytes()
            == (finished().run / "release" / "tables" / f"{output['properties']['method']}.csv").read_bytes()
        )
        digest = (tmp_path / "record" / "checksums" / f"{file['name']}.txt").read_text("utf-8")
        assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
        with path.open(encoding="utf-8", newline="") as opened:
            rows = list(csv.reader(opened))[1:]
        marked = {tuple(cell) for cells in file["sdc"]["cells"].values() for cell in cells}
        # the viewer marks the table cell of the row and of two columns further on, counted from 1: one after the key
        withheld = {(i, j - 1) for i, row in enumerate(rows) for j, cell in enumerate(row) if cell == "withheld"}
        assert marked == withheld
        assert output["status"] == ("review" if marked else "pass")


def test_a_folder_that_is_there_is_not_written_over(tmp_path):
    said = curv_eval(finished().project, "release", "demo", "--acro", tmp_path)
    assert said.code
    assert "is there already" in said.err
    assert not list(tmp_path.iterdir())


def test_what_is_approved_is_published_and_a_version_a_little_apart_is_not_approved():
    project, run = copied()
    approve = ("review", run, "--reviewer", "A. Checker", "--decision", "approve")
    assert curv_eval(project, *approve).code == 0
    entry = project / "outputs" / ".ledger" / "demo" / f"{run.name}.json"
    held = json.loads(entry.read_text("utf-8"))
    # as if another version had been published before, with some people fewer in one cell
    (table,) = (one for name, one in held["tables"].items() if name.startswith("delivery"))
    held["run"], table["rule"]["round_to"] = "another", 1
    counts = table["counts"]
    entry.unlink()
    for fewer, code in ((30, 0), (6, DisclosureError.exit_code)):
        table["counts"] = [count - fewer if n in (0, len(counts) - 1) else count for n, count in enumerate(counts)]
        entry.with_name("another.json").write_text(json.dumps(held), "utf-8")
        said = curv_eval(project, *approve)
        assert said.code == code, said.err
    assert "differs from run another by a number from 1 to 9" in said.err
    assert len(json.loads((run / "reviews.json").read_text("utf-8"))) == 2, "what was not approved is no review"
