"""curv-eval data validate: where contracts come from, what is said, what is written, and the code it leaves with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner
from validation_support import HEADER, good_rows, put, text_of

from curv_eval.cli import app
from curv_eval.contract import load_contract
from curv_eval.errors import ContractError, RunError

ROOT = Path(__file__).parents[2]
TERMS = {"expires": "2020-01-01", "lawfulBasis": ""}


def partner_contract(folder: Path, name: str = "partner", **terms) -> Path:
    """The shipped contract of sessions, with an agreement that has ended and no basis, as `name` in `folder`."""
    document = yaml.safe_load((ROOT / "data_contracts" / "vcse_sessions.yaml").read_text("utf-8"))
    document["id"] = document["schema"][0]["name"] = name
    for term in document["customProperties"]:
        term["value"] = {**TERMS, **terms}.get(term["property"], term["value"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
    return folder


def sessions(*changes: tuple[int, str, str], rows: int = 5) -> str:
    """A file of sessions that keeps the contract, but for `changes`: row, column, value."""
    from contract_rows import good_rows_of

    held = load_contract("vcse_sessions")
    table = good_rows_of(held, rows)
    for row, column, value in changes:
        table[row - 1][column] = value
    return text_of([list(row.values()) for row in table], [column.source_name for column in held.columns])


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A function that runs the command in a folder of its own and returns its result."""
    monkeypatch.chdir(tmp_path)
    return lambda *given: CliRunner().invoke(app, ["data", "validate", *map(str, given)])


def test_a_file_that_keeps_its_contract_leaves_with_0(run, tmp_path):
    put(tmp_path, sessions())
    done = run("vcse_sessions", "partner.csv")
    assert (done.exit_code, done.exception) == (0, None)
    assert done.stdout == f"partner.csv: 5 rows keep vcse_sessions v{load_contract('vcse_sessions').version}\n"


def test_breaches_are_told_in_the_house_voice_by_spreadsheet_rows(run, tmp_path):
    put(tmp_path, sessions((2, "session_date", "1/2/2023"), (4, "session_date", "")))
    done = run("vcse_sessions", "partner.csv")
    assert isinstance(done.exception, ContractError)
    assert done.exception.exit_code == 3
    assert str(done.exception).splitlines() == [
        f"ContractError: partner.csv does not keep vcse_sessions v{load_contract('vcse_sessions').version}:",
        "  session_date: 1 value is blank (at partner.csv row 5); do: fill it in at the source; a row without it "
        "cannot be used",
        "  session_date: 1 value is not a date like 2023-03-31 (at partner.csv row 3); do: write the value in the "
        "form expected",
        "  do: mend what is named at the source, and check again; rows have the numbers a spreadsheet shows",
    ]


def test_what_was_written_is_said(run, tmp_path):
    put(tmp_path, sessions((2, "session_date", "")))
    done = run(*("vcse_sessions", "partner.csv", "--html", "e/list.html", "--csv", "e/all.csv", "--quarantine", "q"))
    assert done.stdout.splitlines() == [
        *("error list: e/list.html", "breaches: e/all.csv", "quarantine: q (4 rows kept, 1 set apart)"),
        "  it holds personal data; keep it where only you and the data's steward can open it",
    ]
    assert {path.name for path in (tmp_path / "e").iterdir()} == {"list.html", "all.csv"}
    assert isinstance(done.exception, ContractError)


def test_a_quarantine_that_cannot_be_is_said_with_the_breaches(run, tmp_path):
    text = sessions((2, "session_date", ""))
    put(tmp_path, "\n".join(f"{line},x" for line in text.splitlines()).replace(",x", ",suspect_name", 1))
    done = run("vcse_sessions", "partner.csv", "--quarantine", "q")
    said = str(done.exception)
    assert "suspect_name: column not in the contract; do: remove it before sharing" in said
    assert "session_date: 1 value is blank" in said
    assert "No quarantine was written: columns are wrong in every row, so mend them first" in said
    assert not (tmp_path / "q").exists()


def test_no_agreement_and_no_purpose_is_asked_for(run, tmp_path):
    """A partner checks their own data before anything is agreed: an agreement that ended long ago does not matter."""
    partner_contract(tmp_path / "data_contracts")
    put(tmp_path, sessions())
    assert run("partner", "partner.csv").exit_code == 0


def test_a_contract_is_looked_for_here_then_with_the_program(run, tmp_path):
    partner_contract(tmp_path / "data_contracts", "vcse_sessions")
    own = tmp_path / "data_contracts" / "vcse_sessions.yaml"
    own.write_text(own.read_text("utf-8").replace("version: 1", "version: 77", 1), "utf-8")
    put(tmp_path, sessions())
    assert "keep vcse_sessions v77" in run("vcse_sessions", "partner.csv").stdout
    partner_contract(tmp_path / "other", "elsewhere")
    assert run("elsewhere", "partner.csv", "--contracts", "other").exit_code == 0
    assert "there is no contract 'elsewhere'" in str(run("elsewhere", "partner.csv").exception)


def test_the_file_to_check_is_not_written_over(run, tmp_path):
    path = put(tmp_path, sessions())
    before = path.read_bytes()
    for option in ("--csv", "--html"):
        done = run("vcse_sessions", "partner.csv", option, "./partner.csv")
        assert isinstance(done.exception, RunError)
        assert path.read_bytes() == before


def test_two_lists_in_one_file_are_refused(run, tmp_path):
    put(tmp_path, sessions())
    done = run("vcse_sessions", "partner.csv", "--csv", "both", "--html", "both")
    assert "cannot be both web page and CSV file" in str(done.exception)
    assert not (tmp_path / "both").exists()


def test_a_second_list_replaces_the_first(run, tmp_path):
    put(tmp_path, sessions((1, "session_date", "")))
    run("vcse_sessions", "partner.csv", "--html", "list.html")
    put(tmp_path, sessions())
    run("vcse_sessions", "partner.csv", "--html", "list.html")
    assert "nothing to mend" in (tmp_path / "list.html").read_text("utf-8")
    assert {path.name for path in tmp_path.iterdir()} == {"partner.csv", "list.html"}


def test_the_help_says_what_is_not_looked_at(run):
    said = " ".join(run("--help").stdout.split())
    assert "Needs no study and no purpose, and does not look at the agreement or when it ends" in said
    assert "not whether anyone may use them" in said


def test_as_a_person_runs_it(tmp_path):
    """In a process of its own: breaches on one stream, what was written on the other, 3, and no traceback."""
    rows = [dict(zip(HEADER, row, strict=True)) for row in good_rows(1)]
    put(tmp_path, text_of([list(row.values()) for row in rows]))
    command = [sys.executable, "-c", "from curv_eval.cli import main; main()", "data", "validate", "vcse_sessions"]
    done = subprocess.run([*command, "partner.csv", "--html", "l.html"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 3
    assert done.stderr.startswith("ContractError: ")
    assert "Traceback" not in done.stderr
    assert (tmp_path / "l.html").exists()
