"""A living review: what became of its answer when studies were added, taken out or corrected."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from curv_eval import manifest
from curv_eval.errors import RunError

_SHOWN = 5


@dataclass(frozen=True)
class Changed:
    """Two runs of one review. added, gone: labels of studies. before, now: average, low and high, and what it says."""

    added: tuple[str, ...]
    gone: tuple[str, ...]
    before: tuple[float, float, float]
    now: tuple[float, float, float]
    found: tuple[str, str]
    certainty: tuple[str, str]

    @property
    def lines(self) -> tuple[str, ...]:
        """What changed, in words, one line each."""
        a, b = (f"{x[0]:.2f} (between {x[1]:.2f} and {x[2]:.2f})" for x in (self.before, self.now))
        moved = f"the average was {a} and is now {b}" if a != b else f"the average is {b}, as before"
        same = "the conclusion is the same" if self.found[0] == self.found[1] else "THE CONCLUSION CHANGED"
        sure = [f"how sure we are: {self.certainty[0]}, now {self.certainty[1]}"] if len({*self.certainty}) > 1 else []
        named = (("added", self.added), ("taken out", self.gone))
        lists = [f"{len(names)} {what}: {_listed(names)}" for what, names in named if names]
        return (*(lists or ["the studies are the same"]), moved, f"{same}: {_said(*self.found)}", *sure)


_WORDS = {
    "better": "less of it", "worse": "more of it, which is harm", "little": "little or no difference",
    "unclear": "we cannot tell", "too few": "too few studies to tell",
}  # fmt: skip


def _said(before: str, now: str) -> str:
    return _WORDS[now] if before == now else f"{_WORDS[before]} before, {_WORDS[now]} now"


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def before_of(run: Path) -> Path:
    """Return the run of the same review that was made before `run`. Raises RunError where there is none."""
    held = {path.parent: manifest.read(path.parent)["times"]["finished"] for path in run.parent.glob("*/manifest.json")}
    earlier = [one for one, when in held.items() if one.resolve() != run.resolve() and when <= held[run]]
    if not earlier:
        raise RunError(
            f"{run.parent.name} has no run before {run.name}", do="add a study and run it again, or give two runs"
        )
    return max(earlier, key=lambda one: held[one])


def changed(before: Path, now: Path) -> Changed:
    """Return what differs between the answers of two runs of reviews. Raises RunError for a run that is no review."""
    held = [_results(run) for run in (before, now)]
    labels = [[row["label"] for row in one["rows"] if row["kind"] == "study"] for one in held]
    numbers = [
        next((row["estimate"], row["conf_low"], row["conf_high"]) for row in one["rows"] if row["kind"] == "pooled")
        for one in held
    ]
    added, gone = (tuple(one for one in mine if one not in other) for mine, other in (labels[::-1], labels))
    found, sure = (tuple(one[name] for one in held) for name in ("found", "certainty"))
    return Changed(added, gone, *numbers, found, sure)


def _results(run: Path) -> dict:
    held = json.loads((run / "release" / "results.json").read_text("utf-8"))
    if held.get("kind") != "review":
        raise RunError(f"{run.name} is no run of a review", do="give a review")
    rows = held["tables"]["review_forest"]["rows"]
    return {"rows": rows, "found": held["found"], "certainty": held["values"]["certainty"]}
