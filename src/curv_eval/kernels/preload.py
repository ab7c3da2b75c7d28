"""What is imported once, before kernels are forked: import only, nothing that starts a thread or opens a file."""

from __future__ import annotations

import gc
import importlib
import pkgutil
from pathlib import Path

PACKAGES = (
    "curv_eval.checks", "curv_eval.data", "curv_eval.disclosure", "curv_eval.estimate", "curv_eval.hidden",
    "curv_eval.linked", "curv_eval.methods", "curv_eval.panel", "curv_eval.people", "curv_eval.power",
    "curv_eval.rating", "curv_eval.report", "curv_eval.run.store", "curv_eval.sources", "curv_eval.stats",
    "curv_eval.value",
)  # fmt: skip
LIBRARIES = (
    "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.inprocess.ipkernel", "IPython.core.interactiveshell",
    "IPython.core.completer", "IPython.core.magics", "numpy", "pandas", "scipy.stats", "scipy.optimize", "scipy.sparse",
    "scipy.spatial", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg", "matplotlib.pyplot",
    "matplotlib.collections", "seaborn", "duckdb", "pyarrow.parquet", "pydantic", "yaml",
)  # fmt: skip
# without an IPython shell this one switches inline figures off for good when it is imported, so it is not kept
_NOT_KEPT = "matplotlib_inline"


def preload() -> None:
    """Import everything that notebooks use, and move it out of the reach of garbage collection."""
    for name in LIBRARIES:
        importlib.import_module(name)
    for name in PACKAGES:
        _with_modules(name)
    gc.collect()
    gc.freeze()


def _with_modules(name: str) -> None:
    package = importlib.import_module(name)
    for found in pkgutil.iter_modules(getattr(package, "__path__", ())):
        importlib.import_module(f"{name}.{found.name}")


def forget() -> None:
    """Take out, in a new kernel, what must be imported by the kernel itself."""
    import sys

    for name in [name for name in sys.modules if name.split(".")[0] == _NOT_KEPT]:
        del sys.modules[name]


def threads() -> int:
    """Return how many threads this process has, those of libraries included; 1 where the system does not say."""
    try:
        return len(list(Path("/proc/self/task").iterdir()))
    except OSError:
        return 1
