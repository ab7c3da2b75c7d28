"""What JupyterLab is told in a project: in a folder of the project, never in the user's own settings."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from pathlib import Path

from curv_eval.errors import RunError

PLACE = ".lab"
_TOOLS = ("jupyterlab", "jupytext", "nbdime", "nbstripout")
# defaults: what a user sets in JupyterLab still comes first
OVERRIDES = {
    # times in cells are differences in git that say nothing
    "@jupyterlab/notebook-extension:tracker": {"recordTiming": False},
    # neither asked about nor looked up: data are often analysed where the network is closed
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}},
}


def require_tools() -> None:
    """Raise RunError, naming all of them, when tools for the notebooks are not installed."""
    missing = [name for name in _TOOLS if importlib.util.find_spec(name) is None]
    if missing:
        raise RunError("the tools for notebooks are not all installed", missing, "pip install 'curv-eval[lab]'")


def write_settings(project: Path) -> list[str]:
    """Write the kernel and the settings into the project's .lab folder and return what was done."""
    from curv_eval.kernels import install_kernelspec

    home = project / PLACE
    config = home / "config" / "labconfig"
    config.mkdir(parents=True, exist_ok=True)
    # the folder names this machine's Python, so it keeps itself out of git
    (home / ".gitignore").write_text("*\n", "utf-8")
    (config / "default_setting_overrides.json").write_text(json.dumps(OVERRIDES, indent=1) + "\n", "utf-8")
    install_kernelspec(home)
    return [
        f'{PLACE}/: the kernel "CURV (stack loaded)"',
        f"{PLACE}/: JupyterLab records no times, asks for no news, shows Markdown as pages",
    ]


def remove_settings(project: Path) -> list[str]:
    """Remove the project's .lab folder and return what was done."""
    home = project / PLACE
    if not home.exists():
        return []
    shutil.rmtree(home)
    return [f"{PLACE}/: removed"]


def environment(project: Path) -> dict[str, str]:
    """Return this process's environment with the project's kernel and settings, and this `curv-eval`, before others."""
    home = project / PLACE
    first = {"JUPYTER_PATH": home, "JUPYTER_CONFIG_PATH": home / "config", "PATH": Path(sys.executable).parent}
    return {**os.environ, **{name: _before(path, os.environ.get(name)) for name, path in first.items()}}


def _before(path: Path, others: str | None) -> str:
    return os.pathsep.join([str(path), *([others] if others else [])])
