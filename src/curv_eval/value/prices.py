"""Prices of one year in those of another, and amounts of later years in those of now."""

from __future__ import annotations

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.value.facts import Fact, refuse_unknown, rows

RATES = {"standard": "standard", "health": "health", "sensitivity": "sensitivity_over_50_year_horizons"}


def deflator(start: str, end: str) -> Fact:
    """Return how many pounds of the financial year `end` buy what one pound of `start` bought (GDP deflator, HMT).

    start, end: "2015-16". Raises DesignError, with the years that there are, for one that is missing.
    """
    table = {row["financial_year"]: row for row in rows("deflators")}
    for year in (start, end):
        if not year:
            raise DesignError("a price year is missing", do="name it, as in `price_year='2024-25'`")
        refuse_unknown("price year", year, table)
    index = [float(table[year]["gdp_deflator_2024_25_100"]) for year in (start, end)]
    row = table[end]
    return Fact(f"GDP deflator from {start} to {end}", index[1] / index[0], row["source"], row["confidence"])


def discount_factors(years: int, *, rate: str = "standard") -> np.ndarray:
    """Return the present value of one pound in each of the years 0 to `years`, (years + 1,) (Green Book 2026).

    The factor of year t is the product of 1 / (1 + r_s) over s = 1 to t, with r_s falling in bands (3.5% to year 30,
    then 3.0%, 2.5% and so on). rate: "standard", "health", or "sensitivity" (for horizons over 50 years).
    """
    refuse_unknown("discount rate", rate, RATES)
    if years < 0:
        raise DesignError(f"years: got {years}, expected 0 or more")
    annual = np.array([_annual(year, rate) for year in range(1, years + 1)])
    return np.concatenate([[1.0], np.cumprod(1 / (1 + annual))])


def _annual(year: int, rate: str) -> float:
    for row in rows("discount_rates"):
        first, _, last = row["years_from_now"].rstrip("+").partition("-")
        if int(first) <= year <= int(last or 10**9):
            return float(row[RATES[rate]])
    raise AssertionError(year)


def rate_fact(rate: str) -> Fact:
    """Return the rate of the first years with its source."""
    refuse_unknown("discount rate", rate, RATES)
    row = rows("discount_rates")[0]
    return Fact(f"discount rate ({rate})", float(row[RATES[rate]]), row["source"], row["confidence"])
