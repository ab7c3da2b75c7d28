"""The whole street once, on made-up data, with the truth at the end."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path

from curv_eval.run.journal import Tell


def demonstrate(tell: Tell) -> None:
    """Make data with a known effect, run the example study, render its brief, and print estimate and truth."""
    from curv_eval.publish import publish_brief
    from curv_eval.run.journal import journal
    from curv_eval.run.notebooks import How
    from curv_eval.run.planning import plan
    from curv_eval.run.study_run import run_planned

    started = time.monotonic()
    params = _params()
    (planned,) = plan([params])
    with journal(planned.study.project, tell) as told:
        run = run_planned(planned, how=How(again=True), tell=told)
    tell({"event": "stage", "name": "brief"})
    documents = publish_brief(run)
    print(_report(run, documents, time.monotonic() - started), file=sys.stdout)


def _params() -> Path:
    """Return params/demo.yaml of this folder, copied from the package where it is missing."""
    from curv_eval.shipped import shipped

    own = Path("params") / "demo.yaml"
    if not own.exists():
        own.parent.mkdir(exist_ok=True)
        shutil.copyfile(shipped("params") / "demo.yaml", own)
    return own


def _report(run: Path, documents: dict[str, Path], seconds: float) -> str:
    from curv_eval.data import data_folder
    from curv_eval.made_up import read_truth
    from curv_eval.study import load_study

    study = load_study(run / "study.yaml")
    rows = json.loads((run / "release" / "results.json").read_text("utf-8"))["tables"]
    found = {row["term"]: row for row in rows[f"results_{study.primary.name}"]["rows"]}
    relative, average = found["relative"], found["average"]
    truth = read_truth(data_folder(load_study(_params())))
    lines = [f"  {kind}: {os.path.relpath(path)}" for kind, path in documents.items()]
    interval = f"{relative['conf_low']:+.1%} to {relative['conf_high']:+.1%}"
    spread = f"{average['conf_low']:+.2f} to {average['conf_high']:+.2f}"
    return "\n".join([
        "", "The brief (made-up data, DRAFT until reviewed):", *lines, "",
        f"Outcome: {study.primary.label}",
        f"  estimate {relative['estimate']:+.1%}   95% interval {interval}   truth {truth.effect:+.1%}",
        f"  per area and month: {average['estimate']:+.2f} ({spread})"
        f"   truth {truth.average_per_unit_month['police_violence']:+.2f}",
        f"Done in {seconds:.0f} s.",
    ])  # fmt: skip
