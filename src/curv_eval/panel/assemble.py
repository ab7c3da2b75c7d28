"""From checked tables to a Panel: counts per united area and month, true zeros in, missing months out."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd

from curv_eval.breach_sql import quoted
from curv_eval.contract import Contract
from curv_eval.errors import DesignError
from curv_eval.linkage.areas import united_areas
from curv_eval.linkage.neighbours import adjacency
from curv_eval.panel import Panel, month_number
from curv_eval.panel.covariates import area_covariates
from curv_eval.panel.supply import supplied_months
from curv_eval.panel.tally import Tally, tally
from curv_eval.study import Outcome, Study


@dataclass(frozen=True)
class Assembled:
    """A panel, and an account of every row that could not be placed in it.

    placed: one row per outcome with the number of rows in the window that were placed, that have no area code, whose
    code is not in the lookup, and that lie outside the study's districts. areas: one row per united area: area,
    ward, district, members (number of 2021 LSOAs in it) and start (month, or NaN). months: one row per month of the
    window and source: month, source, rows, expected (NaN where too few to judge), supplied and reason; a month that
    was not supplied for the primary outcome is no period of the panel.
    """

    panel: Panel
    placed: pd.DataFrame
    areas: pd.DataFrame
    months: pd.DataFrame


def assemble(con: duckdb.DuckDBPyConnection, study: Study, contracts: dict[str, Contract]) -> Assembled:
    """Count each outcome per united area and month of the study's window.

    con: holds one typed table per contract. Months that the primary outcome's source did not supply in full are not
    periods (see `supplied_months`); every other unit and month without rows is a true zero. Raises ContractError,
    DesignError or StudyError.
    """
    areas = _areas(con, study)
    tallies = {name: tally(con, contracts[name], _resting_on(name, study)) for name in _sources(study)}
    supply = supplied_months(con, study, tallies, areas=areas)
    months = supply.months
    counts = [_counts(con, outcome, tallies[outcome.contract], months) for outcome in study.outcomes]
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
        covariates=area_covariates(con, study, contracts, areas=list(areas["area"])),
    )
    placed = pd.concat([account for _, account in counts], ignore_index=True)
    return Assembled(_chosen_cohorts(panel, study), placed, areas, supply.account)


def _sources(study: Study) -> list[str]:
    return list(dict.fromkeys(outcome.contract for outcome in study.outcomes))


def _resting_on(name: str, study: Study) -> list[Outcome]:
    return [outcome for outcome in study.outcomes if outcome.contract == name]


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
            -- an area of which one part has no figure has none: a part of the people is not the people
            SELECT a.area, CASE WHEN count(*) = count(p.population) THEN sum(p.population) END AS population
            FROM (SELECT DISTINCT lsoa11_code FROM lsoa_lookup) l JOIN area_of a ON a.code = l.lsoa11_code
            LEFT JOIN lsoa_population p ON p.lsoa11_code = l.lsoa11_code GROUP BY 1),
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


def _counts(con: duckdb.DuckDBPyConnection, outcome: Outcome, counted: Tally, months: list[str]) -> tuple:
    """Return (area, month, n) and the account of rows placed and not placed, for the months given."""
    con.register("wanted", pd.DataFrame({"month": months}))
    rows = con.execute(f"""
        SELECT a.area, t.month, a.inside, t.code IS NULL AS blank, sum(t.{quoted(f"n_{outcome.name}")})::BIGINT AS n
        FROM {counted.table} t LEFT JOIN area_of a ON a.code = t.code
        WHERE t.by_place AND t.month IN (SELECT month FROM wanted) GROUP BY ALL""").df()
    inside = rows["inside"].astype("boolean").fillna(False)
    unknown, blank = rows["area"].isna(), rows["blank"].astype(bool)
    account = pd.DataFrame({
        "outcome": [outcome.name], "placed": [int(rows.loc[inside, "n"].sum())],
        "no_area_code": [int(rows.loc[blank, "n"].sum())],
        "code_not_in_lookup": [int(rows.loc[unknown & ~blank, "n"].sum())],
        "outside_the_districts": [int(rows.loc[~inside & ~unknown, "n"].sum())],
    })  # fmt: skip
    return rows[inside], account


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
