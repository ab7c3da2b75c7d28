"""What a brief says of the sources' own limits."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from curv_eval.panel import month_number
from curv_eval.profile import Change, Coverage
from curv_eval.report.recording import recording_part, recording_tables


def source(title, coverage=(), changes=()):
    return SimpleNamespace(title=title, coverage=coverage, definition_changes=changes, small_number_rule="under_10")


def study(first="2022-01", last="2023-12"):
    window = SimpleNamespace(first=first, last=last)
    outcomes = [
        SimpleNamespace(contract="police", name="crimes", label="violent incidents"),
        SimpleNamespace(contract="hospital", name="attended", label="A&E attendances"),
    ]
    place = SimpleNamespace(name="Vale")
    return SimpleNamespace(exceptions=(), design=SimpleNamespace(window=window), outcomes=outcomes, place=place)


# two areas; October 2022 to February 2023, of which nobody supplied December
PANEL = SimpleNamespace(
    periods=np.array([month_number(m) for m in ("2022-10", "2022-11", "2023-01", "2023-02")]),
    outcomes={
        "crimes": np.array([[10, 20, 30, 40], [1, 2, 3, 4]]),
        "attended": np.array([[5, 5, 2, 0], [5, 5, 1, 0]]),
    },
)


SEES = Coverage(of="violence treated in A&E", share=0.23, source="a paper", confidence="found-secondary")
RANGE = Coverage(of="violence", share=0.4, low=0.35, high=0.46, source="a survey", confidence="found")
UNKNOWN = Coverage(of="violence", source="nobody counted", confidence="unverified")
CHANGES = tuple(
    Change(month=month, what=f"change of {month}", source="a notice", confidence="unverified")
    for month in ("2021-12", "2022-06", "2024-01")
)


def said(police=(), hospital=(), changes=(), **window):
    data = SimpleNamespace(
        contracts={"police": source("Police", police, changes), "hospital": source("Hospital", hospital)}
    )
    tables = {one.name: one for one in recording_tables(study(**window), data, PANEL)}
    return tables, recording_part(tables)


@pytest.mark.parametrize(
    ("coverage", "text"),
    [
        (SEES, "about 23 in 100; no range was published"),
        (RANGE, "about 40 in 100 (35 to 46)"),
        (UNKNOWN, "not known"),
    ],
)
def test_a_share_is_said_with_what_is_known_of_it(coverage, text):
    tables, part = said(police=(coverage,))
    assert tables["coverage"].table["sees"].tolist() == [text]
    assert text in part


def test_a_mark_of_doubt_reaches_the_brief():
    _, part = said(police=(SEES, UNKNOWN), hospital=(RANGE,))
    assert "a paper (as quoted by others)" in part
    assert "nobody counted (not verified)" in part
    assert "a survey |" in part


def test_numbers_of_two_sources_are_not_to_be_added():
    assert "must not be added" in said(police=(SEES,))[1]


def test_changes_inside_the_window_are_shown_in_order_and_others_are_not():
    tables, part = said(changes=CHANGES[::-1])
    assert tables["breaks"].table["what"].tolist() == ["change of 2022-06"]
    assert "change of 2021-12" not in part
    # in the first month it is not a change: every month lies on the same side of it
    assert "breaks" not in said(changes=CHANGES, first="2022-06", last="2023-12")[0]
    tables, _ = said(changes=CHANGES[::-1], first="2021-01", last="2024-12")
    assert tables["breaks"].table["month"].tolist() == ["December 2021", "June 2022", "January 2024"]


def test_sources_stand_side_by_side_by_year_with_the_months_supplied():
    table = said()[0]["series"].table
    assert table["year"].tolist() == ["2022", "2023"]
    assert table["months"].tolist() == [2, 2]
    # 33 and 77, 20 and 3: rounded to 5, and a small one is withheld with the one beside it
    assert table["A&E attendances"].isna().all()
    assert "| withheld |" in said()[1]


def test_one_source_is_not_set_beside_itself():
    alone = study()
    alone.outcomes.pop()
    data = SimpleNamespace(contracts={"police": source("Police")})
    assert recording_tables(alone, data, PANEL) == []
    assert recording_part({}) == ""
