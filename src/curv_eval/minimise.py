"""Data minimisation: which columns of a dataset a study receives, and how finely.

A study names them as `column` or `column as form`. What it does not name it does not receive; a direct identifier or
free text is never received as it is.
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from curv_eval.breach_sql import quoted, text
from curv_eval.contract import Column, Contract
from curv_eval.errors import ContractError
from curv_eval.profile import Derived

if TYPE_CHECKING:
    import duckdb

# lower ends of the bands in which ages are received; the last one is open
AGE_BANDS = (0, 10, 15, 18, 25, 35, 50, 65)
LOOKUP = "postcode_lookup"
_SAID = re.compile(r"([a-z][a-z0-9_]*)(?: as ([a-z0-9_]+))?")
_AREA = f"SELECT any_value(coalesce(p.lsoa21_code, p.lsoa11_code)) FROM {LOOKUP} p"
_OF_DATES = ("year", "quarter", "month")
_AGES = ("age_band", "under_25")


@dataclass(frozen=True)
class Received:
    """One column as a study receives it."""

    column: Column
    form: str


def allowed_forms(column: Column) -> tuple[str, ...]:
    """Return the forms in which `column` may be received: those of the contract, else as role and type allow."""
    if column.forms is not None:
        return column.forms
    coarser = {"date": _OF_DATES, "timestamp": _OF_DATES, "integer": _AGES}.get(column.type, ())
    if column.disclosure_role in ("direct identifier", "free text"):
        return coarser if column.type in ("date", "timestamp") else ()
    return ("as_given", *coarser)


def received_columns(contract: Contract, declared: Sequence[str]) -> tuple[Received, ...]:
    """Return what a study receives that declares these columns of `contract`.

    declared: "column" or "column as form"; empty for every column, which only public data allow. Raises ContractError
    with every column that is unknown, stands twice, or may not be received in that form.
    """
    if not declared and contract.public:
        return tuple(Received(column, "as_given") for column in contract.columns)
    faults = list(_faults(contract, declared)) if declared else [_declare(contract)]
    if faults:
        do = f"name only what the study needs; for more, ask the steward ({contract.steward})"
        raise ContractError(f"{contract.name} v{contract.version} cannot be received like this", faults, do)
    columns = _on_offer(contract)
    return tuple(Received(columns[name], form) for name, form in map(_parsed, declared))


def _on_offer(contract: Contract) -> dict[str, Column]:
    """Return the columns of a contract by name, those it derives among them."""
    made = [Column(one.name, one.name, "boolean", description=one.what) for one in contract.derived]
    return {column.name: column for column in (*contract.columns, *made)}


def received_contract(contract: Contract, received: Sequence[Received]) -> Contract:
    """Return `contract` as the study sees it: only the columns received, with the types their forms have."""
    names = {one.column.name for one in received}
    kept = {field: getattr(contract, field) for field in ("area_column", "period_column", "consent_column")}
    return replace(
        contract,
        columns=tuple(_as_received(one) for one in received),
        key=contract.key if names.issuperset(contract.key) else (),
        orders=(),
        **{field: name if name in names else None for field, name in kept.items()},
    )


def minimise(con: duckdb.DuckDBPyConnection, contract: Contract, received: Sequence[Received]) -> None:
    """Put the study's table in place of the whole typed one: nothing else stays in `con`.

    Raises ContractError when areas are asked for in place of postcodes and the study has no lookup of postcodes.
    """
    if any(one.form == "lsoa" for one in received):
        _require_lookup(con, contract)
    made = {one.name: _derived_sql(one) for one in contract.derived}
    values = {one.column.name: made.get(one.column.name) or _form_sql(one) for one in received}
    select = ", ".join(f"{value} AS {quoted(name)}" for name, value in values.items())
    name = quoted(contract.name)
    con.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT {select} FROM {name} t").fetchall()


def _require_lookup(con: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    tables = {row[0] for row in con.execute("SHOW TABLES").fetchall()}
    if LOOKUP not in tables:
        what = f"{contract.name}: areas are asked for in place of postcodes, and there is no lookup"
        raise ContractError(what, do=f"add {LOOKUP} to the study's contracts")


def _form_sql(one: Received) -> str:
    """Return SQL over the typed table for a column in the form received."""
    # with the table's name, for the lookup has columns of its own
    value, form = f"t.{quoted(one.column.name)}", one.form
    if form in _AGES and one.column.age_at:
        value = _age(value, f"t.{quoted(one.column.age_at)}")
    return {
        "as_given": value,
        "year": f"strftime({value}, '%Y')",
        "quarter": f"strftime({value}, '%Y') || '-Q' || quarter({value})",
        "month": f"strftime({value}, '%Y-%m')",
        "age_band": _band(value),
        "under_25": f"({value}) < 25",
        "lsoa": f"({_AREA} WHERE {_plain('p.postcode')} = {_plain(value)})",
    }[form]


def _derived_sql(one: Derived) -> str:
    """Return SQL that is true where every pattern of all_of matches and, if any is asked, one of any_of; never NULL."""
    found = [_matches(name, pattern) for name, pattern in one.all_of.items()]
    if one.pattern:
        found.append(f"({' OR '.join(_matches(name, one.pattern) for name in one.any_of)})")
    return f"coalesce({' AND '.join(found)}, false)"


def _matches(name: str, pattern: str) -> str:
    # a blank is no match: without this it would make the others unknown too
    return f"coalesce(regexp_matches(CAST(t.{quoted(name)} AS VARCHAR), {text(pattern)}), false)"


def _age(born: str, at: str) -> str:
    """Whole years at a date: one less before the birthday in that year."""
    return f"date_diff('year', {born}, {at}) - (strftime({at}, '%m%d') < strftime({born}, '%m%d'))::INT"


def _parsed(said: str) -> tuple[str, str]:
    found = _SAID.fullmatch(said.strip())
    return (found[1], found[2] or "as_given") if found else (said, "")


def _declare(contract: Contract) -> str:
    names = ", ".join(column.name for column in _on_offer(contract).values() if allowed_forms(column))
    return f"columns: got none; these data are not public, so name the columns the study needs out of {names}"


def _faults(contract: Contract, declared: Sequence[str]) -> Iterator[str]:
    columns = _on_offer(contract)
    names = [_parsed(said)[0] for said in declared]
    yield from (f"{name}: stands twice" for name in sorted({n for n in names if names.count(n) > 1}))
    for said in declared:
        name, form = _parsed(said)
        if name not in columns:
            close = difflib.get_close_matches(name, columns, 1)
            yield f"{said}: is not in the agreement" + (f"; did you mean {close[0]}?" if close else "")
        elif form not in (allowed := allowed_forms(columns[name])):
            role = columns[name].disclosure_role
            kind = f" (it is a {role})" if role in ("direct identifier", "free text") else ""
            expected = " or ".join(f"`{name} as {one}`" for one in allowed) or "that it stays with its owner"
            yield f"{said}: may not be received like this{kind}; expected {expected.replace(' as as_given', '')}"


def _as_received(one: Received) -> Column:
    if one.form == "as_given":
        return one.column
    plain = {"pattern": None, "values": (), "minimum": None, "maximum": None, "examples": (), "unique": False}
    kind = "boolean" if one.form == "under_25" else "string"
    role = "quasi-identifier" if one.column.disclosure_role == "direct identifier" else one.column.disclosure_role
    return replace(one.column, type=kind, disclosure_role=role, forms=None, age_at=None, **plain)


def _band(age: str) -> str:
    named = [f"{low}-{high - 1}" for low, high in itertools.pairwise(AGE_BANDS)]
    cases = [f"WHEN ({age}) < {high} THEN {text(name)}" for high, name in zip(AGE_BANDS[1:], named, strict=True)]
    return f"CASE WHEN ({age}) IS NULL THEN NULL {' '.join(cases)} ELSE {text(f'{AGE_BANDS[-1]}+')} END"


def _plain(value: str) -> str:
    return f"upper(replace({value}, ' ', ''))"
