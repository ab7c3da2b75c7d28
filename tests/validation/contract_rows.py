"""Rows that keep a shipped contract."""

from __future__ import annotations

from curv_eval.contract import Column, Contract

_RIGHT = {
    "integer": "7",
    "number": "0.5",
    "date": "2023-01-{:02d}",
    "timestamp": "2023-01-{:02d} 10:30",
    "boolean": "true",
}


def good_rows_of(held: Contract, rows: int) -> list[dict[str, str]]:
    return [{column.name: _value(column, i) for column in held.columns} for i in range(rows)]


def _value(column: Column, i: int) -> str:
    if column.values:
        return column.values[i % len(column.values)]
    if column.pattern:
        example = column.examples[i % len(column.examples)]
        return f"{example[:-3]}{i:03d}" if len(example) > 8 else example
    if column.minimum is not None:
        return str(column.minimum + i)
    return _RIGHT[column.type].format(i + 1) if column.type in _RIGHT else f"text {i}"
