"""curv-eval release: what a run lets out, attacked, and written down for the output checker."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curv_eval.cli.runs import Run
from curv_eval.cli.say import say

if TYPE_CHECKING:
    from curv_eval.report.evidence import Table


def release(
    run: Run,
    attack: Annotated[bool, typer.Option("--attack", help="try to work out every withheld count")] = False,
    acro: Annotated[Path | None, typer.Option(help="a new folder: the record as SACRO's viewer reads it")] = None,
) -> None:
    """Say what a run lets out and what it withholds; with --attack, what somebody could still work out.

    Leaves with an error when more can be said of a small count than its rule says, alone or beside what was published
    before.
    """
    from curv_eval import exceptions
    from curv_eval.export.acro import write_acro
    from curv_eval.ledger import refuse_revealing
    from curv_eval.report.evidence import FOLDER, read_evidence
    from curv_eval.run.folders import find

    found = find(run, Path.cwd())
    tables = read_evidence(found)
    _summary(tables)
    for line in exceptions.told(found):
        say(f"exception asked for: {line}")
    if attack:
        said = _attacked(tables)
        refuse_revealing(found)
        say(said)
    if acro:
        say(f"record for the SACRO viewer: {write_acro(found, acro)}")
    say(f"for the output checker: {found / FOLDER / 'evidence.html'}")


def _summary(tables: list[Table]) -> None:
    for table in tables:
        said = ", ".join(f"{number} {decision}" for decision, number in table.decided().items())
        say(f"{table.name} ({table.rule}): {said or 'words only'}")


def _attacked(tables: list[Table]) -> str:
    """Say the narrowest range of each table, and return what is to be said where nothing is refused."""
    from curv_eval.disclosure.union import from_public, narrower, tightest

    few = [(table.name, table.attackable) for table in tables if table.attackable and table.attackable.primary.any()]
    say(f"Attacked: {sum(int(held.primary.sum()) for _, held in few)} small counts in {len(few)} tables")
    for name, held in few:
        say(f"  {name}: the narrowest range is that of {tightest(from_public(held))[0]}")
        if held.exact:
            say(f"    if somebody knew every other count and every total: {tightest(held)[0]}")
    if known := sum(len(narrower(held)) for _, held in few):
        return (
            f"{known} of them are known more closely than the rule says, though all that can be withheld is withheld."
        )
    return "Nothing can be worked out more closely than the rules say, nor beside what was published before."
