"""What an assessment says of datasets of each kind, and that it changes with them."""

import re

import pytest
from test_safes import TODAY, asked, bare, contract, contracts_are_read_once, own, pages, part, study_file  # noqa: F401

from curv_eval.contract import load_contract
from curv_eval.register.rows import dataset_rows
from curv_eval.safes.dpia import dpia
from curv_eval.safes.five_safes import five_safes
from curv_eval.safes.reading import case_of
from curv_eval.safes.words import ask, checked, fact, listed, table
from curv_eval.study import load_study


def both(path, today=TODAY):
    case = case_of(load_study(path), today)
    return case, bare(five_safes(case)), bare(dpia(case))


def test_pairs_are_named_wherever_a_study_uses_them():
    assert pages("demo")[0].links == ("people_links",)
    assert pages("demo-people")[0].links == ("people_links",)
    assert pages("cleveland-asb-hotspots")[0].links == ()
    hidden = pages("demo-hidden")[0]
    assert set(hidden.links) >= {one.contract for one in hidden.study.hidden.links}
    assert len(hidden.links) == len(set(hidden.links))
    for name in ("demo", "demo-people", "demo-hidden"):
        said = bare(part(pages(name)[1], "Safe data"))
        assert f"- Pairs of pseudonyms from a linker: {', '.join(pages(name)[0].links)}" in said


def test_open_and_restricted_data_are_told_apart():
    case, safes, _ = pages("demo")
    assert {one.contract.name for one in case.open} == {
        "police_uk_street",
        "lsoa_lookup",
        "ward_lookup",
        "lsoa_population",
        "lsoa_boundaries",
        "intervention_register",
    }
    assert {one.contract.name for one in (*case.open, *case.restricted)} == set(case.study.contracts)
    people = bare(part(safes, "Safe people"))
    assert not [one.contract.name for one in case.open if f"| {one.contract.name} |" in people]


def test_each_dataset_says_which_contract_it_has(study_file):  # noqa: F811
    own(study_file, controller="the other provider")
    _, safes, impact = both(study_file)
    for text in (safes, impact):
        start = text.index("**vcse_referrals** (")
        assert "- Contract: the project's own, version 1.0.0" in text[start : text.index("**vcse_sessions** (")]
        assert "- Contract: came with the package, version 1.0.0" in text[text.index("**vcse_sessions** (") :]
        assert "- Controller: the other provider" in text


def test_a_key_of_encrypted_data_is_named_by_its_variable(study_file):  # noqa: F811
    text = study_file.read_text("utf-8")
    use = "vcse_sessions: { location: vcse_sessions.csv,"
    assert use in text
    study_file.write_text(text.replace(use, f'{use} key: "env:VCSE_KEY",'), "utf-8")
    _, safes, _ = both(study_file)
    assert "| vcse_sessions | vcse_sessions.csv | with the key in the variable VCSE_KEY |" in safes
    assert "| vcse_referrals | vcse_referrals.csv | not by this study |" in safes


def test_the_first_of_two_agreements_to_end_is_named(study_file):  # noqa: F811
    real = {"options": {"madeUpOnly": False}, "deleteBy": "2030-03-31"}
    own(study_file, expires="2028-03-31", **real)
    own(study_file, "vcse_sessions", expires="2027-06-30", **real)
    _, safes, impact = both(study_file)
    assert "- The first agreement ends on: 2027-06-30" in impact
    assert "| vcse_sessions | 2027-06-30 |" in safes


def test_a_linkage_with_data_outside_the_study_is_no_question(study_file):  # noqa: F811
    _, safes, impact = both(study_file)
    assert "one-sided linkage" not in safes + impact
    assert "for which there is no contract" not in safes + impact


@pytest.mark.parametrize(
    ("column", "category"),
    [("ethnicity_18_1", "special category"), ("suspect_age", "criminal offence")],
)
def test_a_column_that_needs_a_condition_calls_for_an_assessment(column, category, study_file):  # noqa: F811
    text = study_file.read_text("utf-8")
    if category == "criminal offence":
        added = "  police_recorded_crime: { location: crime.csv, columns: [crime_ref, suspect_age as age_band] }\n"
        names = {one.name for one in contract("police_recorded_crime").columns}
        added = added.replace("crime_ref, ", "" if "crime_ref" not in names else "crime_ref, ")
        text = text.replace("intervention: vcse", f"{added}intervention: vcse").replace("}\n\n  police", "}\n  police")
    else:
        text = text.replace("risk_tier, provider_id]", f"risk_tier, provider_id, {column}]")
    study_file.write_text(text, "utf-8")
    _, _, impact = both(study_file)
    assert f"It calls for an assessment: {category} data are received" in impact
    assert re.search(rf"- Columns with {category} data: [a-z_]+\.{column}", impact)
    assert "become known of somebody" in impact


def test_consent_is_a_risk_where_a_contract_asks_for_it():
    assert "did not consent" in pages("demo-people")[2]
    case, _, impact = pages("cleveland-asb-hotspots")
    assert not any(one.contract.consent_column for one in case.shared)
    assert "did not consent" not in impact


def test_a_plan_that_is_not_registered_is_said():
    _, safes, _ = pages("demo")
    assert "- Plan: not registered with this program; the study says that it was fixed on 2026-11-23" in bare(safes)


def test_a_plan_that_is_registered_is_said(study_file):  # noqa: F811
    from curv_eval.registration import draft, write

    study = load_study(study_file)
    write(study, draft(study, by="The evaluators", deviation=None))
    _, safes, _ = both(study_file)
    assert re.search(r"- Plan: registered on \d{4}-\d\d-\d\d by The evaluators; confirmatory", safes)


def test_the_strictest_rule_is_that_of_all_the_datasets():
    safes = bare(part(pages("demo-people")[1], "Safe outputs"))
    assert "nhs_1_7_round_5+under_10" in safes
    assert "- Where all of them meet in one table: open: " in bare(pages("cleveland-asb-hotspots")[1])


def test_every_steward_is_asked_once():
    case, _, impact = pages("demo-hidden")
    questions = asked(part(impact, "Step 3: Consultation"))
    stewards = {one.contract.steward for one in case.restricted}
    assert len(questions) == len(stewards) + 2
    assert len(set(questions)) == len(questions)


def test_what_the_register_says_is_what_the_assessment_says():
    from curv_eval.register import Entry, Register

    case = pages("demo")[0]
    entries = tuple(Entry(load_contract(one.contract.name), False) for one in case.restricted[:1])
    (row,) = dataset_rows(Register(TODAY, entries, (), ()))
    assert case.restricted[0].row == row


def test_words_are_written_so_that_nothing_in_them_is_a_mark():
    assert ask("a | b?") == "- To answer: a \\| b?"
    assert fact("Name", "*x* (unverified)") == "- Name: \\*x\\* (unverified) **NOT VERIFIED**"
    assert checked("to be named by the trust").endswith(" **NOT VERIFIED**")
    assert checked("verified") == "verified"
    assert listed([]) == "none"
    assert listed(["a", "b"]) == "a, b"
    assert list(table(("One", "Two"), [])) == ["None.\n"]
    assert list(table(("One", "Two"), [("a|b", "c")])) == ["| One | Two |", "|---|---|", "| a\\|b | c |", ""]
