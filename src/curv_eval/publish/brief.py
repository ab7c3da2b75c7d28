"""The brief of one run, DRAFT until a review approves exactly this run."""

from __future__ import annotations

from pathlib import Path

from curv_eval import audit, manifest
from curv_eval.publish.assemble import assemble
from curv_eval.publish.render import render
from curv_eval.review import approved


def publish_brief(run: Path, *, engine: str = "auto") -> dict[str, Path]:
    """Assemble and render the brief of `run` into its brief/ folder, and record that; return format -> document.

    Raises PublishError, and RunError where it cannot be recorded: then no document is there.
    """
    whose, fine = manifest.read(run)["study"], approved(run)
    with audit.recorded(audit.home_of(run), audit.What.PUBLISHED, of=whose, run=run.name) as made:
        documents = render(assemble(run, run / "brief", approved=fine), engine=engine)
        made.files += documents.values()
        made.detail |= {"as": "approved" if fine else "draft"}
        made.detail |= {path.name: manifest.sha256(path) for path in documents.values()}
    return documents
