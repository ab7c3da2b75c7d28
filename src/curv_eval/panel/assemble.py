"""From checked tables to a Panel: counts per united area and month, true zeros in, missing months out."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd

from curv_eval.contract import Contract
from curv_eval.errors import ContractError, DesignError, StudyError
from curv_eval.linkage.areas import united_areas
from curv_eval.linkage.neighbours import adjacency
from curv_eval.panel import Panel, month_number
from curv_eval.study import Outcome, Study


@dataclass(frozen=True)
class Assembled:
    """A panel, and an account of every row that could not be placed in it.

    placed: one row per outcome with the number of rows in the window that were placed, that have no area code, whose
    code is not in the lookup, and that lie outside the study's districts. areas: one row per united area: area,
    ward, district, members (number of 2021 LSOAs in it) and start (month, or NaN).
    """

    panel: Panel
    placed: pd.DataFrame
    areas: pd.DataFrame


def assemble(con: duckdb.DuckDBPyConnection, study: Study, contracts: dict[str, Contract]) -> Assembled:
    """Count each outcome per united area and month of the study's window.

    con: holds one typed table per contract. Months that the primary outcome's source did not supply are not
    periods; every other unit and month without rows is a true zero. Raises DesignError or StudyError.
    """
    areas = _areas(con, study)
    months = _months(con, study, contracts)
    counts = [_counts(con, outcome, contracts[outcome.contract], months) for outcome in study.outcomes]
    outcomes = {
        outcome.name: _matrix(count, areas["area"], months)
        for outcome, (count, _) in zip(study.outcomes, counts, strict=True)
    }
    panel = Panel(
        units=areas["area"].to_numpy(str),
        periods=np.array([month_number(m) for m in months]),
        cohort=np.array([np.nan if pd.isna(s) else month_number(s) for s in areas["start"]], dtype=float),
        cluster=areas[{"ward": "ward", "lsoa": "area", "district": "district"}[study.design.cluster]].to_numpy(str),
        outcomes=outcomes,
        population=areas["population"].to_numpy(float),
        district=areas["district"].to_numpy(str),
        neighbours=_neighbours(con, areas),
    )
    placed = pd.concat([account for _, account in counts], ignore_index=True)
    return Assembled(_chosen_cohorts(panel, study), placed, areas)


def _areas(con: duckdb.DuckDBPyConnection, study: Study) -> pd.DataFrame:
    """Return one row per united area of the study's districts, and leave `area_of` (code, area, inside) in `con`."""
    pairs = con.execute("SELECT DISTINCT lsoa11_code, lsoa21_code FROM lsoa_lookup").fetchall()
    codes = united_areas(pairs)
    con.register("united", pd.DataFrame({"code": list(codes), "area": list(codes.values())}))
    con.register("inside", pd.DataFrame({"district_code": list(study.place.districts)}))
    con.execute("""
        CREATE OR REPLACE TABLE area_of AS
        SELECT code, area, area IN (
            SELECT u.area FROM ward_lookup w JOIN united u ON u.code = w.lsoa21_code
            WHERE w.ltla24_code IN (SELECT district_code FROM inside)) AS inside
        FROM united""")
    _refuse_unknown(con, study)
    return con.execute(f"""
        WITH starts AS (
            SELECT a.area, min(r.start_month) AS start
            FROM {study.intervention} r JOIN area_of a ON a.code = r.lsoa21_code GROUP BY 1),
        people AS (
            SELECT a.area, sum(p.population) AS population
            FROM lsoa_population p JOIN area_of a ON a.code = p.lsoa11_code GROUP BY 1),
        named AS (
            SELECT ward24_code, CASE WHEN count(DISTINCT ward24_code) OVER (PARTITION BY ward24_name) > 1
                THEN ward24_name || ' (' || ltla24_name || ')' ELSE ward24_name END AS ward
            FROM (SELECT DISTINCT ward24_code, ward24_name, ltla24_name FROM ward_lookup
                  WHERE lsoa21_code IN (SELECT code FROM area_of WHERE inside)))
        SELECT a.area, arg_min(v.ward, {_FIRST_TREATED}) AS ward,
               arg_min(w.ltla24_name, w.lsoa21_code) AS district, count(*) AS members,
               any_value(s.start) AS start, any_value(p.population) AS population
        FROM ward_lookup w
        JOIN named v ON v.ward24_code = w.ward24_code
        JOIN area_of a ON a.code = w.lsoa21_code AND a.inside
        LEFT JOIN (SELECT lsoa21_code, min(start_month) AS start_month FROM {study.intervention} GROUP BY 1) r
            ON r.lsoa21_code = w.lsoa21_code
        LEFT JOIN starts s ON s.area = a.area
        LEFT JOIN people p ON p.area = a.area
        GROUP BY a.area ORDER BY a.area""").df()


# an area that straddles two wards belongs to the ward that was treated, so that clusters follow assignment
_FIRST_TREATED = "coalesce(r.start_month, '9999-12') || w.lsoa21_code"


def _refuse_unknown(con: duckdb.DuckDBPyConnection, study: Study) -> None:
    missing = con.execute(f"""
        SELECT count(*) FROM {study.intervention} r LEFT JOIN area_of a ON a.code = r.lsoa21_code
        WHERE a.inside IS NOT TRUE""").fetchone()[0]
    if missing:
        raise DesignError(
            f"{missing} treated areas of {study.intervention} are not in the data",
            [f"expected 2021 LSOA codes inside {study.place.name} ({', '.join(study.place.districts)})"],
            "correct the register, or add the district to `place.districts`",
        )


def _months(con: duckdb.DuckDBPyConnection, study: Study, contracts: dict[str, Contract]) -> list[str]:
    """Return the months of the window that the primary outcome's source supplied."""
    contract, window = contracts[study.primary.contract], study.design.window
    found = con.execute(
        f"SELECT DISTINCT {_month(contract)} AS month FROM {contract.name} WHERE month BETWEEN ? AND ? ORDER BY 1",
        [window.first, window.last],
    ).fetchall()
    if not found:
        raise ContractError(f"{contract.name} has no rows from {window.first} to {window.last}", do=contract.obtain)
    return [month for (month,) in found]


def _month(contract: Contract) -> str:
    return f"strftime({contract.period_column}, '%Y-%m')" if _is_date(contract) else contract.period_column


def _is_date(contract: Contract) -> bool:
    return any(c.name == contract.period_column and c.type in ("date", "timestamp") for c in contract.columns)


def _counts(con: duckdb.DuckDBPyConnection, outcome: Outcome, contract: Contract, months: list[str]) -> tuple:
    """Return (area, month, n) and the account of rows placed and not placed, for the months given."""
    where, values = _where(outcome, contract)
    con.register("wanted", pd.DataFrame({"month": months}))
    _refuse_months_not_supplied(con, outcome, contract)
    rows = con.execute(
        f"""
        SELECT a.area, x.month, a.inside, x.code IS NULL AS blank, count(*) AS n
        FROM (SELECT {contract.area_column} AS code, {_month(contract)} AS month FROM {contract.name} {where}) x
        LEFT JOIN area_of a ON a.code = x.code
        WHERE x.month IN (SELECT month FROM wanted) GROUP BY ALL""",
        values,
    ).df()
    inside = rows["inside"].astype("boolean").fillna(False)
    unknown, blank = rows["area"].isna(), rows["blank"].astype(bool)
    account = pd.DataFrame({
        "outcome": [outcome.name], "placed": [int(rows.loc[inside, "n"].sum())],
        "no_area_code": [int(rows.loc[blank, "n"].sum())],
        "code_not_in_lookup": [int(rows.loc[unknown & ~blank, "n"].sum())],
        "outside_the_districts": [int(rows.loc[~inside & ~unknown, "n"].sum())],
    })  # fmt: skip
    return rows[inside], account


def _refuse_months_not_supplied(con: duckdb.DuckDBPyConnection, outcome: Outcome, contract: Contract) -> None:
    """A month without any row of a source was not supplied; counting it as zero would look like a fall."""
    found = con.execute(f"SELECT DISTINCT {_month(contract)} FROM {contract.name}").fetchall()
    missing = sorted({m for (m,) in con.execute("SELECT month FROM wanted").fetchall()} - {m for (m,) in found})
    if missing:
        raise DesignError(
            f"outcomes.{outcome.name}: {contract.name} did not supply {len(missing)} months of the window",
            [f"no rows at all in {', '.join(missing[:12])}"],
            "shorten `design.window`, or leave the outcome out: a month not supplied is not a month of zero",
        )


def _where(outcome: Outcome, contract: Contract) -> tuple[str, list[str]]:
    columns = {column.name: column for column in contract.columns}
    faults = [
        f"outcomes.{outcome.name}.where: {contract.name} has no column {name}"
        for name in outcome.where
        if name not in columns
    ]
    faults += [
        f"outcomes.{outcome.name}.where.{name}: {value!r} is not a value of that column"
        for name, value in outcome.where.items()
        if name in columns and columns[name].values and value not in columns[name].values
    ]
    if faults:
        raise StudyError("an outcome does not fit its contract", faults)
    clauses = " AND ".join(f"{name} = ?" for name in outcome.where)
    return (f"WHERE {clauses}" if clauses else ""), list(outcome.where.values())


def _matrix(counts: pd.DataFrame, areas: pd.Series, months: list[str]) -> np.ndarray:
    wide = counts.pivot(index="area", columns="month", values="n")
    return wide.reindex(index=areas, columns=months).fillna(0).to_numpy(float)


def _neighbours(con: duckdb.DuckDBPyConnection, areas: pd.DataFrame) -> np.ndarray:
    shapes = con.execute("""
        SELECT a.area, b.geometry FROM lsoa_boundaries b JOIN area_of a ON a.code = b.lsoa21_code AND a.inside
        ORDER BY a.area""").fetchall()
    return adjacency(list(areas["area"]), shapes)


def _chosen_cohorts(panel: Panel, study: Study) -> Panel:
    """Leave out the treated areas of cohorts that the study does not ask about."""
    if not study.design.cohorts:
        return panel
    wanted = [month_number(m) for m in study.design.cohorts]
    absent = [panel.label(m) for m in wanted if m not in panel.cohort]
    if absent:
        raise DesignError(f"design.cohorts: no area starts in {', '.join(absent)}")
    return panel.take(~panel.treated | np.isin(panel.cohort, wanted))
