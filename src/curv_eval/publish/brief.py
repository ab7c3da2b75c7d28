"""The brief of one run, DRAFT until a review approves exactly this run."""

from __future__ import annotations

from pathlib import Path

from curv_eval.publish.assemble import assemble
from curv_eval.publish.render import render
from curv_eval.review import approved


def publish_brief(run: Path, *, engine: str = "auto") -> dict[str, Path]:
    """Assemble and render the brief of `run` into its brief/ folder; return format -> document. Raises PublishError."""
    folder = assemble(run, run / "brief", approved=approved(run))
    return render(folder, engine=engine)
