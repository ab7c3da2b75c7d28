"""What was spent of a study's privacy budget: every download of noised counts, kept beside the ledger of releases.

outputs/.ledger/<study>/budget.jsonl holds a line for each, and the whole budget as it was first set. It never leaves.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from curv_eval import ledger, manifest
from curv_eval.errors import DisclosureError, RunError

NAME = "budget.jsonl"
_SLACK = 1e-9


@dataclass(frozen=True)
class Spent:
    """One download: of which run and table, its epsilon, the whole budget of the study, and when."""

    run: str
    table: str
    epsilon: float
    budget: float
    at: str


def spent(run: Path) -> list[Spent]:
    """Return what was spent for the study of a run. Raises RunError when that is not whole: then nothing can be."""
    path = _path(run)
    if not path.exists():
        return []
    try:
        return [Spent(**json.loads(line)) for line in path.read_text("utf-8").splitlines()]
    except (ValueError, TypeError):
        do = "bring it back from a copy; without it nobody knows how much of the budget is left"
        raise RunError(f"the privacy budget of {path.parent.name} is not whole", do=do) from None


def refuse_overspent(run: Path, table: str, *, epsilon: float, budget: float) -> None:
    """Raise DisclosureError where a download would cost more than is left, or would set another budget.

    Losses add up over downloads of the same people, so one budget holds for all of a study's.
    """
    before = spent(run)
    if before and before[0].budget != budget:
        said = [f"got --budget {budget:g}, and it was set to {before[0].budget:g} with the first download"]
        raise DisclosureError("the budget of a study is set once", said, "leave it as it is")
    used = sum(one.epsilon for one in before)
    if used + epsilon > budget + _SLACK:
        said = [f"{table}: {epsilon:g} asked for; {used:g} of {budget:g} is spent, {max(0.0, budget - used):g} left"]
        do = "ask for a smaller --epsilon, or publish no more of these people"
        raise DisclosureError("this would cost more than is left of the privacy budget", said, do)


def spend(run: Path, table: str, *, epsilon: float, budget: float) -> None:
    """Write a download down, before it is given to anybody. Raises as refuse_overspent does."""
    refuse_overspent(run, table, epsilon=epsilon, budget=budget)
    lines = [*spent(run), Spent(run.name, table, epsilon, budget, manifest.now())]
    path = _path(run)
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_suffix(".partial")
    staged.write_text("".join(json.dumps(asdict(one)) + "\n" for one in lines), "utf-8", newline="\n")
    staged.replace(path)


def _path(run: Path) -> Path:
    return ledger.folder(run) / manifest.read(run)["study"] / NAME
