"""What this machine has, what is missing, and what to do about it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator

from curv_eval.data import VARIABLE
from curv_eval.shipped import shipped

PACKAGES = "curv-eval duckdb linearmodels matplotlib numpy pandas papermill pyarrow pydantic scipy seaborn statsmodels"


def findings() -> Iterator[tuple[str, bool, str]]:
    """Yield (what, fine, sentence) for everything the workbench needs or can use."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield "python", sys.version_info >= (3, 11), f"{version} (3.11 or newer is needed)"
    for name in PACKAGES.split():
        found = importlib.util.find_spec(name.replace("-", "_")) is not None
        yield name, found, "installed" if found else "missing; install the lock: pip install -r requirements.lock"
    for name in ("notebooks", "params", "data_contracts", "briefs"):
        there = shipped(name).is_dir()
        yield name, there, "with the package" if there else "missing; install curv-eval again"
    quarto = shutil.which("quarto")
    yield "renderer", True, "quarto on PATH" if quarto else "built in (quarto is not on PATH and is not needed)"
    data = os.environ.get(VARIABLE)
    yield VARIABLE, True, f"set to {data}" if data else "not set; real studies need it or --data, the demo does not"
