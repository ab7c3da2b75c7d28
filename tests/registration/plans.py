"""Copies of the demo study in temporary projects, changed, registered and looked at as an evaluator would."""

import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from unittest.mock import patch

from curv_eval.cli import main
from curv_eval.registration import draft, write
from curv_eval.study import load_study

ROOT = Path(__file__).parents[2]
DEMO = (ROOT / "params" / "demo.yaml").read_text("utf-8")
METHOD = ("method: callaway_santanna", "method: sun_abraham")
HONEST = ("  honest_did, ", "  ")
OPTIONS = ("  options: { base: mean, trends: proportional, small_sample: cr2 }\n", "")
SEED = ("\nseed: 20261123", "\nseed: 1")


@dataclass(frozen=True)
class Said:
    """What a command said: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str


def project(folder: Path, text: str = DEMO, name: str = "demo") -> Path:
    """Write a study into a new project in `folder` and return the study's path."""
    path = folder / "params" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def changed(path: Path, *changes: tuple[str, str]) -> Path:
    """Make each change, which must have something to change, in a study file and return its path."""
    text = path.read_text("utf-8")
    for old, new in changes:
        assert old in text, f"the study does not hold {old!r}"
        text = text.replace(old, new, 1)
    path.write_text(text, "utf-8")
    return path


def register(path: Path, deviation: str | None = None, by: str = "A. Evaluator"):
    """Register a study, or log a change of it, and return the record; None where there was nothing to write."""
    study = load_study(path)
    record = draft(study, by=by, deviation=deviation)
    if record is not None:
        write(study, record)
    return record


def pretend_run(path: Path, key: str = "abc123def456", *, parameters: dict | None = None, study: str = "") -> Path:
    """Leave in outputs/ what a finished run leaves there, as far as a registration looks at it."""
    name = study or load_study(path).study
    run = path.parents[1] / "outputs" / name / key
    run.mkdir(parents=True)
    (run / "manifest.json").write_text(json.dumps({"parameters": parameters or {}}), "utf-8")
    return run


def records_of(path: Path, name: str = "demo") -> list[Path]:
    """Return the files of a registration, in their order."""
    return sorted((path.parents[1] / "registrations" / name).glob("*.json"), key=lambda p: int(p.stem))


def edited(file: Path, **held: object) -> None:
    """Change keys of a registration's file by hand."""
    found = json.loads(file.read_text("utf-8")) | held
    file.write_text(json.dumps(found), "utf-8")


def curv_eval(folder: Path, *words: str, monkeypatch) -> Said:
    """Run `curv-eval words...` in this process with `folder` as the working folder."""
    out, err, code = StringIO(), StringIO(), 0
    monkeypatch.chdir(folder)
    argv = ["curv-eval", *map(str, words)]
    with patch.object(sys, "argv", argv), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as left:
            code = left.code or 0
    return Said(code, out.getvalue(), err.getvalue())
