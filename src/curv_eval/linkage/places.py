"""From postcodes and LSOA codes to the areas a study counts in; what cannot be placed is counted and never guessed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from curv_eval.breach_sql import quoted
from curv_eval.errors import ContractError
from curv_eval.linkage.areas import united_areas
from curv_eval.linkage.postcodes import bare_sql, no_address_sql, outward_sql, well_formed_sql

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

Vintage = Literal["2011", "2021"]
REASONS = ("placed", "blank", "malformed", "no address", "elsewhere", "not in the lookup")
_NEEDED = {"postcode", "lsoa11_code"}


@dataclass(frozen=True)
class Placed:
    """table: the rows with their areas. account: one row per reason, in the order of REASONS: reason, rows, postcodes.

    ended: rows placed by a postcode that no longer exists. united_only: rows placed in a united area but in none of its
    LSOAs, because the lookup has the other vintage and the area was split or merged.
    """

    table: str
    account: pd.DataFrame
    ended: int
    united_only: int


def to_vintage(pairs: Iterable[tuple[str, str]], vintage: Vintage) -> dict[str, str | None]:
    """Return the LSOA of `vintage` for every LSOA code of either vintage, None where there are several.

    pairs: (2011 code, 2021 code) rows of the published lookup. A code of both vintages is one unchanged area. A split
    LSOA of 2011 has several successors in 2021, and a merged one of 2021 several predecessors: a row coded to it cannot
    be given to one of them from its code, and stays with the united area.
    """
    others: dict[str, set[str]] = defaultdict(set)
    for old, new in pairs:
        source, target = (old, new) if vintage == "2021" else (new, old)
        others[source].add(target)
        others[target].add(target)
    return {code: next(iter(found)) if len(found) == 1 else None for code, found in others.items()}


def place_postcodes(
    con: duckdb.DuckDBPyConnection, table: str, column: str, *, lookup: str = "postcode_lookup", vintage: Vintage
) -> Placed:
    """Make the table <table>_placed: every row of `table`, in order, with the areas of the postcode in `column`.

    con: holds `table`, `lookup` (postcode, lsoa11_code; lsoa21_code, ended and others if there), lsoa_lookup and
    ward_lookup. The columns added are placed_how (one of REASONS), placed_lsoa (of `vintage`: exact when the lookup has
    that vintage or the area did not change, else empty), placed_area (united area), placed_ward and placed_district
    (2024, best fit; of a united area only where all its LSOAs agree). Elsewhere means that the lookup holds nothing of
    the postcode's district (TS1, DL8); not in the lookup: too new, mistyped, or just across the edge. No row is dropped
    and none is given twice. Raises ContractError when the lookup has no such columns or a postcode stands in it twice.
    """
    columns = _columns(con, lookup)
    _refuse_lookup(con, lookup, columns)
    _areas(con, columns, lookup=lookup, vintage=vintage)
    name, bare = quoted(f"{table}_placed"), bare_sql(f"CAST(t.{quoted(column)} AS VARCHAR)")
    con.execute(f"""
        CREATE OR REPLACE TABLE {name} AS
        SELECT x.* EXCLUDE (_bare, _row), {_how()} AS placed_how, p.lsoa AS placed_lsoa, p.area AS placed_area,
               p.ward AS placed_ward, p.district AS placed_district
        FROM (SELECT t.*, {bare} AS _bare, t.rowid AS _row FROM {quoted(table)} t) x
        LEFT JOIN postcode_places p ON p.bare = x._bare ORDER BY x._row""").fetchall()
    return _counted(con, f"{table}_placed", column)


def _how() -> str:
    known = f"{outward_sql('x._bare')} IN (SELECT {outward_sql('bare')} FROM postcode_places)"
    return f"""CASE WHEN x._bare IS NULL THEN 'blank' WHEN p.area IS NOT NULL THEN 'placed'
        WHEN {no_address_sql("x._bare")} THEN 'no address' WHEN NOT {well_formed_sql("x._bare")} THEN 'malformed'
        WHEN NOT {known} THEN 'elsewhere' ELSE 'not in the lookup' END"""


def _columns(con: duckdb.DuckDBPyConnection, lookup: str) -> set[str]:
    return {name for name, *_ in con.execute(f"DESCRIBE {quoted(lookup)}").fetchall()}


def _refuse_lookup(con: duckdb.DuckDBPyConnection, lookup: str, columns: set[str]) -> None:
    missing = sorted(_NEEDED - columns)
    if missing:
        raise ContractError(f"{lookup} cannot place postcodes", [f"columns missing: {', '.join(missing)}"])
    twice = con.execute(f"""
        SELECT count(*) FROM (SELECT 1 FROM {quoted(lookup)} GROUP BY {bare_sql("postcode")} HAVING count(*) > 1)
        """).fetchall()[0][0]
    if twice:
        what = f"{lookup} has {twice:,} postcodes that stand in it twice, so that a place would be guessed"
        raise ContractError(what, do="take the directory of one date, with one row per postcode")


def _areas(con: duckdb.DuckDBPyConnection, columns: set[str], *, lookup: str, vintage: Vintage) -> None:
    """Leave postcode_places in `con`: bare, lsoa, area, ward, district and ended of every postcode of the lookup."""
    _vintages(con, vintage)
    own = f"l.lsoa{vintage[2:]}_code" if f"lsoa{vintage[2:]}_code" in columns else "NULL"
    code = "coalesce(l.lsoa21_code, l.lsoa11_code)" if "lsoa21_code" in columns else "l.lsoa11_code"
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE postcode_places AS
        WITH one AS (
            SELECT a.area, {_agreed("w.ward24_code")} AS ward, {_agreed("w.ltla24_code")} AS district
            FROM lsoa_vintages a JOIN ward_lookup w ON w.lsoa21_code = a.code GROUP BY 1)
        SELECT {bare_sql("l.postcode")} AS bare, coalesce({own}, v.lsoa) AS lsoa, v.area,
               coalesce(e.ward24_code, o.ward) AS ward, coalesce(e.ltla24_code, o.district) AS district,
               {"l.ended IS NOT NULL" if "ended" in columns else "NULL::BOOLEAN"} AS ended
        FROM {quoted(lookup)} l
        LEFT JOIN lsoa_vintages v ON v.code = {code}
        LEFT JOIN ward_lookup e ON e.lsoa21_code = {code}
        LEFT JOIN one o ON o.area = v.area""").fetchall()


def _agreed(column: str) -> str:
    return f"CASE WHEN count(DISTINCT {column}) = 1 THEN any_value({column}) END"


def _vintages(con: duckdb.DuckDBPyConnection, vintage: Vintage) -> None:
    import pandas as pd

    pairs = con.execute("SELECT DISTINCT lsoa11_code, lsoa21_code FROM lsoa_lookup").fetchall()
    areas, other = united_areas(pairs), to_vintage(pairs, vintage)
    table = pd.DataFrame({"code": list(areas), "area": list(areas.values())}, dtype="string")
    table["lsoa"] = pd.array([other[code] for code in areas], dtype="string")
    con.register("given_vintages", table)
    con.execute("CREATE OR REPLACE TEMP TABLE lsoa_vintages AS SELECT * FROM given_vintages").fetchall()
    con.unregister("given_vintages")


def _counted(con: duckdb.DuckDBPyConnection, table: str, column: str) -> Placed:
    import pandas as pd

    bare = bare_sql(f"CAST(t.{quoted(column)} AS VARCHAR)")
    found = con.execute(f"""
        SELECT placed_how AS reason, count(*) AS rows, count(DISTINCT {bare}) AS postcodes
        FROM {quoted(table)} t GROUP BY 1""").df()
    account = pd.DataFrame({"reason": REASONS}).merge(found, on="reason", how="left")
    account[["rows", "postcodes"]] = account[["rows", "postcodes"]].fillna(0).astype(int)
    ((ended, united),) = con.execute(f"""
        SELECT count(*) FILTER (WHERE p.ended), count(*) FILTER (WHERE t.placed_lsoa IS NULL)
        FROM {quoted(table)} t JOIN postcode_places p ON p.bare = {bare} WHERE t.placed_how = 'placed'""").fetchall()
    return Placed(table, account, int(ended), int(united))
