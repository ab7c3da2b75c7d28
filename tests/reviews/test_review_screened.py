"""Screening and risk of bias as a review's file takes them: counted by hand, and refused where they do not fit."""

from dataclasses import replace

import pandas as pd
import pytest
from projects import ROOT

from curv_eval.errors import StudyError
from curv_eval.evidence.screened import BIAS_COLUMNS, assessed_of, flow_of_screening
from curv_eval.study import load_study
from curv_eval.study.review import Judged, Screened

REVIEW = load_study(ROOT / "params" / "review-cbt-offending.yaml")
SCREENED = Screened("decisions", {"A database": 6, "Another": 2}, duplicates=2)
JUDGED = Judged("bias", "rob_2", "A. Judge")
DOMAINS = ("randomisation", "deviations", "missing_data", "measurement", "reporting")


def decisions(**changed):
    """What two people decided about six records: two are kept, one is not to be had, one is left out when read."""
    said = {
        "r1": ("include", "include", ""), "r2": ("include", "include", ""), "r3": ("include", "exclude", "no_counts"),
        "r4": ("include", "exclude", "not_retrieved"), "r5": ("exclude", "", ""), "r6": ("exclude", "", ""), **changed,
    }  # fmt: skip
    rows = []
    for name, (first, second, reason) in said.items():
        for who in ("Ann", "Ben"):
            rows.append((name, "title_abstract", who, first, ""))
            if second:
                rows.append((name, "full_text", who, second, reason))
    return pd.DataFrame(rows, columns=["reference", "stage", "screener", "decision", "reason"])


def flow(table, studies=2, screening=SCREENED):
    return flow_of_screening(replace(REVIEW, screening=screening), {"decisions": table}, studies)


def test_a_review_that_did_not_screen_has_no_flow():
    assert flow_of_screening(REVIEW, {}, 3) is None


def test_the_boxes_are_counted_from_the_decisions():
    found = flow(decisions())
    assert (found.found, found.screened, found.excluded) == (8, 6, 2)
    assert (found.reports.sought, found.reports.not_retrieved) == (4, 1)
    assert dict(found.reports.excluded) == {"no_counts": 1}
    assert (found.studies, found.included) == (2, 2)


def test_two_reports_of_one_study_are_one_study():
    assert flow(decisions(), studies=1).studies == 1


def test_what_was_found_has_to_add_up_with_what_was_screened():
    with pytest.raises(StudyError, match="do not add up") as fault:
        flow(decisions(), screening=replace(SCREENED, duplicates=1))
    assert any("reports sought: got 4, expected 5" in line for line in fault.value.breaches)


def test_more_studies_than_reports_are_refused():
    with pytest.raises(StudyError, match="do not add up"):
        flow(decisions(), studies=3)


def test_a_screening_that_is_not_finished_is_no_flow():
    table = decisions(r1=("include", "", ""))
    with pytest.raises(StudyError, match="screening is not finished"):
        flow(table)


def test_people_who_differ_have_to_agree_first():
    table = decisions()
    table.loc[
        (table["reference"] == "r1") & (table["screener"] == "Ann") & (table["stage"] == "full_text"), "decision"
    ] = "unsure"
    with pytest.raises(StudyError, match="not finished"):
        flow(table)
    agreed = pd.DataFrame([("r1", "full_text", "agreed", "include", "")], columns=table.columns)
    assert flow(pd.concat([table, agreed], ignore_index=True)).included == 2


def test_a_reason_that_the_review_does_not_know_is_refused():
    with pytest.raises(StudyError, match="breaks its rules"):
        flow(decisions(r3=("include", "exclude", "too_old")))


def judged(*names, **levels):
    rows = [(name, domain, levels.get(name, "low"), "said so") for name in names for domain in DOMAINS]
    return pd.DataFrame(rows, columns=list(BIAS_COLUMNS))


def assessed(table, studies, bias=JUDGED):
    return assessed_of(replace(REVIEW, bias=bias), {"bias": table}, studies)


def test_a_review_that_judged_nothing_has_no_judgements():
    assert assessed_of(REVIEW, {}, ["a"]) == ()


def test_studies_are_judged_in_the_order_of_the_review():
    found = assessed(judged("b", "a", a="high"), ["a", "b"])
    assert [one.study for one in found] == ["a", "b"]
    assert [one.overall for one in found] == ["high", "low"]
    assert {one.by for one in found} == {"A. Judge"}


def test_studies_and_judgements_have_to_be_of_the_same_studies():
    with pytest.raises(StudyError) as fault:
        assessed(judged("a", "c"), ["a", "b"])
    assert set(fault.value.breaches) == {"b: not judged", "c: judged, and no study of this review"}


def test_a_judgement_that_is_not_whole_is_refused():
    table = judged("a").iloc[:-1]
    with pytest.raises(StudyError) as fault:
        assessed(table, ["a"])
    assert any("reporting: not judged" in line for line in fault.value.breaches)


def test_a_level_of_another_tool_is_refused():
    with pytest.raises(StudyError) as fault:
        assessed(judged("a", a="serious"), ["a"])
    assert any("got 'serious'" in line for line in fault.value.breaches)


def test_numbers_as_labels_are_labels():
    table = judged("1", "2")
    table["study"] = table["study"].astype(int)
    assert [one.study for one in assessed(table, ["1", "2"])] == ["1", "2"]
