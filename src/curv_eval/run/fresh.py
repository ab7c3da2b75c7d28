"""A run made once more in an environment that is built from the lock and thrown away."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from curv_eval.errors import RunError

Say = Callable[[str], None]


def rerun_fresh(run: Path, data: Path | None, *, say: Say) -> str:
    """Build an environment from requirements.lock, make the run there again with cold kernels, return what it said.

    say: told what goes on, since this takes minutes. Raises RunError when there is no lock, when the environment
    cannot be built, or when the release differs.
    """
    root = Path(__file__).parents[3]
    lock = root / "requirements.lock"
    if not lock.is_file():
        do = "use a checkout of curv-eval; a package that was installed has no lock beside it"
        raise RunError("there is no requirements.lock to build an environment from", do=do)
    with tempfile.TemporaryDirectory(prefix="curv-eval-") as place:
        python = _built(Path(place) / "env", root, say)
        say("running the study there")
        words = ["verify", str(run), "--level", "2", "--cold", *(["--data", str(data)] if data else [])]
        code = "from curv_eval.cli import main; main()"
        return _told([python, "-c", code, *words], "the run could not be made again in a fresh environment")


def _built(place: Path, root: Path, say: Say) -> str:
    say("building an environment from requirements.lock")
    failed = "the environment could not be built"
    _told([sys.executable, "-m", "venv", str(place)], failed)
    python = str(place / ("Scripts" if os.name == "nt" else "bin") / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _told([*pip, "--require-hashes", "-r", str(root / "requirements.lock")], failed)
    # as `make` installs it: from the checkout, where the lock lies that a run's environment is compared with
    _told([*pip, "--no-deps", "--no-build-isolation", "--editable", str(root)], failed)
    return python


def _told(command: list[str], failed: str) -> str:
    """Run a command and return what it said. Raises RunError with its last lines."""
    hidden = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    clean = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(command, capture_output=True, text=True, env=clean)
    if done.returncode:
        raise RunError(failed, [line for line in done.stderr.splitlines() if line.strip()][-12:])
    return done.stdout.strip()
