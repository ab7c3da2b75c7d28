"""A study of people, from its file to its brief."""

import json

import pytest
from projects import ROOT, curv_eval

from curv_eval.made_up import read_truth
from curv_eval.people import People
from curv_eval.run.store import read_panel

PEOPLE = (ROOT / "params" / "demo-people.yaml").read_text("utf-8")


def project_of(folder, text=PEOPLE):
    (folder / "params").mkdir()
    (folder / "params" / "demo-people.yaml").write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The run folder of the shipped study, made in a folder of its own."""
    folder = project_of(tmp_path_factory.mktemp("people"))
    said = curv_eval(folder, "run", "params/demo-people.yaml")
    assert said.code == 0, said.err
    (made,) = (folder / "outputs" / "demo-people").glob("*/manifest.json")
    return made.parent


def results(run):
    return json.loads((run / "release" / "results.json").read_text("utf-8"))


def test_the_truth_lies_in_the_interval(run):
    """Of those accepted, the expected share with an attendance, with mentoring less without."""
    accepted = read_truth(next(run.parent.glob("made-up-data*"))).people["accepted"]
    truth = accepted["attended_12_months"] - accepted["attended_12_months_without"]
    rows = {row["term"]: row for row in results(run)["tables"]["results_assault_in_ae"]["rows"]}
    assert rows["average"]["conf_low"] <= truth <= rows["average"]["conf_high"]
    assert truth < 0


def test_the_brief_is_one_of_people(run):
    said = " ".join((run / "brief" / "study.html").read_text("utf-8").split())
    assert "Who was followed" in said
    assert "number of young people who attended A&amp;E after an assault" in said
    assert "How secure this finding is" in said
    assert "MADE-UP DATA" in said
    assert "fig-event-study" not in said
    assert all((run / "brief" / f"study.{kind}").stat().st_size > 10_000 for kind in ("pdf", "docx"))


def test_no_pseudonym_goes_further_than_the_assembly(run):
    people = read_panel(run)
    assert isinstance(people, People)
    assert people.persons.tolist() == list(range(len(people.persons)))
    held = {path.name: path.read_bytes() for path in (run / "release").rglob("*") if path.is_file()}
    assert not [name for name, body in held.items() if b"person_id" in body and name.endswith(".csv")]


def test_few_people_are_withheld_and_counts_are_rounded(run):
    for row in results(run)["tables"]["groups"]["rows"]:
        assert all(row[name] % 5 == 0 for name in ("followed", "too_recent"))


BAD = {
    "a method for areas": ("method: doubly_robust", "method: callaway_santanna", "callaway_santanna is not for people"),
    "a check for areas": (
        "[balance, overlap, attrition,", "[pre_trends, overlap, attrition,", "pre_trends is not for people",
    ),
    "no people": ("  unit: person\n", "", "people: is needed where design.unit is person, and only there"),
    "an outcome without record": (
        "    record: { person: patient_id, on: arrival_date, links: people_links }\n", "",
        "outcomes.assault_in_ae.record: is needed where design.unit is person",
    ),
    "a column that is not received": (
        "covariates: [risk_tier, sex,", "covariates: [risk_teir, sex,", "no column `risk_teir`",
    ),
    "a contract that is not listed": ("links: people_links }", "links: pairs }", "pairs is not under `contracts:`"),
    "a month for a date": ("[patient_id, arrival_date]", "[patient_id, arrival_date as month]", "is not a date"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_study_that_cannot_be_is_refused_in_words(case, tmp_path):
    old, new, said = BAD[case]
    assert old in PEOPLE
    folder = project_of(tmp_path, PEOPLE.replace(old, new))
    done = curv_eval(folder, "run", "params/demo-people.yaml")
    assert done.code != 0
    assert said in done.err
    assert "Traceback" not in done.err
    assert not list((folder / "outputs").rglob("manifest.json")) if (folder / "outputs").exists() else True


def test_nothing_is_told_of_a_few_people_of_a_kind(run):
    """Three people are of another sex, and few did not state theirs: no number is about them."""
    held = (run / "release" / "results.json").read_text("utf-8")
    assert "sex_other" not in held
    assert "sex_not_stated" not in held
    assert "sex_female" in held
    people = read_panel(run)
    for name, x in people.covariates.items():
        if set(x.tolist()) <= {0.0, 1.0}:
            cells = [int((x[side] == one).sum()) for side in (people.treated, ~people.treated) for one in (0.0, 1.0)]
            assert min(cell for cell in cells if cell) >= 10, name
    assert "is not told of by itself" in (run / "release" / "parts" / "_groups.md").read_text("utf-8")
