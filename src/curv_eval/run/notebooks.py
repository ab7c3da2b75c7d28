"""One notebook through papermill in a fresh kernel, with the evaluator's messages instead of tracebacks."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from curv_eval import errors
from curv_eval.errors import CurvError, RunError

Progress = Callable[[str, int, int], None]

_QUIET = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "MPLBACKEND": "agg"}


def execute(notebook: Path, *, params: Path, folder: Path, keep: Path, progress: Progress) -> None:
    """Run `notebook` with its two parameters and write the executed notebook to `keep`.

    progress: called with (name, cell, cells). Raises the library's own error when a cell raised one, RunError else.
    """
    import nbformat
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    held = nbformat.read(notebook, as_version=4)
    cells = len(held.cells)

    def started(cell, cell_index: int, **_: object) -> None:
        progress(notebook.stem, cell_index + 1, max(cells, cell_index + 1))

    logging.getLogger("papermill").setLevel(logging.ERROR)
    try:
        with environment(_QUIET), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            done = papermill.execute_notebook(
                held, None, parameters={"params": str(params), "folder": str(folder)}, kernel_name="python3",
                progress_bar=False, log_output=False, request_save_on_cell_execute=False, autosave_cell_every=0,
                record_timing=False, shutdown_kernel="immediate", on_cell_start=started,
                extra_arguments=["--log-level=ERROR"],
            )  # fmt: skip
    except PapermillExecutionError as fault:
        raise _own_error(notebook.stem, fault) from None
    except (DeadKernelError, CellTimeoutError) as fault:
        reason = "ended by itself (often: out of memory)" if isinstance(fault, DeadKernelError) else "took too long"
        raise RunError(
            f"the kernel of the {notebook.stem} notebook {reason}", do="run again on a machine with more memory"
        ) from None
    _strip(done)
    nbformat.write(done, keep)


def _own_error(name: str, fault) -> CurvError:
    """Return the error that the library raised in the kernel, rebuilt from its name and message."""
    kind = getattr(errors, fault.ename, None)
    if not (isinstance(kind, type) and issubclass(kind, CurvError)):
        return RunError(
            f"the {name} notebook stopped in cell {fault.exec_count} with {fault.ename}",
            do="this is a fault of the program or of a changed notebook: open the notebook in JupyterLab (`make lab`)",
        )
    what = str(fault.evalue).removeprefix(f"{fault.ename}: ")
    return kind(what)


def _strip(done) -> None:
    """Take out of an executed notebook what papermill writes about the machine and the clock."""
    done.metadata.pop("papermill", None)
    for cell in done.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)


@contextmanager
def environment(names: dict[str, str]) -> Iterator[None]:
    """Set environment variables for a block, and put back what was there."""
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
