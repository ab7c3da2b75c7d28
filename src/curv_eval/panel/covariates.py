"""What areas were like before anything began: one number per united area, from contracts with an area column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from curv_eval.breach_sql import quoted
from curv_eval.errors import DesignError

if TYPE_CHECKING:
    import duckdb

    from curv_eval.contract import Contract
    from curv_eval.study import Study

# how areas are called where a contract names no area column
_CODES = ("lsoa21_code", "lsoa11_code")


def area_covariates(
    con: duckdb.DuckDBPyConnection, study: Study, contracts: dict[str, Contract], *, areas: list[str]
) -> dict[str, np.ndarray]:
    """Return name -> (n,) for the study's `covariates:`, the mean over the LSOAs of each united area.

    con: holds `area_of` (code, area, inside). Raises DesignError naming each covariate that is no number, has no area
    to go by, or lacks areas.
    """
    found, faults = {}, []
    for name, at in study.covariates.items():
        source, column = at.split(".")
        try:
            found[name] = _means(con, contracts[source], column, areas)
        except DesignError as fault:
            faults.append(f"covariates.{name}: {fault.what}")
    if faults:
        raise DesignError("the areas lack covariates", faults, "name another column, or leave it out")
    return found


def _means(con: duckdb.DuckDBPyConnection, contract: Contract, column: str, areas: list[str]) -> np.ndarray:
    kinds = {one.name: one.type for one in contract.columns}
    code = next((c for c in (contract.area_column, *_CODES) if c in kinds), None)
    if kinds.get(column) not in ("integer", "number"):
        numbers = ", ".join(name for name, kind in kinds.items() if kind in ("integer", "number"))
        raise DesignError(f"got {contract.name}.{column}; expected a column of numbers (it has {numbers or 'none'})")
    if code is None:
        raise DesignError(f"{contract.name} has no column with the code of an area")
    means = dict(
        con.execute(f"""
        SELECT a.area, avg(c.{quoted(column)}) FROM {quoted(contract.name)} c
        JOIN area_of a ON a.code = c.{quoted(code)} AND a.inside GROUP BY 1""").fetchall()
    )
    held = np.array([means.get(area) for area in areas], dtype=float)
    if np.isnan(held).any():
        raise DesignError(f"{int(np.isnan(held).sum())} of {len(areas)} areas have no {contract.name}.{column}")
    return held
