"""Panels that cannot answer the question, through `curv-eval run` and its notebooks."""

import csv

import pytest
from projects import STREET, curv_eval, plain_study, project, small_data
from refusals import refused

WINDOW = "{ first: 2023-03, last: 2024-02 }"


def register(folder, change):
    path = folder / "data" / "intervention_register.csv"
    path.write_text(change(path.read_text("utf-8")), "utf-8", newline="")


def everybody_from(month):
    def change(text):
        header = text.split("\n")[0]
        return "\n".join([header, *(f"{row},{month},street-mentoring" for row in ROWS)]) + "\n"

    return change


def areas():
    names = ["lsoa21_code", "lsoa21_name", "ward24_code", "ward24_name", "ltla24_code", "ltla24_name"]
    with (small_data() / "ward_lookup.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["ltla24_code"] <= "E06999004"]
    return [",".join(row[name] for name in names) for row in rows]


ROWS = areas()


def no_violence(folder):
    for path in (folder / "data" / STREET).glob("*/*.csv"):
        text = path.read_text("utf-8").replace("Violence and sexual offences", "Robbery")
        path.write_text(text, "utf-8", newline="")


CASES = {
    "a treated unit that is not in the data": (
        lambda p: register(p, lambda t: t + "E01999999,Far,E05999999,Far,E06999009,Far,2023-07,x\n"), WINDOW,
        "DesignError", "1 treated areas of intervention_register are not in the data",
        "expected 2021 LSOA codes inside Made-up Vale", "do: correct the register, or add the district",
    ),
    "nobody never or not yet treated": (
        lambda p: register(p, everybody_from("2023-08")), WINDOW,
        "DesignError", "this panel cannot answer the question", "none is never or not yet treated",
    ),
    "one period": (
        lambda p: None, "{ first: 2023-07, last: 2023-07 }",
        "DesignError", "periods: got 1, expected at least 2 (one before and one after the start)",
        "already treated in 2023-07: start the window earlier",
    ),
    "an outcome that is 0 everywhere": (
        no_violence, WINDOW,
        "DesignError", "police_violence: is 0 in every area and period; check the `where:` of this outcome",
    ),
    "a window outside the data": (
        lambda p: None, "{ first: 2019-01, last: 2020-12 }",
        "ContractError", "police_uk_street has no rows from 2019-01 to 2020-12", "do: Download the monthly archives",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused(case):
    change, window, kind, *pieces = CASES[case]
    folder = project(study=plain_study().replace(WINDOW, window), data=small_data())
    change(folder)
    said = curv_eval(folder, "run", "params/study.yaml")
    refused(folder, said, kind, *pieces)
    assert said.err.startswith("running data\n")
    assert "running power" not in said.err
