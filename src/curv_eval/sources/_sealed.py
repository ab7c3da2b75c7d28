"""Keys of encrypted Parquet files: from a variable of the environment into one connection, and nowhere else."""

from __future__ import annotations

import base64
import binascii
import os
from typing import TYPE_CHECKING

from curv_eval.breach_sql import text
from curv_eval.errors import ContractError

if TYPE_CHECKING:
    import duckdb

_LENGTHS = (16, 24, 32)
_MARK = "curv_eval_key_"


def add_key(con: duckdb.DuckDBPyConnection, contract: str, variable: str) -> None:
    """Give the connection the key of a contract's files. variable: where it is, as in env:VCSE_KEY.

    The key is 16, 24 or 32 bytes, as text or in base64. Raises ContractError, which never holds the key.
    """
    import duckdb

    name = variable.removeprefix("env:")
    key = os.environ.get(name, "")
    if not _fits(key):
        found = "is not set" if not key else "holds no key of 16, 24 or 32 bytes, as text or in base64"
        raise ContractError(f"the variable {name} {found}", do=f"set {name} to the key that the partner gave you")
    try:
        con.execute(f"PRAGMA add_parquet_key({text(contract)}, {text(key)})").fetchall()
    except duckdb.Error:
        # the message of the exception holds the statement
        raise ContractError(f"the key in {name} cannot be used", do="ask the partner for the key again") from None
    con.execute(f"SET VARIABLE {_MARK}{contract} = true").fetchall()


def _fits(key: str) -> bool:
    if len(key.encode()) in _LENGTHS:
        return True
    try:
        return len(base64.b64decode(key, validate=True)) in _LENGTHS
    except (binascii.Error, ValueError):
        return False


def has_key(con: duckdb.DuckDBPyConnection, contract: str) -> bool:
    """Return whether the connection has a key for this contract's files."""
    return con.execute(f"SELECT getvariable('{_MARK}{contract}')").fetchall() == [(True,)]


def describe(con: duckdb.DuckDBPyConnection, scan: str, *, contract: str, file: str) -> tuple[tuple[str, ...], int]:
    """Return the columns and the number of rows of an encrypted file. Raises ContractError for the wrong key."""
    import duckdb

    try:
        columns = tuple(row[0] for row in con.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall())
        ((rows,),) = con.execute(f"SELECT count(*) FROM {scan}").fetchall()
    except duckdb.Error:
        do = f"ask the partner for the key of this file; contracts.{contract}.key names the variable that holds it"
        raise ContractError(f"{file} cannot be opened with its key, or is damaged", do=do) from None
    if not rows:
        raise ContractError("there is nothing in this file", [f"{file} has columns and no rows"])
    return columns, rows
