"""One pass over the rows: what is counted, by what, and for whom."""

from dataclasses import replace

import duckdb
import pandas as pd
import pytest
from honest_study import ASB, put

from curv_eval.errors import StudyError
from curv_eval.panel.tally import kind_column, month_sql, monthly_rows, tally
from curv_eval.study import Outcome
from unit.tiny_study import THEFT, contracts, rows

STREET, AE = contracts()["police_uk_street"], contracts()["ae_assaults"]
DISORDER = Outcome("asb", "disorder", "police_uk_street", "primary", {"crime_type": ASB})
ALL = Outcome("all", "everything", "police_uk_street", "secondary", {})


def counted(table, *outcomes, contract=STREET):
    con = duckdb.connect()
    put(con, contract.name, table)
    return con, tally(con, contract, outcomes)


def test_every_row_is_counted_once_by_place_and_once_by_kind():
    con, found = counted(rows(), DISORDER, ALL)
    sums = con.execute(f"SELECT by_place, sum(n), sum(n_asb), sum(n_all) FROM {found.table} GROUP BY 1 ORDER BY 1")
    total, disorder = len(rows()), int((rows()["crime_type"] == ASB).sum())
    assert sums.fetchall() == [(False, total, disorder, total), (True, total, disorder, total)]


def test_monthly_rows_are_by_supplier_month_and_kind():
    table = rows().assign(reported_by="Vale Police")
    con, found = counted(table, DISORDER)
    monthly = monthly_rows(con, found)
    assert set(monthly["supplier"]) == {"Vale Police"}
    assert (
        monthly.set_index(["month", "kind"])["rows"].to_dict()
        == table.groupby(["month", "crime_type"]).size().to_dict()
    )


def test_a_table_that_names_no_supplier_has_the_name_of_its_dataset():
    con, found = counted(rows(), DISORDER)
    assert set(monthly_rows(con, found)["supplier"]) == {"police_uk_street"}


def test_times_are_counted_in_their_month_and_blank_times_nowhere():
    times = pd.to_datetime(["2023-01-31 23:59", "2023-02-01 00:00", None]).astype("datetime64[us]")
    table = pd.DataFrame(
        {"lsoa_of_assault": pd.array(["E01000001"] * 3, dtype="string"), "assault_date_and_time": times}
    )
    con, found = counted(table, replace(ALL, contract="ae_assaults"), contract=AE)
    assert monthly_rows(con, found)["month"].tolist() == ["2023-01", "2023-02"]


def test_a_month_that_was_received_as_text_is_taken_as_it_is():
    columns = tuple(replace(c, type="string") if c.name == AE.period_column else c for c in AE.columns)
    assert "strftime" in month_sql(AE)
    assert month_sql(replace(AE, columns=columns)) == '"assault_date_and_time"'


def test_the_kind_is_the_column_that_outcomes_are_chosen_by():
    present = [column.name for column in STREET.columns]
    assert kind_column(STREET, [DISORDER], present) == "crime_type"
    assert kind_column(STREET, [ALL], present) == "crime_type"


def test_a_column_that_was_not_received_is_no_kind():
    assert kind_column(STREET, [ALL], ["month", "lsoa_code"]) is None


def test_a_column_of_two_values_is_no_kind():
    few = tuple(replace(c, values=c.values[:2]) for c in STREET.columns)
    assert kind_column(replace(STREET, columns=few), [DISORDER], [c.name for c in few]) is None


def test_quotes_in_names_and_values_are_no_commands():
    odd = replace(ALL, where={"lsoa_code": "'; DROP TABLE police_uk_street; --"})
    con, found = counted(rows(), odd)
    assert con.execute(f"SELECT sum(n_all) FROM {found.table}").fetchall() == [(0,)]
    assert con.execute("SELECT count(*) FROM police_uk_street").fetchall() == [(len(rows()),)]


def test_a_row_that_is_blank_where_an_outcome_chooses_is_not_counted_for_it():
    table = rows()
    table.loc[:4, "crime_type"] = pd.NA
    con, found = counted(table, DISORDER)
    kept = int((table["crime_type"] == ASB).sum())
    assert con.execute(f"SELECT sum(n_asb) FROM {found.table} WHERE by_place").fetchall() == [(kept,)]


def test_outcomes_that_do_not_fit_are_refused():
    with pytest.raises(StudyError) as refusal:
        counted(rows(), replace(DISORDER, where={"crime_type": "Vandalism", "colour": "red"}))
    assert len(refusal.value.breaches) == 2
    assert THEFT not in str(refusal.value)
