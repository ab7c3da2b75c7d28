"""curv-eval audit verify | show: the log of who loaded, linked, released and approved what."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curv_eval.cli.say import say
from curv_eval.errors import RunError

if TYPE_CHECKING:
    from curv_eval.audit import Line

audit_app = typer.Typer(no_args_is_help=True, help="Who loaded, linked, released and approved what.")

_COLUMNS = ("line", "time (UTC)", "who", "what", "of", "run")
_HASH = re.compile(r"\b[0-9a-f]{64}\b")
_SHORT = 12


@audit_app.callback()
def audit() -> None:
    """Who loaded, linked, released and approved what, in outputs/audit.jsonl of this folder."""


@audit_app.command("verify")
def audit_verify(
    head: Annotated[str, typer.Option(help="a hash that was noted earlier, as this command prints it")] = "",
) -> None:
    """Say whether a line of the audit log was removed, altered, moved, inserted or cut off. Leaves with 7 if so.

    Note the hash that is printed where nobody who can write here can change it, and give it with --head later.
    """
    from curv_eval.audit import verify_log

    found = verify_log(Path.cwd() / "outputs", _noted(head))
    for note in found.notes:
        say(f"note: {note}")
    if found.faults:
        do = (
            "keep both files as they are, as evidence; bring a copy back and compare the two; ask who can write to "
            "outputs/"
        )
        raise RunError("the audit log is not as it was written", found.faults, do)
    if found.head is None:
        say("nothing was recorded in this folder yet")
        return
    say(f"{found.lines:,} lines, each as it was written" + (", and the noted head is among them" if head else ""))
    say(f"head: line {found.head.number}, {found.head.hash}")
    say("note the head elsewhere; later: curv-eval audit verify --head HASH")


def _noted(head: str) -> str:
    from curv_eval.audit.verifying import SHORTEST

    given = head.strip().lower()
    if given and not re.fullmatch(rf"[0-9a-f]{{{SHORTEST},64}}", given):
        what = f"--head: got {len(given)} characters, expected the hash of a line, or its first {SHORTEST} or more"
        raise RunError(what, do="give what `curv-eval audit verify` printed after `head:`, without the number")
    return given


@audit_app.command("show")
def audit_show(
    study: Annotated[str, typer.Option(help="only what was done with this study, or this contract")] = "",
    last: Annotated[int, typer.Option(help="how many lines, counted from the end", min=1)] = 20,
) -> None:
    """Show the last lines of the audit log as a table. Hashes are cut to 12 characters; the file has them whole."""
    from curv_eval.audit import lines

    held = [line for line in lines(Path.cwd() / "outputs") if not study or line.of == study]
    if not held:
        whose = f" about {study}" if study else ""
        say(f"nothing was recorded in this folder yet{whose}")
        return
    rows = [_COLUMNS, *(_row(line) for line in held[-last:])]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_COLUMNS))]
    say(_set(_COLUMNS, widths))
    for line in held[-last:]:
        say(_set(_row(line), widths))
        if line.detail:
            say(f"{' ' * widths[0]}  {_detail(line)}")
    if len(held) > last:
        say(f"... and {len(held) - last:,} before; --last shows more")


def _row(line: Line) -> tuple[str, ...]:
    at = line.time.replace("T", " ").removesuffix("+00:00")
    return tuple(_plain(one) for one in (str(line.number), at, line.who, line.what.value, line.of, line.run or "-"))


def _set(row: tuple[str, ...], widths: list[int]) -> str:
    return "  ".join(one.ljust(width) for one, width in zip(row, widths, strict=True)).rstrip()


def _detail(line: Line) -> str:
    told = [_HASH.sub(lambda hash_: hash_[0][:_SHORT], f"{name}: {held}") for name, held in line.detail.items()]
    return _plain("; ".join(told))


def _plain(text: str) -> str:
    """Return text that cannot move a terminal's cursor: a log that was tampered with is shown too."""
    return "".join(c if c.isprintable() else "?" for c in text)
