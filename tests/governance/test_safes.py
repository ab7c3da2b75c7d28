"""The Five Safes and the impact assessment: every fact is that of its contract, and every gap is a question."""

import functools
import re
import shutil
from datetime import date

import pytest
import yaml
from typer.testing import CliRunner

from curv_eval import data
from curv_eval.cli import app
from curv_eval.contract import load_contract
from curv_eval.disclosure.rules import rules
from curv_eval.errors import RunError, StudyError
from curv_eval.safes import FILES, write_safes
from curv_eval.safes.dpia import dpia
from curv_eval.safes.five_safes import five_safes
from curv_eval.safes.reading import case_of, law
from curv_eval.shipped import shipped
from curv_eval.study import load_study

TODAY = date(2026, 11, 23)
# a review takes published results and has no such pages: tests/reviews
STUDIES = sorted(path.stem for path in shipped("params").glob("*.yaml") if not path.stem.startswith("review-"))
STEPS = {
    "Identify the need",
    "Describe the processing",
    "Consultation",
    "Necessity and proportionality",
    "Risks",
    "Measures",
    "Sign off and outcomes",
}


@functools.cache
def contract(name, folder=None):
    return load_contract(name, folder or shipped("data_contracts"))


@pytest.fixture(autouse=True)
def contracts_are_read_once(monkeypatch):
    monkeypatch.setattr(data, "load_contract", lambda name, folder=None: contract(name, folder))


@functools.cache
def pages(name):
    case = case_of(load_study(shipped("params") / f"{name}.yaml"), TODAY)
    return case, five_safes(case), dpia(case)


def bare(text):
    """Text without the marks that keep it from being read as markdown, on one line."""
    return " ".join(re.sub(r"\\([^\w\s]|_)", r"\1", text).split())


def part(text, heading):
    return re.split(r"^## ", text.split(f"## {heading}\n", 1)[1], flags=re.M)[0]


def asked(text):
    return [line for line in text.splitlines() if line.lstrip().startswith("- To answer: ")]


@pytest.mark.parametrize("name", STUDIES)
def test_no_heading_is_missing_and_none_is_empty(name):
    _, safes, impact = pages(name)
    assert re.findall(r"^## (.+)$", safes, flags=re.M) == [
        "Safe projects",
        "Safe people",
        "Safe settings",
        "Safe data",
        "Safe outputs",
        "What the law asks",
    ]
    found = re.findall(r"^## Step (\d): (.+)$", impact, flags=re.M)
    assert [int(number) for number, _ in found] == list(range(1, 8))
    assert {heading for _, heading in found} == STEPS
    assert re.findall(r"^### (.+)$", impact, flags=re.M) == ["Nature", "Scope", "Context", "Purposes"]
    for text in (safes, impact):
        bodies = re.findall(r"^##+ (.+)\n((?:(?!##).*\n?)*)", text, flags=re.M)
        assert [heading for heading, body in bodies if not body.strip()] in ([], ["Step 2: Describe the processing"])


@pytest.mark.parametrize("name", STUDIES)
def test_every_fact_is_that_of_its_contract(name):
    case, safes, impact = pages(name)
    for one in case.shared:
        held = contract(one.contract.name)
        rule = rules()[held.small_number_rule]
        assert f"| {held.name} | {rule.name} | {rule.says}" in bare(part(safes, "Safe outputs"))
        if held.public:
            assert held.name in bare(part(safes, "Safe projects").split("Open to anyone")[1])
            continue
        for text in (bare(part(safes, "Safe projects")), bare(part(impact, "Step 4: Necessity and proportionality"))):
            start = text.index(f"**{held.name}** ({held.title}")
            for label, value in {
                "Controller": held.controller,
                "Purposes": "; ".join(held.purposes),
                "Lawful basis": held.lawful_basis,
                "Gateway": held.gateway,
                "Special category condition": held.special_category_condition,
                "Criminal offence condition": held.criminal_offence_condition,
                "Agreement": held.agreement,
                "Impact assessment": held.dpia_reference,
            }.items():
                assert f"- {label}: {' '.join(value.split())}" in text[start:], (held.name, label)
        people = bare(part(safes, "Safe people"))
        assert f"| {held.name} | {'; '.join(held.recipients)} | {held.steward} |" in people
        assert f"- To answer: what does {held.steward} say?" in bare(part(impact, "Step 3: Consultation"))
        for text in (safes, impact):
            assert f"{held.retention}, {held.retention_trigger}" in bare(text)


@pytest.mark.parametrize("name", STUDIES)
def test_the_columns_are_those_the_study_receives_and_those_it_leaves(name):
    case, safes, impact = pages(name)
    for one in case.restricted:
        said = {use.split(" as ")[0]: use for use in one.use.columns}
        every = {column.name: column for column in contract(one.contract.name).columns}
        derived = {made.name for made in one.contract.derived}
        for text in (safes, impact):
            body = bare(text).split(f"**Columns of {one.contract.name}**")[1].split("**")[0]
            for column, use in said.items():
                form = use.partition(" as ")[2].replace("_", " ") or "as given"
                role = every[column].disclosure_role if column in every else "none"
                assert f"| {column} | {form} | {role} |" in body
            left = sorted(set(every) - set(said))
            assert f"{len(said)} columns are received; {len(left)} of its {len(every)} stay" in body
            assert sorted(re.search(r"- Left: (.*?) - Consent", body)[1].split(", ")) == (left or ["none"])
        assert derived.isdisjoint(every)


@pytest.mark.parametrize("name", STUDIES)
def test_what_nobody_has_checked_is_marked_and_asked(name):
    case, safes, impact = pages(name)
    for one in case.restricted:
        for term in ("lawful_basis", "gateway", "special_category_condition", "criminal_offence_condition"):
            value = " ".join(getattr(one.contract, term).split())
            doubtful = any(word in value.casefold() for word in ("unverified", "to be confirmed", "to be named"))
            assert (f"{value} **NOT VERIFIED**" in bare(safes)) == doubtful, (one.contract.name, term)
        if one.contract.options["made_up_only"]:
            for text in (safes, impact):
                assert f"- To answer: {one.contract.name}: made-up data only" in bare(text)
    assert ("Nothing here is an agreement" in safes) == any(one.contract.options["made_up_only"] for one in case.shared)


def test_a_study_of_open_data_asks_whether_an_assessment_is_needed():
    _, safes, impact = pages("cleveland-asb-hotspots")
    assert "agree that no full assessment is needed?" in part(impact, "Step 1: Identify the need")
    assert "It calls for an assessment" not in impact
    assert "Somebody is found again behind a pseudonym" not in impact
    assert len(asked(safes)) < len(asked(pages("demo-people")[1]))


def test_a_study_of_people_says_why_it_calls_for_one():
    _, safes, impact = pages("demo-people")
    need = bare(part(impact, "Step 1: Identify the need"))
    assert "rows are about single persons (vcse_referrals, vcse_sessions, ae_attendances, people_links)" in need
    assert "people are matched across datasets (people_links)" in need
    assert "Somebody is found again behind a pseudonym" in impact
    assert "- Pseudonyms received: vcse_referrals (person_id), vcse_sessions (person_id)" in bare(safes)
    assert "only rows with consent_evaluation true" in bare(safes)
    numbers = re.findall(r"^(\d)\. ", part(impact, "Step 5: Risks"), flags=re.M)
    measures = re.findall(r"^\| (\d) \|", part(impact, "Step 6: Measures"), flags=re.M)
    assert numbers == measures == [str(n) for n in range(1, len(numbers) + 1)]
    assert len(numbers) == 6


@pytest.fixture
def study_file(tmp_path):
    """The demo of people in a project of its own, with a contract that can be changed."""
    (tmp_path / "params").mkdir()
    (tmp_path / "data_contracts").mkdir()
    shutil.copy(shipped("params") / "demo-people.yaml", tmp_path / "params")
    return tmp_path / "params" / "demo-people.yaml"


def own(study_file, name="vcse_referrals", **terms):
    """Give the project a contract of its own with other terms."""
    held = yaml.safe_load((shipped("data_contracts") / f"{name}.yaml").read_text("utf-8"))
    for item in held["customProperties"]:
        item["value"] = terms.get(item["property"], item["value"])
    target = study_file.parents[1] / "data_contracts" / f"{name}.yaml"
    target.write_text(yaml.safe_dump(held, sort_keys=False), "utf-8")


def test_a_contract_without_a_lawful_basis_is_said(study_file):
    own(study_file, lawfulBasis=" ")
    case = case_of(load_study(study_file), TODAY)
    for text in (five_safes(case), dpia(case)):
        assert "- Lawful basis: BLANK: nothing may be read" in text
        assert "- To answer: what is the lawful basis of vcse_referrals?" in bare(text)
        assert "- To answer: vcse_referrals: no lawful basis" in bare(text)
    assert "what is the lawful basis" not in pages("demo-people")[1]


def test_special_and_criminal_data_and_an_end_are_said_where_they_are(study_file):
    text = study_file.read_text("utf-8").replace("risk_tier, provider_id]", "risk_tier, provider_id, ethnicity_18_1]")
    study_file.write_text(text, "utf-8")
    own(study_file, expires="2027-03-31", deleteBy="2028-03-31", options={"madeUpOnly": False})
    case = case_of(load_study(study_file), TODAY)
    impact = bare(dpia(case))
    assert "special category data are received (vcse_referrals.ethnicity_18_1)" in impact
    assert "become known of somebody" in impact
    assert "| vcse_referrals | 2027-03-31 | 24 months, from the end of the evaluation | 2028-03-31 |" in impact
    assert "- The first agreement ends on: 2027-03-31" in impact
    assert "vcse_referrals: made-up data only" not in impact
    late = case_of(load_study(study_file), date(2027, 4, 1))
    assert "- To answer: vcse_referrals: ended: last day of use 2027-03-31" in bare(dpia(late))


def test_words_of_a_contract_cannot_change_the_page(study_file):
    own(study_file, controller="a # [firm](x) | with <b>marks</b>\n## Safe people\n- To answer: nothing")
    case = case_of(load_study(study_file), TODAY)
    text = five_safes(case)
    assert text.count("\n## Safe people\n") == 1
    assert "<b>" not in text
    assert "\\| with \\<b\\>" in text


def test_files_are_written_counted_and_never_over_answers(study_file, tmp_path):
    study = load_study(study_file)
    made = write_safes(study, tmp_path / "out", TODAY)
    assert [one.path.name for one in made] == list(FILES)
    for one in made:
        assert one.questions == len(asked(one.path.read_text("utf-8"))) > 15
    before = {one.path: one.path.read_bytes() for one in made}
    with pytest.raises(RunError, match="holds an assessment already"):
        write_safes(study, tmp_path / "out", TODAY)
    again = write_safes(study, tmp_path / "other", TODAY)
    assert [one.path.read_bytes() for one in again] == list(before.values())


def test_a_contract_that_cannot_be_used_is_named(study_file, tmp_path):
    (study_file.parents[1] / "data_contracts" / "vcse_sessions.yaml").write_text("id: [1", "utf-8")
    with pytest.raises(StudyError, match="vcse_sessions"):
        write_safes(load_study(study_file), tmp_path / "out", TODAY)
    assert not (tmp_path / "out").exists()


def test_the_command_says_how_many_questions_are_left(study_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["safes", str(study_file), "--to", "out"])
    assert done.exit_code == 0, done.output
    counts = [len(asked((tmp_path / "out" / name).read_text("utf-8"))) for name in FILES]
    for name, count in zip(FILES, counts, strict=True):
        assert f"{name}: {count} questions left to answer" in done.output
    assert f"{sum(counts)} questions in all" in done.output


def test_what_the_law_asks_has_a_source_and_says_how_sure_it_is():
    held = law()
    assert len(held) >= 5
    for one in held:
        assert set(one) == {"provision", "asks", "source", "confidence"}
        assert one["confidence"] in ("found", "found-secondary", "unverified")
        assert ("not looked up" in one["source"]) == (one["confidence"] == "unverified")
    shown = bare(part(pages("demo")[1], "What the law asks"))
    assert all(f"| {one['provision']} | {one['asks']} |" in shown for one in held)
