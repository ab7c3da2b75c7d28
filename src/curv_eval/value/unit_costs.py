"""What one crime costs society, by offence group, in the prices of a named year."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from curv_eval.errors import DesignError
from curv_eval.value.facts import Fact, refuse_unknown, rows
from curv_eval.value.prices import deflator

Row = Mapping[str, str]


@dataclass(frozen=True)
class UnitCost:
    """The cost of one crime committed: value in pounds of `price_year`, and the facts it rests on.

    without: components that were left out.
    """

    offence: str
    value: float
    price_year: str
    facts: tuple[Fact, ...]
    without: tuple[str, ...] = ()


def offences(table: Iterable[Row] | None = None) -> tuple[str, ...]:
    """Return the offence groups that have a unit cost."""
    return tuple(dict.fromkeys(row["crime"] for row in _usable(table)))


def unit_cost(
    offence: str, price_year: str, *, without: Sequence[str] = (), table: Iterable[Row] | None = None
) -> UnitCost:
    """Return the cost of one crime committed of an offence group (Heeks et al. 2018, Home Office Research Report 99).

    price_year: the financial year whose prices are wanted, as "2024-25". without: components to leave out, such as
    "anticipation of crime", which one crime fewer does not save. table: rows with the columns of unit_costs.csv, for
    figures of one's own. Raises DesignError for an unknown offence group (with the nearest name), a missing price year,
    a negative cost, and a component that the table does not tell apart.
    """
    usable = _usable(table)
    refuse_unknown("offence group", offence, offences(usable))
    parts = {row["component"]: row for row in usable if row["crime"] == offence}
    if "total" not in parts:
        raise DesignError(f"{offence}: the table has no total, got {', '.join(parts)}")
    unknown = [f"{name}: {offence} has {', '.join(parts)}" for name in without if name not in parts or name == "total"]
    if unknown:
        raise DesignError("a component cannot be left out that the table does not tell apart", unknown)
    total, out = parts["total"], [parts[name] for name in without]
    now = deflator(_year(total), price_year)
    value = (_amount(total) - sum(_amount(row) * deflator(_year(row), _year(total)).value for row in out)) * now.value
    return UnitCost(offence, value, price_year, (*(_fact(row) for row in (total, *out)), now), tuple(without))


def _usable(table: Iterable[Row] | None) -> tuple[Row, ...]:
    """Return the rows whose price year is a financial year; others cannot be put into other prices."""
    found = rows("unit_costs") if table is None else tuple(table)
    faults = [f"{row['crime']}: got no price year" for row in found if not row.get("price_year")]
    faults += [f"{row['crime']}: got a cost of {row['unit_cost_gbp']}" for row in found if _amount(row) < 0]
    if faults:
        raise DesignError("these unit costs cannot be used", faults, "give each a price year and a cost of 0 or more")
    return tuple(row for row in found if re.match(r"\d{4}-\d{2}", row["price_year"]))


def _year(row: Row) -> str:
    return row["price_year"][:7]


def _amount(row: Row) -> float:
    return float(row["unit_cost_gbp"])


def _fact(row: Row) -> Fact:
    return Fact(f"unit cost of {row['crime']} ({row['component']})", _amount(row), row["source"], row["confidence"])
