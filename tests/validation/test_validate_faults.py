"""The reference task at 20,000 rows: every planted fault comes back, in its row, and nothing else does."""

from __future__ import annotations

import pytest
from validation_support import PLANTED, TODAY, counts, found_in, good_rows, plant, put, referrals, text_of

from curv_eval.validation import validate

ROWS = 20_000


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    rows = good_rows(ROWS)
    truth = plant(rows, scale=0.1)
    folder = tmp_path_factory.mktemp("faults")
    return put(folder, text_of(rows)), truth, folder


def test_rows_without_a_fault_keep_the_contract(tmp_path):
    said = validate(put(tmp_path, text_of(good_rows(ROWS))), referrals(), today=TODAY)
    assert (said.breaches, said.broken, said.total, said.rows) == ((), 0, 0, ROWS)


def test_every_fault_is_found_in_its_row_and_no_other(task):
    path, truth, folder = task
    assert set(truth) == set(PLANTED)
    said, found = found_in(path, referrals(), folder)
    assert found == truth
    assert counts(said) == {promise: len(rows) for promise, rows in truth.items()}
    assert said.total == sum(map(len, truth.values()))
    assert said.broken == len(set().union(*truth.values())) == said.total - 2
    assert said.rows == ROWS


def test_the_numbers_of_the_reference_task():
    rows = good_rows(4_000)
    truth = plant(rows)
    assert {promise: len(found) for promise, found in truth.items()} == PLANTED
    assert len(set().union(*truth.values())) == 2_289


def test_the_first_rows_are_named_as_a_spreadsheet_shows_them(task):
    path, truth, folder = task
    said, _ = found_in(path, referrals(), folder)
    first = {(b.column, b.rule): b.first_rows for b in said.breaches}
    assert first == {p: tuple(f"partner.csv row {row + 1:,}" for row in rows[:3]) for p, rows in truth.items()}


def test_empty_keys_are_blank_and_not_repeated(task):
    path, _, folder = task
    found = found_in(path, referrals(), folder)[1]
    blank, repeated = (set(found["referral_id", rule]) for rule in ("required", "duplicate"))
    assert len(blank) > 1
    assert not blank & repeated


def test_order_of_the_listing_is_the_order_of_the_rows(task, tmp_path):
    path, truth, _ = task
    found_in(path, referrals(), tmp_path)
    lines = (tmp_path / "listing.csv").read_text("utf-8-sig").splitlines()[1:]
    rows = [int(line.split(",")[1]) for line in lines]
    assert rows == sorted(rows)
    assert len(rows) == sum(map(len, truth.values()))
