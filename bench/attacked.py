"""Attack what the disclosure gate lets out: random tables with margins, levels and links, by integer programming.

    python bench/attacked.py               prints the tables
    python bench/attacked.py --write       prints them and puts them into docs/disclosure.md
    python bench/attacked.py --tables 20   fewer, to try it out

Each table is drawn, released and attacked with all that is public. Beside the gate's pattern stand small counts alone,
all rows with a small count, and how often no pattern loses less. The attacker is the one of tests/attack, who shares no
code with the gate.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "disclosure.md"
sys.path.insert(0, str(ROOT / "tests"))

from attack.attacker import Public, truth  # noqa: E402 (tests lie beside the program, not in it)
from attack.test_attack_tables import EXACT, NHS, SHAPES, UNDER_5, UNDER_10, drawn  # noqa: E402
from curv_eval.disclosure import release_tables  # noqa: E402
from curv_eval.disclosure.crossed import crossed  # noqa: E402
from curv_eval.disclosure.suppress import suppress  # noqa: E402

NAMES = {
    "1 to 7 withheld, others to the nearest 5": NHS,
    "1 to 9 withheld, others to the nearest 5": UNDER_10,
    "1 to 7 withheld, others as they are": EXACT,
    "1 to 4 withheld, others as they are": UNDER_5,
}


def tables(many):
    """Yield `many` tables of every shape: counts, dimensions, and what lies above what; rare events, some frequent."""
    rng = np.random.default_rng(20261126)
    for shape, (sizes, asked, above) in SHAPES.items():
        size = int(np.prod(list(sizes.values())))
        for _ in range(many):
            yield shape, drawn(sizes, rng.negative_binomial(0.7, 0.05, size)), asked, above


def attacked(rule, many):
    """Return the row of a rule: tables, small counts attacked, found exactly, within the rule, and the narrowest."""
    found, number = [], 0
    naive = 0
    for _, counts, asked, above in tables(many):
        released = release_tables(counts, count="count", tables=asked, above=above, rule=rule)
        known, true = Public(rule), {}
        for name, dims in asked.items():
            known.table(released[name].table, dims, above)
            true |= truth(counts, dims, above)
        few = [name for name, count in true.items() if 0 < count < rule.events_below]
        ranges = known.ranges(few)
        found += [(low, high) for low, high in ranges.values()]
        for name, count in true.items():
            known.cells[name] = None if name in few else rule.rounded(count)
        naive += sum(low == high for low, high in known.ranges(few).values())
        number += 1
    exact = sum(low == high for low, high in found)
    # a whole is at least its parts that are not zero: where that is all, 1 is no longer possible
    inside = sum(high < rule.events_below - 1 for _, high in found)
    narrowest = min(high - low + 1 for low, high in found)
    return number, len(found), naive, exact, inside, narrowest


def lost(rule, many):
    """Return what is lost, in cells and events: small counts alone, the gate, all rows with one; and proofs."""
    sums = np.zeros((3, 2), dtype=int)
    optimal = whole = 0
    for _, counts, asked, above in tables(many):
        made = crossed(counts, count="count", tables=asked, above=above)
        pattern = suppress(made.cells, rule)
        (first, *_) = asked
        keys, at = made.keys[first], made.places[first]
        rows = keys.iloc[:, 0].to_numpy()
        few = {row for row, cell in zip(rows, at, strict=True) if pattern.primary[cell] and row != "All"}
        gone = np.zeros(len(made.cells.values), bool)
        gone[[cell for row, cell in zip(rows, at, strict=True) if row in few]] = True
        gone |= pattern.primary
        for n, hidden in enumerate((pattern.primary, pattern.hidden, gone & (made.cells.values > 0))):
            sums[n] += hidden.sum(), made.cells.values[hidden].sum()
        whole += 1
        optimal += pattern.optimal
    return sums, optimal, whole


def large():
    """Return a row for a hierarchical table of 1,000 areas in wards in districts by 20 groups: size, and seconds."""
    rng, rows = np.random.default_rng(1), []
    areas = [f"E{n:04d}" for n in range(1000)]
    above = {area: f"W{n // 10:03d}" for n, area in enumerate(areas)} | {f"W{n:03d}": f"D{n // 25}" for n in range(100)}
    frame = pd.DataFrame({"area": np.repeat(areas, 20), "group": np.tile([f"g{n:02d}" for n in range(20)], 1000)})
    frame["count"] = rng.negative_binomial(0.7, 0.05, 20_000)
    for name in ("1 to 7 withheld, others to the nearest 5", "1 to 7 withheld, others as they are"):
        started = time.perf_counter()
        made = release_tables(
            frame, count="count", tables={"t": ["area", "group"]}, above={"area": [above]}, rule=NAMES[name]
        )
        held = made["t"].evidence.attackable
        beside = int((held.hidden & ~held.primary).sum())
        rows.append((name, len(held.hidden), int(held.primary.sum()), beside, time.perf_counter() - started))
    return rows


ATTACKED = (
    "Rule", "Tables", "Small counts attacked", "Found exactly, if they alone were withheld", "Found exactly",
    "Nearer than the rule", "Narrowest range, whole numbers",
)  # fmt: skip
LOST = (
    "Rule", "Small counts alone: cells, events", "The gate: cells, events",
    "Every row with a small count: cells, events", "Shown to be the least costly",
)  # fmt: skip
LARGE = (
    "1,000 areas in wards in districts, by 20 groups", "Cells", "Small counts", "Withheld beside them", "Seconds",
)  # fmt: skip


def table(heads, rows):
    """A table in markdown, all but the first column to the right."""
    lines = [heads, [":---", *["---:"] * (len(heads) - 1)], *rows]
    return ["| " + " | ".join(map(str, line)) + " |" for line in lines]


def report(many):
    rows, losses = [], []
    for name, rule in NAMES.items():
        number, cells, naive, exact, inside, narrowest = attacked(rule, many)
        rows.append((name, number, f"{cells:,}", f"{naive:,}", exact, inside, narrowest))
        sums, optimal, whole = lost(rule, many)
        losses.append((name, *(f"{gone:,}, {events:,}" for gone, events in sums), f"{optimal} of {whole}"))
    big = [(name, f"{n:,}", f"{few:,}", f"{beside:,}", f"{took:.0f}") for name, n, few, beside, took in large()]
    when = f"{date.today():%-d %B %Y}, {os.cpu_count()} cores: {len(SHAPES)} kinds of tables, {many} of each, by rule."
    parts = [[when], table(ATTACKED, rows), table(LOST, losses), table(LARGE, big)]
    return "\n\n".join("\n".join(part) for part in parts)


def main(write, many):
    text = report(many)
    print(text)
    if write:
        head, rest = PAGE.read_text("utf-8").split("<!-- attacked -->")
        PAGE.write_text(
            f"{head}<!-- attacked -->\n\n{text}\n<!-- end attacked -->{rest.split('<!-- end attacked -->')[1]}", "utf-8"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="put the tables into docs/disclosure.md")
    parser.add_argument("--tables", type=int, default=50, help="how many of each kind")
    given = parser.parse_args()
    main(given.write, given.tables)
