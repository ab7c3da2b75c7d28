"""Data that cannot be used, or may not be, are refused with every fault at once and nothing written."""

import csv
import gzip
import shutil

import pytest
from projects import ROOT, STREET, change, curv_eval, outputs, plain_study, project, small_data
from refusals import refused

from curv_eval import audit

MONTH = f"{STREET}/2023-05/2023-05-made-up-street.csv"


@pytest.fixture
def held():
    return project(data=small_data("2023-05", "2023-07"))


def check(folder, *pieces, kind="ContractError", words=()):
    said = curv_eval(folder, "data", "check", "params/study.yaml", *words)
    refused(folder, said, kind, *pieces)
    return said


def edit(folder, name, how):
    path = folder / "data" / name
    path.write_bytes(how(path.read_bytes()))


def test_data_that_keep_their_contracts_pass(held):
    said = curv_eval(held, "data", "check", "params/study.yaml")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("<Data: 11 datasets of made-up data>\n  police_uk_street v1.0.0: ")
    assert said.out.count("contract kept") == 11
    assert outputs(held) == {}


def test_a_missing_file(held):
    (held / "data" / "ae_assaults.csv").unlink()
    check(
        held, "demo cannot use these data", "ae_assaults: there is nothing at ae_assaults.csv in the data folder",
        "Ask the trust's information governance lead", "do: put the datasets of the study into one folder",
    )  # fmt: skip


def test_the_study_s_own_words_on_how_to_get_data_are_said(held):
    (held / "data" / "ae_assaults.csv").unlink()
    change(held / "params" / "study.yaml", "intervention: inter", "obtain: Ring Ms Example.\nintervention: inter")
    check(held, "do: Ring Ms Example. Then give that folder with --data or CURV_EVAL_DATA")


FILES = {
    "empty": (MONTH, lambda raw: b"", "2023-05-made-up-street.csv is empty (0 bytes)", "get them again"),
    "only a header": (
        MONTH, lambda raw: raw.split(b"\n")[0] + b"\n", "2023-05-made-up-street.csv has a header and no rows",
    ),
    "cut short": (MONTH, lambda raw: raw[:-60], "is cut short: its last row,", "of 12 columns", "get the file again"),
    "cut short, json": (
        "lsoa_boundaries.geojson", lambda raw: raw[: len(raw) // 2], "is damaged or cut short: not JSON from line",
    ),
    "Windows-1252": (
        "ward_lookup.csv", lambda raw: raw.replace(b"Northwick", "Nörthwick".encode("cp1252")),
        "ward_lookup.csv is not UTF-8 (line 2, byte", "it looks like Windows-1252 or Latin-1", "as UTF-8 text",
    ),
    "UTF-16": (
        "intervention_register.csv", lambda raw: raw.decode().encode("utf-16"),
        "intervention_register.csv is not UTF-8 (byte 0)", "it looks like UTF-16",
    ),
    "another force's layout": (
        MONTH, lambda raw: raw.replace(b"Crime type", b"Offence group", 1).replace(b"LSOA code", b"Beat code", 1),
        "this is not the layout of police_uk_street v1.0.0", "columns missing: LSOA code, Crime type",
        "columns not in the contract: Beat code, Offence group", "check that it is the right file",
    ),
    "another month": (
        MONTH, lambda raw: raw.replace(b",2023-05,", b",2023-06,"), "05-made-up-street.csv", "rows of another month",
    ),
    "a column nobody may have": (
        "vcse_sessions.csv", lambda raw: b"\n".join(line + b",Ann" for line in raw.rstrip().split(b"\n")) + b"\n",
        "columns not in the contract: Ann", "remove columns the agreement does not cover",
    ),
    "a code cut short": (
        "intervention_register.csv", lambda raw: raw.replace(b"\nE01999021,", b"\nE0199902,", 1),
        "lsoa21_code: 1 value does not look like E01011949", "at intervention_register.csv row 1",
    ),
    "a start in words": (
        "intervention_register.csv", lambda raw: raw.replace(b"2023-07", b"July 2023", 1),
        "start_month: 1 value does not look like 2023-08 (at intervention_register.csv row 1, 'July 2023')",
    ),
    "no start at all": (
        "intervention_register.csv", lambda raw: raw.split(b"\n")[0] + b"\n",
        "intervention_register.csv has a header and no rows",
    ),
    "a start twice": (
        "intervention_register.csv", lambda raw: raw + raw.split(b"\n")[1] + b"\n",
        "2 rows share their lsoa21_code, intervention_id, start_month with another row", "find out which row is right",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_not_what_it_should_be(held, case):
    name, how, *pieces = FILES[case]
    edit(held, name, how)
    check(held, *pieces)


def test_a_damaged_packed_file(held):
    path = held / "data" / MONTH
    path.with_suffix(".csv.gz").write_bytes(gzip.compress(path.read_bytes())[:-500])
    path.unlink()
    check(held, "2023-05-made-up-street.csv.gz is damaged or cut short: it is not a whole gz file")


def test_a_month_twice(held):
    path = held / "data" / MONTH
    path.with_suffix(".csv.gz").write_bytes(gzip.compress(path.read_bytes()))
    check(held, "2023-05 stands twice for made-up:", "2023-05-made-up-street.csv.gz", "keep each month's files once")


def test_a_folder_where_a_file_should_be(held):
    (held / "data" / "ae_assaults.csv").unlink()
    (held / "data" / "ae_assaults.csv").mkdir()
    check(held, "ae_assaults.csv: got a folder; expected a CSV file")


def test_a_file_where_a_folder_should_be(held):
    shutil.rmtree(held / "data" / STREET)
    (held / "data" / STREET).write_text("nothing", "utf-8")
    check(held, f"{STREET} is damaged or cut short: not a whole zip")


def test_every_fault_of_every_dataset_at_once_and_never_a_value_of_a_person(held):
    edit(held, MONTH, lambda raw: b"")
    edit(held, "vcse_referrals.csv", lambda raw: raw.replace(b",true,true,", b",maybe,true,", 1))
    (held / "data" / "ae_assaults.csv").unlink()
    said = check(held, "police_uk_street: ", "ae_assaults: there is nothing", "vcse_referrals: ", "eligibility_met")
    with (held / "data" / "vcse_referrals.csv").open(encoding="utf-8", newline="") as file:
        people = [row["person_id"] for row in csv.DictReader(file)]
    assert [person for person in people if person in said.err] == []


def own_contract(folder, name, old, new):
    shutil.copytree(ROOT / "data_contracts", folder / "data_contracts")
    change(folder / "data_contracts" / f"{name}.yaml", old, new)


def test_an_agreement_that_has_ended(held):
    own_contract(held, "ae_assaults", 'expires, value: "none"', 'expires, value: "2024-01-31"')
    check(held, "ae_assaults v1.0.0 does not permit this use", "ended on 2024-01-31; today is", "settle it with the st")


def test_a_blank_lawful_basis(held):
    text = (ROOT / "data_contracts" / "vcse_sessions.yaml").read_text("utf-8")
    start = text.index("value: >-", text.index("lawfulBasis"))
    own_contract(held, "vcse_sessions", text[start : text.index("  - property: gateway")], 'value: "  "\n')
    check(
        held, "vcse_sessions v1.0.0 does not permit this use", "lawfulBasis: got none; expected why these data may be"
    )


def test_a_purpose_that_no_agreement_covers(held):
    change(held / "params" / "study.yaml", "purpose: violence reduction evaluation", "purpose: staff appraisal")
    said = check(held, "purposes: got 'staff appraisal'; expected 'violence reduction evaluation'")
    assert said.err.count("does not permit this use") == 11


def test_real_data_under_a_contract_for_made_up_data(held):
    (held / "data" / "MADE_UP.json").unlink()
    said = check(
        held, "ae_assaults v1.0.0 covers made-up data only: no agreement stands behind it", "put in your agree"
    )
    assert said.err.count("covers made-up data only") == 5


def test_a_contract_with_an_end_that_is_no_date(held):
    own_contract(held, "ae_assaults", 'expires, value: "none"', 'expires, value: "2024-02-30"')
    check(held, "ae_assaults.yaml is not a contract", "expires:", "expected YYYY-MM-DD, or none", kind="StudyError")


def test_a_contract_with_an_unknown_key(held):
    own_contract(held, "ae_assaults", "status: active", "status: active\nstewart: me")
    check(held, "ae_assaults.yaml is not a contract that data can be held to", "stewart: ", kind="StudyError")


def test_a_contract_that_names_a_column_as_the_file_does_not(held):
    own_contract(held, "ae_assaults", "physicalName: ASSAULT METHOD\n", "physicalName: ASSAULT METHODE\n")
    check(held, "columns missing: ASSAULT METHODE", "columns not in the contract: ASSAULT METHOD")


FOLDERS = {
    "nothing said": (
        (),
        {},
        "data does not exist",
        "looked for there because neither --data nor CURV_EVAL_DATA is given",
    ),
    "a file": (("--data", "list.csv"), {}, "the data folder list.csv is a file, not a folder", "--data names it"),
    "not there": (("--data", "far/away"), {}, "the data folder far/away does not exist", "--data names it"),
    "variable": ((), {"CURV_EVAL_DATA": "gone"}, "the data folder gone does not exist", "CURV_EVAL_DATA names it"),
}


@pytest.mark.parametrize("command", [("data", "check"), ("run",)])
@pytest.mark.parametrize("case", FOLDERS)
def test_the_data_folder(case, command):
    words, variables, *pieces = FOLDERS[case]
    folder = project()
    (folder / "list.csv").write_text("a,b\n")
    said = curv_eval(folder, *command, "params/study.yaml", *words, **variables)
    refused(folder, said, "ContractError", *pieces, "with --data or CURV_EVAL_DATA")


def test_the_variable_and_the_option_are_both_understood(held):
    elsewhere = project(study=plain_study())
    data = held / "data"
    assert curv_eval(elsewhere, "data", "check", "params/study.yaml", CURV_EVAL_DATA=str(data)).code == 0
    assert curv_eval(elsewhere, "data", "check", "params/study.yaml", "--data", data, CURV_EVAL_DATA="gone").code == 0


def test_a_path_with_spaces_and_letters_of_other_languages():
    folder = project("Prüfung Nº 5, łódź", data=small_data("2023-05", "2023-07"))
    assert curv_eval(folder, "data", "check", "params/study.yaml").code == 0
    (line,) = audit.lines(folder / "outputs")
    assert (line.what, line.run, line.detail["by"]) == (audit.What.LOADED, "", "data check")
