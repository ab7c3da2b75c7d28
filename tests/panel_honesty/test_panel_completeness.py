"""Which months a source did not supply: series made by hand, each with one thing to find or to leave alone."""

import numpy as np
import pandas as pd
import pytest
from honest_series import KINDS, found, holed, months, of_kinds, reasons, rows_of, steady, verdicts

from curv_eval.panel.completeness import MINIMUM, Verdict, judge_parts

M = months(36)


def flagged(result, supplier="force"):
    return {m: v for m, v in verdicts(result, supplier).items() if v not in (Verdict.COMPLETE, Verdict.NOT_JUDGED)}


# ---- one supplier


def test_a_month_with_a_third_of_its_rows_is_incomplete():
    result = found(rows_of(holed(steady(), 17)))
    assert flagged(result) == {M[17]: Verdict.INCOMPLETE}
    row = result.months.set_index("month").loc[M[17]]
    assert row["expected"] == pytest.approx(1000, rel=0.08)
    assert row["ratio"] == pytest.approx(0.3, abs=0.05)
    assert row["rows"] < 350
    assert row["reason"] == "less than half of the rows expected"


def test_four_months_in_a_row_are_all_found():
    # as Dyfed-Powys from January to April 2024
    assert set(flagged(found(rows_of(holed(steady(48), 20, 21, 22, 23, left=0.1))))) == set(months(48)[20:24])


def test_holes_in_the_first_and_the_last_month_are_found():
    result = found(rows_of(holed(steady(), 0, 35)))
    assert set(flagged(result)) == {M[0], M[35]}
    assert reasons(result)[M[35]].endswith("the last months may still be filling up")
    assert "filling" not in reasons(result)[M[0]]


def test_months_at_the_end_that_fill_up_are_said_to():
    series = steady(36, 2000)
    series[-3:] = series[-3:] * [0.9, 0.65, 0.3]
    result = found(rows_of(series))
    assert flagged(result) == {M[34]: Verdict.LOW, M[35]: Verdict.INCOMPLETE}
    assert all("may still be filling up" in reasons(result)[m] for m in M[34:])


def test_a_fall_by_a_third_is_said_and_kept():
    result = found(rows_of(holed(steady(), 17, left=0.65)))
    assert flagged(result) == {M[17]: Verdict.LOW}
    assert Verdict.LOW.supplied
    assert reasons(result)[M[17]] == "fewer rows than expected: a real fall, or rows that are missing"


def test_a_season_is_no_hole():
    season = np.where(np.arange(60) % 12 == 7, 0.2, 1.0)
    assert flagged(found(rows_of(np.random.default_rng(2).poisson(1000 * season)))) == {}


def test_a_hole_inside_a_season_is_still_a_hole():
    t = np.arange(60)
    series = np.random.default_rng(3).poisson(1000 * (1 + 0.5 * np.sin(t / 6 * np.pi)))
    assert set(flagged(found(rows_of(holed(series, 31))))) == {months(60)[31]}


def test_a_second_year_is_enough_to_excuse_a_school_summer():
    season = np.where(np.isin(np.arange(24) % 12, (6, 7)), 0.1, 1.0)
    assert flagged(found(rows_of(np.random.default_rng(2).poisson(1000 * season)))) == {}


@pytest.mark.parametrize("monthly", [0.96, 1.04])
def test_a_trend_is_no_hole(monthly):
    series = np.random.default_rng(4).poisson(1500 * monthly ** np.arange(48))
    assert not any(v is Verdict.INCOMPLETE for v in verdicts(found(rows_of(series))).values())


def test_a_lasting_fall_is_a_new_level_and_no_hole():
    # recording rules changed: 30% from month 20 on
    series = steady(40)
    series[20:] = series[20:] * 0.3
    assert flagged(found(rows_of(series))) == {}


def test_a_peak_makes_no_holes_around_it():
    series = steady()
    series[10:13] *= 4
    assert flagged(found(rows_of(series))) == {}


def test_a_series_that_swings_by_itself_is_not_judged_by_half():
    swings = np.random.default_rng(5).lognormal(6.5, 0.6, 48)
    assert not any(v is Verdict.INCOMPLETE for v in verdicts(found(rows_of(swings))).values())


def test_gaps_between_months_are_no_trouble():
    # as the Cleveland archive: a year, nothing for nine months, two years
    series = holed(steady(45), 30)
    series[12:21] = 0
    result = found(rows_of(series))
    assert {m for m, v in flagged(result).items() if v is Verdict.ABSENT} == set(months(45)[12:21])
    assert {m for m, v in flagged(result).items() if v is Verdict.INCOMPLETE} == {months(45)[30]}


# ---- empty months


def test_an_empty_month_of_a_large_source_was_not_supplied():
    result = found(rows_of(holed(steady(), 9, left=0)))
    assert flagged(result) == {M[9]: Verdict.ABSENT}
    assert reasons(result)[M[9]] == "no rows"
    assert result.months.set_index("month").loc[M[9], "expected"] == pytest.approx(1000, rel=0.08)


def test_months_beyond_the_source_were_not_supplied():
    result = found(rows_of(steady(24)), through=("2020-11", "2023-02"))
    assert {m for m, v in verdicts(result).items() if v is Verdict.ABSENT} == {
        "2020-11", "2020-12", "2023-01", "2023-02",
    }  # fmt: skip


def test_an_empty_month_of_a_small_source_is_a_true_zero_and_said():
    series = np.random.default_rng(6).poisson(4, 36)
    series[[5, 20]] = 0
    result = found(rows_of(series))
    assert set(verdicts(result).values()) == {Verdict.NOT_JUDGED}
    assert reasons(result)[M[5]] == "no rows, and few are usual: counted as zero"
    assert reasons(result)[M[6]] == "too few rows or months to judge"
    assert Verdict.NOT_JUDGED.supplied


def test_half_a_year_without_a_row_of_a_small_source_was_not_supplied():
    # 6 months of about 10 rows should have held 60
    series = np.random.default_rng(6).poisson(10, 36) + 1
    series[12:18] = 0
    assert {m for m, v in verdicts(found(rows_of(series))).items() if v is Verdict.ABSENT} == set(M[12:18])


def test_an_august_without_a_row_in_any_year_is_a_season():
    season = np.where(np.arange(36) % 12 == 7, 0, 200)
    result = found(rows_of(season))
    assert flagged(result) == {}
    assert reasons(result)[M[7]] == "no rows, as in other years: counted as zero"


def test_an_august_without_a_row_is_a_hole_when_other_augusts_have_rows():
    series = steady(36, 200)
    series[7] = 0
    assert flagged(found(rows_of(series))) == {M[7]: Verdict.ABSENT}


def test_a_source_of_monthly_files_has_no_true_empty_month():
    series = np.random.default_rng(6).poisson(4, 36) + 1
    series[5] = 0
    assert flagged(found(rows_of(series), monthly_files=True)) == {M[5]: Verdict.ABSENT}


# ---- what cannot be judged


def test_too_few_rows_are_not_judged_and_said():
    result = found(rows_of(holed(steady(36, 20), 10)))
    assert set(verdicts(result).values()) == {Verdict.NOT_JUDGED}
    assert result.months["expected"].isna().all()
    assert MINIMUM == 30


def test_too_few_months_are_not_judged_and_said():
    result = found(rows_of(holed(steady(7), 3)))
    assert set(verdicts(result).values()) == {Verdict.NOT_JUDGED}
    assert set(reasons(result).values()) == {"too few rows or months to judge"}


# ---- kinds: a hole takes all alike, a crisis does not


def test_a_fall_in_all_kinds_alike_is_a_hole():
    assert flagged(found(of_kinds(holed(steady(36, 3000), 17, left=0.4)))) == {M[17]: Verdict.INCOMPLETE}


def test_a_fall_of_some_kinds_while_others_stay_is_kept():
    # April 2020: thefts vanish, drugs do not
    shares = np.full((36, 6), 1 / 6)
    counts = steady(36, 6000)
    shares[17] = [0.01, 0.03, 0.05, 0.15, 0.13, 0.11]
    result = found(of_kinds(counts, shares))
    assert verdicts(result)[M[17]] is Verdict.LOW
    assert "in some kinds and not in others" in reasons(result)[M[17]]


def test_the_same_fall_is_a_hole_when_there_are_no_kinds_to_tell():
    assert flagged(found(rows_of(holed(steady(36, 6000), 17, left=0.46)))) == {M[17]: Verdict.INCOMPLETE}


def test_a_kind_that_is_missing_in_one_month_is_found():
    shares = np.full((36, 6), 1 / 6)
    shares[9, 4] = 0.01  # disorder: as anti-social behaviour in Nottinghamshire in January 2022
    result = found(of_kinds(steady(36, 6000), shares))
    assert flagged(result) == {}
    assert result.parts[["supplier", "month", "kind"]].to_numpy().tolist() == [["force", M[9], "disorder"]]
    assert result.parts["expected"].tolist() == pytest.approx([1000], rel=0.1)


def test_a_kind_without_any_row_is_found_even_for_a_year():
    shares = np.full((36, 6), 1 / 6)
    shares[12:24, 4] = 0
    result = found(of_kinds(steady(36, 6000), shares))
    assert set(result.parts["month"]) == set(M[12:24])
    assert set(result.parts["kind"]) == {"disorder"}


def test_a_kind_that_halves_is_not_missing():
    shares = np.full((36, 6), 1 / 6)
    shares[9, 4] = 0.08
    assert found(of_kinds(steady(36, 6000), shares)).parts.empty


def test_kinds_given_wrongly_in_one_month_are_found_though_the_total_is_right():
    # Hampshire, August 2025: most crimes became violence
    shares = np.full((36, 6), 1 / 6)
    shares[20] = [0.03, 0.85, 0.03, 0.03, 0.03, 0.03]
    result = found(of_kinds(steady(36, 6000), shares))
    assert flagged(result) == {M[20]: Verdict.MIXED}
    assert Verdict.MIXED.supplied
    assert result.parts.empty


def test_kinds_too_small_to_judge_decide_nothing():
    shares = np.full((36, 6), 0.002)
    shares[:, 0] = 0.99
    assert flagged(found(of_kinds(holed(steady(36, 3000), 17, left=0.3), shares))) == {M[17]: Verdict.INCOMPLETE}


def test_rows_of_no_kind_count_in_the_total():
    result = found(of_kinds(steady(36, 600)), rows_of(steady(36, 400, seed=9)))
    assert result.months["rows"].mean() == pytest.approx(1000, rel=0.05)


# ---- several suppliers


def forces(n=8, **changes):
    """A table of n forces of 48 months; changes: name -> function of its counts."""
    tables = []
    for i in range(n):
        counts = steady(48, 800 + 200 * i, seed=10 + i)
        counts = changes.get(f"f{i}", lambda c: c)(counts)
        tables.append(rows_of(counts, supplier=f"f{i}"))
    return tables


def lockdown(counts):
    return holed(counts, 15, left=0.45)


def test_a_fall_that_all_forces_share_is_real():
    result = found(*forces(**{f"f{i}": lockdown for i in range(8)}))
    assert all(not flagged(result, f"f{i}") for i in range(8))


def test_alone_the_same_fall_is_a_hole():
    # nothing else is known of that month: one force without kinds cannot tell
    assert set(flagged(found(rows_of(lockdown(steady(48, 800, seed=10)))))) == {months(48)[15]}


def test_a_hole_in_one_force_is_found_in_a_month_when_all_fell():
    changes = {f"f{i}": lockdown for i in range(8)} | {"f3": lambda c: holed(c, 15, left=0.12)}
    result = found(*forces(**changes))
    assert flagged(result, "f3") == {months(48)[15]: Verdict.INCOMPLETE}
    assert all(not flagged(result, f"f{i}") for i in range(8) if i != 3)


def test_fewer_than_five_forces_do_not_speak_for_each_other():
    result = found(*forces(4, **{f"f{i}": lockdown for i in range(4)}))
    assert all(flagged(result, f"f{i}") for i in range(4))


def test_a_force_that_is_absent_says_nothing_of_the_others():
    result = found(*forces(f0=lambda c: holed(c, *range(10, 40), left=0)))
    assert all(not flagged(result, f"f{i}") for i in range(1, 8))
    assert set(flagged(result, "f0").values()) == {Verdict.ABSENT}


def test_beside_others_a_kind_at_a_quarter_is_missing_and_alone_it_is_not():
    shares = np.full((48, 6), 1 / 6)
    shares[30, 4] = 0.25 / 6
    mine = of_kinds(steady(48, 6000), shares)
    others = [of_kinds(steady(48, 6000, seed=20 + i), supplier=f"other {i}") for i in range(6)]
    assert found(mine).parts.empty
    assert found(mine, *others).parts[["supplier", "month", "kind"]].to_numpy().tolist() == [
        ["force", months(48)[30], "disorder"]
    ]


# ---- districts


def parts(table):
    return pd.concat(
        [pd.DataFrame({"part": name, "month": months(len(counts)), "rows": counts}) for name, counts in table.items()]
    )


def test_a_district_that_is_missing_in_a_month_is_found():
    table = {name: steady(36, 300, seed=i) for i, name in enumerate(("Hartlepool", "Stockton", "Redcar"))}
    table["Stockton"] = holed(table["Stockton"], 8, left=0.02)
    missing = judge_parts(parts(table))
    assert missing[["part", "month"]].to_numpy().tolist() == [["Stockton", M[8]]]


def test_a_district_missing_for_a_year_is_found_by_its_empty_months():
    table = {name: steady(36, 300, seed=i) for i, name in enumerate(("Hartlepool", "Stockton"))}
    table["Hartlepool"] = holed(table["Hartlepool"], *range(12, 24), left=0)
    missing = judge_parts(parts(table))
    assert set(missing["month"]) == set(M[12:24])
    assert set(missing["part"]) == {"Hartlepool"}


def test_a_district_that_halves_is_not_missing():
    table = {name: steady(36, 300, seed=i) for i, name in enumerate("abc")}
    table["b"] = holed(table["b"], 8, left=0.4)
    assert judge_parts(parts(table)).empty


def test_a_district_across_the_border_with_few_rows_is_not_judged():
    table = {"ours": steady(36, 300), "across": np.random.default_rng(1).poisson(0.5, 36)}
    assert judge_parts(parts(table)).empty


# ---- form


def test_the_table_has_a_row_for_every_supplier_and_month():
    result = found(*forces(3), through=("2020-12", "2025-01"))
    assert len(result.months) == 3 * 50
    assert list(result.months.columns) == ["supplier", "month", "rows", "expected", "ratio", "verdict", "reason"]
    assert list(result.parts.columns) == ["supplier", "month", "rows", "expected", "ratio", "kind"]


def test_the_order_of_rows_does_not_matter():
    rows = of_kinds(holed(steady(), 17))
    first, second = found(rows), found(rows.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(first.months, second.months)


def test_reasons_hold_no_numbers():
    # counts of a source that is not public may not slip out in words
    shares = np.full((36, 6), 1 / 6)
    shares[9, 4] = 0.01
    for result in (found(of_kinds(holed(steady(), 17, 35), shares)), found(rows_of(steady(36, 10)))):
        assert not any(char.isdigit() for why in result.months["reason"] for char in why)


def test_kinds_are_named_as_given():
    assert set(KINDS) == set(of_kinds(steady()).kind)


def test_a_kind_that_is_missing_beside_a_gap_in_the_source_is_found():
    # months without a file say nothing about the kinds, least of all that there were none
    counts = steady(45, 6000)
    counts[12:21] = 0
    shares = np.full((45, 6), 1 / 6)
    shares[11, 4] = 0.01
    result = found(of_kinds(counts, shares), monthly_files=True)
    assert result.parts[["month", "kind"]].to_numpy().tolist() == [[months(45)[11], "disorder"]]
