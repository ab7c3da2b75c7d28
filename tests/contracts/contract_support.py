"""Rows that keep a contract, made from its own rules; one way to break each rule; and a small contract file."""

from __future__ import annotations

import atexit
import functools
import re
from dataclasses import dataclass

import duckdb
import yaml

from curv_eval.contract import Column, Contract

ROWS = 12
FILE = "made-from-rules.csv"
WRONG_TYPE = {"integer": "1.5", "number": "many", "date": "31/01/2023", "timestamp": "2023-01-31", "boolean": "perhaps"}
RIGHT = {
    "integer": "7",
    "number": "0.5",
    "date": "2023-01-{:02d}",
    "timestamp": "2023-01-{:02d} 10:30",
    "boolean": "true",
}
NAUGHTY = "not an allowed value"


@dataclass(frozen=True)
class Plant:
    """A way to break one rule of a column: `value` in one row, or None to repeat another row's key."""

    contract: Contract
    column: str
    rule: str
    value: str | None

    def __str__(self) -> str:
        return f"{self.contract.name}-{self.column}-{self.rule}".replace(" ", "_")


def good_value(column: Column, i: int) -> str:
    if column.values:
        return column.values[i % len(column.values)]
    if column.pattern:
        example = column.examples[i % len(column.examples)]
        made = (f"{example[:-3]}{i:03d}", f"{example[:-1]}{chr(65 + i % 26)}", example)
        return next(value for value in made if re.search(column.pattern, value))
    if column.type == "string":
        return f"text {i}"
    if column.minimum is not None:
        return str(min(column.minimum + i, column.maximum if column.maximum is not None else column.minimum + i))
    return RIGHT[column.type].format(i % 28 + 1)


def good_rows(contract: Contract, rows: int = ROWS) -> list[dict[str, str]]:
    return [{column.name: good_value(column, i) for column in contract.columns} for i in range(rows)]


def plants(contract: Contract) -> list[Plant]:
    """Every rule a contract states, read from its columns and not from the code that compiles them."""
    found = []
    for column in contract.columns:
        dated = column.type in ("date", "timestamp")
        month = column.name == contract.period_column and column.type == "string"
        values = {
            "required": "" if column.required else None,
            "type": WRONG_TYPE.get(column.type),
            "pattern": f"x{column.examples[0]}" if column.pattern else None,
            "value not allowed": NAUGHTY if column.values else None,
            "below range": str(column.minimum - 1) if column.minimum is not None else None,
            "above range": str(column.maximum + 1) if column.maximum is not None else None,
            "future": RIGHT[column.type].format(1).replace("2023", "2999") if dated else "2999-01" if month else None,
        }
        found += [Plant(contract, column.name, rule, value) for rule, value in values.items() if value is not None]
        found += [Plant(contract, column.name, "duplicate", None)] if column.unique else []
    return found + ([Plant(contract, ", ".join(contract.key), "duplicate", None)] if contract.key else [])


@functools.cache
def _connection() -> duckdb.DuckDBPyConnection:
    # opening one costs more than most tests do
    con = duckdb.connect()
    atexit.register(_connection.cache_clear)
    return con


def raw_table(contract: Contract, rows: list[dict[str, str]], file: str = FILE) -> duckdb.DuckDBPyConnection:
    """Return a connection with the table raw_<contract> that a reader would make of `rows`."""
    con, names = _connection(), list(rows[0])
    columns = ", ".join(f"{name} VARCHAR" for name in [*names, "source_file"])
    con.execute(f"CREATE OR REPLACE TABLE raw_{contract.name} ({columns}, source_row BIGINT)")
    marks = ", ".join(f"({', '.join('?' * (len(names) + 2))})" for _ in rows)
    values = [value for i, row in enumerate(rows, 1) for value in [*row.values(), file, i]]
    con.execute(f"INSERT INTO raw_{contract.name} VALUES {marks}", values)
    return con


def small_contract() -> dict:
    """A contract file in as few lines as one can have; tests change it and write it out."""
    terms = {
        "profile": "curv-eval/information-sharing/1",
        "format": "csv",
        "purposes": ["violence reduction evaluation"],
        "controller": "a controller",
        "steward": "a steward",
        "lawfulBasis": "public task",
        "gateway": "none needed",
        "specialCategoryCondition": "none",
        "criminalOffenceCondition": "none",
        "dpiaReference": "assessment 7",
        "agreementReference": "agreement 7",
        "recipients": ["the evaluators"],
        "linkages": [],
        "expires": "none",
        "retentionTrigger": "from the end of the evaluation",
        "deleteBy": "none",
        "smallNumberRule": "open",
        "obtain": "Ask the steward.",
        "periodColumn": "month",
    }
    return {
        "apiVersion": "v3.2.0",
        "kind": "DataContract",
        "id": "small",
        "name": "A small contract",
        "version": "1.0.0",
        "status": "active",
        "description": {"purpose": "To test.", "limitations": "Holds nothing."},
        "customProperties": [{"property": name, "value": value} for name, value in terms.items()],
        "slaProperties": [{"property": "retention", "value": 2, "unit": "y"}],
        "schema": [{"name": "small", "properties": [month_column(), count_column()]}],
    }


def month_column() -> dict:
    options = {"pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"}
    return {
        "name": "month",
        "physicalName": "Month",
        "logicalType": "string",
        "logicalTypeOptions": options,
        "examples": ["2023-03"],
        "required": True,
        "classification": "public",
    }


def count_column() -> dict:
    return {
        "name": "n",
        "logicalType": "integer",
        "logicalTypeOptions": {"minimum": 0, "maximum": 9},
        "classification": "public",
    }


def set_term(document: dict, name: str, value: object) -> None:
    for item in document["customProperties"]:
        if item["property"] == name:
            item["value"] = value
            return
    document["customProperties"].append({"property": name, "value": value})


def write(document: dict, folder, name: str = "small") -> None:
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
