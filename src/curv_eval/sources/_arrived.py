"""Whether a file is there, and whether it is what its name says."""

from __future__ import annotations

from pathlib import Path

from curv_eval.contract import Contract
from curv_eval.errors import ContractError
from curv_eval.sources._kinds import SAID, kind_of

_PACKED = (".gz", ".xz", ".zip")
_NOT_TEXT = ("xlsx", "xlsm", "xlsb", "xls", "password", "ods", "numbers", "docx", "pdf", "parquet", "sealed parquet")


def require_file(path: Path, contract: Contract, expected: str) -> None:
    """Raise ContractError unless there is a file at `path`. expected: what it should be, like "a CSV file"."""
    if not path.is_file():
        found = f"got a folder; expected {expected}" if path.is_dir() else "there is no such file"
        raise ContractError(f"{path}: {found}", do=contract.obtain)
    require_readable(path)


def require_readable(path: Path) -> None:
    """Raise ContractError when the file at `path` may not be opened."""
    try:
        path.open("rb").close()
    except OSError as fault:
        do = "close the program that holds it, or ask for the right to read it"
        raise ContractError(f"{path.name} cannot be read ({fault.strerror})", do=do) from None


def require_text(path: Path) -> None:
    """Raise ContractError when the file at `path` is a workbook or another kind of file under the name of a CSV."""
    kind = "text" if path.suffix in _PACKED else kind_of(path)
    if kind in _NOT_TEXT:
        do = "open it and save it as CSV UTF-8; or give it its own ending and have the format of the contract changed"
        raise ContractError(f"{path.name} is {SAID[kind]}; expected comma-separated values", do=do)
