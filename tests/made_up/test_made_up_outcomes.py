"""Questionnaires score as they were meant to, and the workbook holds what the CSV file holds."""

from __future__ import annotations

import hashlib
import zipfile
from collections import Counter
from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest
from made_up_support import within

from curv_eval.made_up.mentoring import draw_referrals
from curv_eval.made_up.outcomes import (
    ANSWERS_AT_END,
    HALF_DONE,
    HEADER,
    ITEM_MISSING,
    NOT_ASKED,
    PROSOCIAL,
    REVERSED,
    SCORE_WRONG,
    draw_asked,
    improvement,
    outcome_rows,
)
from curv_eval.made_up.people import draw_young
from curv_eval.made_up.process import make_world
from curv_eval.made_up.workbook import DATE_FORMS, NOTES, TITLE, write_workbook

DIFFICULTY = [i for i in range(1, 26) if i not in PROSOCIAL]
ITEMS = [f"item_{i}" for i in range(1, 26)]


@pytest.fixture(scope="module")
def rows(table) -> pd.DataFrame:
    return table("vcse_outcomes")


def total_difficulties(sdq: pd.DataFrame) -> pd.Series:
    """Sum of four subscales of five; a subscale with three or more answers is prorated (scales.csv)."""
    points = pd.DataFrame({i: pd.to_numeric(sdq[f"item_{i}"]) for i in DIFFICULTY})
    points[list(REVERSED)] = 2 - points[list(REVERSED)]
    subscales = [[3, 8, 13, 16, 24], [5, 7, 12, 18, 22], [2, 10, 15, 21, 25], [6, 11, 14, 19, 23]]
    assert sorted(item for items in subscales for item in items) == DIFFICULTY
    parts = []
    for items in subscales:
        there = points[items].notna().sum(axis=1)
        parts.append((5 * points[items].mean(axis=1)).where(there >= 3))
    return sum(parts)


def change(rows: pd.DataFrame, instrument: str, score) -> pd.Series:
    held = rows[rows.instrument == instrument]
    held = held.assign(total=score(held))
    wide = held.pivot(index="person_id", columns="timepoint", values="total").dropna()
    return wide["end"] - wide["baseline"]


def raw_total(swemwbs: pd.DataFrame) -> pd.Series:
    points = swemwbs[ITEMS[:7]].apply(pd.to_numeric)
    return (7 * points.mean(axis=1)).where(points.notna().sum(axis=1) >= 4)


@pytest.fixture(scope="module")
def many():
    """Answers of as many young people as ten folders have."""
    world = make_world(np.random.default_rng(1))
    found, expected = [], []
    for seed in range(10):
        rngs = np.random.default_rng(100 + seed).spawn(3)
        young = draw_young(rngs[0], np.full(len(world.studied), 200))
        referrals = draw_referrals(rngs[1], world, young)
        asked = draw_asked(rngs[2], referrals)
        ids = [f"{seed}/{i}" for i in range(referrals.person.size)]
        found += outcome_rows(rngs[2], asked, referrals, young=young, ids=ids)
        expected.append(improvement(asked))
    return pd.DataFrame(found, columns=list(HEADER)), pd.DataFrame(expected).mean()


class TestKnownImprovement:
    @pytest.mark.parametrize(
        ("name", "instrument", "score"),
        [("SDQ total difficulties", "SDQ", total_difficulties), ("SWEMWBS raw total", "SWEMWBS", raw_total)],
    )
    def test_it_comes_back_from_the_items(self, many, name, instrument, score):
        rows, expected = many
        found = change(rows, instrument, score)
        error = found.std() / len(found) ** 0.5
        assert len(found) > 1500
        assert error < 0.25
        assert found.mean() == pytest.approx(expected[name], abs=4 * error)

    def test_the_directions_are_those_of_the_scales(self, truth):
        assert -4 < truth.improvement["SDQ total difficulties"] < -1.5
        assert 0.8 < truth.improvement["SWEMWBS raw total"] < 2.5

    def test_a_reversed_item_is_stored_as_it_was_ticked(self, many):
        rows, _ = many
        sdq = rows[rows.instrument == "SDQ"][ITEMS].apply(pd.to_numeric)
        means = sdq.mean()
        reversed_ones = [f"item_{i}" for i in REVERSED]
        plain = [f"item_{i}" for i in DIFFICULTY if i not in REVERSED]
        assert means[reversed_ones].min() > 1.05 > 0.95 > means[plain].max()


class TestRows:
    def test_items_are_on_their_scales(self, rows):
        for instrument, low, high, count in (("SDQ", 0, 2, 25), ("SWEMWBS", 1, 5, 7)):
            items = rows[rows.instrument == instrument][ITEMS].apply(pd.to_numeric)
            assert items.iloc[:, :count].stack().dropna().between(low, high).all()
            assert items.iloc[:, count:].isna().all(axis=None)

    def test_items_are_missing_in_their_share(self, rows):
        sdq = rows[rows.instrument == "SDQ"][ITEMS]
        gone = (sdq == "").to_numpy()
        assert within(gone[:, :13].mean(), ITEM_MISSING, gone[:, :13].size)
        half = gone[:, 13:].all(axis=1)
        assert within(half.mean(), HALF_DONE, len(half))

    def test_scores_are_sums_but_for_slips(self, rows):
        sdq = rows[(rows.instrument == "SDQ") & (rows.score != "")]
        assert (sdq[ITEMS] != "").all(axis=None)
        wrong = (total_difficulties(sdq) - sdq.score.astype(float)).abs() > 0.01
        assert within(wrong.mean(), SCORE_WRONG, len(wrong))
        assert rows[(rows.instrument == "SDQ") & (rows.score == "")][ITEMS].eq("").any(axis=1).all()

    def test_only_those_who_started_are_asked_and_not_before(self, rows, table):
        start = table("vcse_referrals").set_index("person_id").start_date
        started = rows.person_id.map(start)
        assert (started != "").all()
        assert (rows.date >= started).all()
        asked = rows[(rows.timepoint == "baseline") & (rows.instrument == "SDQ")].person_id
        n = (start != "").sum()
        assert within(len(asked) / n, 1 - NOT_ASKED, n)

    def test_those_who_complete_answer_again_more_often(self, rows, table):
        referrals = table("vcse_referrals")
        again = set(rows[(rows.timepoint == "end") & (rows.instrument == "SDQ")].person_id)
        for reason in ("completed", "disengaged"):
            people = referrals[referrals.end_reason == reason].person_id
            assert within(people.isin(again).mean(), ANSWERS_AT_END[reason], len(people))

    def test_an_end_is_after_a_beginning(self, rows):
        sdq = rows[rows.instrument == "SDQ"].pivot(index="person_id", columns="timepoint", values="date").dropna()
        assert (sdq.baseline <= sdq.end).all()

    def test_versions_go_with_age(self, rows, table):
        age = table("vcse_referrals").set_index("person_id").age_at_referral.astype(int)
        sdq = rows[rows.instrument == "SDQ"]
        child = sdq.person_id.map(age) <= 17
        assert set(sdq.instrument_version[child]) == {"SDQ 11-17"}
        assert set(sdq.instrument_version[~child]) == {"SDQ 18+"}

    def test_mentors_write_down_what_they_were_told_while_it_lasted(self, rows, drawn):
        told, referrals, happened = rows[rows.instrument == "other"], drawn.referrals, drawn.happened
        count = dict.fromkeys(referrals.person[~np.isnat(referrals.end)].tolist(), 0)
        span = {p: (a, b) for p, a, b in zip(referrals.person, referrals.start, referrals.end, strict=True) if a == a}
        days = happened.time.astype("datetime64[D]")
        for person, day in zip(happened.victim[happened.told].tolist(), days[happened.told], strict=True):
            if person in count:
                first, last = span[person]
                count[person] += first <= day <= last
        found = Counter(told.item_1.astype(int))
        assert found == Counter(min(times, 10) for times in count.values())
        assert found.total() - found[0] > 20

    def test_nobody_is_asked_the_same_twice(self, rows):
        assert not rows.duplicated(["person_id", "instrument", "timepoint", "completed_by"]).any()


@pytest.fixture(scope="module")
def sheet(folder):
    from openpyxl import load_workbook

    return load_workbook(folder / "vcse_outcomes.xlsx").active


def form_of(cell) -> str:
    if isinstance(cell, datetime):
        return "cell"
    return "numbers" if "/" in cell else "iso" if "-" in cell else "words"


class TestWorkbook:
    def test_it_says_that_it_is_made_up(self, sheet):
        assert sheet["A1"].value == TITLE
        assert "MADE-UP" in TITLE
        assert sheet.cell(sheet.max_row, 1).value == NOTES[-1]

    def test_it_has_a_merged_title_a_blank_row_and_notes(self, sheet, rows):
        assert {str(one) for one in sheet.merged_cells.ranges} == {"A1:H1", "A2:H2"}
        assert all(cell.value is None for cell in sheet[3])
        assert [cell.value for cell in sheet[4]] == list(HEADER)
        assert sheet.max_row == 4 + len(rows) + 1 + len(NOTES)

    def test_dates_come_in_several_forms(self, sheet, rows):
        column = HEADER.index("date") + 1
        cells = [sheet.cell(5 + i, column).value for i in range(len(rows))]
        kinds = pd.Series([form_of(cell) for cell in cells])
        shares = kinds.value_counts(normalize=True)
        assert all(within(shares[kind], share, len(rows)) for kind, share in DATE_FORMS.items())

    def test_every_cell_says_what_the_csv_says(self, sheet, rows):
        held = [[self.as_text(name, cell) for name, cell in zip(HEADER, row, strict=True)] for row in self.body(sheet)]
        assert held == rows.to_numpy().tolist()

    def body(self, sheet):
        return sheet.iter_rows(min_row=5, max_row=sheet.max_row - 1 - len(NOTES), values_only=True)

    def as_text(self, name, value):
        if value is None or value in ("n/a", "-"):
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if name != "date":
            return str(value)
        if isinstance(value, datetime):
            return value.date().isoformat()
        for form in ("%d/%m/%Y", "%d %B %Y", "%Y-%m-%d"):
            try:
                return datetime.strptime(value, form).date().isoformat()
            except ValueError:
                continue
        return value

    def test_some_gaps_are_spelt_out(self, sheet):
        words = {row[HEADER.index("item_3")] for row in self.body(sheet)}
        assert {"n/a", "-"} <= words

    def test_the_clock_is_nowhere_in_it(self, folder, tmp_path):
        with zipfile.ZipFile(folder / "vcse_outcomes.xlsx") as book:
            assert {part.date_time[:3] for part in book.infolist()} == {(2025, 1, 31)}
            core = book.read("docProps/core.xml").decode()
        assert str(date.today()) not in core
        assert core.count("2025-01-31T00:00:00Z") == 2

    def test_the_same_rows_give_the_same_bytes_later(self, tmp_path, monkeypatch):
        rows = [("a", "SDQ", "SDQ 18+", "baseline", "2024-01-02", "self", "true", *["1"] * 25, "20")] * 30
        found = []
        for name, clock in (("one", 1.7e9), ("two", 1.8e9)):
            monkeypatch.setattr("time.time", lambda clock=clock: clock)
            write_workbook(tmp_path / name, np.random.default_rng(1), header=HEADER, rows=rows)
            found.append(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
        assert found[0] == found[1]
