"""Cells that a review let out of a rule for small numbers, at an analyst's request: one file each, inside the project.

outputs/.exceptions/<study>/<id>.json says which cell, why, who asked, who granted it, and what was behind the cell when
it was looked at. It holds only for these numbers, and only if the audit log says that a review granted it. It never
leaves, as nothing under restricted/.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from curv_eval import audit
from curv_eval.errors import DisclosureError
from curv_eval.study import Asked, Study, fingerprint

FOLDER = ".exceptions"


@dataclass(frozen=True)
class LetOut:
    """One cell that may be shown although a rule withholds it, as long as what is behind it is `seen` (see `seen`)."""

    table: str
    row: str
    column: str
    seen: str


@dataclass(frozen=True)
class Grant:
    """A request as a review granted it. manifest: the hash of the run that was looked at.

    salt: chance figures, so that nobody finds the numbers by trying which of them give the hash in the audit log.
    """

    study: str
    asked: Asked
    seen: str
    run: str
    manifest: str
    reviewer: str
    at: str
    salt: str


def seen(count: float | None, behind: Mapping[str, float]) -> str:
    """Return what is behind a cell as one text: its count, where it has one, and the numbers it rests on."""
    parts = {**({} if count is None or count != count else {"count": count}), **behind}
    return ", ".join(f"{name} {float(number):.12g}" for name, number in parts.items())


def identity(asked: Asked) -> str:
    """Return the name of a request: another reason, or another who asks, makes another request."""
    return fingerprint(asdict(asked))[:12]


def home(study: Study) -> Path:
    """Return the folder with the exceptions that reviews granted a study."""
    return study.project / "outputs" / FOLDER / study.study


def files(study: Study) -> dict[str, Path]:
    """Return the files of what the study asks for and a review granted; a run depends on what they hold."""
    names = {f"{identity(asked)}.json": home(study) / f"{identity(asked)}.json" for asked in study.exceptions}
    return {name: path for name, path in sorted(names.items()) if path.is_file()}


def let_out(study: Study) -> tuple[LetOut, ...]:
    """Return the cells that reviews let out, of those the study asks for.

    Raises DisclosureError for a file that the audit log does not know: nobody granted what it says.
    """
    found = {path: _read(path) for path in files(study).values()}
    if not found:
        return ()
    known = _recorded(study)
    strange = [path.name for path, grant in found.items() if grant is None or not known(digest(path))]
    if strange:
        do = "take these files away, and ask a reviewer: curv-eval review RUN --reviewer NAME --grant NUMBER"
        what = f"outputs/{FOLDER}/{study.study} holds what no review granted"
        raise DisclosureError(what, [f"{name}: is not in the audit log as it is" for name in strange], do)
    return tuple(LetOut(g.asked.table, g.asked.row, g.asked.column, g.seen) for g in found.values() if g)


def standing(study: Study) -> dict[Asked, Grant | None]:
    """Return for each request of a study who granted it, None where nobody has."""
    held = {asked: home(study) / f"{identity(asked)}.json" for asked in study.exceptions}
    return {asked: _read(path) if path.is_file() else None for asked, path in held.items()}


def write(folder: Path, grant: Grant) -> Path:
    """Record a grant in the audit log, then write its file into `folder`, and return where."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{identity(grant.asked)}.json"
    staged = path.with_suffix(".partial")
    text = json.dumps(asdict(grant), sort_keys=True, ensure_ascii=False)
    staged.write_text(text + "\n", "utf-8", newline="\n")
    try:
        detail = {"reviewer": grant.reviewer, "exception": path.stem, "grant": digest(staged)}
        audit.record(audit.home_of(path), audit.What.GRANTED, of=grant.study, run=grant.run, detail=detail)
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)
    return path


def take_back(folder: Path, asked: Asked, *, study: str, run: str, reviewer: str) -> bool:
    """Take a grant away and record that; return whether there was one."""
    path = folder / f"{identity(asked)}.json"
    if not path.is_file():
        return False
    detail = {"reviewer": reviewer, "exception": path.stem, "grant": digest(path)}
    audit.record(audit.home_of(path), audit.What.WITHDRAWN, of=study, run=run, detail=detail)
    path.unlink()
    return True


def salt() -> str:
    """Return chance figures for a grant. They come from the system: no result depends on them."""
    return secrets.token_hex(16)


def digest(path: Path) -> str:
    """Return the SHA-256 of a grant's file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _recorded(study: Study) -> Callable[[str], bool]:
    """Return whether a grant of the study, by its hash, stands in the audit log and was not taken back.

    Made-up data have nobody to protect: there the file is enough, so that a package can be run without the log.
    """
    if study.made_up:
        return lambda _: True
    known: set[str] = set()
    for line in audit.lines(study.project / "outputs"):
        if line.of == study.study and line.what in (audit.What.GRANTED, audit.What.WITHDRAWN):
            change = known.add if line.what is audit.What.GRANTED else known.discard
            change(str(line.detail.get("grant")))
    return known.__contains__


def _read(path: Path) -> Grant | None:
    """Return a grant, None where the file holds none."""
    try:
        held = json.loads(path.read_text("utf-8"))
        grant = Grant(**{**held, "asked": Asked(**held["asked"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return grant if path.name == f"{identity(grant.asked)}.json" else None
