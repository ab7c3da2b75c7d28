"""What breaks a promise, in the words of whoever must mend it: their column names, their spreadsheet's rows."""

from __future__ import annotations

from curv_eval.breach import remedy, said
from curv_eval.breach_sql import BEFORE
from curv_eval.contract import Contract
from curv_eval.validation.checked import Outputs, Validation
from curv_eval.validation.every import Promise

# a breach in which the value itself says nothing more, or is not what is wrong
_SILENT = ("required", "duplicate", "without consent")
_SHORT = 60


def heading(promise: Promise, contract: Contract) -> str:
    """Return the columns of a promise as the file calls them."""
    return ", ".join(_source_name(name, contract) for name in promise.column.split(", "))


def problem(promise: Promise, contract: Contract) -> str:
    """Return what is wrong, as in "is not a date like 2023-03-31"."""
    rule, columns = promise.rule, {column.name: column for column in contract.columns}
    if rule.startswith(BEFORE):
        rule = BEFORE + _source_name(rule.removeprefix(BEFORE), contract)
    return said(rule, heading(promise, contract), columns.get(promise.column))


def to_do(promise: Promise) -> str:
    """Return what to do about it."""
    return remedy(promise.rule)


def allowed(promise: Promise, contract: Contract) -> str:
    """Return the values the contract allows, where they are what was not kept; else ""."""
    values = next((column.values for column in contract.columns if column.name == promise.column), ())
    return ", ".join(values) if promise.rule == "value not allowed" else ""


def shows_value(promise: Promise, contract: Contract) -> bool:
    """Return whether the value may be shown beside the breach, and says something: only where anyone may see it."""
    open_columns = {column.name for column in contract.columns if column.classification == "public"}
    return promise.column in open_columns and promise.rule not in _SILENT


def short(value: str) -> str:
    """Return a value as it is shown: in quotation marks, characters that cannot be seen written out, cut to length."""
    return repr(value if len(value) <= _SHORT else value[:_SHORT] + "…")


def written(found: Validation, outputs: Outputs) -> list[str]:
    """Return one line for each thing that was put right in reading, and for each that was written."""
    lines = [f"read with a repair: {repair}" for repair in found.repairs]
    lines += [f"{said}: {path}" for said, path in (("error list", outputs.page), ("breaches", outputs.listing)) if path]
    if found.halves:
        counts = f"{found.halves.rows_kept:,} rows kept, {found.halves.rows_apart:,} set apart"
        lines.append(f"quarantine: {outputs.quarantine} ({counts})")
        if not found.contract.public:
            lines.append("  it holds personal data; keep it where only you and the data's steward can open it")
    return lines


def advice(found: Validation, outputs: Outputs) -> str:
    """Return what to do about all the breaches together."""
    rows = "rows have the numbers a spreadsheet shows" if found.numbered else "rows are counted from 1"
    first = f"mend what is named at the source, and check again; {rows}"
    if outputs.quarantine and not found.halves:
        return f"{first}. No quarantine was written: columns are wrong in every row, so mend them first"
    return first


def _source_name(name: str, contract: Contract) -> str:
    return next((column.source_name for column in contract.columns if column.name == name), name)
