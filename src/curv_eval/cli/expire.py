"""curv-eval data expire: copies that an agreement no longer covers, and their removal."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curv_eval.cli.data import DataFolder, data_app
from curv_eval.cli.say import say
from curv_eval.errors import ContractError, RunError

if TYPE_CHECKING:
    from curv_eval.retention import Held, Listing, Private

_SHOWN = 10
_RUNS = """\
runs made of these data: restricted/ holds their executed notebooks and the panel, or one row per person.
  Ask the steward whether it may stay. --with-runs removes it. What was released, the manifest, the reviews and the
  brief stay; `verify` will say that restricted files are gone, and the brief can be rendered as a DRAFT only."""


@data_app.command("expire")
def data_expire(  # noqa: PLR0913 (one parameter for each option)
    data: DataFolder = None,
    remove: Annotated[bool, typer.Option("--remove", help="remove what must go, after a question")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask; for scripts")] = False,
    ended: Annotated[bool, typer.Option("--ended", help="also remove what may still be kept, but not used")] = False,
    with_runs: Annotated[bool, typer.Option("--with-runs", help="also remove restricted/ of runs made of it")] = False,
    made_up: Annotated[bool, typer.Option("--made-up", help="look at made-up data too")] = False,
    today: Annotated[str, typer.Option(help="judge by another day, as 2027-03-31; not later with --remove")] = "",
) -> None:
    """List every copy that an agreement no longer covers: how old, which contract and why.

    Looks at the data folder, at quarantines and at the runs of this project. Leaves with 3 if a copy must go. Changes
    nothing without --remove. Only files that belong to a contract are removed, and the audit log says which.
    """
    from curv_eval.retention import Asked, listing

    asked = Asked(Path.cwd().resolve(), _folder(data), _day(today, remove=remove), made_up)
    found = listing(asked)
    for line in _lines(found, every=remove):
        say(line)
    if remove:
        _remove(found, yes=yes, ended=ended, with_runs=with_runs)
    elif found.due() or found.due_runs():
        raise typer.Exit(ContractError.exit_code)


def _folder(given: Path | None) -> Path:
    from curv_eval.data import VARIABLE

    folder = Path(given or os.environ.get(VARIABLE) or "data").expanduser()
    if not folder.is_dir() and (given or os.environ.get(VARIABLE)):
        raise ContractError(f"there is no data folder {folder}", do=f"give it with --data or {VARIABLE}")
    return folder.resolve()


def _day(given: str, *, remove: bool) -> date:
    try:
        day = date.fromisoformat(given) if given else date.today()
    except ValueError:
        raise RunError(f"--today: got {given!r}, expected a day like 2027-03-31") from None
    if remove and day > date.today():
        do = "leave --today out, or leave --remove out to see what will be over by then"
        raise RunError(f"--today: {day} has not come yet, so nothing is removed by it", do=do)
    return day


def _lines(found: Listing, *, every: bool) -> Iterator[str]:
    yield f"on {found.asked.today}, in {_near(found.asked.data, found)}:"
    yield from (line for one in found.held for line in _of_contract(one, found, every=every))
    if found.runs:
        yield _RUNS
        yield from (f"  {_run(one, found)}" for one in found.runs)
    if not found.held and not found.runs:
        yield "nothing here is over"
    yield from _beside(found)


def _of_contract(one: Held, found: Listing, *, every: bool) -> Iterator[str]:
    must = "must be deleted" if one.term.stands == "due" else "may not be used, and may be kept"
    yield f"{one.term.contract} v{one.term.version}: {must}: {one.term.why}"
    yield f"  agreement: {one.term.agreement}; steward: {one.term.steward}"
    files = list(one.files.items())
    for path, why in files if every else files[:_SHOWN]:
        yield f"  {_near(path, found)}: {path.stat().st_size:,} bytes, of {_age(path)}; {why}"
    if len(files) > _SHOWN and not every:
        yield f"  ... and {len(files) - _SHOWN:,} more, which --remove names"
    for path, by in one.kept.items():
        yield f"  stays: {_near(path, found)}, which is also under {by}"


def _run(one: Private, found: Listing) -> str:
    sure = "" if one.sure else " (no manifest says of what it was made; its study uses them)"
    ends = "" if one.stands == "due" else "; may be kept"
    return f"{_near(one.folder, found)}: {len(one.files):,} files, from {', '.join(one.contracts)}{sure}{ends}"


def _beside(found: Listing) -> Iterator[str]:
    """Yield what was not judged, so that nobody takes a short list for a whole one."""
    for one in found.unknown:
        yield f"not judged: {one.contract}: {one.why}; its files stay"
    for fault in found.faults:
        yield f"not judged: {fault}"
    for path in found.links:
        yield f"left alone: {_near(path, found)} is a link, or lies outside; see to what it leads to yourself"
    if found.strange:
        names = ", ".join(_near(path, found) for path in found.strange[:_SHOWN])
        more = f" and {len(found.strange) - _SHOWN:,} more" if len(found.strange) > _SHOWN else ""
        yield f"not judged: files that belong to no contract: {names}{more}"
    if found.made_up:
        yield f"made-up data left alone: {found.made_up:,} files; --made-up looks at them too"


def _remove(found: Listing, *, yes: bool, ended: bool, with_runs: bool) -> None:
    from curv_eval.retention import remove

    if found.faults:
        remove(found)
    due, runs = found.due(ended=ended), found.due_runs(ended=ended) if with_runs else []
    files = len({path for one in (*due, *runs) for path in one.files})
    if not files:
        say("nothing is to be removed")
        return
    names = ", ".join(dict.fromkeys([*(one.term.contract for one in due), *(_near(one.folder, found) for one in runs)]))
    if not yes and not typer.confirm(f"Remove {_count(files)} for good ({names})?"):
        say("nothing was removed")
        raise typer.Exit(1)
    for line in remove(found, ended=ended, with_runs=with_runs):
        say(line)
    say("recorded in outputs/audit.jsonl; backups and other machines' copies are yours to see to")


def _count(number: int) -> str:
    return "1 file" if number == 1 else f"{number:,} files"


def _near(path: Path, found: Listing) -> str:
    return path.relative_to(found.asked.project).as_posix() if path.is_relative_to(found.asked.project) else str(path)


def _age(path: Path) -> str:
    return f"{datetime.fromtimestamp(path.stat().st_mtime).date()}"
