"""registrations/<study>/1.json, 2.json ...: a plan and what became of it, one file each, chained by hash."""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from curv_eval.errors import StudyError
from curv_eval.study import Difference, Study, fingerprint

SCHEMA = 1
FOLDER = "registrations"
_NAME = re.compile(r"^([1-9][0-9]*)\.json$")


@dataclass(frozen=True)
class Record:
    """A plan as it was registered, or as it was changed later and logged.

    at: UTC. by: the name that was given. reason and differences: of a logged change, from the record before it.
    seen: results of the same outcome that were there already, as study/run. commit: the git commit that holds the
    study file as it was registered, "" where there is none. previous: the hash of the record before, "" for the first.
    """

    study: str
    number: int
    at: str
    by: str
    reason: str
    differences: tuple[Difference, ...]
    seen: tuple[str, ...]
    version: str
    commit: str
    plan: dict[str, Any]
    previous: str

    @property
    def plan_sha256(self) -> str:
        """The SHA-256 of the plan's canonical JSON."""
        return fingerprint(self.plan)

    @property
    def sha256(self) -> str:
        """The SHA-256 of everything else in the record, which the next record repeats."""
        return fingerprint(_content(self))


def _content(record: Record) -> dict[str, Any]:
    held = asdict(record) | {"differences": [asdict(one) for one in record.differences], "seen": list(record.seen)}
    return json.loads(json.dumps({"schema": SCHEMA, **held, "plan_sha256": record.plan_sha256}))


def files(study: Study) -> dict[str, Path]:
    """Return the registration of a study by name of file, the first first; {} where there is none.

    A run depends on what they hold.
    """
    home = study.project / FOLDER / study.study
    found = {int(match[1]): path for path in home.glob("*.json") if (match := _NAME.match(path.name))}
    return {found[number].name: found[number] for number in sorted(found)}


def records(study: Study) -> tuple[Record, ...]:
    """Return the registration of a study and every logged change of it, () where there is none.

    Raises StudyError with every fault when a file was edited, taken away or cannot be read.
    """
    found: list[Record] = []
    faults: list[str] = []
    for i, (name, path) in enumerate(files(study).items()):
        if name != f"{i + 1}.json":
            faults.append(f"{i + 1}.json is missing")
            break
        record, wrong = _read(path)
        faults += [f"{name} {line}" for line in wrong]
        if record is None:
            break
        faults += [f"{name} {line}" for line in _chained(record, study, found)]
        found.append(record)
    if faults:
        do = (
            "bring the files back from version control, or from where you published them; a registration is never "
            'edited: change the study, then `curv-eval register STUDY --by NAME --deviation "reason"`'
        )
        raise StudyError(f"{FOLDER}/{study.study} is not as it was written", faults, do)
    return tuple(found)


def _chained(record: Record, study: Study, before: list[Record]) -> list[str]:
    faults = []
    if record.study != study.study:
        faults.append(f"is of the study {record.study}")
    if record.number != len(before) + 1:
        faults.append(f"is record {record.number}")
    if record.previous != (before[-1].sha256 if before else ""):
        faults.append("does not follow from the record before it")
    return faults


def _read(path: Path) -> tuple[Record | None, list[str]]:
    """Return a record and what is wrong with its file."""
    try:
        held = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None, ["cannot be read as JSON"]
    if not isinstance(held, dict):
        return None, ["holds no record"]
    if held.get("schema") != SCHEMA:
        return None, [f"has the schema {held.get('schema')!r}, expected {SCHEMA}"]
    try:
        differences = tuple(Difference(**one) for one in held["differences"])
        given = {key: held[key] for key in Record.__dataclass_fields__}
        record = Record(**{**given, "differences": differences, "seen": tuple(held["seen"])})
        same = isinstance(record.plan, dict) and held == {**_content(record), "sha256": record.sha256}
    except (KeyError, TypeError):
        return None, ["is not whole"]
    return record, [] if same else ["was edited: what it holds does not fit its hash"]


def write(study: Study, record: Record) -> Path:
    """Write a record beside those before it and return its path. What is there is never written over."""
    path = study.project / FOLDER / study.study / f"{record.number}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    held = {**_content(record), "sha256": record.sha256}
    staged = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        staged.write_text(json.dumps(held, indent=1, ensure_ascii=False) + "\n", "utf-8", newline="\n")
        _named(staged, path)
    finally:
        staged.unlink(missing_ok=True)
    return path


def _named(staged: Path, path: Path) -> None:
    """Give the staged file its name, unless another process was quicker. Raises StudyError."""
    try:
        os.link(staged, path)
    except FileExistsError:
        do = "see `curv-eval register STUDY --show`"
        raise StudyError(f"{FOLDER}/{path.parent.name}/{path.name} was written at this moment", do=do) from None
    except OSError:
        # a file system without links
        with path.open("xb") as file:
            file.write(staged.read_bytes())
