"""JupyterLab on a project, until it is stopped."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from curv_eval.kernels.spec import NAME
from curv_eval.lab.settings import environment

FIRST = "notebooks/README.md"


def command(project: Path, more: list[str]) -> list[str]:
    """Return the command that opens JupyterLab on a project, its first page shown. more: JupyterLab's own options."""
    first = FIRST if (project / FIRST).is_file() else "notebooks"
    return [
        sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={project}",
        f"--LabApp.default_url=/lab/tree/{first}", f"--MultiKernelManager.default_kernel_name={NAME}", *more,
    ]  # fmt: skip


def serve(project: Path, more: list[str]) -> int:
    """Run JupyterLab and return its exit code; where the system can, it takes the place of this process."""
    asked, env = command(project, more), environment(project)
    os.chdir(project)
    if os.name != "nt":
        sys.stdout.flush()
        os.execve(asked[0], asked, env)
    return subprocess.call(asked, env=env)
