"""A project opened in JupyterLab: the notebooks, settings of its own, and a git that keeps no outputs."""

from __future__ import annotations

from pathlib import Path

from curv_eval.lab.badge import Freshness, freshness

__all__ = ["Freshness", "find_project", "freshness", "set_up", "start", "undo"]


def find_project(folder: Path) -> Path:
    """Return the project that `folder` is in: the nearest folder, upwards, that holds params/; else `folder`."""
    folder = folder.resolve()
    return next((one for one in (folder, *folder.parents) if (one / "params").is_dir()), folder)


def set_up(project: Path) -> list[str]:
    """Make a project ready for JupyterLab and return what was done, in sentences. Doing it twice changes nothing.

    Raises RunError when the tools that `curv-eval[lab]` brings are not installed.
    """
    from curv_eval.lab.commits import keep_outputs_out
    from curv_eval.lab.copies import copy_notebooks
    from curv_eval.lab.settings import require_tools, write_settings

    require_tools()
    return [*copy_notebooks(project), *write_settings(project), *keep_outputs_out(project)]


def undo(project: Path) -> list[str]:
    """Take back what `set_up` did to git and to JupyterLab's settings; notebooks stay. Return what was done."""
    from curv_eval.lab.commits import let_outputs_in
    from curv_eval.lab.settings import remove_settings

    return [*let_outputs_in(project), *remove_settings(project)]


def start(project: Path, more: list[str]) -> int:
    """Run JupyterLab on a project until it is stopped and return its exit code. more: its own options."""
    from curv_eval.lab.server import serve

    return serve(project, more)
