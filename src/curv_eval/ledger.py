"""What has been published, and what a new release would add to it for somebody who keeps them all.

outputs/.ledger/<study>/<key>.json holds the counts of each approved run: it never leaves, as nothing under restricted/.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from curv_eval import manifest
from curv_eval.disclosure import Attackable
from curv_eval.disclosure.kept import as_json, from_json
from curv_eval.disclosure.union import differences, given_way, joined
from curv_eval.errors import DisclosureError, RunError
from curv_eval.report.evidence import Table, read_evidence

SHOWN = 20


def refuse_revealing(run: Path) -> None:
    """Refuse a release that would reveal a small count to one who has kept what was published before.

    Raises DisclosureError that names the tables and rows, never the counts.
    """
    faults = list(revealed(run))
    if faults:
        more = [f"and {len(faults) - SHOWN} more"] if len(faults) > SHOWN else []
        do = (
            "publish no version that differs by so little: leave the month, the area or the rows out, publish them in "
            "larger groups, or wait until more has been counted"
        )
        what = f"{run.name} would reveal small counts beside what was published before"
        raise DisclosureError(what, [*faults[:SHOWN], *more], do)


def revealed(run: Path) -> Iterator[str]:
    """Yield in words what a run's release reveals by itself and together with every release published before."""
    before = published(run)
    for table in read_evidence(run):
        if table.attackable is None:
            continue
        for key, old in before.get(_name(table), []):
            yield from (
                f"{table.name}, {one.label}: differs from run {key} by a number from 1 to {one.wanted[1]:.0f}"
                for one in differences(table.attackable, old)
            )
        together = joined([*(old for _, old in before.get(_name(table), [])), table.attackable])
        yield from (f"{table.name}, {_where(one.low, one.high, one.label)}" for one in given_way(together))


def _where(low: float, high: float, label: str) -> str:
    return f"{label}: can be worked out {'exactly' if low == high else 'more closely than the rule allows'}"


def _name(table: Table) -> str:
    """Tables of one title show the same thing, whichever study or version made them."""
    return f"{table.name}: {table.title}"


def published(run: Path) -> dict[str, list[tuple[str, Attackable]]]:
    """Return the counts of every release published in a run's project but this one, by table; oldest first.

    Raises RunError when a ledger entry is not whole: then nothing can be said about a new release.
    """
    made_up, found = manifest.read(run)["made_up"], {}
    for path in sorted(folder(run).glob("*/*.json"), key=lambda path: (path.stat().st_mtime_ns, path.name)):
        try:
            held = json.loads(path.read_text("utf-8"))
            if held["made_up"] != made_up or held["run"] == run.name:
                continue
            for name, table in held["tables"].items():
                found.setdefault(name, []).append((held["run"], from_json(table)))
        except (OSError, KeyError, TypeError, ValueError):
            do = "bring it back from a copy; without it a new release cannot be compared with what was published"
            raise RunError(f"the ledger entry {path.parent.name}/{path.name} is not whole", do=do) from None
    return found


def record(run: Path) -> Path:
    """Write a run into the ledger as published, and return where."""
    held = manifest.read(run)
    tables = {_name(t): as_json(t.attackable) for t in read_evidence(run) if t.attackable is not None}
    entry = {"run": run.name, "made_up": held["made_up"], "published": manifest.now(), "tables": tables}
    path = folder(run) / held["study"] / f"{run.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_suffix(".partial")
    staged.write_text(json.dumps(entry, sort_keys=True) + "\n", "utf-8", newline="\n")
    staged.replace(path)
    return path


def folder(run: Path) -> Path:
    """Return the folder of the ledger of a run's project: outputs/.ledger."""
    return run.absolute().parents[1] / ".ledger"
