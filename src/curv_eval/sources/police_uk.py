"""An archive of data.police.uk: month folders (2023-03/2023-03-cleveland-street.csv), or the zips they come in."""

from __future__ import annotations

import re
import zipfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from curv_eval.breach_sql import filled, quoted, text
from curv_eval.contract import Contract
from curv_eval.errors import ContractError
from curv_eval.sources import SourceFile
from curv_eval.sources._delimited import read_delimited
from curv_eval.sources._unpacked import SWOLLEN, Arrived, swollen_zip

if TYPE_CHECKING:
    import duckdb

MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")
_FILE = re.compile(
    rf"(?P<month>{MONTH.pattern})-(?P<force>.+)-(?P<kind>street|outcomes|stop-and-search)"
    r"(?:\.csv(?:\.gz|\.xz)?|(?:\.csv)?\.zip)"
)
_LISTED = 10


@dataclass(frozen=True)
class _MonthFile:
    arrived: Arrived
    folder: str
    month: str
    force: str
    kind: str


def read(con: duckdb.DuckDBPyConnection, path: Path, contract: Contract) -> tuple[SourceFile, ...]:
    """Read every month of the contract's kind at `path` into the table raw_<contract>, by month and force.

    path: a folder with month folders, a zip of such a folder, or a folder of such zips; other folders in it are left
    alone. A month without a file is a month that was not supplied. A kind without a Month column (stop and search)
    gets the month of its file. Raises ContractError: see read_delimited; also for a month that stands twice, a file
    in another month's folder and rows of another month.
    """
    files = _choose(path, contract)
    found = read_delimited(con, contract, [file.arrived for file in files])
    _set_month(con, contract)
    _refuse_other_months(con, contract)
    return found


def _choose(path: Path, contract: Contract) -> list[_MonthFile]:
    if not path.exists():
        raise ContractError(f"{path}: there is no such file or folder", do=contract.obtain)
    arrived = _arrived(path)
    files = [_parsed(one) for one in arrived]
    faults = [file for file in files if isinstance(file, str)]
    whole = [file for file in files if isinstance(file, _MonthFile)]
    chosen = sorted((f for f in whole if f.kind == contract.options["kind"]), key=lambda f: (f.month, f.force))
    faults += _misplaced(whole) + _twice(chosen)
    if faults:
        raise ContractError(f"{path.name} is not an archive of data.police.uk as published", _short(faults), _SORT)
    if not chosen:
        what = f"{path}: there are no month folders (like 2023-03) with {contract.options['kind']} files"
        raise ContractError(what, do=contract.obtain)
    return chosen


_SORT = "keep each month's files once, in its own month folder, under the names they were published with"


def _short(faults: list[str]) -> list[str]:
    more = len(faults) - _LISTED
    return [*faults[:_LISTED], f"and {more:,} more like these"] if more > 0 else faults


def _arrived(path: Path) -> list[Arrived]:
    """Return every CSV file in a month folder at the top of the archive."""
    if path.is_file():
        return _members(path, "")
    loose = [file for folder in sorted(path.iterdir()) if MONTH.fullmatch(folder.name) for file in _files(folder)]
    zips = [member for archive in sorted(path.glob("*.zip")) for member in _members(archive, f"{archive.name}/")]
    return [Arrived(f"{file.parent.name}/{file.name}", file) for file in loose] + zips


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.glob("*") if _is_data(file.name)) if folder.is_dir() else []


def _is_data(name: str) -> bool:
    return not name.startswith(".") and (".csv" in name or name.endswith(".zip"))


def _members(archive: Path, prefix: str) -> list[Arrived]:
    if not archive.is_file():
        raise ContractError(f"{archive.name} is not a file", do="leave only the archive's own zips in this folder")
    try:
        with zipfile.ZipFile(archive) as opened:
            names, swells = sorted(opened.namelist()), swollen_zip(opened, archive)
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        raise ContractError(
            f"{archive.name} is damaged or cut short: not a whole zip", do="download it again"
        ) from None
    if swells:
        raise ContractError(f"{archive.name} {SWOLLEN}", do="download it again from data.police.uk")
    parts = [(name, name.split("/")) for name in names]
    at_top = [name for name, p in parts if len(p) == 2 and MONTH.fullmatch(p[0]) and _is_data(p[1])]
    return [Arrived(f"{prefix}{name}", archive, name) for name in at_top]


def _parsed(arrived: Arrived) -> _MonthFile | str:
    folder, name = arrived.name.split("/")[-2:]
    match = _FILE.fullmatch(name)
    if match is None:
        return f"{arrived.name} is not named like {folder}-cleveland-street.csv"
    return _MonthFile(arrived, folder, **match.groupdict())


def _misplaced(files: Sequence[_MonthFile]) -> list[str]:
    return [f"{file.arrived.name} is in the folder of another month" for file in files if file.month != file.folder]


def _twice(files: Sequence[_MonthFile]) -> list[str]:
    same = defaultdict(list)
    for file in files:
        same[file.month, file.force].append(file.arrived.name)
    return [
        f"{month} stands twice for {force}: {', '.join(names)}" for (month, force), names in same.items() if names[1:]
    ]


def _set_month(con: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Give the month of the file to rows of a kind that has none of its own.

    The publisher's times are UTC, so that midnight in London is the day before in summer; the file has it right.
    """
    optional = [column.name for column in contract.columns if column.optional and column.name == contract.period_column]
    for name in optional:
        con.execute(f"UPDATE {_raw(contract)} SET {quoted(name)} = left(source_file, 7)").fetchall()


def _raw(contract: Contract) -> str:
    return quoted(f"raw_{contract.name}")


def _refuse_other_months(con: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    wrong = con.execute(f"""
        SELECT source_file, count(*), min(source_row) FROM {_raw(contract)}
        WHERE NOT ({_in_month(contract)}) GROUP BY 1 ORDER BY 1""").fetchall()
    if wrong:
        faults = [f"{name}: {n:,} rows of another month (first: row {row:,})" for name, n, row in wrong]
        raise ContractError(f"{len(wrong)} files of {contract.name} hold other months", _short(faults), _SORT)


def _in_month(contract: Contract) -> str:
    """SQL: whether a row belongs to the month of its file; NULL where the row does not say, or not readably."""
    of_file = "left(source_file, 7)"
    if contract.options["kind"] != "stop-and-search":
        return f"CASE WHEN regexp_full_match({quoted('month')}, {text(MONTH.pattern)}) THEN month = {of_file} END"
    time = f"TRY_CAST({filled('date')} AS TIMESTAMP)"
    # UTC is at most an hour behind London
    return f"strftime({time}, '%Y-%m') = {of_file} OR strftime({time} + INTERVAL 1 HOUR, '%Y-%m') = {of_file}"
