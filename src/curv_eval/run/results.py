"""What the studies of a plan found, beside one another: one row each, from released results alone."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curv_eval.disclosure import WITHHELD
from curv_eval.run.planning import Planned
from curv_eval.study import Review, Study, short, swept
from curv_eval.visible import unrun, visible

_NUMBERS = ("estimate", "conf_low", "conf_high")
_HEADS = ("study", "run", "outcome", "change", "from", "to", "finding")


@dataclass(frozen=True)
class Row:
    """One study. chosen: what its sweep set. change: relative, with its interval; None where it was not released.

    state: "" for a finished run that nothing has overtaken, else why there is no finding.
    """

    study: str
    run: str
    chosen: dict[str, Any]
    outcome: str
    change: tuple[float, float, float] | None
    finding: str
    state: str


def results(made: Sequence[Planned]) -> list[Row]:
    """Return a row for each study of a plan, in its order."""
    chosen: dict[Path, dict[str, dict[str, Any]]] = {}
    rows = []
    for one in made:
        path = one.study.path
        if path not in chosen:
            chosen[path] = swept(path)
        rows.append(_row(one, chosen[path].get(one.study.study, {})))
    return rows


def _row(one: Planned, chosen: dict[str, Any]) -> Row:
    name = one.study.study
    if not one.fresh:
        return Row(name, "", chosen, "", None, "", one.because[0])
    held = json.loads((one.folder / "release" / "results.json").read_text("utf-8"))
    numbers, outcome = _of_review(held) if isinstance(one.study, Review) else _of_study(held, one.study)
    change = None if None in numbers else tuple(float(x) for x in numbers)
    return Row(name, one.folder.name, chosen, outcome, change, held["values"].get("headline", ""), "")


def _of_study(held: dict, study: Study) -> tuple[tuple, str]:
    table = held["tables"].get(f"results_{study.primary.name}", {"rows": []})
    found = next((row for row in table["rows"] if row["term"] == "relative"), {})
    return tuple(found.get(name) for name in _NUMBERS), study.primary.label


def _of_review(held: dict) -> tuple[tuple, str]:
    """Return the average as a relative change, where it is a ratio, and the outcome."""
    found = next(row for row in held["tables"]["review_forest"]["rows"] if row["kind"] == "pooled")
    ratio = held["values"]["measure"].endswith("ratio")
    return tuple(found[name] - 1 if ratio else None for name in _NUMBERS), held["outcome"]


def write_results(rows: Sequence[Row], path: Path) -> None:
    """Write the rows as CSV: a column for each key that the sweeps set; text that would run in a spreadsheet cannot."""
    keys = list(dict.fromkeys(key for row in rows for key in row.chosen))
    with path.open("x", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([unrun(head) for head in (*_HEADS[:2], *keys, *_HEADS[2:])])
        for row in rows:
            set_here = [_text(row.chosen.get(key)) for key in keys]
            numbers = row.change or ("" if row.state else WITHHELD,) * 3
            said = row.finding or row.state
            writer.writerow([
                unrun(row.study), row.run, *set_here, unrun(row.outcome), *numbers, unrun(visible(said)),
            ])  # fmt: skip


def _text(value: Any) -> str:
    return "" if value is None else unrun(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def line(row: Row) -> str:
    """Return a row in one line: the study, what its sweep set, and the change in per cent with its interval."""
    set_here = ", ".join(f"{key.rpartition('.')[2]} {short(value)}" for key, value in row.chosen.items())
    named = f"{row.study}{f' ({set_here})' if set_here else ''}"
    if row.state:
        return f"{named}: no finding, {row.state}"
    if row.change is None:
        return f"{named}: {WITHHELD}"
    return f"{named}: {' '.join(_percent(*row.change))}"


def _percent(change: float, low: float, high: float) -> tuple[str, str]:
    return f"{change:+.1%}", f"({low:+.1%} to {high:+.1%})"


def summed_up(rows: Sequence[Row]) -> str:
    """Return how the findings lie: how many there are, between what, and in how many the interval leaves out 0."""
    many = f"{len(rows):,} {'study' if len(rows) == 1 else 'studies'}"
    found = [row.change for row in rows if row.change]
    if not found:
        return f"{many}, none with a finding"
    middle = sorted(change for change, _, _ in found)
    below, above = sum(high < 0 for _, _, high in found), sum(low > 0 for _, low, _ in found)
    return (
        f"{many}, {len(found):,} with a finding, from {middle[0]:+.1%} to {middle[-1]:+.1%} "
        f"(half of them above {middle[len(middle) // 2]:+.1%}); the interval lies below 0 in {below:,} and above 0 in "
        f"{above:,}. Choose none of them by what it found: the study that was planned is the finding."
    )
