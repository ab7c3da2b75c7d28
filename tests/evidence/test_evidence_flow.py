"""The PRISMA 2020 flow adds up, from numbers and from files; the checklist and the protocol hold what they must."""

import dataclasses
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curv_eval.errors import StudyError
from curv_eval.evidence.screening import (
    Export,
    Fault,
    Flow,
    Reference,
    Reports,
    find_duplicates,
    flow,
    flow_of,
    screen,
    unique,
)

FOUND = {"Scopus": 100, "Web of Science": 50}
REMOVED = {"duplicates": 30}
REPORTS = Reports(30, 2, {"wrong_design": 10, "no_outcome": 1})


def made(**changed):
    held = {
        "identified": FOUND,
        "removed": REMOVED,
        "screened": 120,
        "excluded": 90,
        "reports": REPORTS,
        "studies": 15,
        "included": 17,
    }
    return Flow(**(held | changed))


def faults(**changed):
    with pytest.raises(StudyError) as refusal:
        made(**changed)
    return list(refusal.value.breaches)


def number(held, column, box, detail=""):
    rows = held.table
    (found,) = rows.loc[(rows["column"] == column) & (rows["box"] == box) & (rows["detail"] == detail), "n"]
    return int(found)


def test_every_box_has_its_number():
    held = flow(FOUND, REMOVED, excluded=90, reports=REPORTS, included=(15, 17))
    assert held == made()
    base = "databases and registers"
    expected = {
        "records identified": 150,
        "records removed before screening": 30,
        "records screened": 120,
        "records excluded": 90,
        "reports sought for retrieval": 30,
        "reports not retrieved": 2,
        "reports assessed for eligibility": 28,
        "reports excluded": 11,
    }
    for box, n in expected.items():
        assert number(held, base, box) == n, box
    assert number(held, base, "records identified", "Scopus") == 100
    assert number(held, base, "records removed before screening", "duplicates") == 30
    assert number(held, base, "reports excluded", "wrong_design") == 10
    assert number(held, "included", "studies included") == 15
    assert number(held, "included", "reports included") == 17


def test_details_add_up_to_their_box():
    rows = made().table
    for box in ("records identified", "records removed before screening", "reports excluded"):
        here = rows[rows["box"] == box]
        assert here.loc[here["detail"] != "", "n"].sum() == here.loc[here["detail"] == "", "n"].sum()


def test_the_text_says_what_the_diagram_shows():
    assert made().text == (
        "Searches of Scopus: 100, Web of Science: 50 found 150 records. Before reading, 30 records were taken out "
        "(duplicates: 30). Two people read the titles and summaries of 120 records and left out 90. 30 full reports "
        "were sought, and 2 could not be had. 28 reports were read in full. 11 were left out (wrong design: 10, no "
        "outcome: 1). The review holds 15 studies, described in 17 reports."
    )


def test_one_is_said_as_one():
    held = flow({"Scopus": 1}, {}, excluded=0, reports=Reports(1, 0, {}), included=(1, 1))
    assert held.text == (
        "Searches of Scopus: 1 found 1 record. Two people read the titles and summaries of 1 record and left out 0. "
        "1 full report was sought, and 0 could not be had. 1 report was read in full. None was left out. "
        "The review holds 1 study, described in 1 report."
    )


def test_a_review_may_hold_nothing():
    held = flow({"Scopus": 3}, {}, excluded=3, reports=Reports(0, 0, {}), included=(0, 0))
    assert held.text.endswith("The review holds 0 studies, described in 0 reports.")


def test_other_ways_have_a_column_of_their_own():
    held = made(other={"websites": 5, "citations": 4}, other_reports=Reports(6, 1, {"wrong_design": 2}), included=20)
    assert number(held, "other methods", "records identified") == 9
    assert number(held, "other methods", "reports assessed for eligibility") == 5
    assert number(held, "other methods", "reports excluded", "wrong_design") == 2
    assert "Other ways (websites: 5, citations: 4) found 9 records." in held.text
    assert "other methods" not in set(made().table["column"])


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"screened": 119}, "screened: got 119, expected 120 (identified less removed)"),
        ({"excluded": 80}, "reports sought: got 30, expected 40 (screened less excluded)"),
        ({"included": 16}, "reports included: got 16, expected 17 (assessed less excluded)"),
        ({"studies": 18}, "studies: got 18, expected 1 to 17, the number of their reports"),
        ({"studies": 0}, "studies: got 0, expected 1 to 17, the number of their reports"),
        ({"identified": {"Scopus": 149}}, "screened: got 120, expected 119 (identified less removed)"),
        ({"removed": {"duplicates": -30}}, "removed, duplicates: got -30, expected a whole number of 0 or more"),
        ({"identified": {"Scopus": 150.0}}, "identified, Scopus: got 150.0, expected a whole number of 0 or more"),
        ({"excluded": True}, "excluded: got True, expected a whole number of 0 or more"),
        ({"excluded": "90"}, "excluded: got '90', expected a whole number of 0 or more"),
        ({"identified": {}}, "identified: no database"),
        ({"reports": Reports(30, 40, {})}, "reports: more were lost than sought"),
        (
            {"other": {"websites": 1}, "other_reports": Reports(3, 0, {})},
            "other reports sought: got 3, expected at most 1",
        ),
    ],
)
def test_numbers_that_do_not_add_up_are_refused(changed, fault):
    assert fault in faults(**changed)


def test_every_fault_is_told_at_once():
    assert len(faults(screened=119, included=3, studies=9)) == 4


def test_a_flow_from_numbers_refuses_them_too():
    with pytest.raises(StudyError) as refusal:
        flow({"Scopus": "150"}, REMOVED, excluded=-1, reports=REPORTS, included=(15, 17))
    assert len(refusal.value.breaches) >= 2


def test_a_flow_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        made().screened = 1
    with pytest.raises(StudyError):
        replace(made(), screened=1)


SMALL = st.integers(0, 30)


@given(SMALL, SMALL, SMALL, SMALL, SMALL, SMALL)
def test_what_is_built_from_the_bottom_always_adds_up(included, reasons, lost, excluded, removed, more):
    sought = included + reasons + lost
    found = {"A": sought + excluded + removed, "B": more}
    held = flow(
        found,
        {"duplicates": removed, "automation": more},
        excluded=excluded,
        reports=Reports(sought, lost, {"r": reasons}),
        included=(min(included, 1), included),
    )
    assert held.screened == sought + excluded
    assert held.found == sum(found.values())
    assert held.reports.left == included


# from the files themselves

REASONS = ("wrong_design",)


def reference(n, **given):
    held = {"title": f"Study number {n} about violence", "authors": (f"Author{n}, A.",), "year": 2000 + n % 20}
    return Reference(id=f"r{n}", **(held | given))


def files(broken=1):
    """Two exports of 12 and 4 references, 4 of which the first has too."""
    first = [reference(n) for n in range(12)]
    second = [replace(reference(n), id=f"s{n}") for n in range(4)]
    faults_ = tuple(Fault(n, "no title") for n in range(broken))
    return (
        Export("Scopus", tuple(first), (), 12),
        Export("Web of Science", tuple(second), faults_, 4 + broken),
    )


def screened(ids):
    rows = []
    for n, name in enumerate(ids):
        said = "include" if n < 6 else "exclude"
        rows += [(name, "title_abstract", who, said, "") for who in ("Ann", "Ben")]
    for n, name in enumerate(ids[:6]):
        said, why = ("include", "") if n < 3 else ("exclude", "not_retrieved" if n == 3 else "wrong_design")
        rows += [(name, "full_text", who, said, why) for who in ("Ann", "Ben")]
    table = pd.DataFrame(rows, columns=["reference", "stage", "screener", "decision", "reason"])
    return screen(table, ids, reasons=REASONS)


def test_a_flow_comes_from_the_files():
    exports = files()
    everything = [one for export in exports for one in export.references]
    found = find_duplicates(everything)
    ids = [one.id for one in unique(everything, found)]
    held = flow_of(exports, found, screened(ids), studies=2)
    assert held.identified == {"Scopus": 12, "Web of Science": 5}
    assert held.removed == {"duplicates": 4, "could not be read": 1}
    assert (held.screened, held.excluded) == (12, 6)
    assert held.reports == Reports(6, 1, {"wrong_design": 2})
    assert (held.studies, held.included) == (2, 3)


def test_two_exports_of_one_database_are_one_box():
    one, other = files(broken=0)
    exports = (one, replace(other, database="Scopus"))
    everything = [held for export in exports for held in export.references]
    found = find_duplicates(everything)
    ids = [held.id for held in unique(everything, found)]
    held = flow_of(exports, found, screened(ids), studies=2)
    assert held.identified == {"Scopus": 16}
    assert held.removed == {"duplicates": 4}


def test_screening_what_was_not_deduplicated_does_not_add_up():
    exports = files()
    everything = [one for export in exports for one in export.references]
    with pytest.raises(StudyError, match="do not add up"):
        flow_of(exports, find_duplicates(everything), screened([one.id for one in everything]), studies=2)


def test_an_unfinished_screening_has_no_flow():
    exports = files()
    rows = [("r0", "title_abstract", "Ann", "include", ""), ("r0", "title_abstract", "Ben", "exclude", "")]
    table = pd.DataFrame(rows, columns=["reference", "stage", "screener", "decision", "reason"])
    with pytest.raises(StudyError, match="not finished"):
        flow_of(exports, find_duplicates([]), screen(table, ["r0"], reasons=REASONS), studies=1)
