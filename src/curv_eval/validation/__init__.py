"""A partner's file held against its contract: every breach, an error list, and the breaching rows set apart."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from curv_eval.contract import Contract
from curv_eval.errors import ContractError, RunError
from curv_eval.sources import is_made_up
from curv_eval.validation.checked import Checked, Outputs, Validation, check
from curv_eval.validation.error_page import MOST, page, page_unread
from curv_eval.validation.every import find_every_breach
from curv_eval.validation.halves import Halves, split
from curv_eval.validation.listing import first_lines, write_listing
from curv_eval.validation.quarantine import pass_on_made_up, refuse_folder, refuse_several, staged, write_facts
from curv_eval.validation.reading import opened
from curv_eval.validation.words import advice, written

if TYPE_CHECKING:
    import duckdb

__all__ = ["Outputs", "Validation", "advice", "find_every_breach", "validate", "written"]

# the most that DuckDB holds; what is more goes to a temporary folder
_MEMORY = "1GB"


def validate(
    path: Path,
    contract: Contract,
    *,
    today: date | None = None,
    outputs: Outputs | None = None,
    progress: Callable[[str], None] = lambda said: None,
) -> Validation:
    """Return every breach of `contract` in the file at `path`, and write what `outputs` asks for.

    It is not asked whether anyone may use the data, only whether they keep their promises. today: nothing may be dated
    later (default: the day of the call). progress: told what is being done. CSV and Parquet are read as they are
    needed and never held. Raises ContractError when the file cannot be read as a whole, RunError when something cannot
    be written; nothing is left half-written.
    """
    wanted = outputs or Outputs()
    _refuse_outputs(path, wanted)
    progress(f"reading {path.name}")
    with (
        _connection() as (con, scratch),
        _told_of(path, contract, wanted.page),
        opened(con, contract, path, scratch=scratch) as source,
    ):
        progress("checking every row")
        checked = check(con, source, contract, path=path, today=today)
        progress("writing what was found")
        return _write(checked, path, wanted, today)


@contextmanager
def _connection() -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """Yield a connection, and a folder that is removed with it."""
    import duckdb

    with tempfile.TemporaryDirectory() as folder:
        spilled = str(Path(folder) / "spilled")
        with duckdb.connect(config={"memory_limit": _MEMORY, "temp_directory": spilled}) as con:
            yield con, Path(folder)


def _refuse_outputs(path: Path, outputs: Outputs) -> None:
    if outputs.quarantine:
        refuse_folder(outputs.quarantine)
    if outputs.page and outputs.page == outputs.listing:
        raise RunError(f"{outputs.page} cannot be both web page and CSV file", do="give two names")
    for target in (outputs.page, outputs.listing):
        if target and target.is_dir():
            raise RunError(f"{target} is a folder", do="give the name of a file in it")
        if target and target.exists() and path.exists() and target.samefile(path):
            raise RunError(f"{target} is the file to check, and would be written over", do="give another name")


@contextmanager
def _told_of(path: Path, contract: Contract, target: Path | None) -> Iterator[None]:
    """Write the page also about a file that cannot be read as a whole."""
    try:
        yield
    except ContractError as fault:
        if target and path.exists():
            said = page_unread(path.name, contract, fault, made_up=is_made_up(path))
            _replace(target, lambda work: work.write_text(said, "utf-8"))
        raise


def _write(checked: Checked, path: Path, outputs: Outputs, today: date | None) -> Validation:
    validation, listing = checked.validation, outputs.listing
    if outputs.quarantine and not validation.whole:
        validation = replace(validation, halves=_quarantine(checked, path, outputs.quarantine, today))
    if listing and validation.halves:
        _replace(listing, lambda work: shutil.copyfile(validation.halves.listing, work))
    elif listing:
        _replace(listing, lambda work: write_listing(work, checked))
    if outputs.page:
        said = page(validation, first_lines(checked, MOST), listing.name if listing else None)
        _replace(outputs.page, lambda work: work.write_text(said, "utf-8"))
    return validation


def _quarantine(checked: Checked, path: Path, folder: Path, today: date | None) -> Halves:
    refuse_several(checked)
    with staged(folder) as work:
        halves = split(checked, work)
        _check_kept(halves, checked.contract, today)
        write_listing(halves.listing, checked)
        write_facts(work, checked, halves)
        pass_on_made_up(path, work)
    return halves.moved(folder)


def _check_kept(halves: Halves, contract: Contract, today: date | None) -> None:
    """Read back what is passed on: it must keep the contract, or a row was called by the wrong number."""
    kept = replace(contract, format=halves.kept.suffix[1:])
    try:
        again = validate(halves.kept, kept, today=today) if halves.rows_kept else None
    except ContractError:
        again = None
    whole = again is not None and not again.breaches and again.rows == halves.rows_kept
    if halves.rows_kept and not whole:
        raise RunError("the rows to keep do not keep the contract: a fault of the program; nothing was written")


def _replace(target: Path, write: Callable[[Path], object]) -> None:
    """Let `write` write a file beside `target`, then put it in its place."""
    work = target.with_name(f".partial-{os.getpid()}-{target.name}")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        write(work)
        work.replace(target)
    finally:
        work.unlink(missing_ok=True)
