"""The kernel "CURV (stack loaded)", for JupyterLab and for `papermill -k curv`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

NAME = "curv"
SPEC = {
    "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
    "display_name": "CURV (stack loaded)",
    "language": "python",
    "metadata": {"debugger": True, "kernel_provisioner": {"provisioner_name": "curv-fork"}},
}


def install_kernelspec(folder: Path) -> Path:
    """Write the kernel's specification to `folder`/kernels/curv and return that; JUPYTER_PATH names `folder`."""
    home = folder / "kernels" / NAME
    home.mkdir(parents=True, exist_ok=True)
    staged = home / ".kernel.json.partial"
    staged.write_text(json.dumps(SPEC, indent=1) + "\n", "utf-8")
    staged.replace(home / "kernel.json")
    return home
