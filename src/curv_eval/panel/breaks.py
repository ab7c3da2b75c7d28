"""Where a series means something else from some month on: registered breaks, and the change of area codes.

Most breaks cannot be seen in the numbers: they stand in the contracts and are shown beside the series. The change of
LSOA codes can be seen, and the check here says whether united areas really carry the counts across it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd

from curv_eval.breach_sql import quoted
from curv_eval.contract import Contract
from curv_eval.linkage.areas import united_areas
from curv_eval.panel.tally import month_sql
from curv_eval.study import Span

COLUMNS = ["month", "dataset", "title", "what", "source", "confidence"]
NEAR = 6  # months on either side of the change of codes that are compared
FAR = 3.0  # standard errors; with six months on either side two would be passed by chance too often


def breaks_in(window: Span, contracts: Mapping[str, Contract]) -> pd.DataFrame:
    """Return the registered breaks inside the window, oldest first: month, dataset, title, what, source, confidence.

    A break in the window's first month is not one: every month of the window lies on the same side of it.
    """
    found = [
        (change.month, name, contract.title, change.what, change.source, change.confidence)
        for name, contract in contracts.items()
        for change in contract.definition_changes
        if window.first < change.month <= window.last
    ]
    return pd.DataFrame(sorted(found), columns=COLUMNS)


def vintage_shares(con: duckdb.DuckDBPyConnection, contract: Contract) -> pd.DataFrame:
    """Return how many rows of each month carry codes of which vintage.

    con: holds the contract's table and lsoa_lookup. Columns: month, rows (with an area code in the lookup), only_2011
    and only_2021 (share of rows whose code exists in one vintage only), and in_changed_areas (share of rows in united
    areas that were split or merged, under codes of either vintage).
    """
    pairs = con.execute("SELECT DISTINCT lsoa11_code, lsoa21_code FROM lsoa_lookup").fetchall()
    con.register("vintages", _codes(pairs))
    return con.execute(f"""
        SELECT {month_sql(contract)} AS month, count(*) AS rows, avg(v.only_2011::INT) AS only_2011,
               avg(v.only_2021::INT) AS only_2021, avg(v.changed::INT) AS in_changed_areas
        FROM {quoted(contract.name)} t JOIN vintages v ON v.code = t.{quoted(contract.area_column or "")}
        GROUP BY 1 ORDER BY 1""").df()


@dataclass(frozen=True)
class CodeChange:
    """last_2011: last month with codes of 2011 only. first_2021: first month with codes of 2021 only; None if there is
    no such code. before, after: share of rows in united areas that changed, in the months next to the change; jump:
    after minus before, and its standard error. harmless: whether the jump lies within FAR standard errors, or None.
    """

    last_2011: str | None
    first_2021: str | None
    before: float
    after: float
    jump: float
    error: float
    harmless: bool | None


def code_change(shares: pd.DataFrame) -> CodeChange:
    """Find when a source changed from LSOA codes of 2011 to 2021, and whether united areas carry the counts across.

    shares: from `vintage_shares`. On raw codes every changed area ends and its successors begin. On united areas the
    share of rows in changed areas should not move: it is compared over the last six months before the first new code
    and the first six after the last old one. The standard error is that of a share between months, so it holds what
    the share does by itself.
    """
    old = shares.loc[shares["only_2011"] > 0, "month"]
    new = shares.loc[shares["only_2021"] > 0, "month"]
    last, first = (old.max() if len(old) else None), (new.min() if len(new) else None)
    if last is None or first is None:
        return CodeChange(last, first, np.nan, np.nan, np.nan, np.nan, None)
    before = shares.loc[shares["month"] < min(first, last), "in_changed_areas"].tail(NEAR)
    after = shares.loc[shares["month"] > max(first, last), "in_changed_areas"].head(NEAR)
    if len(before) < 3 or len(after) < 3:
        return CodeChange(last, first, before.mean(), after.mean(), np.nan, np.nan, None)
    jump = float(after.mean() - before.mean())
    error = float(np.sqrt(before.var() / len(before) + after.var() / len(after)))
    return CodeChange(last, first, float(before.mean()), float(after.mean()), jump, error, abs(jump) <= FAR * error)


def _codes(pairs: list[tuple[str, str]]) -> pd.DataFrame:
    """Return code, only_2011, only_2021 and changed (its united area holds more than one code of a vintage)."""
    old, new, area = {a for a, _ in pairs}, {b for _, b in pairs}, united_areas(pairs)
    table = pd.DataFrame({"code": list(area), "area": list(area.values())})
    table["only_2011"] = [code in old and code not in new for code in table["code"]]
    table["only_2021"] = [code in new and code not in old for code in table["code"]]
    # an unchanged area has one code, of both vintages
    table["changed"] = table.groupby("area")["code"].transform("size") > 1
    return table
