"""Notebooks in git: outputs stripped when they are committed, differences and merges by cell.

Everything is set in the repository's own configuration and attributes, which git never commits.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from curv_eval.errors import RunError

NAME = "curv-notebook"
_SECTIONS = ("filter", "diff", "merge")
# what JupyterLab writes of the kernel that was open; it differs from machine to machine
_OF_THE_MACHINE = ("codemirror_mode", "file_extension", "mimetype", "nbconvert_exporter", "pygments_lexer", "version")


def keep_outputs_out(project: Path) -> list[str]:
    """Let git strip a project's notebooks when they are added, and compare and merge them by cell.

    Returns what was done, in sentences. Where notebooks already go through something else, that is left and said.
    Raises RunError when git refuses.
    """
    top = _top(project)
    if top is None:
        return ["git: this is not in a repository, so nothing was set; outputs stay in what you commit elsewhere"]
    others = _others(project)
    for name, value in configuration().items():
        _git(project, "config", "--local", name, value)
    pattern = _pattern(project)
    mine = [f"{kind}={NAME}" for kind in _SECTIONS if kind not in others]
    _attributes(project, [line for line in _lines(project) if not _ours(line, pattern)] + [" ".join([pattern, *mine])])
    return [*_said(mine), *(f"git: notebooks already have {kind}={held}; it was left" for kind, held in others.items())]


def let_outputs_in(project: Path) -> list[str]:
    """Take back what `keep_outputs_out` set for this project and return what was done."""
    if _top(project) is None:
        return []
    pattern, lines = _pattern(project), _lines(project)
    left = [line for line in lines if not _ours(line, pattern)]
    if left == lines:
        return []
    _attributes(project, left)
    if not any(f"={NAME}" in line for line in left):
        for kind in _SECTIONS:
            _git(project, "config", "--local", "--remove-section", f"{kind}.{NAME}", check=False)
    return ["git: notebooks are stored, compared and merged as any other file again"]


def configuration() -> dict[str, str]:
    """Return the settings of git by name."""
    python = shlex.quote(Path(sys.executable).as_posix())
    keys = shlex.quote(" ".join(f"metadata.language_info.{name}" for name in _OF_THE_MACHINE))
    call = f"{python} -P -m"
    return {
        f"filter.{NAME}.clean": f"{call} nbstripout --keep-id --unix-newlines --extra-keys {keys}",
        f"filter.{NAME}.smudge": "cat",
        # without it git would store outputs whenever the filter cannot run
        f"filter.{NAME}.required": "true",
        f"diff.{NAME}.command": f"{call} nbdime.vcs.git.diffdriver diff --use-filter",
        f"merge.{NAME}.name": "notebooks by cell",
        f"merge.{NAME}.driver": f"{call} nbdime.vcs.git.mergedriver merge %O %A %B %L %P",
    }


def _said(mine: list[str]) -> list[str]:
    words = {
        "filter": "git: outputs are stripped from notebooks when they are added (nbstripout); ids and tags stay",
        "diff": "git: `git diff` shows notebooks by cell (nbdime)",
        "merge": "git: notebooks are merged by cell (nbdime)",
    }
    return [words[one.split("=")[0]] for one in mine]


def _top(project: Path) -> Path | None:
    """Return the repository's top folder, None where there is no repository or no git."""
    if shutil.which("git") is None:
        return None
    said = _git(project, "rev-parse", "--show-toplevel", check=False)
    return Path(said) if said else None


def _others(project: Path) -> dict[str, str]:
    """Return which of our attributes the project's notebooks have from somebody else, and what they are."""
    probe = "notebooks/any.ipynb"
    said = _git(project, "check-attr", "-z", *_SECTIONS, "--", probe).split("\0")
    found = dict(zip(said[1::3], said[2::3], strict=False))
    return {kind: held for kind, held in found.items() if held not in ("unspecified", NAME)}


def _pattern(project: Path) -> str:
    """Return the pattern of git for the notebooks of this project, which may be a folder of its repository."""
    prefix = _git(project, "rev-parse", "--show-prefix")
    if not prefix:
        return "*.ipynb"
    escaped = re.sub(r"([\\*?\[\]])", r"\\\1", prefix)
    whole = f"/{escaped}**/*.ipynb"
    if not re.search(r'[\s"]', whole):
        return whole
    return '"' + whole.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _ours(line: str, pattern: str) -> bool:
    return line.startswith(f"{pattern} ") and f"={NAME}" in line


def _file(project: Path) -> Path:
    return project / _git(project, "rev-parse", "--git-path", "info/attributes")


def _lines(project: Path) -> list[str]:
    path = _file(project)
    return path.read_text("utf-8").splitlines() if path.is_file() else []


def _attributes(project: Path, lines: list[str]) -> None:
    path = _file(project)
    if not lines:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", "utf-8", newline="\n")


def _git(project: Path, *words: str, check: bool = True) -> str:
    """Return what git said. Raises RunError, if `check`, when it refuses."""
    done = subprocess.run(["git", *words], cwd=project, capture_output=True, encoding="utf-8")
    if done.returncode and check:
        do = "mend what git says, or work without it: outputs are stripped only where git is set up"
        raise RunError(f"git {words[0]} failed", done.stderr.strip().splitlines(), do)
    return done.stdout.rstrip("\r\n") if done.returncode == 0 else ""
