"""What areas were like before, from contracts with an area column. Worked out by hand."""

from types import SimpleNamespace

import duckdb
import pytest

from curv_eval.errors import DesignError
from curv_eval.panel.covariates import area_covariates


def contract(name, columns, area=None):
    kinds = [SimpleNamespace(name=column, type=kind) for column, kind in columns.items()]
    return SimpleNamespace(name=name, columns=kinds, area_column=area)


CONTRACTS = {
    "deprivation": contract("deprivation", {"lsoa11_code": "string", "rank": "integer", "label": "string"}),
    "homes": contract("homes", {"code": "string", "empty": "number"}, area="code"),
    "people": contract("people", {"name": "string", "age": "integer"}),
}


@pytest.fixture
def con():
    """Areas A (two small areas under the old codes, one under the new) and B; C lies outside."""
    con = duckdb.connect()
    con.execute("""
        CREATE TABLE area_of AS FROM (VALUES ('o1', 'A', true), ('o2', 'A', true), ('n1', 'A', true), ('o3', 'B', true),
            ('n3', 'B', true), ('o4', 'C', false)) t(code, area, inside)""").fetchall()
    con.execute("""
        CREATE TABLE deprivation AS FROM (VALUES ('o1', 10, 'x'), ('o2', 30, 'y'), ('o3', 5, 'z'), ('o4', 99, 'z'))
        t(lsoa11_code, rank, label)""").fetchall()
    con.execute("CREATE TABLE homes AS FROM (VALUES ('n1', 0.5), ('o4', 0.9)) t(code, empty)").fetchall()
    return con


def found(con, **asked):
    return area_covariates(con, SimpleNamespace(covariates=asked), CONTRACTS, areas=["A", "B"])


def test_a_united_area_has_the_mean_of_its_parts(con):
    assert found(con, rank="deprivation.rank")["rank"].tolist() == [20.0, 5.0]


def test_a_study_without_covariates_has_none(con):
    assert found(con) == {}


def test_every_fault_is_said_at_once(con):
    with pytest.raises(DesignError) as caught:
        found(con, a="deprivation.label", b="homes.empty", c="people.age", d="deprivation.rnk")
    said = str(caught.value)
    assert "covariates.a: got deprivation.label; expected a column of numbers (it has rank)" in said
    assert "covariates.b: 1 of 2 areas have no homes.empty" in said
    assert "covariates.c: people has no column with the code of an area" in said
    assert "covariates.d: got deprivation.rnk; expected a column of numbers (it has rank)" in said
