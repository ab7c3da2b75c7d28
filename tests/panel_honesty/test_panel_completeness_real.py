"""The completeness check on real months: 40 forces, 33 London boroughs through the lockdowns, and Cleveland's files."""

import numpy as np
import pandas as pd
import pytest

from curv_eval.panel.completeness import Verdict, find_incomplete, judge_parts

COUNTS = "police-uk-all-forces-counts/lad_month_crimetype_counts.csv.gz"
LONDON = "london-mps-borough-monthly/MPS Borough Level Crime (Historical).csv.gz"
DYFED, KENT, HAMPSHIRE = "Dyfed-Powys Police", "Kent Police", "Hampshire Constabulary"
NOTTS, ASB = "Nottinghamshire Police", "Anti-social behaviour"
# from the folder's own notes; what is wrong in Hampshire is plain in the kinds: violence doubles, the rest is a fifth
HOLES = {(DYFED, f"2024-0{month}") for month in range(1, 5)} | {(KENT, "2018-12")}


def judged(table):
    rows = table.groupby(["supplier", "month", "kind"], as_index=False)["rows"].sum()
    return find_incomplete(rows, through=(rows["month"].min(), rows["month"].max()), monthly_files=True)


def alone(table):
    return [judged(part) for _, part in table.groupby("supplier")]


def of(verdict, *results):
    return {
        (supplier, month)
        for result in results
        for supplier, month, found in result.months[["supplier", "month", "verdict"]].itertuples(index=False)
        if found is verdict
    }


@pytest.fixture(scope="module")
def forces(real_folder):
    names = {"Falls within": "supplier", "Month": "month", "Crime type": "kind", "n": "rows"}
    return pd.read_csv(real_folder / COUNTS).rename(columns=names)


@pytest.fixture(scope="module")
def boroughs(real_folder):
    wide = pd.read_csv(real_folder / LONDON)
    long = wide.melt(id_vars=list(wide.columns[:3]), var_name="month", value_name="rows")
    long["month"] = long["month"].str[:4] + "-" + long["month"].str[4:]
    return long.rename(columns={"LookUp_BoroughName": "supplier", "MajorText": "kind"})


def test_the_holes_among_40_forces_are_found_and_nothing_else_is_called_one(forces):
    result = judged(forces)
    rows = result.months[result.months["rows"] > 0]
    assert (rows["verdict"] != Verdict.NOT_JUDGED).sum() > 1_300
    assert of(Verdict.INCOMPLETE, result) == HOLES
    assert of(Verdict.MIXED, result) == {(HAMPSHIRE, "2025-08")}


def test_each_force_alone_gives_the_same(forces):
    results = alone(forces)
    assert of(Verdict.INCOMPLETE, *results) == HOLES
    assert of(Verdict.MIXED, *results) == {(HAMPSHIRE, "2025-08")}


def test_the_city_of_london_in_the_third_lockdown_is_low_and_kept(forces):
    low = of(Verdict.LOW, judged(forces))
    assert {("City of London Police", f"2021-0{month}") for month in (3, 4)} <= low
    assert len(low) <= 4


def test_months_without_antisocial_behaviour_are_found(forces):
    parts = judged(forces).parts
    found = set(parts.loc[parts["kind"] == ASB, ["supplier", "month"]].itertuples(index=False, name=None))
    assert found == {(NOTTS, "2021-10"), (NOTTS, "2022-01"), (NOTTS, "2024-01")}
    assert len(parts) <= 4


def test_no_district_is_missing_where_its_force_is_not(forces):
    parts = []
    for force, table in forces.dropna(subset="ltla24_name").groupby("supplier"):
        rows = table.groupby(["ltla24_name", "month"], as_index=False)["rows"].sum()
        parts.append(judge_parts(rows.rename(columns={"ltla24_name": "part"})).assign(force=force))
    assert set(pd.concat(parts)["force"]) == {DYFED}


def test_a_month_without_a_file_is_absent(forces):
    absent = of(Verdict.ABSENT, judged(forces))
    assert {("Thames Valley Police", f"2021-{month:02d}") for month in range(6, 11)} <= absent
    assert ("Lancashire Constabulary", "2018-10") in absent
    assert not {month for force, month in absent if force == "Cleveland Police"} & set(forces["month"])


def test_no_london_borough_lost_its_records_in_a_lockdown(boroughs):
    result = judged(boroughs)
    holes = of(Verdict.INCOMPLETE, result)
    assert (result.months["verdict"] != Verdict.NOT_JUDGED).sum() > 4_400
    # flights stopped: the airports have too few rows to see that some kinds stayed
    assert holes <= {("London Heathrow and London City Airports", "2020-05")}
    assert not of(Verdict.MIXED, result)


def test_nor_does_a_borough_that_is_judged_alone(boroughs):
    holes = of(Verdict.INCOMPLETE, *alone(boroughs))
    assert holes <= {("London Heathrow and London City Airports", "2020-05")}


def test_april_2020_is_low_in_westminster_and_said_to_be_in_some_kinds(boroughs):
    months = judged(boroughs).months
    row = months[(months["supplier"] == "Westminster") & (months["month"] == "2020-04")].iloc[0]
    assert row["verdict"] is Verdict.LOW
    assert "in some kinds and not in others" in row["reason"]


@pytest.mark.parametrize("loss", [0.6, 0.8])
def test_a_loss_planted_in_real_months_is_found_95_times_in_100(forces, loss):
    # one month of every force at a time, each a different one, so that the others stay as they were
    rows = forces.groupby(["supplier", "month", "kind"], as_index=False)["rows"].sum()
    spoilt = HOLES | {(HAMPSHIRE, "2025-08")}
    usable = [pair for pair in of(Verdict.COMPLETE, judged(forces)) if pair not in spoilt]
    rng, hits, planted = np.random.default_rng(11), 0, 0
    for _ in range(4):
        chosen = dict(rng.permutation(sorted(usable)))
        here = rows["month"] == rows["supplier"].map(chosen)
        changed = rows.assign(rows=np.where(here, rng.binomial(rows["rows"], 1 - loss), rows["rows"]))
        hits += len(of(Verdict.INCOMPLETE, judged(changed)) & set(chosen.items()))
        planted += len(chosen)
    assert planted == 160
    assert hits >= 0.95 * planted


def test_every_month_cleveland_supplied_is_complete(real_folder):
    from datetime import date

    import duckdb

    from curv_eval.contract import load_contract
    from curv_eval.panel.tally import monthly_rows, tally
    from curv_eval.sources import load_dataset

    con, contract = duckdb.connect(), load_contract("police_uk_street")
    purpose = "violence reduction evaluation"
    load_dataset(con, contract, real_folder / "police-uk-cleveland", purpose=purpose, today=date(2026, 11, 23))
    rows = monthly_rows(con, tally(con, contract, ()))
    assert rows["rows"].sum() == 420_789
    result = find_incomplete(rows, through=("2018-10", "2025-12"), monthly_files=True)
    told = result.months.set_index("month")["verdict"]
    assert (told == Verdict.COMPLETE).sum() == 54
    assert (told == Verdict.ABSENT).sum() == 33
    assert result.parts.empty
