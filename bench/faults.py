"""Every fault that was injected into the run engine: what happened, what was lost, and what the next run did.

    python bench/faults.py                  prints the table
    python bench/faults.py --write          prints it and puts it into docs/reliability.md
    python bench/faults.py --only kernel    only faults whose names match this; with --write their rows are renewed

Each is done to a project of its own: a copy of the program and a small made-up study. Afterwards the study is run once
more, and that run must end well, release the bytes of a run that nothing disturbed, and repeat no notebook that had
been finished. The faults themselves are in bench/faults_done.py. On Linux, as root where a file system is mounted.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "bench"))
from faults_done import FAULTS, Skipped  # noqa: E402
from faults_place import Place, base, copied  # noqa: E402

PAGE = ROOT / "docs" / "reliability.md"


def tried(name: str, place: Place, expected: dict[str, str]) -> dict:
    """Do one fault to a project and return its row. expected: what an undisturbed run releases."""
    fault = FAULTS[name]
    try:
        what = fault.do(place)
    except Skipped as why:
        return {"fault": name, "what": f"not tried: {why}", "lost": "", "next": ""}
    before = place.steps()
    after = place.study()
    lost = list(_lost(place, before, after, expected))
    then = (
        f"ran {', '.join(after.ran)}" if after.ran else "put it together" if _composed(after) else "had nothing to do"
    )
    return {"fault": name, "what": what, "lost": "; ".join(lost) or "nothing", "next": then}


def _composed(after) -> bool:
    return any(event["event"] == "run-finished" for event in after.events)


def _lost(place: Place, before: dict, after, expected: dict[str, str]):
    if after.code:
        yield f"the next run ended with {after.code} ({after.first})"
        return
    if place.released() != expected:
        yield "what is released is not what it should be"
    now = place.steps()
    again = [Path(folder).parent.name for folder, record in before.items() if now.get(folder) != record]
    if again:
        yield f"finished notebooks were run again: {', '.join(again)}"
    stray = [path.name for path in place.home.rglob("*") if path.name.startswith((".partial", ".old"))]
    if stray:
        yield f"left behind: {', '.join(stray)}"


def report(rows: list[dict]) -> str:
    """The table in markdown."""
    kept = [row for row in rows if row["lost"]]
    lines = [f"| {row['fault']} | {row['what']} | {row['lost']} | {row['next']} |" for row in rows]
    return "\n".join([
        f"{date.today():%-d %B %Y}: {len(kept)} faults.", "",
        "| What was done | What happened | What was lost | The next run |", "| :--- | :--- | :--- | :--- |", *lines,
    ])  # fmt: skip


def known(table: str) -> list[dict]:
    """Return the rows of a table."""
    lines = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")][1:]
    return [dict(zip(("fault", "what", "lost", "next"), line, strict=True)) for line in lines if len(line) == 4]


def renewed(before: list[dict], now: list[dict]) -> list[dict]:
    """Return rows in the order of the faults; those of now in place of those before."""
    found = {row["fault"]: row for row in [*before, *now]}
    return [found[name] for name in FAULTS if name in found]


def main(only: str, write: bool) -> int:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        first = base(Path(folder) / "base")
        whole = copied(first, Path(folder) / "whole")
        undisturbed = whole.study()
        if undisturbed.code:
            sys.exit(f"the study cannot be run at all: {undisturbed.err}")
        expected = whole.released()
        for name in (name for name in FAULTS if re.search(only, name)):
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as own:
                place = copied(whole if FAULTS[name].finished else first, Path(own))
                rows.append(tried(name, place, expected))
            print(" | ".join(rows[-1].values()), flush=True)
    if write:
        head, rest = PAGE.read_text("utf-8").split("<!-- faults -->")
        table, rest = rest.split("<!-- end -->")
        every = [row for row in known(table) if row["fault"] in FAULTS] if only else []
        text = report(renewed(every, rows))
        PAGE.write_text(f"{head}<!-- faults -->\n\n{text}\n<!-- end -->{rest}", "utf-8")
    return sum(row["lost"] not in ("nothing", "") for row in rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="put the table into docs/reliability.md")
    parser.add_argument("--only", default="", help="only faults whose names match this")
    given = parser.parse_args()
    sys.exit(main(given.only, given.write))
