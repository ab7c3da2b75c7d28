"""Who checked a run and what they decided."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path

from curv_eval import audit, exceptions, ledger, manifest
from curv_eval.errors import RunError


@dataclass(frozen=True)
class Exceptions:
    """Which exceptions a review grants or takes back: numbers of those the study asks for, in its order from 1."""

    granted: tuple[int, ...] = ()
    withdrawn: tuple[int, ...] = ()


NONE = Exceptions()


class Decision(Enum):
    """APPROVE lets a brief lose its DRAFT mark; REVISE and REFUSE do not."""

    APPROVE = "approve"
    REVISE = "revise"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Review:
    """One reviewer's decision on one run, tied to the run's manifest by hash."""

    run: str
    manifest_sha256: str
    reviewer: str
    decision: str
    findings: str
    date: str
    granted: tuple[int, ...] = ()
    withdrawn: tuple[int, ...] = ()


def write_review(
    run: Path,
    *,
    reviewer: str,
    decision: Decision,
    findings: str = "",
    change: Exceptions = NONE,
) -> Review:
    """Append a review to reviews.json of a run and return it; it stands in the audit log before that.

    What is approved may be published, and goes into the ledger. change: exceptions, which hold from the next run on.
    Raises RunError when the run's outputs are not what its
    manifest says: what was looked at must be what is approved. Raises DisclosureError when what is to be approved would
    reveal a small count beside what was published before. Raises RunError where the audit log cannot be written.
    """
    moved = manifest.verify(run)
    if moved:
        raise RunError(f"{run.name} was changed after it was made", [str(m) for m in moved], "run the study again")
    if not reviewer.strip():
        raise RunError("got a blank reviewer", ["expected the name of who checked the run"], "give --reviewer NAME")
    decided = exceptions.decided(run, reviewer.strip(), granted=change.granted, withdrawn=change.withdrawn)
    if decision is Decision.APPROVE:
        ledger.refuse_revealing(run)
    review = Review(
        run.name,
        manifest.sha256(run / "manifest.json"),
        reviewer.strip(),
        decision.value,
        findings.strip(),
        manifest.now(),
        change.granted,
        change.withdrawn,
    )
    held = [asdict(r) for r in reviews(run)] + [asdict(review)]
    staged = run / ".reviews.partial"
    staged.write_text(json.dumps(held, indent=1, ensure_ascii=False) + "\n", "utf-8", newline="\n")
    try:
        _record(run, review)
        if decision is Decision.APPROVE:
            ledger.record(run)
        exceptions.put(decided, run, reviewer=review.reviewer, at=review.date)
        staged.replace(run / "reviews.json")
    finally:
        staged.unlink(missing_ok=True)
    return review


_RECORDED = {
    Decision.APPROVE.value: audit.What.APPROVED,
    Decision.REVISE.value: audit.What.REVISED,
    Decision.REFUSE.value: audit.What.REFUSED,
}


def _record(run: Path, review: Review) -> None:
    """Record who decided what on which run; what was found stays with the run, for it is free text."""
    detail = {"reviewer": review.reviewer, "manifest": review.manifest_sha256}
    study = manifest.read(run)["study"]
    audit.record(audit.home_of(run), _RECORDED[review.decision], of=study, run=run.name, detail=detail)


def reviews(run: Path) -> list[Review]:
    """Return the reviews of a run, oldest first."""
    path = run / "reviews.json"
    if not path.exists():
        return []
    try:
        return [_whole(held) for held in json.loads(path.read_text("utf-8"))]
    except (ValueError, TypeError):
        do = "bring it back from a copy, or move it away and review the run again"
        raise RunError(f"{path.name} of {run.name} is not readable", do=do) from None


def approved(run: Path) -> bool:
    """Whether the last review approves exactly this run: its hash matches and no output has moved since."""
    held = reviews(run)
    if not held or held[-1].decision != Decision.APPROVE.value:
        return False
    same = held[-1].manifest_sha256 == manifest.sha256(run / "manifest.json")
    return same and not manifest.verify(run)


def _whole(held: dict) -> Review:
    numbers = {name: tuple(held.get(name, ())) for name in ("granted", "withdrawn")}
    return Review(**{**held, **numbers})
