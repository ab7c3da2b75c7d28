"""The information-sharing register: who shares what with whom, why, until when, and what of it needs a person."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from curv_eval.errors import RunError
from curv_eval.register.attention import notices
from curv_eval.register.nouns import Broken, Entry, Notice, Register
from curv_eval.register.page import page
from curv_eval.register.reading import read_register
from curv_eval.register.rows import COLUMN, DATASET, column_rows, dataset_rows
from curv_eval.visible import unrun

__all__ = ["FILES", "Broken", "Entry", "Notice", "Register", "notices", "read_register", "write_register"]

FILES = ("register.md", "register.csv", "register-columns.csv")


def write_register(folder: Path | None, out_folder: Path, today: date) -> Register:
    """Write FILES into `out_folder` from the contracts in `folder` and those that ship, and return the register.

    folder: the project's data_contracts folder, or None. today: the day at which agreements are judged. The same
    contracts and day give the same bytes. A broken contract is listed with its faults. Raises ContractError where
    `folder` is not there, RunError where nothing can be written. No file is ever half written.
    """
    register = read_register(folder, today)
    texts = (page(register), _csv(DATASET, dataset_rows(register)), _csv(COLUMN, column_rows(register)))
    _replace(out_folder, dict(zip(FILES, texts, strict=True)))
    return register


def _csv(columns: Sequence[str], rows: list[dict[str, str]]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row[column]) for column in columns] for row in rows)
    return file.getvalue()


def _cell(text: str) -> str:
    """Return text on one line that no spreadsheet runs."""
    return unrun(" ".join(text.split()))


def _replace(folder: Path, texts: dict[str, str]) -> None:
    """Write every file whole beside its place before the first one takes it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".partial-register-", dir=folder) as partial:
            for name, text in texts.items():
                (Path(partial) / name).write_text(text, "utf-8", newline="\n")
            for name in texts:
                (Path(partial) / name).replace(folder / name)
    except OSError as fault:
        what = f"the register cannot be written into {folder}"
        raise RunError(what, [fault.strerror or ""], "give a folder that can be written into") from None
