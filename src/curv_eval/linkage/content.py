"""A partner's content as it may leave: the columns of its contract, and a keyed pseudonym in place of its own ids."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from curv_eval.contract import Column, Contract
from curv_eval.errors import ContractError, RunError
from curv_eval.linkage.encode import record_pseudonym
from curv_eval.linkage.keys import Key
from curv_eval.linkage.people import ROW, read_people
from curv_eval.linkage.written import refuse_out, source_fault

_PLACES = 5


@dataclass(frozen=True)
class Content:
    """What left: rows, the columns written, and the columns of the input that stayed."""

    rows: int
    columns: tuple[str, ...]
    not_leaving: tuple[str, ...]


def pseudonymise(path: Path, out: Path, *, key: Key, contract: Contract, own_id: tuple[str, str]) -> Content:
    """Write the CSV or Parquet file `path` to the CSV file `out` as `contract` describes it.

    own_id: the partner's label, as in `encode`, and the column with its own ids. They become the contract's pseudonym,
    the same `record_id` that `encode` gives. A column that the contract does not name stays, and so does every direct
    identifier. Nothing else is changed: check the result with `curv-eval data validate`. Raises ContractError for a
    contract without exactly one pseudonym and for rows without an id, RunError for places that cannot be written.
    """
    source, column = own_id
    pseudonym, others = _split(contract)
    if fault := source_fault(source):
        raise RunError("this content would get ids that link with nothing", fault, "give the label of `link encode`")
    _refuse_place(out, key)
    wanted = {one.name: one.source_name for one in others}
    held = read_people(path, {"record_id": column} | _there(path, wanted, contract, column=column))
    kept = [one for one in others if one.name in held.table.column_names]
    ids = _ids(path, held.table["record_id"].to_pylist(), held.table[ROW].to_pylist())
    made = {own: record_pseudonym(key, source, own) for own in set(ids)}
    columns = [[made[own] for own in ids], *(held.table[one.name].to_pylist() for one in kept)]
    header = [pseudonym.source_name, *(one.source_name for one in kept)]
    _write(out, header, zip(*columns, strict=True))
    return Content(len(ids), tuple(header), tuple(name for name in held.left if name not in header))


def _split(contract: Contract) -> tuple[Column, list[Column]]:
    pseudonyms = [one for one in contract.columns if one.disclosure_role == "pseudonym"]
    if len(pseudonyms) != 1:
        what = f"{contract.name} has {len(pseudonyms)} columns for a pseudonym; expected one"
        raise ContractError(what, do="pseudonymise the tables of single people first")
    leaving = [one for one in contract.columns if one.disclosure_role not in ("pseudonym", "direct identifier")]
    return pseudonyms[0], leaving


def _there(path: Path, wanted: dict[str, str], contract: Contract, *, column: str) -> dict[str, str]:
    """Return the wanted columns that the file has. Raises ContractError where a required one is missing."""
    # read for the header alone: every column that is not wanted is named
    names = {column, *read_people(path, {"record_id": column}).left}
    missing = [one.source_name for one in contract.columns if one.name in wanted and one.source_name not in names]
    needed = [one.source_name for one in contract.columns if one.required and one.source_name in missing]
    if needed:
        what = f"{path.name} is not the content of {contract.name} v{contract.version}"
        raise ContractError(what, [f"columns missing: {', '.join(needed)}"], "export them too, under these names")
    return {name: source for name, source in wanted.items() if source not in missing}


def _ids(path: Path, own: Sequence[str | None], rows: Sequence[int]) -> list[str]:
    ids = [(one or "").strip() for one in own]
    blank = [row for row, one in zip(rows, ids, strict=True) if not one]
    if blank:
        places = ", ".join(f"{row:,}" for row in blank[:_PLACES]) + (" ..." if len(blank) > _PLACES else "")
        what = f"{len(blank):,} rows without an id (row {places} below the header)"
        raise ContractError(f"{path.name} does not say whom each row is about", [what], "fill the ids in")
    if not ids:
        raise ContractError(f"{path.name} has a header and no rows", do="export it again")
    return ids


def _refuse_place(out: Path, key: Key) -> None:
    refuse_out(out, ".csv")
    if key.path and out.resolve().parent in key.path.parents:
        raise RunError("the key lies where the output would be", do="write to a folder that holds nothing else")


def _write(out: Path, header: list[str], rows: Iterator[tuple]) -> None:
    partial = out.with_name(f".partial-{out.name}-{os.getpid()}")
    try:
        with os.fdopen(
            os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", newline=""
        ) as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(["" if value is None else value for value in row] for row in rows)
        partial.replace(out)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
