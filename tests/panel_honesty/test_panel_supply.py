"""Months with a hole are no periods: a study through `assemble`, with as many rows as a police force has."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from honest_study import (
    AREAS,
    ASB,
    EVERYTHING,
    FORCE,
    KINDS,
    OTHER,
    VIOLENCE,
    M,
    account,
    periods,
    place,
    street,
    without,
)

from curv_eval.errors import ContractError, DesignError
from curv_eval.study import Design, Outcome, Span
from unit.tiny_study import tiny

AE = Outcome("ae", "assaults", "ae_assaults", "secondary")


def visits(counts, area="E01000005"):
    """A&E rows: so many in each month, on its tenth day."""
    return [(area, f"{month}-10 12:00:00") for month, n in zip(M, counts, strict=True) for _ in range(n)]


@pytest.fixture(scope="module")
def whole():
    return street()


def test_complete_months_are_all_periods(whole):
    found = place(whole).run()
    assert periods(found) == M
    assert found.months["supplied"].all()
    assert set(found.months["reason"]) == {""}
    assert found.months["rows"].sum() == len(whole)
    assert found.months["expected"].to_numpy() == pytest.approx(np.full(36, 360), rel=0.15)


def test_a_month_with_a_hole_is_no_period_and_is_said():
    found = place(street(left={(M[14], None, None): 0.2})).run()
    assert periods(found) == without(M[14])
    assert account(found)[M[14]] == (False, "less than half of the rows expected")
    assert found.panel.outcomes["asb"].shape == (6, 35)
    assert sum(ok for ok, _ in account(found).values()) == 35


def test_rows_of_a_month_that_is_left_out_are_not_counted_as_placed():
    rows = street(left={(M[14], None, None): 0.2})
    found = place(rows).run()
    asb = rows[(rows["crime_type"] == ASB) & (rows["month"] != M[14])]
    assert found.placed["placed"].tolist() == [len(asb)]
    assert found.panel.outcomes["asb"].sum() == len(asb)


def test_the_check_looks_at_the_whole_source_and_not_at_the_outcome():
    # patrols work so well that disorder halves: everything else is as it was, so nothing is missing
    left = {(m, ASB, None): 0.45 for m in M[20:24]}
    assert periods(place(street(left=left)).run()) == M


def test_a_month_without_the_kind_that_is_counted_is_no_period():
    found = place(street(left={(M[9], ASB, None): 0.0})).run()
    assert periods(found) == without(M[9])
    assert account(found)[M[9]] == (False, f"far too few rows of {ASB}")


def test_a_month_without_another_kind_is_a_period():
    assert periods(place(street(left={(M[9], "Drugs", None): 0.0})).run()) == M


def test_a_month_without_the_kind_of_another_outcome_is_refused_with_the_remedy():
    with pytest.raises(DesignError, match="did not supply every month") as refusal:
        place(street(left={(M[9], KINDS[5], None): 0.0}), VIOLENCE).run()
    assert refusal.value.breaches == (f"outcomes.violence: police_uk_street: {M[9]} (far too few rows of {KINDS[5]})",)
    assert "design.leave_out" in refusal.value.do
    assert "not a month of zero" in refusal.value.do


def test_the_remedy_works():
    rows = street(left={(M[9], KINDS[5], None): 0.0})
    found = place(rows, VIOLENCE, leave_out=(M[9],)).run()
    assert periods(found) == without(M[9])
    assert account(found)[M[9]] == (False, "left out by the study")


def test_a_month_in_which_a_district_is_missing_is_no_period():
    rows = pd.concat([
        street(level=8), street(areas=("E01000009",), level=8, seed=2, left={(M[22], None, None): 0.01}),
    ])  # fmt: skip
    here = place(rows)
    both = replace(here.study.place, districts=("E06000001", "E06000002"))
    found = replace_study(here, place=both).run()
    assert periods(found) == without(M[22])
    assert account(found)[M[22]] == (False, "almost no rows in Beyond")
    # the study of the other district alone is not touched
    assert periods(place(rows).run()) == M


def replace_study(here, **fields):
    here.study = replace(here.study, **fields)
    return here


def test_kinds_given_wrongly_spoil_an_outcome_of_one_kind_and_not_the_total():
    rows = street(level=60)
    odd = rows["month"] == M[11]
    lost = odd & (np.random.default_rng(1).random(len(rows)) < 0.9)
    rows.loc[lost, "crime_type"] = KINDS[5]
    assert periods(place(rows).run()) == without(M[11])
    everything = replace(EVERYTHING, role="primary")
    assert periods(replace_study(place(rows), outcomes=(everything,)).run()) == M


def test_months_that_the_study_leaves_out_leave_true_gaps(whole):
    found = place(whole, leave_out=(M[4], M[5], M[20])).run()
    assert periods(found) == without(M[4], M[5], M[20])
    assert np.diff(found.panel.periods).max() == 3
    assert account(found)[M[4]] == (False, "left out by the study")


def test_a_month_known_to_be_complete_stays_and_the_finding_is_still_said():
    here = place(street(left={(M[14], None, None): 0.2}))
    known = type("Design", (), {**vars(here.study.design), "known_complete": (M[14],)})()
    here.study = type("Study", (), {**vars(here.study), "design": known, "primary": here.study.primary})()
    found = here.run()
    assert periods(found) == M
    supplied, why = account(found)[M[14]]
    assert supplied
    assert why == "less than half of the rows expected; the study knows it to be complete"


# ---- suppliers


def test_another_forces_hole_does_not_matter(whole):
    other = street(force=OTHER, areas=("E01000009",), seed=5, left={(M[14], None, None): 0.1})
    assert periods(place(pd.concat([whole, other])).run()) == M


def test_a_hole_of_the_districts_own_force_is_not_hidden_by_another_in_the_files():
    mine = street(left={(M[14], None, None): 0.1})
    others = [street(force=f"force {i}", areas=("E01000009",), seed=i, level=200) for i in range(2)]
    assert periods(place(pd.concat([mine, *others])).run()) == without(M[14])


def test_a_few_rows_across_the_border_make_no_supplier(whole):
    # the neighbour has rows in one month only, and a few of them here
    stray = street(force=OTHER, areas=("E01000001",), level=1)
    found = place(pd.concat([whole, stray[stray["month"] == M[3]]])).run()
    assert periods(found) == M
    assert set(found.months["reason"]) == {""}


def test_of_two_forces_in_the_districts_the_one_with_the_hole_is_named(whole):
    second = street(force=OTHER, areas=AREAS[:3], seed=7, left={(M[30], None, None): 0.1})
    found = place(pd.concat([whole, second])).run()
    assert periods(found) == without(M[30])
    assert account(found)[M[30]] == (False, f"{OTHER}: less than half of the rows expected")
    mine, theirs = (rows[rows["month"] == M[0]] for rows in (whole, second))
    assert found.months.set_index("month").loc[M[0], "rows"] == len(mine) + len(theirs)


def test_a_table_that_does_not_say_who_supplied_it_is_one_supplier(whole):
    assert periods(place(whole.drop(columns="reported_by")).run()) == M


def test_a_table_without_kinds_is_judged_by_its_total(whole):
    rows = street(left={(M[14], None, None): 0.2}).drop(columns="crime_type")
    everything = replace(EVERYTHING, role="primary")
    found = replace_study(place(rows), outcomes=(everything,)).run()
    assert periods(found) == without(M[14])


# ---- other sources


def test_a_small_source_with_an_empty_month_is_counted_as_zero_and_said(whole):
    counts = np.random.default_rng(3).poisson(4, 36) + 1
    counts[12] = 0
    found = place(whole, AE, ae=visits(counts)).run()
    assert periods(found) == M
    assert found.panel.outcomes["ae"].sum(axis=0).tolist() == counts.tolist()
    assert account(found, "ae_assaults")[M[12]] == (True, "no rows, and few are usual: counted as zero")
    assert found.months.groupby("source").size().to_dict() == {"ae_assaults": 36, "police_uk_street": 36}


def test_a_source_whose_rows_have_no_area_is_judged_all_the_same(whole):
    counts = np.random.default_rng(3).poisson(200, 36)
    found = place(whole, AE, ae=visits(counts, area=None)).run()
    assert periods(found) == M
    assert found.panel.outcomes["ae"].sum() == 0
    assert found.placed["no_area_code"].tolist() == [0, counts.sum()]
    with pytest.raises(DesignError, match="did not supply"):
        place(whole, AE, ae=visits(np.where(np.arange(36) == 9, 3, counts), area=None)).run()


def test_a_source_by_quarter_has_no_months(whole):
    quarters = whole.assign(month=whole["month"].str[:4] + "-Q1")
    with pytest.raises(ContractError, match="has no rows from"):
        place(quarters).run()


def test_a_large_second_source_with_a_hole_is_refused(whole):
    counts = np.random.default_rng(3).poisson(200, 36)
    counts[[12, 13]] = [10, 0]
    with pytest.raises(DesignError) as refusal:
        place(whole, AE, ae=visits(counts)).run()
    assert refusal.value.breaches == (
        f"outcomes.ae: ae_assaults: {M[12]} (less than half of the rows expected), {M[13]} (no rows)",
    )


def test_a_second_source_that_begins_late_is_refused_with_the_first_months(whole):
    counts = np.r_[np.zeros(12, int), np.random.default_rng(3).poisson(8, 24) + 1]
    with pytest.raises(DesignError) as refusal:
        place(whole, AE, ae=visits(counts)).run()
    (line,) = refusal.value.breaches
    assert line.startswith(f"outcomes.ae: ae_assaults: {M[0]} (no rows), {M[1]} (no rows)")
    assert line.endswith("and 6 more")


def test_holes_of_several_outcomes_are_refused_together():
    rows = street(left={(M[9], KINDS[5], None): 0.0})
    counts = np.random.default_rng(3).poisson(200, 36)
    counts[20] = 0
    with pytest.raises(DesignError) as refusal:
        place(rows, VIOLENCE, AE, ae=visits(counts)).run()
    assert [line.split(":")[0] for line in refusal.value.breaches] == ["outcomes.violence", "outcomes.ae"]


def test_a_hole_of_a_second_source_in_a_month_that_is_no_period_does_not_matter(whole):
    counts = np.random.default_rng(3).poisson(200, 36)
    counts[14] = 0
    rows = whole[whole["month"] != M[14]]
    assert periods(place(rows, AE, ae=visits(counts)).run()) == without(M[14])


def test_a_source_without_a_row_in_the_window_is_refused(whole):
    later = place(whole)
    later.study = replace(later.study, design=replace(later.study.design, window=Span("2010-01", "2010-12")))
    with pytest.raises(ContractError, match="police_uk_street has no rows from 2010-01 to 2010-12") as refusal:
        later.run()
    assert "data.police.uk" in refusal.value.do


def test_a_study_that_leaves_out_every_month_is_refused(whole):
    with pytest.raises(ContractError, match="supplied no month") as refusal:
        place(whole, leave_out=tuple(M)).run()
    assert len(refusal.value.breaches) == 13
    assert refusal.value.breaches[0] == f"{M[0]}: left out by the study"


def test_rows_outside_the_window_help_to_judge_the_months_inside():
    rows = street(left={(M[34], None, None): 0.2})
    here = place(rows)
    here.study = replace(here.study, design=replace(here.study.design, window=Span(M[32], M[35])))
    found = here.run()
    assert periods(found) == [M[32], M[33], M[35]]
    assert sorted(account(found)) == M[32:]


def test_assembling_twice_gives_the_same():
    here = place(street(left={(M[14], None, None): 0.2}))
    first, second = here.run(), here.run()
    pd.testing.assert_frame_equal(first.months, second.months)
    assert first.panel.outcomes["asb"].tolist() == second.panel.outcomes["asb"].tolist()


def test_the_tiny_place_is_too_small_to_judge_but_its_missing_file_is_known():
    found = tiny().run()
    assert account(found)["2023-03"] == (False, "no rows")
    assert [ok for ok, _ in account(found).values()] == [True, True, False, True, True]


def test_the_design_has_a_place_for_months_left_out():
    assert Design.__dataclass_fields__["leave_out"].default == ()
    assert FORCE != OTHER
